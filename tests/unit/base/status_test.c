#include "base/status.h"

#include "tests/unit/unit.h"

static bool is_word(const char *text)
{
    return text && text[0] && strspn(text, "abcdefghijklmnopqrstuvwxyz_") == strlen(text);
}

Test(status, every_row_is_complete)
{
    for (int st = 0; st < STATUS_COUNT; st++) {
        const struct status_info *info = status_info((enum status)st);
        cr_expect(is_word(info->code), "status %d: code", st);
        cr_expect(info->sentence && info->sentence[0], "status %d: sentence", st);
        cr_expect(info->http == 0 || (info->http >= 200 && info->http <= 599), "status %d: http %d", st, info->http);
        cr_expect(info->exit == 0 || info->exit == 1 || info->exit == 2 || info->exit == 69, "status %d: exit %d", st, info->exit);
        cr_expect((unsigned)info->level < LOG_LEVEL_COUNT, "status %d: level %d", st, info->level);
    }
}

Test(status, sentences_are_safe_inside_json)
{
    for (int st = 0; st < STATUS_COUNT; st++) {
        const struct status_info *info = status_info((enum status)st);
        for (const char *c = info->sentence; *c; c++)
            cr_expect(*c >= 0x20 && *c < 0x7f && *c != '"' && *c != '\\', "status %d: %s", st, info->sentence);
    }
}

/* A client may repeat what was our fault or our trouble, and never what was its own. */
Test(status, retry_follows_the_class_of_the_http_status)
{
    for (int st = 0; st < STATUS_COUNT; st++) {
        const struct status_info *info = status_info((enum status)st);
        if (info->http >= 200 && info->http < 500 && info->http != 429)
            cr_expect_not(info->retry, "status %d", st);
        if (info->http == 503 || info->http == 429)
            cr_expect(info->retry, "status %d", st);
    }
}

Test(status, only_success_exits_with_0)
{
    for (int st = 0; st < STATUS_COUNT; st++)
        cr_expect_eq(status_info((enum status)st)->exit == 0, st == STATUS_OK || st == STATUS_END || st == STATUS_QUEUED,
                     "status %d", st);
}

/* What is published: clients compare these. */
Test(status, http_codes_and_words_stay_as_published)
{
    static const struct {
        int line;
        enum status st;
        int http;
        const char *code;
    } cases[] = {
        { __LINE__, STATUS_OK, 200, "ok" },
        { __LINE__, STATUS_INTERNAL, 500, "internal" },
        { __LINE__, STATUS_NO_MEMORY, 500, "internal" },
        { __LINE__, STATUS_MISSING_FIELDS, 400, "missing_fields" },
        { __LINE__, STATUS_MISSING_PARAMETER, 400, "missing_parameter" },
        { __LINE__, STATUS_INVALID_JSON, 400, "invalid_json" },
        { __LINE__, STATUS_UNREPRESENTABLE, 400, "unrepresentable" },
        { __LINE__, STATUS_LIMIT, 400, "limit_exceeded" },
        { __LINE__, STATUS_INVALID_EVENT, 400, "invalid_event" },
        { __LINE__, STATUS_SENSITIVE, 400, "sensitive_data" },
        { __LINE__, STATUS_INVALID_PARAMETER, 400, "invalid_parameter" },
        { __LINE__, STATUS_INVALID_BODY, 400, "incomplete_body" },
        { __LINE__, STATUS_UNPROCESSABLE, 400, "unprocessable" },
        { __LINE__, STATUS_NOT_FOUND, 404, "not_found" },
        { __LINE__, STATUS_METHOD_NOT_ALLOWED, 405, "method_not_allowed" },
        { __LINE__, STATUS_TOO_LARGE, 413, "too_large" },
        { __LINE__, STATUS_UNSUPPORTED_MEDIA, 415, "unsupported_media_type" },
        { __LINE__, STATUS_UNAVAILABLE, 503, "unavailable" },
        { __LINE__, STATUS_BUSY, 503, "busy" },
        { __LINE__, STATUS_INVALID_ENCODING, 400, "invalid_encoding" },
        { __LINE__, STATUS_NOT_SET_UP, 503, "unavailable" },
        { __LINE__, STATUS_RETRY, 503, "unavailable" },
        { __LINE__, STATUS_QUEUED, 202, "queued" },
        { __LINE__, STATUS_NO_ROOM, 503, "queue_full" },
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        EXPECT_INT(cases[i].line, status_info(cases[i].st)->http, cases[i].http);
        EXPECT_TEXT(cases[i].line, status_info(cases[i].st)->code, cases[i].code);
    }
}

Test(status, sentences_of_the_former_system_stay)
{
    EXPECT_TEXT(__LINE__, status_info(STATUS_MISSING_FIELDS)->sentence, "Missing required fields: event_type and session_id");
    EXPECT_TEXT(__LINE__, status_info(STATUS_MISSING_PARAMETER)->sentence, "Missing required query parameter: event_type");
    EXPECT_TEXT(__LINE__, status_info(STATUS_INTERNAL)->sentence, "Internal server error");
}

Test(status, exit_codes_of_the_command)
{
    EXPECT_INT(__LINE__, status_info(STATUS_INTERNAL)->exit, 1);
    EXPECT_INT(__LINE__, status_info(STATUS_CONFLICT)->exit, 1);
    EXPECT_INT(__LINE__, status_info(STATUS_NOT_SET_UP)->exit, 1);
    EXPECT_INT(__LINE__, status_info(STATUS_USAGE)->exit, 2);
    EXPECT_INT(__LINE__, status_info(STATUS_CONFIG)->exit, 2);
    EXPECT_INT(__LINE__, status_info(STATUS_UNAVAILABLE)->exit, 69);
    EXPECT_INT(__LINE__, status_info(STATUS_NO_ROOM)->exit, 69);
}

Test(status, unknown_value_is_our_fault)
{
    cr_expect_eq(status_info(STATUS_COUNT), status_info(STATUS_INTERNAL));
    cr_expect_eq(status_info((enum status) - 1), status_info(STATUS_INTERNAL));
}
