#include "model/selection.h"

#include "model/cursor.h"
#include "tests/unit/unit.h"

#define SINCE_US INT64_C(1795168800000000) /* 2026-11-20T10:00:00Z */

struct reading {
    struct arena arena;
    struct problem problem;
    struct selection selection;
    enum status st;
};

static struct reading read_query(struct bytes query)
{
    struct reading reading = { .arena = arena_new(64 * 1024) };

    reading.st = selection_read(query, &reading.arena, &reading.selection, &reading.problem);
    return reading;
}

Test(selection, without_filters_is_all_of_a_type)
{
    struct reading reading = read_query(BYTES("event_type=a%20b"));
    const struct selection *s = &reading.selection;

    EXPECT_STATUS(__LINE__, reading.st, STATUS_OK);
    EXPECT_BYTES(__LINE__, s->event_type, BYTES("a b"));
    cr_expect(!s->session_id.p && !s->page_url.p && !s->is_history);
    cr_expect(s->since_us == INT64_MIN && s->until_us == INT64_MAX);
    EXPECT_INT(__LINE__, s->order, ORDER_SESSION_ID);
    EXPECT_INT(__LINE__, s->limit, 0);
    EXPECT_BYTES(__LINE__, s->after.session_id, BYTES(""));
    cr_expect_eq(s->after.occurred_at_us, INT64_MIN);
    arena_free(&reading.arena);
}

Test(selection, every_parameter)
{
    struct reading reading = read_query(BYTES("history=true&order=time&limit=10000&until=2026-11-20T11:00:00%2B01:00&page_url=&"
                                              "since=2026-11-20T10:00:00.000001Z&session_id=s%261&event_type=t"));
    const struct selection *s = &reading.selection;

    EXPECT_STATUS(__LINE__, reading.st, STATUS_OK);
    EXPECT_BYTES(__LINE__, s->event_type, BYTES("t"));
    EXPECT_BYTES(__LINE__, s->session_id, BYTES("s&1"));
    EXPECT_BYTES(__LINE__, s->page_url, BYTES(""));
    cr_expect(s->since_us == SINCE_US + 1 && s->until_us == SINCE_US);
    EXPECT_INT(__LINE__, s->order, ORDER_TIME);
    EXPECT_INT(__LINE__, s->limit, 10000);
    cr_expect(s->is_history);
    arena_free(&reading.arena);
}

Test(selection, refuses_naming_the_parameter)
{
    static const struct {
        int line;
        struct bytes query;
        enum status want;
        const char *named;
    } cases[] = {
        { __LINE__, TEXT(""), STATUS_MISSING_PARAMETER, "" },
        { __LINE__, TEXT("session_id=s"), STATUS_MISSING_PARAMETER, "" },
        { __LINE__, TEXT("event_type="), STATUS_MISSING_PARAMETER, "" },
        { __LINE__, TEXT("limit=x"), STATUS_MISSING_PARAMETER, "" },
        { __LINE__, TEXT("event_type=t&session_id="), STATUS_INVALID_PARAMETER, "session_id" },
        { __LINE__, TEXT("event_type=t&since=yesterday"), STATUS_INVALID_PARAMETER, "since" },
        { __LINE__, TEXT("event_type=t&since="), STATUS_INVALID_PARAMETER, "since" },
        { __LINE__, TEXT("event_type=t&until=2026-11-20"), STATUS_INVALID_PARAMETER, "until" },
        { __LINE__, TEXT("event_type=t&until=2026-11-20T10:00:00"), STATUS_INVALID_PARAMETER, "until" },
        { __LINE__, TEXT("event_type=t&until=2026-11-20T10:00:00+01:00"), STATUS_INVALID_PARAMETER,
          "%2B" }, /* its plus is a blank */
        { __LINE__, TEXT("event_type=t&order=event_id"), STATUS_INVALID_PARAMETER, "order" },
        { __LINE__, TEXT("event_type=t&order=TIME"), STATUS_INVALID_PARAMETER, "order" },
        { __LINE__, TEXT("event_type=t&order="), STATUS_INVALID_PARAMETER, "order" },
        { __LINE__, TEXT("event_type=t&history=1"), STATUS_INVALID_PARAMETER, "history" },
        { __LINE__, TEXT("event_type=t&history"), STATUS_INVALID_PARAMETER, "history" },
        { __LINE__, TEXT("event_type=t&limit=0"), STATUS_INVALID_PARAMETER, "limit" },
        { __LINE__, TEXT("event_type=t&limit=10001"), STATUS_INVALID_PARAMETER, "limit" },
        { __LINE__, TEXT("event_type=t&limit=-1"), STATUS_INVALID_PARAMETER, "limit" },
        { __LINE__, TEXT("event_type=t&limit=1.0"), STATUS_INVALID_PARAMETER, "limit" },
        { __LINE__, TEXT("event_type=t&limit=+1"), STATUS_INVALID_PARAMETER, "limit" },
        { __LINE__, TEXT("event_type=t&limit="), STATUS_INVALID_PARAMETER, "limit" },
        { __LINE__, TEXT("event_type=t&limit=99999999999999999999"), STATUS_INVALID_PARAMETER, "limit" },
        { __LINE__, TEXT("event_type=t&limit=1&limit=1"), STATUS_INVALID_PARAMETER, "limit" },
        { __LINE__, TEXT("event_type=t&cursor="), STATUS_INVALID_PARAMETER, "cursor" },
        { __LINE__, TEXT("event_type=t&cursor=AAAA"), STATUS_INVALID_PARAMETER, "cursor" },
        { __LINE__, TEXT("event_type=t&cursor=%C3%A4"), STATUS_INVALID_PARAMETER, "cursor" },
        { __LINE__, TEXT("event_type=t&offset=1"), STATUS_INVALID_PARAMETER, "offset" },
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct reading reading = read_query(cases[i].query);
        EXPECT_STATUS(cases[i].line, reading.st, cases[i].want);
        EXPECT(cases[i].line, strstr(reading.problem.details, cases[i].named) != NULL);
        arena_free(&reading.arena);
    }
}

/* ---- the cursor ---- */

static const struct selection_place place = { TEXT("s \xc3\xa4&1"), SINCE_US, { "0123456789abcde" } };

/* The query of the page behind place. To be freed. */
static struct buf next_of(struct bytes query)
{
    struct buf next = buf_new(64 * 1024);
    struct reading reading = read_query(query);

    EXPECT_STATUS(__LINE__, reading.st, STATUS_OK);
    selection_add_next(&reading.selection, &place, &next);
    arena_free(&reading.arena);
    return next;
}

Test(selection, next_page_begins_where_this_one_ended)
{
    struct buf next = next_of(
        BYTES("limit=7&event_type=a%20%26+%C3%A4&page_url=https%3a//x/%3Fy=z&since=2026-11-20T10:00:00%2b00:00&order=time"));
    struct reading reading = read_query(buf_bytes(&next));

    EXPECT_STATUS(__LINE__, reading.st, STATUS_OK);
    EXPECT_BYTES(__LINE__, reading.selection.event_type, BYTES("a & \xc3\xa4"));
    EXPECT_BYTES(__LINE__, reading.selection.page_url, BYTES("https://x/?y=z"));
    EXPECT_INT(__LINE__, reading.selection.limit, 7);
    EXPECT_INT(__LINE__, reading.selection.order, ORDER_TIME);
    EXPECT_BYTES(__LINE__, reading.selection.after.session_id, place.session_id);
    cr_expect(reading.selection.after.occurred_at_us == place.occurred_at_us && reading.selection.since_us == SINCE_US);
    cr_expect(memcmp(&reading.selection.after.event_id, &place.event_id, sizeof place.event_id) == 0);
    arena_free(&reading.arena);
    buf_free(&next);
}

Test(selection, next_page_needs_no_further_encoding)
{
    struct buf next = next_of(BYTES("event_type=%3C%3E%22%20%25%C3%A4%7Fa-._~b"));

    EXPECT_INT(__LINE__, strspn(next.p, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~%=&"), next.len);
    cr_expect(bytes_begins_with(buf_bytes(&next), BYTES("event_type=%3C%3E%22%20%25%C3%A4%7Fa-._~b&cursor=")));
    buf_free(&next);
}

Test(selection, page_after_the_next_has_one_cursor)
{
    struct buf next = next_of(BYTES("event_type=t&limit=1"));
    struct buf after = next_of(buf_bytes(&next));

    EXPECT_BYTES(__LINE__, buf_bytes(&after), buf_bytes(&next));
    buf_free(&next);
    buf_free(&after);
}

Test(selection, cursor_is_good_for_its_own_parameters_alone)
{
    static const struct {
        int line;
        const char *with; /* what stands beside the cursor */
        enum status want;
    } cases[] = {
        { __LINE__, "event_type=t&session_id=s", STATUS_OK },
        { __LINE__, "session_id=s&event_type=t&limit=5", STATUS_OK },
        { __LINE__, "event_type=u&session_id=s", STATUS_INVALID_PARAMETER },
        { __LINE__, "event_type=t", STATUS_INVALID_PARAMETER },
        { __LINE__, "event_type=t&session_id=ss", STATUS_INVALID_PARAMETER },
        { __LINE__, "event_type=t&session_id=s&page_url=", STATUS_INVALID_PARAMETER },
        { __LINE__, "event_type=t&session_id=s&order=time", STATUS_INVALID_PARAMETER },
        { __LINE__, "event_type=t&session_id=s&history=true", STATUS_INVALID_PARAMETER },
        { __LINE__, "event_type=t&session_id=s&since=2026-11-20T10:00:00Z", STATUS_INVALID_PARAMETER },
        { __LINE__, "event_type=t&session_id=s&until=2026-11-20T10:00:00Z", STATUS_INVALID_PARAMETER },
    };
    struct buf next = next_of(BYTES("event_type=t&session_id=s"));
    const char *cursor = strstr(next.p, "&cursor=");

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct buf query = buf_new(1024);
        buf_add_text(&query, cases[i].with);
        buf_add_text(&query, cursor);
        struct reading reading = read_query(buf_bytes(&query));
        EXPECT_STATUS(cases[i].line, reading.st, cases[i].want);
        arena_free(&reading.arena);
        buf_free(&query);
    }
    buf_free(&next);
}

Test(selection, altered_or_cut_cursor_is_none)
{
    struct buf next = next_of(BYTES("event_type=t"));
    size_t begin = (size_t)(strstr(next.p, "cursor=") - next.p) + strlen("cursor=");

    for (size_t at = begin; at < next.len; at++) {
        char kept = next.p[at];
        next.p[at] = kept == 'A' ? 'B' : 'A';
        struct reading reading = read_query(buf_bytes(&next));
        EXPECT_STATUS((int)at, reading.st, STATUS_INVALID_PARAMETER);
        arena_free(&reading.arena);
        next.p[at] = kept;
        reading = read_query((struct bytes){ next.p, at });
        EXPECT_STATUS((int)at, reading.st, STATUS_INVALID_PARAMETER);
        arena_free(&reading.arena);
    }
    buf_free(&next);
}

Test(selection, place_too_long_for_a_cursor_fails_the_text)
{
    struct buf buf = buf_new(64 * 1024);
    char *session = repeated('s', 4097);
    const struct selection_place far = { .session_id = { session, 4097 } };

    cursor_add(&buf, &far, NULL, 0);
    cr_expect(buf.failed);
    free(session);
    buf_free(&buf);
}

Test(selection, without_memory_says_so)
{
    struct buf next = next_of(BYTES("event_type=t&session_id=s"));
    int refused = 0;
    bool done = false;

    for (size_t ceiling = 0; !done; ceiling += 8) {
        struct arena arena = arena_new(ceiling);
        struct selection selection;
        struct problem problem = { 0 };
        enum status st = selection_read(buf_bytes(&next), &arena, &selection, &problem);
        done = st == STATUS_OK;
        refused += !done;
        if (!done)
            EXPECT_STATUS((int)ceiling, st, STATUS_NO_MEMORY);
        cr_assert_lt(ceiling, 8192);
        arena_free(&arena);
    }
    cr_expect_gt(refused, 0);
    buf_free(&next);
}
