#include "store/queue.h"

#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>

#include "tests/unit/failing.h"
#include "tests/unit/store/queue_site.h"

/* ---- what is put is what is peeked ---- */

static void expect_event(int line, const struct event *got, const struct event *want)
{
    EXPECT_BYTES(line, got->event_type, want->event_type);
    EXPECT_BYTES(line, got->session_id, want->session_id);
    EXPECT_BYTES(line, got->properties, want->properties);
    cr_expect_arr_eq(got->event_id.octets, want->event_id.octets, sizeof want->event_id.octets, "line %d: event_id", line);
    EXPECT_INT(line, got->occurred_at_us, want->occurred_at_us);
    EXPECT_INT(line, got->received_at_us, want->received_at_us);
    EXPECT(line, got->has_event_id && got->has_occurred_at && !got->is_duplicate);
    EXPECT_STATUS(line, got->verdict, STATUS_OK);
}

Test(queue, keeps_an_event_with_all_of_its_identity)
{
    char all_bytes[256], *long_text = repeated('k', 1024), *huge = repeated('p', 3 * 1024 * 1024);
    for (int i = 0; i < 256; i++)
        all_bytes[i] = (char)i;
    const struct {
        int line;
        struct bytes event_type, session_id, properties;
        unsigned char octet;
        int64_t occurred_at_us, received_at_us;
    } cases[] = {
        { __LINE__, TEXT("page_view"), TEXT("s"), TEXT("{}"), 7, 1, 2 },
        { __LINE__, { all_bytes, 256 }, { all_bytes, 256 }, { all_bytes, 256 }, 0, -1, -2 },
        { __LINE__, TEXT("\x01"), TEXT("\x01\x02"), TEXT("{\"a\":\"\x01\"}"), 0x01, 0, 0 },
        { __LINE__, { long_text, 1024 }, { long_text, 1024 }, TEXT("{}"), 0xff, INT64_MIN, INT64_MAX },
        { __LINE__, TEXT(""), TEXT(""), TEXT(""), 0x80, INT64_MAX, INT64_MIN },
        { __LINE__, TEXT("h\xc3\xa9"), TEXT("NULL"), { huge, 3 * 1024 * 1024 }, 0x27, -62135596800000000, 253402300799999999 },
    };
    struct site site;
    struct event events[COUNT_OF(cases)], *pointers[COUNT_OF(cases)];

    site_make(&site);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        events[i] = (struct event){
            .event_type = cases[i].event_type,
            .session_id = cases[i].session_id,
            .properties = cases[i].properties,
            .occurred_at_us = cases[i].occurred_at_us,
            .received_at_us = cases[i].received_at_us,
        };
        memset(events[i].event_id.octets, cases[i].octet, sizeof events[i].event_id.octets);
        pointers[i] = &events[i];
    }
    struct queue *queue = site_open(&site);
    EXPECT_STATUS(__LINE__, queue_put(queue, pointers, COUNT_OF(cases)), STATUS_OK);
    for (int round = 0; round < 2; round++) { /* as it was written, and from the disk */
        struct content content = content_of(queue);
        cr_assert_eq(content.n, COUNT_OF(cases));
        for (size_t i = 0; i < COUNT_OF(cases); i++) {
            expect_event(cases[i].line, &content.records[i].event, &events[i]);
            EXPECT(cases[i].line, !content.records[i].has_batch && !content.records[i].reason.p);
        }
        content_free(&content);
        queue_close(queue);
        queue = site_open(&site);
    }
    queue_close(queue);
    site_remove(&site);
    free(long_text);
    free(huge);
}

Test(queue, keeps_the_order)
{
    struct site site;
    site_make(&site);
    struct queue *queue = site_open(&site), *other = site_open(&site);

    expect_numbers(__LINE__, queue, 0, 0);
    for (uint32_t i = 0; i < 40; i += 4) {
        EXPECT_STATUS(__LINE__, put_numbers(queue, i, 3), STATUS_OK);
        EXPECT_STATUS(__LINE__, put_numbers(other, i + 3, 1), STATUS_OK);
    }
    EXPECT_STATUS(__LINE__, put_numbers(queue, 40, 0), STATUS_OK);
    expect_numbers(__LINE__, queue, 0, 40);
    expect_numbers(__LINE__, other, 0, 40);
    queue_close(other);
    queue_close(queue);
    site_remove(&site);
}

Test(queue, peeks_as_much_as_it_is_asked)
{
    static const struct {
        int line;
        int after; /* number of the record; -1: from the first */
        size_t max_records, max_bytes, want_n;
    } cases[] = {
        { __LINE__, -1, 100, SIZE_MAX, 50 }, { __LINE__, -1, 7, SIZE_MAX, 7 }, { __LINE__, -1, 0, SIZE_MAX, 0 },
        { __LINE__, 9, 100, SIZE_MAX, 40 },  { __LINE__, 9, 5, SIZE_MAX, 5 },  { __LINE__, 49, 100, SIZE_MAX, 0 },
        { __LINE__, -1, 100, 0, 1 },         { __LINE__, -1, 100, 52 * 3, 3 }, { __LINE__, -1, 100, 52 * 3 - 1, 2 },
        { __LINE__, 48, 100, 1, 1 },
    };
    struct site site;
    site_make(&site);
    struct queue *queue = site_open(&site);
    struct event event = event_of(0);

    cr_assert_eq(event.event_type.len + event.session_id.len + event.properties.len, 52);
    cr_assert_eq(put_numbers(queue, 0, 50), STATUS_OK);
    struct content all = content_of(queue);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct arena arena = arena_new(SITE_ARENA_BYTES);
        struct queue_record *records;
        size_t n = 99;
        int64_t after_seq = cases[i].after < 0 ? 0 : all.records[cases[i].after].seq;
        EXPECT_STATUS(cases[i].line, queue_peek(queue, after_seq, cases[i].max_records, cases[i].max_bytes, &arena, &records, &n),
                      STATUS_OK);
        EXPECT_INT(cases[i].line, n, cases[i].want_n);
        for (size_t j = 0; j < n; j++)
            EXPECT_INT(cases[i].line, records[j].seq, all.records[cases[i].after + 1 + (int)j].seq);
        arena_free(&arena);
    }
    content_free(&all);
    queue_close(queue);
    site_remove(&site);
}

Test(queue, does_without_memory_what_it_can)
{
    struct site site;
    site_make(&site);
    struct queue *queue = NULL;

    for (int nth = 1;; nth++) {
        failing_begin(nth);
        enum status st = queue_open(&queue, &site.options);
        if (!failing_end())
            break;
        EXPECT_STATUS(nth, st, STATUS_NO_MEMORY);
        cr_expect_null(queue);
    }
    cr_assert_eq(put_numbers(queue, 0, 100), STATUS_OK);
    for (int nth = 1;; nth++) {
        struct arena arena = arena_new(SITE_ARENA_BYTES);
        struct queue_record *records;
        size_t n;
        failing_begin(nth);
        enum status st = queue_peek(queue, 0, 1000, SIZE_MAX, &arena, &records, &n);
        bool has_failed = failing_end();
        EXPECT_STATUS(nth, st, has_failed ? STATUS_NO_MEMORY : STATUS_OK);
        EXPECT_INT(nth, n, has_failed ? 0 : 100);
        arena_free(&arena);
        if (!has_failed)
            break;
    }
    queue_close(queue);
    queue_close(NULL);
    site_remove(&site);
}

Test(queue, refuses_a_path_that_is_too_long)
{
    char *directory = repeated('x', 600);
    struct queue_options options = { .directory = directory };
    struct queue *queue;

    EXPECT_STATUS(__LINE__, queue_open(&queue, &options), STATUS_CONFIG);
    cr_expect_null(queue);
    free(directory);
}

/* ---- settling ---- */

Test(queue, settles_by_the_verdict)
{
    static const struct {
        int line;
        enum status verdict;
        bool stays, is_quarantined;
    } cases[] = {
        { __LINE__, STATUS_OK, false, false },           { __LINE__, STATUS_UNPROCESSABLE, false, true },
        { __LINE__, STATUS_INVALID_EVENT, false, true }, { __LINE__, STATUS_LIMIT, false, true },
        { __LINE__, STATUS_UNAVAILABLE, true, false },   { __LINE__, STATUS_NOT_SET_UP, true, false },
        { __LINE__, STATUS_RETRY, true, false },         { __LINE__, STATUS_INTERNAL, true, false },
        { __LINE__, STATUS_NO_MEMORY, true, false },     { __LINE__, STATUS_QUEUED, true, false },
        { __LINE__, STATUS_END, true, false },           { __LINE__, STATUS_CLIENT_GONE, true, false },
        { __LINE__, STATUS_CONFLICT, true, false },
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct site site;
        site_make(&site);
        struct queue *queue = site_open(&site);
        struct queue_state state;
        cr_assert_eq(put_numbers(queue, 0, 3), STATUS_OK);
        struct content content = content_of(queue);
        content.records[1].event.verdict = cases[i].verdict;
        EXPECT_STATUS(cases[i].line, queue_settle(queue, content.records, content.n), STATUS_INTERNAL); /* does not lead */
        EXPECT_STATUS(cases[i].line, queue_lead(queue), STATUS_OK);
        for (int round = 0; round < 2; round++) { /* the second time there is nothing to settle */
            EXPECT_STATUS(cases[i].line, queue_settle(queue, content.records, content.n), STATUS_OK);
            expect_numbers(cases[i].line, queue, 1, cases[i].stays);
            EXPECT_STATUS(cases[i].line, queue_state(queue, &state), STATUS_OK);
            EXPECT_INT(cases[i].line, state.quarantined, cases[i].is_quarantined);
        }
        struct content quarantined = quarantine_of(queue);
        cr_assert_eq(quarantined.n, cases[i].is_quarantined);
        if (cases[i].is_quarantined) {
            expect_event(cases[i].line, &quarantined.records[0].event,
                         &(struct event){
                             .event_type = content.records[1].event.event_type,
                             .session_id = content.records[1].event.session_id,
                             .properties = content.records[1].event.properties,
                             .event_id = content.records[1].event.event_id,
                             .occurred_at_us = 1,
                             .received_at_us = 1000001,
                         });
            EXPECT_BYTES(cases[i].line, quarantined.records[0].reason, bytes_of(status_info(cases[i].verdict)->code));
            EXPECT(cases[i].line, quarantined.records[0].quarantined_at_us > 1600000000000000);
        }
        content_free(&quarantined);
        content_free(&content);
        queue_close(queue);
        site_remove(&site);
    }
}

/* Not even when the file has been replaced meanwhile and the numbers begin again. */
Test(queue, settles_no_record_but_the_one_that_was_read)
{
    struct site site;
    site_make(&site);
    struct queue *queue = site_open(&site);

    cr_assert_eq(put_numbers(queue, 0, 3), STATUS_OK);
    cr_assert_eq(queue_lead(queue), STATUS_OK);
    struct content content = content_of(queue);
    for (size_t i = 0; i < content.n; i++)
        content.records[i].event.event_id.octets[15] ^= 1;
    EXPECT_STATUS(__LINE__, queue_settle(queue, content.records, content.n), STATUS_OK);
    content.records[0].event.verdict = STATUS_UNPROCESSABLE;
    EXPECT_STATUS(__LINE__, queue_settle(queue, content.records, content.n), STATUS_OK);
    expect_numbers(__LINE__, queue, 0, 3);
    content_free(&content);
    queue_close(queue);
    site_remove(&site);
}

Test(queue, gives_no_number_twice)
{
    struct site site;
    site_make(&site);
    struct queue *queue = site_open(&site);
    int64_t last_seq = 0;

    cr_assert_eq(queue_lead(queue), STATUS_OK);
    for (int round = 0; round < 3; round++) {
        cr_assert_eq(put_numbers(queue, 0, 5), STATUS_OK);
        struct content content = content_of(queue);
        cr_assert_eq(content.n, 5);
        EXPECT(round, content.records[0].seq > last_seq);
        last_seq = content.records[4].seq;
        content_free(&content);
        EXPECT_STATUS(round, settle_all(queue, STATUS_OK), STATUS_OK);
    }
    queue_close(queue);
    site_remove(&site);
}

/* ---- the quarantine ---- */

Test(queue, requeues_what_was_quarantined_behind_the_rest)
{
    struct site site;
    site_make(&site);
    struct queue *queue = site_open(&site);
    struct queue_state state;

    cr_assert_eq(queue_lead(queue), STATUS_OK);
    cr_assert_eq(put_numbers(queue, 3, 4), STATUS_OK);
    EXPECT_STATUS(__LINE__, settle_all(queue, STATUS_UNPROCESSABLE), STATUS_OK);
    cr_assert_eq(put_numbers(queue, 0, 3), STATUS_OK);
    struct content quarantined = quarantine_of(queue);
    cr_assert_eq(quarantined.n, 4);
    EXPECT_STATUS(__LINE__, queue_requeue(queue, quarantined.records, 2), STATUS_OK);
    expect_numbers(__LINE__, queue, 0, 5);
    EXPECT_STATUS(__LINE__, queue_requeue(queue, quarantined.records, 3), STATUS_OK); /* two of them are gone */
    expect_numbers(__LINE__, queue, 0, 6);
    EXPECT_STATUS(__LINE__, queue_state(queue, &state), STATUS_OK);
    EXPECT_INT(__LINE__, state.quarantined, 1);
    EXPECT_STATUS(__LINE__, queue_quarantine_remove(queue, quarantined.records, 4), STATUS_OK);
    EXPECT_STATUS(__LINE__, queue_state(queue, &state), STATUS_OK);
    EXPECT_INT(__LINE__, state.quarantined, 0);
    expect_numbers(__LINE__, queue, 0, 6);
    content_free(&quarantined);
    quarantined = quarantine_of(queue);
    EXPECT_INT(__LINE__, quarantined.n, 0);
    content_free(&quarantined);
    queue_close(queue);
    site_remove(&site);
}

/* ---- state and room ---- */

Test(queue, tells_its_state)
{
    struct site site;
    site_make(&site);
    struct queue *queue = site_open(&site);
    struct queue_state state, later;

    EXPECT_STATUS(__LINE__, queue_state(queue, &state), STATUS_OK);
    EXPECT_INT(__LINE__, state.oldest_received_at_us, 0);
    EXPECT_INT(__LINE__, state.max_bytes, SITE_MAX_BYTES);
    cr_assert_eq(put_numbers(queue, 5, 5000), STATUS_OK);
    EXPECT_STATUS(__LINE__, queue_state(queue, &later), STATUS_OK);
    EXPECT_INT(__LINE__, later.oldest_received_at_us, 1000005);
    EXPECT(__LINE__, later.bytes > state.bytes + 5000 * 52);
    queue_close(queue);
    site_remove(&site);
}

Test(queue, is_full_at_its_limit_and_takes_more_once_drained)
{
    struct site site;
    site_make(&site);
    site.options.max_bytes = 1024 * 1024;
    struct queue *queue = site_open(&site);
    struct queue_state state;
    char *text = repeated('x', 60000);
    struct event big = event_of(1), *events[] = { &big, &big };

    big.properties = (struct bytes){ text, 60000 };
    for (int round = 0; round < 3; round++) {
        uint64_t n = 0;
        enum status st;
        while ((st = queue_put(queue, events, 2)) == STATUS_OK)
            n += 2;
        EXPECT_STATUS(round, st, STATUS_NO_ROOM);
        EXPECT(round, n >= 14 && n <= 17);
        EXPECT_STATUS(round, queue_state(queue, &state), STATUS_OK);
        EXPECT_INT(round, state.records, n);
        EXPECT(round, state.bytes <= state.max_bytes);
        EXPECT(round, size_of_file(site.db) <= site.options.max_bytes + 256 * 1024);
        queue_unlead(queue);
        EXPECT_STATUS(round, queue_lead(queue), STATUS_OK);
        EXPECT_STATUS(round, settle_all(queue, round == 1 ? STATUS_UNAVAILABLE : STATUS_OK), STATUS_OK);
        if (round == 1)
            EXPECT_STATUS(round, settle_all(queue, STATUS_OK), STATUS_OK);
    }
    free(text);
    queue_close(queue);
    site_remove(&site);
}

Test(queue, gives_back_the_disk_when_it_is_drained)
{
    struct site site;
    site_make(&site);
    struct queue *queue = site_open(&site), *other = site_open(&site);
    char log[80];

    snprintf(log, sizeof log, "%s-wal", site.db);
    cr_assert_eq(queue_lead(queue), STATUS_OK);
    for (uint32_t i = 0; i < 30; i++)
        cr_assert_eq(put_numbers(i % 2 ? queue : other, 1000 * i, 1000), STATUS_OK);
    EXPECT(__LINE__, size_of_file(site.db) > 2 * 1024 * 1024);
    EXPECT(__LINE__, size_of_file(log) < 8 * 1024 * 1024);
    expect_numbers(__LINE__, other, 0, 30000);
    EXPECT_STATUS(__LINE__, settle_all(queue, STATUS_OK), STATUS_OK);
    EXPECT(__LINE__, size_of_file(site.db) <= 256 * 1024);
    EXPECT_INT(__LINE__, size_of_file(log), 0);
    cr_assert_eq(put_numbers(other, 7, 2), STATUS_OK);
    expect_numbers(__LINE__, queue, 7, 2);
    queue_close(other);
    queue_close(queue);
    site_remove(&site);
}

Test(queue, keeps_a_reserve)
{
    struct site site;
    site_make(&site);
    struct queue *queue = site_open(&site);
    char reserve[80];

    snprintf(reserve, sizeof reserve, "%s/queue.reserve", site.directory);
    cr_assert_eq(put_numbers(queue, 0, 1), STATUS_OK);
    EXPECT_INT(__LINE__, size_of_file(reserve), SITE_RESERVE_BYTES);
    cr_assert_eq(truncate(reserve, 0), 0);
    cr_assert_eq(put_numbers(queue, 1, 1), STATUS_OK);
    EXPECT_INT(__LINE__, size_of_file(reserve), 0); /* it is the leader's to make anew */
    cr_assert_eq(queue_lead(queue), STATUS_OK);
    EXPECT_INT(__LINE__, size_of_file(reserve), SITE_RESERVE_BYTES);
    queue_close(queue);
    site_remove(&site);
}

/* ---- the lead ---- */

static void lead_and_wait(struct site *site)
{
    struct queue *queue = site_open(site);
    char ready[80];

    CHILD_REQUIRE(queue_lead(queue) == STATUS_OK);
    snprintf(ready, sizeof ready, "%s/ready", site->directory);
    CHILD_REQUIRE(close(open(ready, O_CREAT | O_WRONLY, 0600)) == 0);
    for (;;)
        pause();
}

Test(queue, is_led_by_one_handle_of_all_processes)
{
    struct site site;
    site_make(&site);
    char ready[80];

    snprintf(ready, sizeof ready, "%s/ready", site.directory);
    pid_t pid = in_child(lead_and_wait, &site);
    while (access(ready, F_OK) != 0)
        usleep(1000);
    struct queue *queue = site_open(&site), *other = site_open(&site);
    EXPECT_STATUS(__LINE__, queue_lead(queue), STATUS_BUSY);
    EXPECT_STATUS(__LINE__, put_numbers(queue, 0, 1), STATUS_OK); /* who puts need not lead */
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    EXPECT_STATUS(__LINE__, queue_lead(queue), STATUS_OK);
    EXPECT_STATUS(__LINE__, queue_lead(queue), STATUS_BUSY); /* a second thread of the same handle */
    EXPECT_STATUS(__LINE__, queue_lead(other), STATUS_BUSY);
    queue_unlead(other);
    EXPECT_STATUS(__LINE__, queue_lead(other), STATUS_BUSY);
    queue_unlead(queue);
    EXPECT_STATUS(__LINE__, queue_lead(other), STATUS_OK);
    queue_close(other);
    EXPECT_STATUS(__LINE__, queue_lead(queue), STATUS_OK);
    queue_close(queue);
    site_remove(&site);
}

/* ---- at once ---- */

enum { WRITERS = 4, PUTS = 40, EVENTS_PER_PUT = 5, WRITER_STEP = 1000000 };

static uint32_t writer_number;

static void write_much(struct site *site)
{
    struct queue *queue = site_open(site);
    uint32_t first = writer_number * WRITER_STEP;

    for (uint32_t i = 0; i < PUTS; i++)
        CHILD_REQUIRE(put_numbers(queue, first + i * EVENTS_PER_PUT, EVENTS_PER_PUT) == STATUS_OK);
    queue_close(queue);
}

static void *write_in_thread(void *context)
{
    struct queue *queue = context;
    uint32_t first = (uint32_t)__atomic_fetch_add(&writer_number, 1, __ATOMIC_RELAXED) * WRITER_STEP;

    for (uint32_t i = 0; i < PUTS; i++)
        cr_assert_eq(put_numbers(queue, first + i * EVENTS_PER_PUT, EVENTS_PER_PUT), STATUS_OK);
    return NULL;
}

/* Of each writer everything is there, in its order, and what was put together stands together. */
static void expect_all_writers(struct queue *queue, uint32_t writers)
{
    struct content content = content_of(queue);
    uint32_t next[2 * WRITERS] = { 0 };

    EXPECT_INT(__LINE__, content.n, writers * PUTS * EVENTS_PER_PUT);
    for (size_t i = 0; i < content.n; i++) {
        uint32_t number = number_of(&content.records[i].event), writer = number / WRITER_STEP;
        cr_assert_lt(writer, writers);
        EXPECT_INT(__LINE__, number % WRITER_STEP, next[writer]++);
        if (i % EVENTS_PER_PUT)
            EXPECT_INT(__LINE__, number, number_of(&content.records[i - 1].event) + 1);
    }
    content_free(&content);
}

Test(queue, takes_from_many_processes_and_threads_at_once)
{
    struct site site;
    site_make(&site);
    pid_t pids[WRITERS];
    pthread_t threads[WRITERS];
    struct queue *handles[2];

    for (writer_number = 0; writer_number < WRITERS; writer_number++)
        pids[writer_number] = in_child(write_much, &site);
    for (int i = 0; i < 2; i++)
        handles[i] = site_open(&site);
    for (int i = 0; i < WRITERS; i++)
        cr_assert_eq(pthread_create(&threads[i], NULL, write_in_thread, handles[i % 2]), 0);
    for (int i = 0; i < WRITERS; i++)
        pthread_join(threads[i], NULL);
    for (int i = 0; i < WRITERS; i++)
        expect_child(i, pids[i]);
    expect_all_writers(handles[0], 2 * WRITERS);
    for (int i = 0; i < 2; i++)
        queue_close(handles[i]);
    site_remove(&site);
}

/* ---- killed ---- */

/* Counts in memory that outlives the writer; each put is counted when it is begun and when it was acknowledged. */
struct progress {
    uint32_t begun;
    uint32_t acknowledged;
};
static struct progress *progress;

static void write_for_ever(struct site *site)
{
    struct queue *queue = site_open(site);

    for (;;) {
        uint32_t next = progress->acknowledged;
        __atomic_store_n(&progress->begun, next + 3, __ATOMIC_SEQ_CST);
        CHILD_REQUIRE(put_numbers(queue, next, 3) == STATUS_OK);
        __atomic_store_n(&progress->acknowledged, next + 3, __ATOMIC_SEQ_CST);
    }
}

Test(queue, has_all_that_a_killed_writer_was_told_of)
{
    enum { KILLS = 25 };
    struct site site;
    site_make(&site);

    progress = mmap(NULL, sizeof *progress, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    cr_assert_neq(progress, MAP_FAILED);
    srandom(20261122);
    for (int i = 0; i < KILLS; i++) {
        pid_t pid = in_child(write_for_ever, &site);
        usleep((useconds_t)(random() % 60000));
        /* The last one at least gets to something, however slow the machine. */
        for (int wait = 0; i == KILLS - 1 && progress->acknowledged == 0 && wait < 1000; wait++)
            usleep(10000);
        kill(pid, SIGKILL);
        int how = 0;
        waitpid(pid, &how, 0);
        cr_assert(WIFSIGNALED(how), "the writer has ended by itself");
        struct queue *queue = site_open(&site);
        struct content content = content_of(queue);
        cr_assert(content.n == progress->acknowledged || content.n == progress->begun, "%zu records, %u acknowledged", content.n,
                  progress->acknowledged);
        progress->acknowledged = (uint32_t)content.n;
        for (size_t j = 0; j < content.n; j++)
            EXPECT_INT(i, number_of(&content.records[j].event), j);
        content_free(&content);
        queue_close(queue);
    }
    EXPECT(__LINE__, progress->acknowledged > 0);
    EXPECT_INT(__LINE__, site_files(&site, "queue.db.corrupt", NULL), 0);
    munmap(progress, sizeof *progress);
    site_remove(&site);
}
