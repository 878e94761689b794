#include "app/worker.h"

#include <stdio.h>

#include "model/uuid.h"
#include "tests/unit/app/site.h"
#include "tests/unit/failing.h"

#define RESOURCE "/synchrony_data_analytics"
#define EVENT "{\"event_type\":\"a\",\"session_id\":\"b\"}"

/* ---- answers ---- */

Test(worker, answers_whole_requests_to_the_byte)
{
    static const struct {
        int line;
        struct request request;
        int code;
        const char *want;
    } cases[] = {
        { __LINE__, { .method = "GET", .path = RESOURCE "/healthz" }, 200, "{\"status\":\"ok\"}" },
        { __LINE__, { .method = "HEAD", .path = RESOURCE "/healthz" }, 200, "" },
        { __LINE__,
          { .method = "GET", .path = RESOURCE "/nothing", .request_id = "id-1" },
          404,
          "{\"error\":\"Not found\",\"code\":\"not_found\",\"request_id\":\"id-1\"}" },
        { __LINE__,
          { .method = "PUT", .path = RESOURCE, .request_id = "id-1" },
          405,
          "{\"error\":\"Method not allowed\",\"code\":\"method_not_allowed\",\"request_id\":\"id-1\"}" },
        { __LINE__, { .method = "GET", .path = RESOURCE }, 400, "{\"error\":\"Missing required query parameter: event_type\"}" },
        { __LINE__,
          { .method = "GET", .path = RESOURCE, .query = "" },
          400,
          "{\"error\":\"Missing required query parameter: event_type\"}" },
        { __LINE__,
          { .method = "GET", .path = RESOURCE, .query = "event_type=" },
          400,
          "{\"error\":\"Missing required query parameter: event_type\"}" },
        { __LINE__,
          { .method = "GET", .path = RESOURCE, .query = "session_id=s" },
          400,
          "{\"error\":\"Missing required query parameter: event_type\"}" },
        { __LINE__,
          { .method = "GET", .path = RESOURCE, .query = "event_type=a&colour=5", .request_id = "id-1" },
          400,
          "{\"error\":\"Invalid query parameter\",\"code\":\"invalid_parameter\",\"details\":\"unknown parameter: colour\","
          "\"request_id\":\"id-1\"}" },
        { __LINE__, { .method = "HEAD", .path = RESOURCE }, 400, "" },
        /* there is no database */
        { __LINE__,
          { .method = "GET", .path = RESOURCE, .query = "event_type=a", .request_id = "id-1" },
          503,
          "{\"error\":\"The service is temporarily unavailable, try again "
          "later\",\"code\":\"unavailable\",\"request_id\":\"id-1\"}" },
        { __LINE__,
          { .method = "GET", .path = RESOURCE "/readyz", .request_id = "id-1" },
          503,
          "{\"error\":\"The service is temporarily unavailable, try again later\",\"code\":\"unavailable\","
          "\"details\":\"the database takes no events now\",\"request_id\":\"id-1\"}" },
        { __LINE__,
          { .method = "POST", .path = RESOURCE, .body = TEXT(EVENT), .request_id = "id-1" },
          503,
          "{\"error\":\"The service is temporarily unavailable, try again "
          "later\",\"code\":\"unavailable\",\"request_id\":\"id-1\"}" },
        { __LINE__,
          { .method = "POST", .path = RESOURCE, .body = TEXT("[" EVENT ",5]"), .request_id = "id-1" },
          503,
          "{\"error\":\"The service is temporarily unavailable, try again "
          "later\",\"code\":\"unavailable\",\"request_id\":\"id-1\"}" },
        { __LINE__,
          { .method = "POST", .path = RESOURCE },
          400,
          "{\"error\":\"Missing required fields: event_type and session_id\"}" },
    };
    struct site site;

    site_open(&site);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct visit visit;
        visit_begin(&visit, &cases[i].request);
        EXPECT_INT(cases[i].line, worker_serve(site.worker, site.call, &visit.exchange), CALL_ANSWERED);
        EXPECT_INT(cases[i].line, visit_code(&visit), cases[i].code);
        EXPECT_BYTES(cases[i].line, visit_body(&visit), bytes_of(cases[i].want));
        EXPECT_INT(cases[i].line, visit_header(&visit, "Retry-After").p != NULL, cases[i].code == 503);
        EXPECT(cases[i].line, visit_has(&visit, "Content-Type: application/json"));
        EXPECT(cases[i].line, visit_has(&visit, "Access-Control-Allow-Origin: *"));
        visit_end(&visit);
    }
    site_close(&site);
}

/* A call is used again: nothing of one request shows in the next. */
Test(worker, nothing_of_one_request_shows_in_the_next)
{
    static const struct request first[] = {
        { .method = "OPTIONS", .path = RESOURCE },
        { .method = "HEAD", .path = RESOURCE "/healthz" },
        { .method = "POST", .path = RESOURCE, .body = TEXT("{\"event_type\":\"a\",\"session_id\":5}") },
        { .method = "POST", .path = RESOURCE, .body = TEXT("{") },
        { .method = "POST", .path = RESOURCE, .body = TEXT("[" EVENT ",5]") },
        { .method = "PUT", .path = RESOURCE },
        { .method = "GET", .path = RESOURCE "/readyz" },
        { .method = "GET", .path = RESOURCE, .query = "event_type=%zz" },
    };
    struct site fresh;
    struct visit want;

    site_open(&fresh);
    visit_begin(&want, &(struct request){ .method = "GET", .path = RESOURCE "/nothing", .request_id = "id-1" });
    cr_assert_eq(worker_serve(fresh.worker, fresh.call, &want.exchange), CALL_ANSWERED);
    for (size_t i = 0; i < COUNT_OF(first); i++) {
        struct site site;
        struct visit visit;
        site_open(&site);
        visit_begin(&visit, &first[i]);
        EXPECT_INT((int)i, worker_serve(site.worker, site.call, &visit.exchange), CALL_ANSWERED);
        visit_end(&visit);
        visit_begin(&visit, &want.request);
        EXPECT_INT((int)i, worker_serve(site.worker, site.call, &visit.exchange), CALL_ANSWERED);
        EXPECT_BYTES((int)i, buf_bytes(&visit.answer), buf_bytes(&want.answer));
        visit_end(&visit);
        site_close(&site);
    }
    visit_end(&want);
    site_close(&fresh);
}

Test(worker, refusal_answers_a_call_that_waits)
{
    struct site site;
    struct visit visit;

    site_open(&site);
    visit_begin(&visit, &(struct request){ .method = "POST", .path = RESOURCE, .body = TEXT(EVENT) });
    cr_assert_eq(worker_begin(site.worker, site.call, &visit.exchange), CALL_COMMITS);
    EXPECT_INT(__LINE__, worker_refuse(site.call, STATUS_BUSY), CALL_ANSWERED);
    EXPECT_INT(__LINE__, visit_code(&visit), 503);
    EXPECT(__LINE__, visit_header(&visit, "Retry-After").p != NULL);
    visit_end(&visit);
    site_close(&site);
}

/* All connections are in use. */
Test(worker, without_a_connection_is_busy)
{
    static const struct request requests[] = {
        { .method = "POST", .path = RESOURCE, .body = TEXT(EVENT), .request_id = "id-1" },
        { .method = "GET", .path = RESOURCE, .query = "event_type=a", .request_id = "id-1" },
    };
    struct site site;
    struct db *dbs[8];
    size_t n_writers = 0, n = 0;

    site_open(&site);
    while (n < COUNT_OF(dbs) && db_pool_take(site.service.writers, &dbs[n]) == STATUS_OK)
        n_writers = ++n;
    while (n < COUNT_OF(dbs) && db_pool_take(site.service.readers, &dbs[n]) == STATUS_OK)
        n++;
    for (size_t i = 0; i < COUNT_OF(requests); i++) {
        struct visit visit;
        visit_begin(&visit, &requests[i]);
        EXPECT_INT((int)i, worker_serve(site.worker, site.call, &visit.exchange), CALL_ANSWERED);
        EXPECT_INT((int)i, visit_code(&visit), 503);
        EXPECT_BYTES(
            (int)i, visit_body(&visit),
            BYTES("{\"error\":\"Too many requests are waiting, try again later\",\"code\":\"busy\",\"request_id\":\"id-1\"}"));
        visit_end(&visit);
    }
    while (n) {
        n--;
        db_pool_give(n < n_writers ? site.service.writers : site.service.readers, dbs[n]);
    }
    site_close(&site);
}

Test(worker, call_at_rest_keeps_little)
{
    struct site site;
    struct visit visit;
    char *text = repeated(' ', 1000000);

    site_open(&site);
    visit_begin(&visit, &(struct request){ .method = "POST", .path = RESOURCE, .body = { text, 1000000 } });
    EXPECT_INT(__LINE__, worker_serve(site.worker, site.call, &visit.exchange), CALL_ANSWERED);
    visit_end(&visit);
    cr_assert_not_null(buf_room(&site.call->response.body, HTTP_PIECE_BYTES));
    call_rest(site.call);
    EXPECT_INT(__LINE__, site.call->arena.used_bytes, 0);
    EXPECT(__LINE__, site.call->response.body.capacity <= HTTP_PIECE_BYTES);

    visit_begin(&visit, &(struct request){ .method = "GET", .path = RESOURCE "/healthz" });
    EXPECT_INT(__LINE__, worker_serve(site.worker, site.call, &visit.exchange), CALL_ANSWERED);
    EXPECT_INT(__LINE__, visit_code(&visit), 200);
    visit_end(&visit);
    site_close(&site);
    free(text);
}

Test(worker, reads_the_rest_of_a_body_that_was_refused)
{
    struct site site;
    struct visit visit;
    char *text = repeated('x', 3000000);

    site_open(&site);
    visit_begin(&visit, &(struct request){ .method = "POST", .path = RESOURCE, .body = { text, 3000000 } });
    EXPECT_INT(__LINE__, worker_serve(site.worker, site.call, &visit.exchange), CALL_ANSWERED);
    EXPECT_INT(__LINE__, visit_code(&visit), 413);
    EXPECT_INT(__LINE__, visit.read, 3000000);
    visit_end(&visit);
    site_close(&site);
    free(text);
}

Test(worker, client_that_has_left_breaks_the_call)
{
    static const struct {
        int line;
        struct request request;
        size_t leaves_after;
    } cases[] = {
        { __LINE__, { .method = "GET", .path = RESOURCE "/healthz" }, 0 },
        { __LINE__, { .method = "GET", .path = RESOURCE "/healthz" }, 1000 }, /* behind the head */
        { __LINE__, { .method = "PUT", .path = RESOURCE }, 0 },
        { __LINE__, { .method = "GET", .path = RESOURCE "/readyz" }, 0 },
        { __LINE__, { .method = "POST", .path = RESOURCE, .body = TEXT("{") }, 0 },
        { __LINE__, { .method = "POST", .path = RESOURCE, .body = TEXT(EVENT) }, 0 },
    };
    struct site site;

    site_open(&site);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct visit visit;
        visit_begin(&visit, &cases[i].request);
        visit.leaves_after = cases[i].leaves_after;
        if (visit.leaves_after) { /* the length of the head is found out by an answer to HEAD */
            struct visit head;
            struct request request = cases[i].request;
            request.method = "HEAD";
            request.request_id = "0123456789012345678901234567890123456";
            visit_begin(&head, &request);
            cr_assert_eq(worker_serve(site.worker, site.call, &head.exchange), CALL_ANSWERED);
            visit.leaves_after = head.answer.len;
            visit_end(&head);
        }
        EXPECT_INT(cases[i].line, worker_serve(site.worker, site.call, &visit.exchange), CALL_BROKEN);
        visit_end(&visit);
    }
    site_close(&site);
}

/* ---- request id ---- */

Test(worker, request_id_is_the_callers_or_a_new_one)
{
    static const struct {
        int line;
        const char *id;
        bool is_kept;
    } cases[] = {
        { __LINE__, "id-1", true },
        { __LINE__, NULL, false },
        { __LINE__, "", false },
        { __LINE__, "a b", false },
        { __LINE__, "x\r\nSet-Cookie: a=b", false },
    };
    struct site site;
    char before[64] = "";

    site_open(&site);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct visit visit;
        visit_begin(&visit, &(struct request){ .method = "GET", .path = RESOURCE "/healthz", .request_id = cases[i].id });
        EXPECT_INT(cases[i].line, worker_serve(site.worker, site.call, &visit.exchange), CALL_ANSWERED);
        struct bytes id = visit_header(&visit, "X-Request-Id");
        if (cases[i].is_kept) {
            EXPECT_BYTES(cases[i].line, id, bytes_of(cases[i].id));
        } else {
            struct uuid uuid;
            EXPECT(cases[i].line, uuid_parse(id, &uuid));
            EXPECT(cases[i].line, !bytes_equal(id, bytes_of(before)));
            snprintf(before, sizeof before, "%.*s", (int)id.len, id.p);
        }
        visit_end(&visit);
    }
    site_close(&site);
}

/* ---- origins ---- */

Test(worker, allowed_origins)
{
    struct bytes listed[] = { TEXT("https://a.example"), TEXT("http://b.example:8080") };
    static const struct {
        int line;
        bool has_list;
        const char *origin;
        const char *want; /* NULL: no such header */
    } cases[] = {
        { __LINE__, false, NULL, "*" },
        { __LINE__, false, "https://c.example", "*" },
        { __LINE__, false, "null", "*" },
        { __LINE__, true, "https://a.example", "https://a.example" },
        { __LINE__, true, "http://b.example:8080", "http://b.example:8080" },
        { __LINE__, true, NULL, NULL },
        { __LINE__, true, "", NULL },
        { __LINE__, true, "null", NULL },
        { __LINE__, true, "https://c.example", NULL },
        { __LINE__, true, "https://a.example.evil.example", NULL },
        { __LINE__, true, "https://a.exampl", NULL },
        { __LINE__, true, "http://a.example", NULL },
        { __LINE__, true, "https://A.example", NULL },
        { __LINE__, true, "https://a.example, http://b.example:8080", NULL },
    };
    struct site site;

    site_open(&site);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        static const char *const paths[] = { RESOURCE "/healthz", RESOURCE "/nothing" }; /* errors too */
        site.config.allowed_origins = cases[i].has_list ? listed : NULL;
        site.config.n_allowed_origins = cases[i].has_list ? COUNT_OF(listed) : 0;
        for (size_t p = 0; p < COUNT_OF(paths); p++) {
            struct visit visit;
            visit_begin(&visit, &(struct request){ .method = "GET", .path = paths[p], .origin = cases[i].origin });
            EXPECT_INT(cases[i].line, worker_serve(site.worker, site.call, &visit.exchange), CALL_ANSWERED);
            EXPECT_BYTES(cases[i].line, visit_header(&visit, "Access-Control-Allow-Origin"), bytes_of(cases[i].want));
            EXPECT_INT(cases[i].line, visit_has(&visit, "Vary: Origin"), cases[i].has_list);
            EXPECT(cases[i].line, visit_has(&visit, "Access-Control-Allow-Methods: GET,POST,OPTIONS"));
            visit_end(&visit);
        }
    }
    site_close(&site);
}

/* ---- memory ---- */

/* Each allocation fails in turn. Whatever is answered is whole, and is an error where the request needed what failed. */
Test(worker, without_memory_answers_an_error_or_breaks_off)
{
    static const struct {
        int line;
        struct request request;
        int code; /* with memory */
    } cases[] = {
        { __LINE__, { .method = "GET", .path = RESOURCE "/healthz" }, 200 },
        { __LINE__, { .method = "OPTIONS", .path = RESOURCE }, 204 },
        { __LINE__, { .method = "GET", .path = RESOURCE, .query = "event_type=a&x=1" }, 400 },
        { __LINE__, { .method = "POST", .path = RESOURCE, .body = TEXT("{") }, 400 },
        { __LINE__, { .method = "POST", .path = RESOURCE, .body = TEXT("[5,{\"\\u0061\":1},{\"event_type\":\"a\"}]") }, 400 },
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        bool failed;
        int nth = 1;
        do {
            struct site site;
            struct visit visit;
            site_open(&site);
            visit_begin(&visit, &cases[i].request);
            failing_begin(nth++);
            enum call_stage stage = worker_serve(site.worker, site.call, &visit.exchange);
            failed = failing_end();
            int code = visit_code(&visit);
            if (stage == CALL_ANSWERED)
                cr_expect(code == cases[i].code || (failed && code == 500), "line %d, allocation %d: %d", cases[i].line, nth - 1,
                          code);
            else
                cr_expect(stage == CALL_BROKEN && failed, "line %d, allocation %d", cases[i].line, nth - 1);
            visit_end(&visit);
            site_close(&site);
        } while (failed);
        cr_expect_gt(nth, 3);
    }
}

/* The variables of a request live as long as it does. */
Test(worker, without_memory_for_the_next_request_forgets_the_one_before)
{
    struct site site;
    struct visit visit;
    char *path = repeated('x', 40000);
    char *id = strdup("id-of-the-request-before");

    site_open(&site);
    visit_begin(&visit, &(struct request){ .method = "HEAD", .path = path, .request_id = id });
    cr_assert_eq(worker_serve(site.worker, site.call, &visit.exchange), CALL_ANSWERED);
    visit_end(&visit);
    free(id);
    free(path);

    visit_begin(&visit, &(struct request){ .method = "GET", .path = RESOURCE "/healthz", .request_id = "id-2" });
    failing_begin(1);
    enum call_stage stage = worker_serve(site.worker, site.call, &visit.exchange);
    cr_expect(failing_end());
    EXPECT_INT(__LINE__, stage, CALL_ANSWERED);
    EXPECT_INT(__LINE__, visit_code(&visit), 500);
    EXPECT(__LINE__, bytes_begins_with(visit_body(&visit), BYTES("{\"error\":\"Internal server error\"")));
    visit_end(&visit);
    site_close(&site);
}

Test(worker, new_without_memory_is_none)
{
    struct site site;
    bool failed;
    int nth = 1;

    site_open(&site);
    do {
        failing_begin(nth++);
        struct worker *worker = worker_new(&site.service);
        struct call *call = call_new(&site.service);
        failed = failing_end();
        cr_expect_eq(!worker || !call, failed);
        call_free(call);
        worker_free(worker);
    } while (failed);
    cr_expect_gt(nth, 2);
    site_close(&site);
}

/* ---- calls that ask the same ---- */

Test(worker, likeness)
{
    static const struct {
        int line;
        struct request a, b;
        bool want;
    } cases[] = {
        { __LINE__,
          { .method = "GET", .path = RESOURCE, .query = "event_type=a" },
          { .method = "GET", .path = RESOURCE, .query = "event_type=a", .request_id = "id-1", .origin = "https://x" },
          true },
        { __LINE__,
          { .method = "GET", .path = RESOURCE, .query = "event_type=a" },
          { .method = "GET", .path = RESOURCE, .query = "event_type=b" },
          false },
        { __LINE__,
          { .method = "GET", .path = RESOURCE, .query = "event_type=a" },
          { .method = "HEAD", .path = RESOURCE, .query = "event_type=a" },
          false },
        { __LINE__,
          { .method = "GET", .path = RESOURCE "/readyz", .query = "a" },
          { .method = "GET", .path = RESOURCE "/readyz", .query = "a" },
          false },
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct site site;
        struct visit a, b;
        site_open(&site);
        site.config.shared_reads = CONFIG_TRUE;
        struct call *other = call_new(&site.service);
        visit_begin(&a, &cases[i].a);
        visit_begin(&b, &cases[i].b);
        cr_assert_eq(worker_begin(site.worker, site.call, &a.exchange), CALL_BLOCKS);
        cr_assert_eq(worker_begin(site.worker, other, &b.exchange), CALL_BLOCKS);
        EXPECT_INT(cases[i].line, worker_are_alike(site.call, other), cases[i].want);
        EXPECT_INT(cases[i].line, worker_likeness(site.call) && worker_likeness(site.call) == worker_likeness(other),
                   cases[i].want);
        site.config.shared_reads = CONFIG_FALSE;
        EXPECT(cases[i].line, worker_likeness(site.call) == 0);
        EXPECT_INT(cases[i].line, worker_run(site.worker, site.call), CALL_ANSWERED);
        EXPECT_INT(cases[i].line, worker_run(site.worker, other), CALL_ANSWERED);
        visit_end(&a);
        visit_end(&b);
        call_free(other);
        site_close(&site);
    }
}

/* A database that is away is away for all; a parameter that is wrong is told to each by itself. */
Test(worker, calls_that_are_alike_are_answered_together)
{
    static const struct {
        int line;
        const char *query;
        int code;
        size_t n_done;
    } cases[] = {
        { __LINE__, "event_type=a", 503, 3 },
        { __LINE__, "event_type=a&limit=0", 400, 1 },
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct site site;
        struct visit visits[3];
        struct call *calls[3];
        enum call_stage stages[3];
        size_t n_done;
        site_open(&site);
        for (size_t k = 0; k < 3; k++) {
            calls[k] = call_new(&site.service);
            visit_begin(&visits[k], &(struct request){ .method = "GET", .path = RESOURCE, .query = cases[i].query });
            cr_assert_eq(worker_begin(site.worker, calls[k], &visits[k].exchange), CALL_BLOCKS);
        }
        worker_run_alike(site.worker, calls, 3, stages, &n_done);
        EXPECT_INT(cases[i].line, n_done, cases[i].n_done);
        for (size_t k = 0; k < n_done; k++) {
            EXPECT_INT(cases[i].line, stages[k], CALL_ANSWERED);
            EXPECT_INT(cases[i].line, visit_code(&visits[k]), cases[i].code);
        }
        for (size_t k = n_done; k < 3; k++)
            EXPECT_INT(cases[i].line, worker_run(site.worker, calls[k]), CALL_ANSWERED);
        for (size_t k = 0; k < 3; k++) {
            visit_end(&visits[k]);
            call_free(calls[k]);
        }
        site_close(&site);
    }
}
