#include "model/http_request.h"

#include "tests/unit/unit.h"

/* The CGI variables of a request. */
struct variable {
    const char *name;
    const char *value;
};

static const char *look_up(void *context, const char *name)
{
    for (const struct variable *variable = context; variable->name; variable++) {
        if (strcmp(variable->name, name) == 0)
            return variable->value;
    }
    return NULL;
}

static struct http_request read_request(struct arena *arena, const struct variable *variables)
{
    struct http_request request;

    cr_assert_eq(http_request_read(look_up, (void *)variables, arena, &request), STATUS_OK);
    return request;
}

Test(http_request, method)
{
    static const struct {
        int line;
        const char *text;
        enum http_method want;
    } cases[] = {
        { __LINE__, "GET", HTTP_GET },         { __LINE__, "HEAD", HTTP_HEAD }, { __LINE__, "POST", HTTP_POST },
        { __LINE__, "OPTIONS", HTTP_OPTIONS }, { __LINE__, "PUT", HTTP_OTHER }, { __LINE__, "DELETE", HTTP_OTHER },
        { __LINE__, "PATCH", HTTP_OTHER },     { __LINE__, "get", HTTP_OTHER }, { __LINE__, "GETS", HTTP_OTHER },
        { __LINE__, "GE", HTTP_OTHER },        { __LINE__, "", HTTP_OTHER },    { __LINE__, NULL, HTTP_OTHER },
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct arena arena = arena_new(1024);
        const struct variable variables[] = { { "REQUEST_METHOD", cases[i].text }, { NULL, NULL } };
        EXPECT_INT(cases[i].line, read_request(&arena, variables).method, cases[i].want);
        arena_free(&arena);
    }
}

/* However the web server splits the path, and wherever it mounts the program. */
Test(http_request, path_below_the_resource)
{
    static const struct {
        int line;
        const char *script_name, *path_info;
        const char *want; /* NULL: not of this resource */
    } cases[] = {
        { __LINE__, "/synchrony_data_analytics", NULL, "" },
        { __LINE__, "/synchrony_data_analytics", "", "" },
        { __LINE__, "", "/synchrony_data_analytics", "" },
        { __LINE__, NULL, "/synchrony_data_analytics", "" },
        { __LINE__, "/synchrony_data_analytics", "/healthz", "/healthz" },
        { __LINE__, "", "/synchrony_data_analytics/healthz", "/healthz" },
        { __LINE__, "/synchrony_data_analytics/healthz", "", "/healthz" },
        { __LINE__, "/synchrony_data_analytics/", "healthz", "/healthz" },
        { __LINE__, "/synchrony_data", "_analytics/healthz", "/healthz" },
        { __LINE__, "/synchrony_data_analytics", "/", "/" },
        { __LINE__, "/synchrony_data_analytics", "/reports/daily", "/reports/daily" },
        { __LINE__, "/synchrony_data_analytics", "//healthz", "//healthz" },
        /* mounted below something */
        { __LINE__, "/cgi-bin/synchrony_data_analytics", "/readyz", "/readyz" },
        { __LINE__, "/v1/api", "/synchrony_data_analytics/readyz", "/readyz" },
        { __LINE__, "/cgi-bin/synchrony_data_analytics", "/synchrony_data_analytics/readyz", "/synchrony_data_analytics/readyz" },
        { __LINE__, "//synchrony_data_analytics", "", "" },
        /* other names */
        { __LINE__, NULL, NULL, NULL },
        { __LINE__, "", "", NULL },
        { __LINE__, "/", "", NULL },
        { __LINE__, "/synchrony_data_analytic", "", NULL },
        { __LINE__, "/synchrony_data_analyticsx", "", NULL },
        { __LINE__, "/synchrony_data_analytics", "x/healthz", NULL },
        { __LINE__, "/synchrony_data_analytics.cgi", "/healthz", NULL },
        { __LINE__, "/xsynchrony_data_analytics", "", NULL },
        { __LINE__, "synchrony_data_analytics", "", NULL },
        { __LINE__, "/Synchrony_Data_Analytics", "", NULL },
        { __LINE__, "/healthz", "", NULL },
        /* a name that resembles it before the one */
        { __LINE__, "/synchrony_data_analyticsx", "/synchrony_data_analytics/healthz", "/healthz" },
        { __LINE__, "/synchrony_data_analytics.d/synchrony_data_analytics", "", "" },
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct arena arena = arena_new(1024);
        const struct variable variables[] = { { "SCRIPT_NAME", cases[i].script_name },
                                              { "PATH_INFO", cases[i].path_info },
                                              { "REQUEST_URI", "/synchrony_data_analytics/not-this" },
                                              { NULL, NULL } };
        EXPECT_BYTES(cases[i].line, read_request(&arena, variables).path, bytes_of(cases[i].want));
        arena_free(&arena);
    }
}

Test(http_request, request_id_of_the_caller)
{
    static const struct {
        int line;
        const char *text;
        bool want;
    } cases[] = {
        { __LINE__, NULL, false },
        { __LINE__, "", false },
        { __LINE__, "a", true },
        { __LINE__, "azAZ09._-", true },
        { __LINE__, "0123456789012345678901234567890123456789012345678901234567890123", true },
        { __LINE__, "01234567890123456789012345678901234567890123456789012345678901234", false },
        { __LINE__, "a b", false },
        { __LINE__, " a", false },
        { __LINE__, "a\r\nX: y", false },
        { __LINE__, "a\"b", false },
        { __LINE__, "a/b", false },
        { __LINE__, "a:b", false },
        { __LINE__, "a@b", false },
        { __LINE__, "a[b", false },
        { __LINE__, "a`b", false },
        { __LINE__, "a{b", false },
        { __LINE__, "a,b", false },
        { __LINE__, "a\x7f", false },
        { __LINE__, "\xc3\xa4", false },
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct arena arena = arena_new(1024);
        const struct variable variables[] = { { "HTTP_X_REQUEST_ID", cases[i].text }, { NULL, NULL } };
        EXPECT_BYTES(cases[i].line, read_request(&arena, variables).request_id, bytes_of(cases[i].want ? cases[i].text : NULL));
        arena_free(&arena);
    }
}

Test(http_request, other_variables_as_they_are)
{
    struct arena arena = arena_new(1024);
    const struct variable variables[] = { { "QUERY_STRING", "event_type=%41" }, { "HTTP_ORIGIN", "https://x.example" },
                                          { "CONTENT_TYPE", " text/plain" },    { "HTTP_CONTENT_ENCODING", "gzip" },
                                          { "CONTENT_LENGTH", "017" },          { "HTTP_CONTENT_TYPE", "not/this" },
                                          { "HTTP_CONTENT_LENGTH", "99" },      { NULL, NULL } };
    struct http_request request = read_request(&arena, variables);

    EXPECT_TEXT(__LINE__, request.query.p, "event_type=%41");
    EXPECT_TEXT(__LINE__, request.origin.p, "https://x.example");
    EXPECT_TEXT(__LINE__, request.content_type.p, " text/plain");
    EXPECT_TEXT(__LINE__, request.content_encoding.p, "gzip");
    EXPECT_TEXT(__LINE__, request.content_length.p, "017");
    arena_free(&arena);
}

Test(http_request, absent_variables_are_absent)
{
    struct arena arena = arena_new(1024);
    const struct variable variables[] = { { NULL, NULL } };
    struct http_request request = read_request(&arena, variables);

    EXPECT_BYTES(__LINE__, request.path, bytes_of(NULL));
    EXPECT_BYTES(__LINE__, request.query, bytes_of(NULL));
    EXPECT_BYTES(__LINE__, request.origin, bytes_of(NULL));
    EXPECT_BYTES(__LINE__, request.content_type, bytes_of(NULL));
    EXPECT_BYTES(__LINE__, request.content_encoding, bytes_of(NULL));
    EXPECT_BYTES(__LINE__, request.content_length, bytes_of(NULL));
    arena_free(&arena);
}

Test(http_request, without_memory_says_so)
{
    const struct variable variables[] = { { "SCRIPT_NAME", "/synchrony_data_analytics" }, { NULL, NULL } };

    for (size_t ceiling = 0; ceiling < 32; ceiling += 16) {
        struct arena arena = arena_new(ceiling);
        struct http_request request;
        EXPECT_STATUS((int)ceiling, http_request_read(look_up, (void *)variables, &arena, &request), STATUS_NO_MEMORY);
        arena_free(&arena);
    }
}

Test(http_request, preference_is_a_member_of_the_list)
{
    static const struct {
        int line;
        struct bytes prefer;
        bool want;
    } cases[] = {
        { __LINE__, ABSENT, false },
        { __LINE__, TEXT(""), false },
        { __LINE__, TEXT("respond-async"), true },
        { __LINE__, TEXT(" Respond-Async\t"), true },
        { __LINE__, TEXT("wait=100, respond-async"), true },
        { __LINE__, TEXT("respond-async;foo=bar,wait=1"), true },
        { __LINE__, TEXT("return=minimal;respond-async"), false },
        { __LINE__, TEXT("respond-asynchronously"), false },
        { __LINE__, TEXT("respond-async=1"), false },
        { __LINE__, TEXT(",,"), false },
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct http_request request = { .prefer = cases[i].prefer };
        EXPECT_INT(cases[i].line, http_request_prefers(&request, BYTES("respond-async")), cases[i].want);
    }
}
