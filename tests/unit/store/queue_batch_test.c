#include "tests/unit/store/queue_site.h"

static struct uuid id_of(unsigned char octet)
{
    struct uuid id;

    memset(id.octets, octet, sizeof id.octets);
    return id;
}

/* What stands at an index of the tests' arrays: each third element is refused. */
static bool is_rejected(uint32_t index)
{
    return index % 3 == 2;
}

static enum status add_elements(struct queue *queue, uint32_t n)
{
    enum status st = STATUS_OK;

    for (uint32_t i = 0; i < n && st == STATUS_OK; i++) {
        struct event event = event_of(i);
        st = is_rejected(i) ? queue_batch_reject(queue, i, BYTES("invalid_event"), BYTES("wrong"), BYTES("/session_id"))
                            : queue_batch_add(queue, i, &event);
    }
    return st;
}

static enum status write_batch(struct queue *queue, unsigned char octet, uint32_t n, int64_t now_us)
{
    struct uuid id = id_of(octet);
    enum status st = queue_batch_begin(queue, &id, now_us);

    if (st == STATUS_OK)
        st = add_elements(queue, n);
    return st == STATUS_OK ? queue_batch_commit(queue, n) : st;
}

#define EXPECT_BATCH(line_, queue_, octet_, ...)                                              \
    do {                                                                                      \
        struct queue_batch batch_want = { __VA_ARGS__ }, batch_got = { 0 };                   \
        struct uuid batch_id = id_of(octet_);                                                 \
        EXPECT_STATUS((line_), queue_batch_read((queue_), &batch_id, &batch_got), STATUS_OK); \
        EXPECT_INT((line_), batch_got.state, batch_want.state);                               \
        EXPECT_INT((line_), batch_got.received, batch_want.received);                         \
        EXPECT_INT((line_), batch_got.inserted, batch_want.inserted);                         \
        EXPECT_INT((line_), batch_got.duplicates, batch_want.duplicates);                     \
        EXPECT_INT((line_), batch_got.rejected, batch_want.rejected);                         \
        EXPECT_INT((line_), batch_got.pending, batch_want.pending);                           \
        EXPECT_INT((line_), batch_got.created_at_us, batch_want.created_at_us);               \
        EXPECT_INT((line_), batch_got.done_at_us != 0, batch_want.state == QUEUE_BATCH_DONE); \
    } while (0)

/* ---- its life ---- */

Test(queue_batch, counts_what_becomes_of_its_events)
{
    struct site site;
    site_make(&site);
    struct queue *queue = site_open(&site);
    struct uuid id = id_of(1);
    struct arena arena = arena_new(SITE_ARENA_BYTES);
    struct queue_batch_error *errors;
    size_t n;

    cr_assert_eq(queue_lead(queue), STATUS_OK);
    cr_assert_eq(put_numbers(queue, 1000, 1), STATUS_OK);
    EXPECT_STATUS(__LINE__, write_batch(queue, 1, 9, 77), STATUS_OK);
    EXPECT_BATCH(__LINE__, queue, 1, QUEUE_BATCH_QUEUED, .received = 9, .rejected = 3, .pending = 6, .created_at_us = 77);

    struct content content = content_of(queue); /* 1000, then 0 1 3 4 6 7 */
    cr_assert_eq(content.n, 7);
    EXPECT(__LINE__, !content.records[0].has_batch && content.records[1].has_batch);
    for (size_t i = 1; i < content.n; i++)
        content.records[i].event.verdict = STATUS_UNAVAILABLE;
    content.records[1].event.verdict = STATUS_OK;
    EXPECT_STATUS(__LINE__, queue_settle(queue, content.records, content.n), STATUS_OK);
    EXPECT_BATCH(__LINE__, queue, 1, QUEUE_BATCH_PROCESSING, .received = 9, .inserted = 1, .rejected = 3, .pending = 5,
                 .created_at_us = 77);
    content.records[2].event.verdict = STATUS_UNPROCESSABLE;
    content.records[3].event.verdict = STATUS_OK;
    content.records[3].event.is_duplicate = true;
    for (int round = 0; round < 2; round++) { /* settling again what is settled counts nothing twice */
        EXPECT_STATUS(__LINE__, queue_settle(queue, content.records, content.n), STATUS_OK);
        EXPECT_BATCH(__LINE__, queue, 1, QUEUE_BATCH_PROCESSING, .received = 9, .inserted = 1, .duplicates = 1, .rejected = 4,
                     .pending = 3, .created_at_us = 77);
    }
    content_free(&content);
    EXPECT_STATUS(__LINE__, settle_all(queue, STATUS_OK), STATUS_OK);
    EXPECT_BATCH(__LINE__, queue, 1, QUEUE_BATCH_DONE, .received = 9, .inserted = 4, .duplicates = 1, .rejected = 4,
                 .created_at_us = 77);
    expect_numbers(__LINE__, queue, 0, 0);

    static const struct {
        size_t index;
        struct bytes code, error, pointer;
    } want[] = {
        { 1, TEXT("unprocessable"), TEXT("The event cannot be stored"), ABSENT },
        { 2, TEXT("invalid_event"), TEXT("wrong"), TEXT("/session_id") },
        { 5, TEXT("invalid_event"), TEXT("wrong"), TEXT("/session_id") },
        { 8, TEXT("invalid_event"), TEXT("wrong"), TEXT("/session_id") },
    };
    EXPECT_STATUS(__LINE__, queue_batch_errors(queue, &id, -1, 100, &arena, &errors, &n), STATUS_OK);
    cr_assert_eq(n, COUNT_OF(want));
    for (size_t i = 0; i < n; i++) {
        EXPECT_INT((int)i, errors[i].index, want[i].index);
        EXPECT_BYTES((int)i, errors[i].code, want[i].code);
        EXPECT_BYTES((int)i, errors[i].error, want[i].error);
        EXPECT_BYTES((int)i, errors[i].pointer, want[i].pointer);
    }
    EXPECT_STATUS(__LINE__, queue_batch_errors(queue, &id, 1, 2, &arena, &errors, &n), STATUS_OK);
    cr_assert_eq(n, 2);
    EXPECT_INT(__LINE__, errors[0].index, 2);
    EXPECT_INT(__LINE__, errors[1].index, 5);
    EXPECT_STATUS(__LINE__, queue_batch_errors(queue, &id, 8, 100, &arena, &errors, &n), STATUS_OK);
    EXPECT_INT(__LINE__, n, 0);
    arena_free(&arena);
    queue_close(queue);
    site_remove(&site);
}

Test(queue_batch, of_nothing_good_is_done_at_once)
{
    struct site site;
    site_make(&site);
    struct queue *queue = site_open(&site);
    struct uuid id = id_of(1);

    cr_assert_eq(queue_batch_begin(queue, &id, 5), STATUS_OK);
    EXPECT_STATUS(__LINE__, queue_batch_reject(queue, 0, BYTES("c"), BYTES("e"), (struct bytes){ 0 }), STATUS_OK);
    EXPECT_STATUS(__LINE__, queue_batch_commit(queue, 1), STATUS_OK);
    EXPECT_BATCH(__LINE__, queue, 1, QUEUE_BATCH_DONE, .received = 1, .rejected = 1, .created_at_us = 5);
    EXPECT_STATUS(__LINE__, write_batch(queue, 2, 0, 6), STATUS_OK);
    EXPECT_BATCH(__LINE__, queue, 2, QUEUE_BATCH_DONE, .created_at_us = 6);
    expect_numbers(__LINE__, queue, 0, 0);
    queue_close(queue);
    site_remove(&site);
}

Test(queue_batch, that_does_not_exist_is_not_found)
{
    struct site site;
    site_make(&site);
    struct queue *queue = site_open(&site);
    struct uuid id = id_of(9);
    struct arena arena = arena_new(SITE_ARENA_BYTES);
    struct queue_batch batch;
    struct queue_batch_error *errors;
    size_t n;

    EXPECT_STATUS(__LINE__, queue_batch_read(queue, &id, &batch), STATUS_NOT_FOUND);
    EXPECT_STATUS(__LINE__, queue_batch_errors(queue, &id, -1, 10, &arena, &errors, &n), STATUS_NOT_FOUND);
    EXPECT_INT(__LINE__, n, 0);
    arena_free(&arena);
    queue_close(queue);
    site_remove(&site);
}

/* ---- given up ---- */

static void abort_it(struct queue *queue)
{
    queue_batch_abort(queue);
    queue_batch_abort(queue);
}

static void miscount_it(struct queue *queue)
{
    EXPECT_STATUS(__LINE__, queue_batch_commit(queue, 8), STATUS_INTERNAL);
}

static void repeat_an_index(struct queue *queue)
{
    EXPECT_STATUS(__LINE__, queue_batch_reject(queue, 2, BYTES("c"), BYTES("e"), (struct bytes){ 0 }), STATUS_INTERNAL);
}

static void overfill_it(struct queue *queue)
{
    char *text = repeated('x', 60000);
    struct event event = event_of(1);
    enum status st;
    size_t index = 9;

    event.properties = (struct bytes){ text, 60000 };
    while ((st = queue_batch_add(queue, index++, &event)) == STATUS_OK && index < 10000) {
    }
    EXPECT_STATUS(__LINE__, st, STATUS_NO_ROOM);
    EXPECT_STATUS(__LINE__, queue_batch_add(queue, index, &event), STATUS_NO_ROOM);
    EXPECT_STATUS(__LINE__, queue_batch_commit(queue, 1), STATUS_NO_ROOM);
    free(text);
}

Test(queue_batch, that_is_given_up_leaves_nothing)
{
    static void (*const cases[])(struct queue * queue) = { abort_it, miscount_it, repeat_an_index, overfill_it };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct site site;
        site_make(&site);
        site.options.max_bytes = 4 * 1024 * 1024;
        struct queue *queue = site_open(&site);
        struct uuid id = id_of(1);
        struct queue_batch batch;
        struct event event = event_of(0);
        cr_assert_eq(put_numbers(queue, 0, 2), STATUS_OK);
        cr_assert_eq(queue_batch_begin(queue, &id, 1), STATUS_OK);
        cr_assert_eq(add_elements(queue, 9), STATUS_OK);
        cases[i](queue);
        cr_expect_neq(queue_batch_add(queue, 9, &event), STATUS_OK, "case %zu", i);
        cr_expect_neq(queue_batch_commit(queue, 9), STATUS_OK, "case %zu", i);
        EXPECT_STATUS((int)i, queue_batch_read(queue, &id, &batch), STATUS_NOT_FOUND);
        expect_numbers((int)i, queue, 0, 2);
        EXPECT_STATUS((int)i, write_batch(queue, 1, 9, 1), STATUS_OK); /* its id is free */
        queue_close(queue);
        site_remove(&site);
    }
}

Test(queue_batch, has_its_handle_for_itself)
{
    struct site site;
    site_make(&site);
    site.options.busy_timeout_ms = 50;
    struct queue *queue = site_open(&site), *other = site_open(&site);
    struct uuid id = id_of(1);
    struct queue_state state;

    cr_assert_eq(put_numbers(other, 0, 1), STATUS_OK);
    cr_assert_eq(queue_batch_begin(queue, &id, 1), STATUS_OK);
    cr_assert_eq(add_elements(queue, 9), STATUS_OK);
    EXPECT_STATUS(__LINE__, put_numbers(queue, 1, 1), STATUS_BUSY);
    EXPECT_STATUS(__LINE__, queue_state(queue, &state), STATUS_BUSY);
    EXPECT_STATUS(__LINE__, queue_batch_begin(queue, &id, 1), STATUS_BUSY);
    EXPECT_STATUS(__LINE__, put_numbers(other, 1, 1), STATUS_BUSY); /* one writes at a time */
    expect_numbers(__LINE__, other, 0, 1);                          /* and nobody sees half a batch */
    EXPECT_STATUS(__LINE__, queue_batch_commit(queue, 9), STATUS_OK);
    EXPECT_STATUS(__LINE__, put_numbers(other, 1, 1), STATUS_OK);
    EXPECT_STATUS(__LINE__, write_batch(other, 1, 9, 1), STATUS_CONFLICT);
    id = id_of(2);
    cr_assert_eq(queue_batch_begin(queue, &id, 1), STATUS_OK);
    queue_close(queue); /* gives it up */
    EXPECT_STATUS(__LINE__, queue_state(other, &state), STATUS_OK);
    EXPECT_INT(__LINE__, state.records, 1 + 6 + 1);
    queue_close(other);
    site_remove(&site);
}

/* ---- expiry ---- */

Test(queue_batch, expires_once_it_is_done)
{
    struct site site;
    site_make(&site);
    struct queue *queue = site_open(&site);
    struct uuid ids[] = { id_of(1), id_of(2), id_of(3) };
    struct queue_batch batch;

    for (unsigned char i = 0; i < 3; i++) { /* 2,500 errors and no event each */
        cr_assert_eq(queue_batch_begin(queue, &ids[i], 100 + i), STATUS_OK);
        for (size_t j = 0; j < 2500; j++)
            cr_assert_eq(queue_batch_reject(queue, j, BYTES("c"), BYTES("e"), (struct bytes){ 0 }), STATUS_OK);
        cr_assert_eq(queue_batch_commit(queue, 2500), STATUS_OK);
    }
    EXPECT_STATUS(__LINE__, write_batch(queue, 4, 9, 1), STATUS_OK); /* is not done */
    static const struct {
        int line;
        int64_t before_us;
        int first_left;
    } cases[] = { { __LINE__, 100, 0 }, { __LINE__, 102, 2 }, { __LINE__, INT64_MAX, 3 } };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        EXPECT_STATUS(cases[i].line, queue_batches_expire(queue, cases[i].before_us), STATUS_OK);
        for (int j = 0; j < 3; j++) {
            struct arena arena = arena_new(SITE_ARENA_BYTES);
            struct queue_batch_error *errors;
            size_t n;
            enum status want = j < cases[i].first_left ? STATUS_NOT_FOUND : STATUS_OK;
            EXPECT_STATUS(cases[i].line, queue_batch_read(queue, &ids[j], &batch), want);
            EXPECT_STATUS(cases[i].line, queue_batch_errors(queue, &ids[j], -1, 5000, &arena, &errors, &n), want);
            EXPECT_INT(cases[i].line, n, want == STATUS_OK ? 2500 : 0);
            arena_free(&arena);
        }
        EXPECT_BATCH(cases[i].line, queue, 4, QUEUE_BATCH_QUEUED, .received = 9, .rejected = 3, .pending = 6, .created_at_us = 1);
    }
    queue_close(queue);
    site_remove(&site);
}
