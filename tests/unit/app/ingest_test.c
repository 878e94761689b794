#include "app/ingest.h"

#include <libdeflate.h>
#include <stdio.h>

#include "tests/unit/app/site.h"

#define RESOURCE "/synchrony_data_analytics"
#define EVENT(type, session) "{\"event_type\":\"" type "\",\"session_id\":\"" session "\"}"

/* One POST, up to where its events are to be committed or it is answered. */
struct post {
    struct site site;
    struct visit visit;
    enum call_stage stage;
};

static void post_begin(struct post *post, const struct request *request, const struct limits *limits)
{
    struct request posted = *request;

    posted.method = "POST";
    posted.path = RESOURCE;
    posted.request_id = "id-1";
    site_open(&post->site);
    if (limits)
        post->site.config.limits = *limits;
    visit_begin(&post->visit, &posted);
    post->stage = worker_begin(post->site.worker, post->site.call, &post->visit.exchange);
}

static void post_end(struct post *post)
{
    visit_end(&post->visit);
    site_close(&post->site);
}

/* ---- what is refused before anything is stored ---- */

#define ERROR(sentence, code, rest) "{\"error\":\"" sentence "\",\"code\":\"" code "\"," rest "\"request_id\":\"id-1\"}"
#define MISSING "{\"error\":\"Missing required fields: event_type and session_id\"}"

Test(ingest, refusals_to_the_byte)
{
    static const struct {
        int line;
        struct request request;
        int code;
        const char *want;
    } cases[] = {
        { __LINE__, { .body = TEXT("") }, 400, MISSING },
        { __LINE__, { .body = TEXT("{}") }, 400, MISSING },
        { __LINE__, { .body = TEXT("{\"event_type\":\"a\"}") }, 400, MISSING },
        { __LINE__, { .body = TEXT("{\"session_id\":\"a\"}") }, 400, MISSING },
        { __LINE__,
          { .body = TEXT(" ") },
          400,
          ERROR("The body is not valid JSON", "invalid_json", "\"details\":\"a value was expected at byte 1\",\"offset\":1,") },
        { __LINE__,
          { .body = TEXT("{\"a\":NaN}") },
          400,
          ERROR("The body is not valid JSON", "invalid_json", "\"details\":\"a value was expected at byte 5\",\"offset\":5,") },
        { __LINE__,
          { .body = TEXT("{\"event_type\":\"a\",\"session_id\":\"\\u0000\"}") },
          400,
          ERROR("The body is valid JSON but cannot be stored faithfully", "unrepresentable",
                "\"details\":\"the character \\\\u0000 cannot be stored at byte 32\",\"offset\":32,") },
        { __LINE__,
          { .body = TEXT("{\"event_type\":\"a\",\"session_id\":5}") },
          400,
          ERROR("The event is not valid", "invalid_event",
                "\"details\":\"session_id must be a string\",\"pointer\":\"/session_id\",") },
        { __LINE__,
          { .body = TEXT("\"text\"") },
          400,
          ERROR("The event is not valid", "invalid_event", "\"details\":\"an event must be a JSON object\",") },
        { __LINE__,
          { .body = TEXT("[]") },
          400,
          ERROR("The event is not valid", "invalid_event", "\"details\":\"a batch must have at least one event\",") },
        { __LINE__,
          { .body = TEXT(EVENT("a", "b")), .content_type = "application/xml" },
          415,
          ERROR(
              "Unsupported media type", "unsupported_media_type",
              "\"details\":\"accepted: application/json, text/plain, application/x-www-form-urlencoded, each with charset=utf-8 or "
              "none\",") },
        { __LINE__,
          { .body = TEXT(EVENT("a", "b")), .content_encoding = "br" },
          415,
          ERROR("Unsupported media type", "unsupported_media_type", "\"details\":\"accepted content codings: gzip, identity\",") },
        { __LINE__,
          { .body = TEXT(EVENT("a", "b")), .content_length = "99" },
          400,
          ERROR("The body is not as long as it was announced", "incomplete_body",
                "\"details\":\"99 bytes were announced, 35 came\",") },
        { __LINE__,
          { .body = TEXT(EVENT("a", "b")), .content_length = "9999999999" },
          413,
          ERROR("Request too large", "too_large", "\"details\":\"a body must have at most 1048576 bytes\",") },
        /* a batch that does not parse is refused whole */
        { __LINE__,
          { .body = TEXT("[" EVENT("a", "b") ",") },
          400,
          ERROR("The body is not valid JSON", "invalid_json", "\"details\":\"a value was expected at byte 37\",\"offset\":37,") },
        /* a batch of nothing that is good */
        { __LINE__,
          { .body = TEXT("[5,{},{\"event_type\":1,\"session_id\":\"b\"},{\"a\":1e999}]") },
          400,
          "{\"error\":\"All events were rejected\",\"code\":\"batch_rejected\",\"request_id\":\"id-1\",\"message\":\"All events "
          "were "
          "rejected\",\"received\":4,\"inserted\":0,\"duplicates\":0,\"rejected\":4,\"errors\":["
          "{\"index\":0,\"code\":\"invalid_event\",\"error\":\"The event is not valid\",\"details\":\"an event must be a JSON "
          "object\","
          "\"pointer\":\"\",\"retry\":false},"
          "{\"index\":1,\"code\":\"missing_fields\",\"error\":\"Missing required fields: event_type and session_id\","
          "\"pointer\":\"/event_type\",\"retry\":false},"
          "{\"index\":2,\"code\":\"invalid_event\",\"error\":\"The event is not valid\",\"details\":\"event_type must be a "
          "string\","
          "\"pointer\":\"/event_type\",\"retry\":false},"
          "{\"index\":3,\"code\":\"unrepresentable\",\"error\":\"The body is valid JSON but cannot be stored faithfully\","
          "\"details\":\"a number may have an exponent within 308 and 40 significant digits at byte "
          "45\",\"pointer\":\"\",\"retry\":false}"
          "]}" },
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct post post;
        post_begin(&post, &cases[i].request, NULL);
        if (post.stage == CALL_COMMITS && !post.site.call->n_events) /* a batch of nothing that is good */
            post.stage = worker_end(post.site.worker, post.site.call);
        EXPECT_INT(cases[i].line, post.stage, CALL_ANSWERED);
        EXPECT_INT(cases[i].line, visit_code(&post.visit), cases[i].code);
        EXPECT_BYTES(cases[i].line, visit_body(&post.visit), bytes_of(cases[i].want));
        EXPECT_INT(cases[i].line, post.visit.read, cases[i].request.body.len); /* the body was read to its end all the same */
        post_end(&post);
    }
}

Test(ingest, limits_of_batch_and_event)
{
    static const struct {
        int line;
        struct bytes body;
        enum call_stage stage;
        int code;
    } cases[] = {
        { __LINE__, TEXT("[" EVENT("a", "1") "," EVENT("a", "2") "]"), CALL_COMMITS, 0 },
        { __LINE__, TEXT("[" EVENT("a", "1") "," EVENT("a", "2") "," EVENT("a", "3") "]"), CALL_ANSWERED, 413 },
        { __LINE__, TEXT("[0,0,0]"), CALL_ANSWERED, 413 },
        { __LINE__, TEXT(EVENT("a", "12345")), CALL_COMMITS, 0 },
        { __LINE__, TEXT(EVENT("a", "123456")), CALL_ANSWERED, 413 }, /* alone */
        { __LINE__, TEXT("[" EVENT("a", "123456") "," EVENT("a", "1") "]"), CALL_COMMITS, 0 },
    };
    struct limits limits = LIMITS_DEFAULT;

    limits.batch_max_events = 2;
    limits.event_max_bytes = 39;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct post post;
        post_begin(&post, &(struct request){ .body = cases[i].body }, &limits);
        EXPECT_INT(cases[i].line, post.stage, cases[i].stage);
        EXPECT_INT(cases[i].line, visit_code(&post.visit), cases[i].code);
        post_end(&post);
    }
}

/* ---- what is to be committed ---- */

Test(ingest, one_event_waits_for_its_commit_and_is_then_answered)
{
    static const struct {
        int line;
        enum status verdict;
        bool is_duplicate;
        int code;
        const char *want;
    } cases[] = {
        { __LINE__, STATUS_OK, false, 201, "{\"message\":\"Data inserted successfully\"}" },
        { __LINE__, STATUS_OK, true, 201, "{\"message\":\"Data inserted successfully\"}" },
        { __LINE__, STATUS_UNPROCESSABLE, false, 400, ERROR("The event cannot be stored", "unprocessable", "") },
        { __LINE__, STATUS_UNAVAILABLE, false, 503,
          ERROR("The service is temporarily unavailable, try again later", "unavailable", "") },
        { __LINE__, STATUS_INTERNAL, false, 500, ERROR("Internal server error", "internal", "") },
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct post post;
        post_begin(&post, &(struct request){ .body = TEXT("{\"event_type\":\"a\",\"x\":1,\"session_id\":\"b\"}") }, NULL);
        struct call *call = post.site.call;
        EXPECT_INT(cases[i].line, post.stage, CALL_COMMITS);
        EXPECT_INT(cases[i].line, post.visit.answer.len, 0); /* nothing is acknowledged before */
        EXPECT_INT(cases[i].line, call->n_events, 1);
        EXPECT_BYTES(cases[i].line, call->events[0]->event_type, BYTES("a"));
        EXPECT_BYTES(cases[i].line, call->events[0]->session_id, BYTES("b"));
        EXPECT_BYTES(cases[i].line, call->events[0]->properties, BYTES("{\"x\":1}"));
        call->events[0]->verdict = cases[i].verdict;
        call->events[0]->is_duplicate = cases[i].is_duplicate;
        EXPECT_INT(cases[i].line, worker_end(post.site.worker, call), CALL_ANSWERED);
        EXPECT_INT(cases[i].line, visit_code(&post.visit), cases[i].code);
        EXPECT_BYTES(cases[i].line, visit_body(&post.visit), bytes_of(cases[i].want));
        post_end(&post);
    }
}

Test(ingest, every_accepted_media_type_and_coding)
{
    static const struct {
        int line;
        const char *content_type, *content_encoding;
    } cases[] = {
        { __LINE__, NULL, NULL },
        { __LINE__, "application/json", NULL },
        { __LINE__, "text/plain;charset=UTF-8", NULL },
        { __LINE__, "application/x-www-form-urlencoded", NULL },
        { __LINE__, "application/json", "" },
        { __LINE__, "application/json", "identity" },
        { __LINE__, "application/json", " Identity " },
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct post post;
        post_begin(&post,
                   &(struct request){ .body = TEXT(EVENT("a", "b")),
                                      .content_type = cases[i].content_type,
                                      .content_encoding = cases[i].content_encoding },
                   NULL);
        EXPECT_INT(cases[i].line, post.stage, CALL_COMMITS);
        post_end(&post);
    }
}

Test(ingest, good_events_of_a_batch_are_committed_in_order_of_acceptance)
{
    struct post post;

    post_begin(&post, &(struct request){ .body = TEXT("[" EVENT("a", "1") ",5," EVENT("a", "2") ",{}," EVENT("a", "1") "]") },
               NULL);
    struct call *call = post.site.call;
    EXPECT_INT(__LINE__, post.stage, CALL_COMMITS);
    cr_assert_eq(call->n_events, 3);
    EXPECT_BYTES(__LINE__, call->events[0]->session_id, BYTES("1"));
    EXPECT_BYTES(__LINE__, call->events[1]->session_id, BYTES("2"));
    EXPECT_BYTES(__LINE__, call->events[2]->session_id, BYTES("1"));
    for (size_t i = 1; i < 3; i++) {
        cr_expect_gt(call->events[i]->received_at_us, call->events[i - 1]->received_at_us); /* the later in the array wins */
        cr_expect_arr_neq(call->events[i]->event_id.octets, call->events[i - 1]->event_id.octets, 16);
    }
    call->events[1]->verdict = STATUS_UNPROCESSABLE;
    call->events[2]->is_duplicate = true;
    EXPECT_INT(__LINE__, worker_end(post.site.worker, call), CALL_ANSWERED);
    EXPECT_INT(__LINE__, visit_code(&post.visit), 207);
    EXPECT_BYTES(
        __LINE__, visit_body(&post.visit),
        BYTES(
            "{\"message\":\"Some events were rejected\",\"received\":5,\"inserted\":1,\"duplicates\":1,\"rejected\":3,\"errors\":["
            "{\"index\":1,\"code\":\"invalid_event\",\"error\":\"The event is not valid\",\"details\":\"an event must be a JSON "
            "object\",\"pointer\":\"\",\"retry\":false},"
            "{\"index\":2,\"code\":\"unprocessable\",\"error\":\"The event cannot be stored\",\"pointer\":\"\",\"retry\":false},"
            "{\"index\":3,\"code\":\"missing_fields\",\"error\":\"Missing required fields: event_type and session_id\","
            "\"pointer\":\"/event_type\",\"retry\":false}]}"));
    post_end(&post);
}

Test(ingest, batch_of_which_nothing_could_be_stored_is_unavailable_as_a_whole)
{
    struct post post;

    post_begin(&post, &(struct request){ .body = TEXT("[" EVENT("a", "1") ",5]") }, NULL);
    cr_assert_eq(post.stage, CALL_COMMITS);
    post.site.call->events[0]->verdict = STATUS_UNAVAILABLE;
    EXPECT_INT(__LINE__, worker_end(post.site.worker, post.site.call), CALL_ANSWERED);
    EXPECT_INT(__LINE__, visit_code(&post.visit), 503);
    EXPECT(__LINE__, visit_header(&post.visit, "Retry-After").p != NULL);
    post_end(&post);
}

/* ---- gzip ---- */

/* One gzip member. To be freed. */
static struct bytes packed(struct bytes text)
{
    struct libdeflate_compressor *compressor = libdeflate_alloc_compressor(6);
    size_t bound = libdeflate_gzip_compress_bound(compressor, text.len);
    char *p = malloc(bound);
    size_t len = libdeflate_gzip_compress(compressor, text.p, text.len, p, bound);

    libdeflate_free_compressor(compressor);
    return (struct bytes){ p, len };
}

Test(ingest, gzipped_body_is_judged_unpacked)
{
    static const struct {
        int line;
        struct bytes text;
        const char *coding;
        enum call_stage stage;
        int code;
        const char *want;
    } cases[] = {
        { __LINE__, TEXT(EVENT("a", "b")), "gzip", CALL_COMMITS, 0, NULL },
        { __LINE__, TEXT(EVENT("a", "b")), "GZip", CALL_COMMITS, 0, NULL },
        { __LINE__, TEXT(EVENT("a", "b")), " x-gzip ", CALL_COMMITS, 0, NULL },
        { __LINE__, TEXT("[" EVENT("a", "b") "]"), "gzip", CALL_COMMITS, 0, NULL },
        { __LINE__, TEXT(""), "gzip", CALL_ANSWERED, 400, MISSING },
        { __LINE__, TEXT("{"), "gzip", CALL_ANSWERED, 400,
          ERROR("The body is not valid JSON", "invalid_json",
                "\"details\":\"a member name or \\\"}\\\" was expected at byte 1\",\"offset\":1,") },
        { __LINE__, TEXT(EVENT("a", "b")), "gzip, gzip", CALL_ANSWERED, 415, NULL },
        { __LINE__, TEXT(EVENT("a", "b")), "deflate", CALL_ANSWERED, 415, NULL },
        { __LINE__, TEXT(EVENT("a", "b")), "identity", CALL_ANSWERED, 400, NULL }, /* gzip is no JSON */
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct bytes data = packed(cases[i].text);
        struct post post;
        post_begin(&post, &(struct request){ .body = data, .content_encoding = cases[i].coding }, NULL);
        EXPECT_INT(cases[i].line, post.stage, cases[i].stage);
        EXPECT_INT(cases[i].line, visit_code(&post.visit), cases[i].code);
        if (cases[i].want)
            EXPECT_BYTES(cases[i].line, visit_body(&post.visit), bytes_of(cases[i].want));
        post_end(&post);
        free((char *)data.p);
    }
}

Test(ingest, gzipped_body_that_is_damaged_or_a_bomb_is_refused)
{
    char *blanks = repeated(' ', 2000000);
    struct bytes bomb = packed((struct bytes){ blanks, 2000000 });
    struct bytes event = packed(BYTES(EVENT("a", "b")));
    const struct {
        int line;
        struct bytes data;
        int code;
    } cases[] = {
        { __LINE__, bomb, 413 },
        { __LINE__, { event.p, event.len - 1 }, 400 },
        { __LINE__, TEXT("nonsense"), 400 },
        { __LINE__, TEXT(EVENT("a", "b")), 400 },
        { __LINE__, TEXT(""), 400 },
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct post post;
        post_begin(&post, &(struct request){ .body = cases[i].data, .content_encoding = "gzip" }, NULL);
        EXPECT_INT(cases[i].line, post.stage, CALL_ANSWERED);
        EXPECT_INT(cases[i].line, visit_code(&post.visit), cases[i].code);
        post_end(&post);
    }
    free((char *)event.p);
    free((char *)bomb.p);
    free(blanks);
}
