#include "model/http_response.h"

#include "tests/unit/failing.h"
#include "tests/unit/unit.h"

/* What the other end has received; it leaves after so many bytes. */
struct receiver {
    struct buf buf;
    size_t leaves_after;
    size_t n_calls;
};

static enum status receive(void *context, struct bytes bytes)
{
    struct receiver *receiver = context;

    receiver->n_calls++;
    if (receiver->buf.len + bytes.len > receiver->leaves_after)
        return STATUS_CLIENT_GONE;
    buf_add(&receiver->buf, bytes);
    return STATUS_OK;
}

static struct receiver receiver_new(void)
{
    return (struct receiver){ .buf = buf_new(16 * 1024 * 1024), .leaves_after = SIZE_MAX };
}

static struct http_response response_to(struct receiver *receiver)
{
    struct http_response response = http_response_new(receive, receiver);

    response.request_id = BYTES("id-1");
    response.allowed_origin = BYTES("*");
    return response;
}

static void finish(struct http_response *response, struct receiver *receiver)
{
    http_response_free(response);
    buf_free(&receiver->buf);
}

#define CORS                                                                                                 \
    "Access-Control-Allow-Methods: GET,POST,OPTIONS\r\n"                                                     \
    "Access-Control-Allow-Headers: Content-Type,X-Amz-Date,Authorization,X-Api-Key,X-Amz-Security-Token\r\n" \
    "Access-Control-Expose-Headers: X-Request-Id, Retry-After, Link, ETag, Location, RateLimit, RateLimit-Policy\r\n"
#define ANY_ORIGIN "Access-Control-Allow-Origin: *\r\n"
#define JSON "Content-Type: application/json\r\n"
#define SECURITY "X-Content-Type-Options: nosniff\r\nCache-Control: no-store\r\nX-Request-Id: id-1\r\n"

/* ---- the head ---- */

Test(http_response, head_and_body_to_the_byte)
{
    static const struct {
        int line;
        struct http_response set; /* code, allowed_origin, varies_by_origin, allow, is_preflight, without_body, retry_after_s */
        struct bytes body;
        struct bytes want;
    } cases[] = {
        { __LINE__,
          { .code = 200, .allowed_origin = TEXT("*") },
          TEXT("{}"),
          TEXT("Status: 200 OK\r\n" JSON "Content-Length: 2\r\n" ANY_ORIGIN CORS SECURITY "\r\n{}") },
        { __LINE__,
          { .code = 201, .allowed_origin = TEXT("*") },
          TEXT("{\"a\":1}"),
          TEXT("Status: 201 Created\r\n" JSON "Content-Length: 7\r\n" ANY_ORIGIN CORS SECURITY "\r\n{\"a\":1}") },
        { __LINE__,
          { .code = 200, .allowed_origin = TEXT("*") },
          ABSENT,
          TEXT("Status: 200 OK\r\n" JSON "Content-Length: 0\r\n" ANY_ORIGIN CORS SECURITY "\r\n") },
        { __LINE__, { .code = 200 }, TEXT("{}"), TEXT("Status: 200 OK\r\n" JSON "Content-Length: 2\r\n" CORS SECURITY "\r\n{}") },
        { __LINE__,
          { .code = 200, .varies_by_origin = true },
          TEXT("{}"),
          TEXT("Status: 200 OK\r\n" JSON "Content-Length: 2\r\nVary: Origin\r\n" CORS SECURITY "\r\n{}") },
        { __LINE__,
          { .code = 200, .allowed_origin = TEXT("https://x.example"), .varies_by_origin = true },
          TEXT("{}"),
          TEXT("Status: 200 OK\r\n" JSON
               "Content-Length: 2\r\nAccess-Control-Allow-Origin: https://x.example\r\nVary: Origin\r\n" CORS SECURITY "\r\n{}") },
        { __LINE__,
          { .code = 204, .allowed_origin = TEXT("*"), .is_preflight = true, .allow = "GET, OPTIONS" },
          ABSENT,
          TEXT("Status: 204 No Content\r\n" JSON ANY_ORIGIN CORS "Access-Control-Max-Age: 86400\r\n" SECURITY
               "Allow: GET, OPTIONS\r\n\r\n") },
        { __LINE__,
          { .code = 503, .allowed_origin = TEXT("*"), .retry_after_s = 2 },
          TEXT("{}"),
          TEXT("Status: 503 Service Unavailable\r\n" JSON "Content-Length: 2\r\n" ANY_ORIGIN CORS SECURITY
               "Retry-After: 2\r\n\r\n{}") },
        { __LINE__,
          { .code = 200, .allowed_origin = TEXT("*"), .without_body = true },
          TEXT("[1,2]"),
          TEXT("Status: 200 OK\r\n" JSON "Content-Length: 5\r\n" ANY_ORIGIN CORS SECURITY "\r\n") },
        { __LINE__,
          { .code = 200, .varies_by_origin = true, .varies_by_accept = true, .content_type = "text/csv" },
          TEXT("a"),
          TEXT("Status: 200 OK\r\nContent-Type: text/csv\r\nContent-Length: 1\r\nVary: Accept, Origin\r\n" CORS SECURITY "\r\na") },
        { __LINE__,
          { .code = 200, .varies_by_accept = true, .etag = TEXT("\"x\""), .next = TEXT("/y?z=1") },
          TEXT("[]"),
          TEXT("Status: 200 OK\r\n" JSON "Content-Length: 2\r\nVary: Accept\r\n" CORS SECURITY
               "ETag: \"x\"\r\nLink: </y?z=1>; rel=\"next\"\r\n\r\n[]") },
        { __LINE__,
          { .code = 304, .varies_by_accept = true, .etag = TEXT("\"x\""), .content_type = "text/csv" },
          ABSENT,
          TEXT("Status: 304 Not Modified\r\nVary: Accept\r\n" CORS SECURITY "ETag: \"x\"\r\n\r\n") },
        { __LINE__,
          { .code = 599, .allowed_origin = TEXT("*") },
          ABSENT,
          TEXT("Status: 599 Unknown\r\n" JSON "Content-Length: 0\r\n" ANY_ORIGIN CORS SECURITY "\r\n") },
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct receiver receiver = receiver_new();
        struct http_response response = response_to(&receiver);
        response.code = cases[i].set.code;
        response.allowed_origin = cases[i].set.allowed_origin;
        response.varies_by_origin = cases[i].set.varies_by_origin;
        response.varies_by_accept = cases[i].set.varies_by_accept;
        response.content_type = cases[i].set.content_type;
        response.etag = cases[i].set.etag;
        response.next = cases[i].set.next;
        response.allow = cases[i].set.allow;
        response.is_preflight = cases[i].set.is_preflight;
        response.without_body = cases[i].set.without_body;
        response.retry_after_s = cases[i].set.retry_after_s;
        EXPECT_STATUS(cases[i].line, http_response_write(&response, cases[i].body), STATUS_OK);
        EXPECT_INT(cases[i].line, receiver.n_calls, 0); /* nothing leaves before the end */
        EXPECT_STATUS(cases[i].line, http_response_end(&response), STATUS_OK);
        EXPECT_BYTES(cases[i].line, buf_bytes(&receiver.buf), cases[i].want);
        finish(&response, &receiver);
    }
}

Test(http_response, every_status_has_a_phrase)
{
    for (int st = 0; st < STATUS_COUNT; st++) {
        struct receiver receiver = receiver_new();
        struct http_response response = response_to(&receiver);
        const struct status_info *info = status_info((enum status)st);
        response.code = info->http;
        EXPECT_STATUS(st, http_response_end(&response), STATUS_OK);
        cr_expect(!info->http || !strstr(receiver.buf.p, "Unknown"), "status %d: %d has no phrase", st, info->http);
        finish(&response, &receiver);
    }
}

/* ---- the body ---- */

/* The text of len bytes that every body test sends: its bytes tell their place. */
static char *numbered(size_t len)
{
    char *p = malloc(len + 1);

    cr_assert(p);
    for (size_t i = 0; i < len; i++)
        p[i] = (char)('a' + (i + i / 26 + i / 997) % 26);
    p[len] = '\0';
    return p;
}

static struct bytes body_of(const struct receiver *receiver)
{
    const char *end = receiver->buf.p ? strstr(receiver->buf.p, "\r\n\r\n") : NULL;

    if (!end)
        return (struct bytes){ 0 };
    return (struct bytes){ end + 4, receiver->buf.len - (size_t)(end + 4 - receiver->buf.p) };
}

Test(http_response, body_arrives_whole_however_it_is_written)
{
    static const struct {
        int line;
        size_t len, step;
        bool has_length; /* it fitted the buffer */
    } cases[] = {
        { __LINE__, 1, 1, true },
        { __LINE__, HTTP_PIECE_BYTES - 1, HTTP_PIECE_BYTES - 1, true },
        { __LINE__, HTTP_PIECE_BYTES - 1, 1000, true },
        { __LINE__, HTTP_PIECE_BYTES, HTTP_PIECE_BYTES, false },
        { __LINE__, HTTP_PIECE_BYTES, 1024, false },
        { __LINE__, HTTP_PIECE_BYTES + 1, HTTP_PIECE_BYTES + 1, false },
        { __LINE__, 2 * HTTP_PIECE_BYTES - 1, HTTP_PIECE_BYTES - 1, false },
        { __LINE__, 2 * HTTP_PIECE_BYTES, 2 * HTTP_PIECE_BYTES, false },
        { __LINE__, 5 * HTTP_PIECE_BYTES + 17, 5 * HTTP_PIECE_BYTES + 17, false },
        { __LINE__, 5 * HTTP_PIECE_BYTES + 17, 777, false },
        { __LINE__, 3000000, 3000000, false },
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct receiver receiver = receiver_new();
        struct http_response response = response_to(&receiver);
        char *text = numbered(cases[i].len);
        for (size_t at = 0; at < cases[i].len; at += cases[i].step) {
            size_t len = cases[i].len - at < cases[i].step ? cases[i].len - at : cases[i].step;
            EXPECT_STATUS(cases[i].line, http_response_write(&response, (struct bytes){ text + at, len }), STATUS_OK);
            EXPECT(cases[i].line, response.body.capacity <= 2 * HTTP_PIECE_BYTES + 1); /* memory does not depend on the length */
        }
        EXPECT_INT(cases[i].line, response.has_begun, !cases[i].has_length);
        EXPECT_STATUS(cases[i].line, http_response_end(&response), STATUS_OK);
        EXPECT_INT(cases[i].line, strstr(receiver.buf.p, "\r\nContent-Length: ") != NULL, cases[i].has_length);
        struct bytes body = body_of(&receiver);
        EXPECT(cases[i].line, bytes_equal(body, (struct bytes){ text, cases[i].len }));
        free(text);
        finish(&response, &receiver);
    }
}

Test(http_response, answer_to_head_has_no_body_however_long)
{
    static const size_t lens[] = { 0, 1, HTTP_PIECE_BYTES - 1, HTTP_PIECE_BYTES, 3 * HTTP_PIECE_BYTES + 5 };

    for (size_t i = 0; i < COUNT_OF(lens); i++) {
        struct receiver receiver = receiver_new();
        struct http_response response = response_to(&receiver);
        char *text = numbered(lens[i]);
        response.without_body = true;
        EXPECT_STATUS((int)i, http_response_write(&response, (struct bytes){ text, lens[i] }), STATUS_OK);
        EXPECT_STATUS((int)i, http_response_end(&response), STATUS_OK);
        EXPECT_BYTES((int)i, body_of(&receiver), BYTES(""));
        free(text);
        finish(&response, &receiver);
    }
}

/* Up to what is held the head tells the length; past it the body leaves by pieces. */
Test(http_response, held_body_leaves_whole)
{
    static const struct {
        int line;
        size_t len;
        bool has_begun;
    } cases[] = {
        { __LINE__, HTTP_PIECE_BYTES + 1, false },
        { __LINE__, HTTP_HOLD_MAX_BYTES - 1, false },
        { __LINE__, HTTP_HOLD_MAX_BYTES, true },
        { __LINE__, HTTP_HOLD_MAX_BYTES + 3 * HTTP_PIECE_BYTES + 5, true },
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct receiver receiver = receiver_new();
        struct http_response response = response_to(&receiver);
        char *text = numbered(cases[i].len);
        response.hold_bytes = HTTP_HOLD_MAX_BYTES;
        for (size_t at = 0; at < cases[i].len; at += 1000) {
            size_t len = cases[i].len - at < 1000 ? cases[i].len - at : 1000;
            EXPECT_STATUS(cases[i].line, http_response_write(&response, (struct bytes){ text + at, len }), STATUS_OK);
        }
        EXPECT_INT(cases[i].line, response.has_begun, cases[i].has_begun);
        EXPECT_STATUS(cases[i].line, http_response_end(&response), STATUS_OK);
        EXPECT_INT(cases[i].line, strstr(receiver.buf.p, "Content-Length") == NULL, cases[i].has_begun);
        EXPECT_BYTES(cases[i].line, body_of(&receiver), ((struct bytes){ text, cases[i].len }));
        free(text);
        finish(&response, &receiver);
    }
}

Test(http_response, diverted_body_comes_back)
{
    static const size_t len = 2 * HTTP_PIECE_BYTES + 5;
    struct receiver receiver = receiver_new(), other = receiver_new();
    struct http_response response = response_to(&receiver);
    char *text = numbered(len);

    response.without_body = true; /* which the diversion does not look at */
    EXPECT_STATUS(__LINE__, http_response_write(&response, (struct bytes){ text, 5 }), STATUS_OK);
    http_response_divert(&response, receive, &other);
    EXPECT_STATUS(__LINE__, http_response_write(&response, (struct bytes){ text + 5, len - 5 }), STATUS_OK);
    EXPECT(__LINE__, !response.has_begun && receiver.n_calls == 0 && other.n_calls > 0);
    EXPECT_STATUS(__LINE__, http_response_return(&response), STATUS_OK);
    EXPECT_BYTES(__LINE__, buf_bytes(&other.buf), ((struct bytes){ text, len }));
    response.without_body = false;
    EXPECT_STATUS(__LINE__, http_response_write(&response, BYTES("[]")), STATUS_OK);
    EXPECT_STATUS(__LINE__, http_response_end(&response), STATUS_OK);
    EXPECT_BYTES(__LINE__, body_of(&receiver), BYTES("[]"));
    free(text);
    buf_free(&other.buf);
    finish(&response, &receiver);
}

Test(http_response, error_ends_a_diversion_and_forgets_what_the_answer_had)
{
    static const struct problem problem = { .details = "x" };
    struct receiver receiver = receiver_new(), other = receiver_new();
    struct http_response response = response_to(&receiver);

    response.content_type = "text/csv";
    response.etag = BYTES("\"x\"");
    response.next = BYTES("/y");
    http_response_divert(&response, receive, &other);
    EXPECT_STATUS(__LINE__, http_response_write(&response, BYTES("a,b")), STATUS_OK);
    http_response_error(&response, STATUS_UNAVAILABLE, &problem);
    EXPECT_STATUS(__LINE__, http_response_end(&response), STATUS_OK);
    EXPECT_INT(__LINE__, other.n_calls, 0);
    cr_expect(strstr(receiver.buf.p, JSON) && !strstr(receiver.buf.p, "\nETag:") && !strstr(receiver.buf.p, "\nLink:"));
    buf_free(&other.buf);
    finish(&response, &receiver);
}

Test(http_response, head_leaves_once)
{
    struct receiver receiver = receiver_new();
    struct http_response response = response_to(&receiver);
    char *text = numbered(HTTP_PIECE_BYTES);

    for (int i = 0; i < 4; i++)
        EXPECT_STATUS(i, http_response_write(&response, (struct bytes){ text, HTTP_PIECE_BYTES }), STATUS_OK);
    EXPECT_STATUS(__LINE__, http_response_end(&response), STATUS_OK);
    EXPECT(__LINE__, !strstr(receiver.buf.p + 1, "Status:"));
    EXPECT_INT(__LINE__, receiver.n_calls, 5);
    free(text);
    finish(&response, &receiver);
}

/* ---- who has left ---- */

/* The client leaves at every place of the answer where something is sent. */
Test(http_response, client_that_leaves_is_told_of)
{
    char *text = numbered(3 * HTTP_PIECE_BYTES);

    for (int sent = 0; sent < 5; sent++) { /* the head, three pieces, the end with nothing */
        struct receiver receiver = receiver_new();
        struct http_response response = response_to(&receiver);
        enum status st = STATUS_OK;
        for (int piece = 0; piece < 3 && st == STATUS_OK; piece++) {
            if (receiver.n_calls == (size_t)sent || (piece == 0 && sent <= 1))
                receiver.leaves_after = sent ? receiver.buf.len + (sent == 1 ? 2048 : 0) : 0;
            st = http_response_write(&response, (struct bytes){ text, HTTP_PIECE_BYTES });
        }
        if (st == STATUS_OK)
            st = http_response_end(&response);
        EXPECT_STATUS(sent, st, sent < 4 ? STATUS_CLIENT_GONE : STATUS_OK);
        finish(&response, &receiver);
    }
    free(text);
}

Test(http_response, client_that_leaves_before_a_short_answer_is_told_of)
{
    static const size_t leaves_after[] = { 0, 2048 }; /* before the head, behind it */

    for (size_t i = 0; i < COUNT_OF(leaves_after); i++) {
        struct receiver receiver = receiver_new();
        struct http_response response = response_to(&receiver);
        char *text = numbered(4096);
        receiver.leaves_after = leaves_after[i];
        EXPECT_STATUS((int)i, http_response_write(&response, (struct bytes){ text, 4096 }), STATUS_OK);
        EXPECT_STATUS((int)i, http_response_end(&response), STATUS_CLIENT_GONE);
        free(text);
        finish(&response, &receiver);
    }
}

/* ---- errors ---- */

Test(http_response, error_bodies_to_the_byte)
{
    static const struct {
        int line;
        enum status st;
        struct problem problem;
        int code;
        const char *want;
    } cases[] = {
        { __LINE__,
          STATUS_MISSING_FIELDS,
          { .details = "not shown", .pointer = "/event_type" },
          400,
          "{\"error\":\"Missing required fields: event_type and session_id\"}" },
        { __LINE__,
          STATUS_MISSING_PARAMETER,
          { .details = "not shown" },
          400,
          "{\"error\":\"Missing required query parameter: event_type\"}" },
        { __LINE__,
          STATUS_INTERNAL,
          { .details = "" },
          500,
          "{\"error\":\"Internal server error\",\"code\":\"internal\",\"request_id\":\"id-1\"}" },
        { __LINE__,
          STATUS_NO_MEMORY,
          { .details = "" },
          500,
          "{\"error\":\"Internal server error\",\"code\":\"internal\",\"request_id\":\"id-1\"}" },
        { __LINE__,
          STATUS_NOT_FOUND,
          { .details = "" },
          404,
          "{\"error\":\"Not found\",\"code\":\"not_found\",\"request_id\":\"id-1\"}" },
        { __LINE__,
          STATUS_INVALID_JSON,
          { .details = "a \"quoted\"\nclause", .offset = 0, .has_offset = true },
          400,
          "{\"error\":\"The body is not valid JSON\",\"code\":\"invalid_json\",\"details\":\"a "
          "\\\"quoted\\\"\\nclause\",\"offset\":0,"
          "\"request_id\":\"id-1\"}" },
        { __LINE__,
          STATUS_INVALID_EVENT,
          { .details = "x", .pointer = "/session_id" },
          400,
          "{\"error\":\"The event is not valid\",\"code\":\"invalid_event\",\"details\":\"x\",\"pointer\":\"/session_id\","
          "\"request_id\":\"id-1\"}" },
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct receiver receiver = receiver_new();
        struct http_response response = response_to(&receiver);
        http_response_error(&response, cases[i].st, &cases[i].problem);
        EXPECT_STATUS(cases[i].line, http_response_end(&response), STATUS_OK);
        EXPECT_INT(cases[i].line, response.code, cases[i].code);
        EXPECT_BYTES(cases[i].line, body_of(&receiver), bytes_of(cases[i].want));
        finish(&response, &receiver);
    }
}

Test(http_response, error_replaces_what_was_written)
{
    static const struct problem none;
    struct receiver receiver = receiver_new();
    struct http_response response = response_to(&receiver);
    char *text = numbered(HTTP_PIECE_BYTES - 1);

    response.code = 201;
    cr_assert_eq(http_response_write(&response, (struct bytes){ text, HTTP_PIECE_BYTES - 1 }), STATUS_OK);
    http_response_error(&response, STATUS_UNAVAILABLE, &none);
    EXPECT_STATUS(__LINE__, http_response_end(&response), STATUS_OK);
    EXPECT(__LINE__, bytes_begins_with(buf_bytes(&receiver.buf), BYTES("Status: 503 ")));
    EXPECT(__LINE__, bytes_begins_with(body_of(&receiver), BYTES("{\"error\":\"The service is temporarily")));
    free(text);
    finish(&response, &receiver);
}

Test(http_response, error_says_when_to_retry_where_that_helps)
{
    static const struct problem none;

    for (int st = 0; st < STATUS_COUNT; st++) {
        struct receiver receiver = receiver_new();
        struct http_response response = response_to(&receiver);
        http_response_error(&response, (enum status)st, &none);
        EXPECT_STATUS(st, http_response_end(&response), STATUS_OK);
        cr_expect_eq(strstr(receiver.buf.p, "\r\nRetry-After: 2\r\n") != NULL, status_info((enum status)st)->http == 503,
                     "status %d", st);
        finish(&response, &receiver);
    }
}

Test(http_response, error_without_a_request_id_is_json_too)
{
    static const struct problem none;
    struct receiver receiver = receiver_new();
    struct http_response response = http_response_new(receive, &receiver);

    http_response_error(&response, STATUS_NO_MEMORY, &none);
    EXPECT_STATUS(__LINE__, http_response_end(&response), STATUS_OK);
    EXPECT_BYTES(__LINE__, body_of(&receiver),
                 BYTES("{\"error\":\"Internal server error\",\"code\":\"internal\",\"request_id\":\"\"}"));
    finish(&response, &receiver);
}

/* ---- memory ---- */

Test(http_response, head_past_its_ceiling_is_not_sent_in_part)
{
    struct receiver receiver = receiver_new();
    struct http_response response = response_to(&receiver);
    char *origin = repeated('o', 33000);

    response.allowed_origin = bytes_of(origin);
    EXPECT_STATUS(__LINE__, http_response_end(&response), STATUS_NO_MEMORY);
    EXPECT_INT(__LINE__, receiver.n_calls, 0);
    free(origin);
    finish(&response, &receiver);
}

Test(http_response, is_new_after_reset_and_keeps_sink_and_memory)
{
    static const struct problem problem = { .details = "x" };
    struct receiver receiver = receiver_new();
    struct http_response response = response_to(&receiver);

    response.without_body = response.is_preflight = response.varies_by_origin = true;
    response.allow = "GET";
    http_response_error(&response, STATUS_UNAVAILABLE, &problem);
    cr_assert_eq(http_response_end(&response), STATUS_OK);
    const char *head_before = response.head.p, *body_before = response.body.p;
    buf_reset(&receiver.buf);
    http_response_reset(&response);
    response.request_id = BYTES("id-1");
    response.allowed_origin = BYTES("*");
    cr_assert_eq(http_response_write(&response, BYTES("{}")), STATUS_OK);
    EXPECT_STATUS(__LINE__, http_response_end(&response), STATUS_OK);
    EXPECT_BYTES(__LINE__, buf_bytes(&receiver.buf),
                 BYTES("Status: 200 OK\r\n" JSON "Content-Length: 2\r\n" ANY_ORIGIN CORS SECURITY "\r\n{}"));
    cr_expect_eq(response.head.p, head_before);
    cr_expect_eq(response.body.p, body_before);
    finish(&response, &receiver);
}

/* Each allocation of an answer of several pieces fails in turn: nobody takes what has left for whole. */
Test(http_response, without_memory_says_so_at_every_allocation)
{
    char *text = numbered(3 * HTTP_PIECE_BYTES);
    bool failed;
    int nth = 1;

    do {
        struct receiver receiver = receiver_new();
        struct http_response response = response_to(&receiver);
        enum status st = STATUS_OK;
        receiver.leaves_after = SIZE_MAX;
        (void)buf_room(&receiver.buf, 4 * HTTP_PIECE_BYTES);
        failing_begin(nth++);
        for (size_t at = 0; at < 3 * HTTP_PIECE_BYTES && st == STATUS_OK; at += 1024)
            st = http_response_write(&response, (struct bytes){ text + at, 1024 });
        if (st == STATUS_OK)
            st = http_response_end(&response);
        failed = failing_end();
        EXPECT_STATUS(nth, st, failed ? STATUS_NO_MEMORY : STATUS_OK);
        EXPECT(nth, failed || body_of(&receiver).len == 3 * HTTP_PIECE_BYTES);
        finish(&response, &receiver);
    } while (failed);
    cr_expect_gt(nth, 5);
    free(text);
}
