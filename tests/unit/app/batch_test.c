#include "app/batch.h"

#include "tests/unit/failing.h"
#include "tests/unit/unit.h"

enum { ARENA_BYTES = 1024 * 1024 };

static enum status append(void *context, struct bytes bytes)
{
    buf_add(context, bytes);
    return STATUS_OK;
}

Test(batch, is_accepted_whole_at_first)
{
    struct arena arena = arena_new(ARENA_BYTES);
    struct batch batch;
    struct event **events;
    size_t n;

    cr_assert_eq(batch_new(&batch, 3, &arena), STATUS_OK);
    cr_assert_eq(batch_accepted(&batch, &arena, &events, &n), STATUS_OK);
    EXPECT_INT(__LINE__, batch.n, 3);
    EXPECT_INT(__LINE__, n, 3);
    for (size_t i = 0; i < 3; i++)
        cr_expect_eq(events[i], &batch.items[i].event);
    arena_free(&arena);
}

Test(batch, rejected_events_are_left_out_and_their_problem_is_copied)
{
    struct arena arena = arena_new(ARENA_BYTES);
    struct problem problem = { .details = "why", .pointer = "/x" };
    struct batch batch;
    struct event **events;
    size_t n;

    cr_assert_eq(batch_new(&batch, 4, &arena), STATUS_OK);
    cr_assert_eq(batch_reject(&batch, 0, STATUS_INVALID_EVENT, &problem, &arena), STATUS_OK);
    cr_assert_eq(batch_reject(&batch, 2, STATUS_TOO_LARGE, &problem, &arena), STATUS_OK);
    problem = (struct problem){ .details = "something else" };
    cr_assert_eq(batch_accepted(&batch, &arena, &events, &n), STATUS_OK);
    EXPECT_INT(__LINE__, n, 2);
    cr_expect_eq(events[0], &batch.items[1].event);
    cr_expect_eq(events[1], &batch.items[3].event);
    EXPECT_STATUS(__LINE__, batch.items[2].event.verdict, STATUS_TOO_LARGE);
    EXPECT_TEXT(__LINE__, batch.items[2].problem->details, "why");
    EXPECT_TEXT(__LINE__, batch.items[2].problem->pointer, "/x");
    arena_free(&arena);
}

/* Verdicts, and which are duplicates; then what is answered. */
Test(batch, answer_and_outcome_by_the_verdicts)
{
    static const struct {
        int line;
        size_t n;
        enum status verdicts[3];
        bool duplicates[3];
        enum status outcome;
        int code;
        const char *want;
    } cases[] = {
        { __LINE__,
          1,
          { STATUS_OK },
          { false },
          STATUS_OK,
          201,
          "{\"message\":\"Data inserted "
          "successfully\",\"received\":1,\"inserted\":1,\"duplicates\":0,\"rejected\":0,\"errors\":[]}" },
        { __LINE__,
          3,
          { STATUS_OK, STATUS_OK, STATUS_OK },
          { true, false, true },
          STATUS_OK,
          201,
          "{\"message\":\"Data inserted "
          "successfully\",\"received\":3,\"inserted\":1,\"duplicates\":2,\"rejected\":0,\"errors\":[]}" },
        { __LINE__,
          3,
          { STATUS_OK, STATUS_INVALID_EVENT, STATUS_OK },
          { false, false, true },
          STATUS_OK,
          207,
          "{\"message\":\"Some events were rejected\",\"received\":3,\"inserted\":1,\"duplicates\":1,\"rejected\":1,\"errors\":["
          "{\"index\":1,\"code\":\"invalid_event\",\"error\":\"The event is not valid\",\"pointer\":\"\",\"retry\":false}]}" },
        { __LINE__,
          2,
          { STATUS_UNAVAILABLE, STATUS_OK },
          { false },
          STATUS_OK,
          207,
          "{\"message\":\"Some events were rejected\",\"received\":2,\"inserted\":1,\"duplicates\":0,\"rejected\":1,\"errors\":["
          "{\"index\":0,\"code\":\"unavailable\",\"error\":\"The service is temporarily unavailable, try again "
          "later\",\"pointer\":\"\","
          "\"retry\":true}]}" },
        { __LINE__,
          2,
          { STATUS_UNREPRESENTABLE, STATUS_MISSING_FIELDS },
          { false },
          STATUS_OK,
          400,
          "{\"error\":\"All events were rejected\",\"code\":\"batch_rejected\",\"request_id\":\"id-1\","
          "\"message\":\"All events were rejected\",\"received\":2,\"inserted\":0,\"duplicates\":0,\"rejected\":2,\"errors\":["
          "{\"index\":0,\"code\":\"unrepresentable\",\"error\":\"The body is valid JSON but cannot be stored "
          "faithfully\",\"pointer\":\"\","
          "\"retry\":false},{\"index\":1,\"code\":\"missing_fields\",\"error\":\"Missing required fields: event_type and "
          "session_id\","
          "\"pointer\":\"\",\"retry\":false}]}" },
        /* nothing was stored, and not by the client's fault alone: the whole is to be sent again */
        { __LINE__, 2, { STATUS_UNAVAILABLE, STATUS_UNAVAILABLE }, { false }, STATUS_UNAVAILABLE, 0, NULL },
        { __LINE__, 3, { STATUS_INVALID_EVENT, STATUS_RETRY, STATUS_UNAVAILABLE }, { false }, STATUS_RETRY, 0, NULL },
        { __LINE__, 2, { STATUS_INVALID_EVENT, STATUS_NO_MEMORY }, { false }, STATUS_NO_MEMORY, 0, NULL },
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct arena arena = arena_new(ARENA_BYTES);
        struct buf sent = buf_new(ARENA_BYTES);
        struct http_response response = http_response_new(append, &sent);
        struct batch batch;
        response.request_id = BYTES("id-1");
        cr_assert_eq(batch_new(&batch, cases[i].n, &arena), STATUS_OK);
        for (size_t e = 0; e < cases[i].n; e++) {
            batch.items[e].event.verdict = cases[i].verdicts[e];
            batch.items[e].event.is_duplicate = cases[i].duplicates[e];
        }
        EXPECT_STATUS(cases[i].line, batch_outcome(&batch), cases[i].outcome);
        if (cases[i].want) {
            EXPECT_STATUS(cases[i].line, batch_answer(&batch, &response), STATUS_OK);
            EXPECT_INT(cases[i].line, response.code, cases[i].code);
            EXPECT_BYTES(cases[i].line, buf_bytes(&response.body), bytes_of(cases[i].want));
        }
        http_response_free(&response);
        buf_free(&sent);
        arena_free(&arena);
    }
}

Test(batch, answer_shows_details_and_pointer)
{
    struct arena arena = arena_new(ARENA_BYTES);
    struct buf sent = buf_new(ARENA_BYTES);
    struct http_response response = http_response_new(append, &sent);
    struct problem problem = { .details = "a \"quoted\"\x01 clause", .pointer = "/session_id" };
    struct batch batch;

    cr_assert_eq(batch_new(&batch, 2, &arena), STATUS_OK);
    cr_assert_eq(batch_reject(&batch, 1, STATUS_INVALID_EVENT, &problem, &arena), STATUS_OK);
    EXPECT_STATUS(__LINE__, batch_answer(&batch, &response), STATUS_OK);
    EXPECT_BYTES(
        __LINE__, buf_bytes(&response.body),
        BYTES(
            "{\"message\":\"Some events were rejected\",\"received\":2,\"inserted\":1,\"duplicates\":0,\"rejected\":1,\"errors\":["
            "{\"index\":1,\"code\":\"invalid_event\",\"error\":\"The event is not valid\","
            "\"details\":\"a \\\"quoted\\\"\\u0001 clause\",\"pointer\":\"/session_id\",\"retry\":false}]}"));
    http_response_free(&response);
    buf_free(&sent);
    arena_free(&arena);
}

/* The longest entry there can be: details of nothing but characters that take six bytes each. */
Test(batch, answer_to_many_with_long_details_is_streamed_whole)
{
    enum { N = 1000 };
    struct arena arena = arena_new(64 * ARENA_BYTES);
    struct buf sent = buf_new(64 * ARENA_BYTES);
    struct http_response response = http_response_new(append, &sent);
    struct problem problem = { .pointer = "/event_type" };
    struct batch batch;
    size_t n = 0;

    memset(problem.details, '\x01', sizeof problem.details - 1);
    cr_assert_eq(batch_new(&batch, N, &arena), STATUS_OK);
    for (size_t i = 0; i < N; i++)
        cr_assert_eq(batch_reject(&batch, i, STATUS_INVALID_EVENT, &problem, &arena), STATUS_OK);
    EXPECT_STATUS(__LINE__, batch_answer(&batch, &response), STATUS_OK);
    EXPECT_STATUS(__LINE__, http_response_end(&response), STATUS_OK);
    cr_assert_not(sent.failed);
    for (const char *at = sent.p; (at = strstr(at, "{\"index\":")) != NULL; at++)
        n++;
    EXPECT_INT(__LINE__, n, N);
    EXPECT_TEXT(__LINE__, sent.p + sent.len - 3, "}]}");
    http_response_free(&response);
    buf_free(&sent);
    arena_free(&arena);
}

Test(batch, without_memory_says_so_at_every_step)
{
    struct problem problem = { .details = "why" };
    size_t ceiling = 0;
    enum status st;

    do {
        struct arena arena = arena_new(ceiling);
        struct batch batch;
        struct event **events;
        size_t n;
        st = batch_new(&batch, 2, &arena);
        if (st == STATUS_OK)
            st = batch_reject(&batch, 0, STATUS_INVALID_EVENT, &problem, &arena);
        if (st == STATUS_OK)
            st = batch_accepted(&batch, &arena, &events, &n);
        if (st != STATUS_OK)
            EXPECT_STATUS((int)ceiling, st, STATUS_NO_MEMORY);
        arena_free(&arena);
        ceiling += 16;
    } while (st != STATUS_OK && ceiling < 64 * 1024);
    EXPECT_STATUS(__LINE__, st, STATUS_OK);
    cr_expect_gt(ceiling, 400);
}

Test(batch, answer_without_memory_says_so_at_every_allocation)
{
    bool failed;
    int nth = 1;

    do {
        struct arena arena = arena_new(ARENA_BYTES);
        struct buf sent = buf_new(ARENA_BYTES);
        struct http_response response = http_response_new(append, &sent);
        struct problem problem = { .details = "why" };
        struct batch batch;
        cr_assert_eq(batch_new(&batch, 20, &arena), STATUS_OK);
        for (size_t i = 0; i < 20; i++)
            cr_assert_eq(batch_reject(&batch, i, STATUS_INVALID_EVENT, &problem, &arena), STATUS_OK);
        failing_begin(nth++);
        enum status st = batch_answer(&batch, &response);
        failed = failing_end();
        EXPECT_STATUS(nth, st, failed ? STATUS_NO_MEMORY : STATUS_OK);
        http_response_free(&response);
        buf_free(&sent);
        arena_free(&arena);
    } while (failed);
    cr_expect_gt(nth, 4);
}
