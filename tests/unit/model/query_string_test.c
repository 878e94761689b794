#include "model/query_string.h"

#include "tests/unit/unit.h"

static const char *const names[] = { "event_type", "session_id" };

enum { N_NAMES = COUNT_OF(names), ARENA_BYTES = 64 * 1024 };

Test(query_string, gives_decoded_values)
{
    static const struct {
        int line;
        struct bytes query;
        struct bytes want[N_NAMES];
    } cases[] = {
        { __LINE__, ABSENT, { ABSENT, ABSENT } },
        { __LINE__, TEXT(""), { ABSENT, ABSENT } },
        { __LINE__, TEXT("&"), { ABSENT, ABSENT } },
        { __LINE__, TEXT("event_type=click"), { TEXT("click"), ABSENT } },
        { __LINE__, TEXT("session_id=s&event_type=click"), { TEXT("click"), TEXT("s") } },
        { __LINE__, TEXT("&&event_type=click&&session_id=s&"), { TEXT("click"), TEXT("s") } },
        { __LINE__, TEXT("event_type="), { TEXT(""), ABSENT } },
        { __LINE__, TEXT("event_type"), { TEXT(""), ABSENT } },
        { __LINE__, TEXT("event_type=a=b"), { TEXT("a=b"), ABSENT } },
        { __LINE__, TEXT("event_type=a%3Db%26c"), { TEXT("a=b&c"), ABSENT } },
        { __LINE__, TEXT("event_type=a+b%2Bc%20d"), { TEXT("a b+c d"), ABSENT } },
        { __LINE__, TEXT("event_type=%C3%a4%c3%A4"), { TEXT("\xc3\xa4\xc3\xa4"), ABSENT } },
        { __LINE__, TEXT("event_type=\xc3\xa4"), { TEXT("\xc3\xa4"), ABSENT } },
        { __LINE__, TEXT("event_type=%25%34%31"), { TEXT("%41"), ABSENT } }, /* decoded once */
        { __LINE__, TEXT("%65vent%5Ftype=x"), { TEXT("x"), ABSENT } },
        { __LINE__, TEXT("event_type=%01%7f"), { TEXT("\x01\x7f"), ABSENT } },
        { __LINE__, TEXT("event_type=a;session_id=b"), { TEXT("a;session_id=b"), ABSENT } },
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct arena arena = arena_new(ARENA_BYTES);
        struct problem problem = { 0 };
        struct bytes values[N_NAMES];
        char *copy = cases[i].query.p ? exact_copy(cases[i].query) : NULL;
        struct bytes query = { copy, cases[i].query.len };
        EXPECT_STATUS(cases[i].line, query_string_read(query, names, N_NAMES, &arena, values, &problem), STATUS_OK);
        for (size_t name = 0; name < N_NAMES; name++)
            EXPECT_BYTES(cases[i].line, values[name], cases[i].want[name]);
        EXPECT_TEXT(cases[i].line, problem.details, "");
        free(copy);
        arena_free(&arena);
    }
}

Test(query_string, refuses_and_names_the_field)
{
    static const struct {
        int line;
        struct bytes query;
        const char *details;
    } cases[] = {
        { __LINE__, TEXT("event_type=%"), "parameter event_type has a malformed percent escape" },
        { __LINE__, TEXT("event_type=%4"), "parameter event_type has a malformed percent escape" },
        { __LINE__, TEXT("event_type=%zz"), "parameter event_type has a malformed percent escape" },
        { __LINE__, TEXT("event_type=%4z"), "parameter event_type has a malformed percent escape" },
        { __LINE__, TEXT("event_type=%z4"), "parameter event_type has a malformed percent escape" },
        { __LINE__, TEXT("event_type=%+1"), "parameter event_type has a malformed percent escape" },
        { __LINE__, TEXT("event_type=%%41"), "parameter event_type has a malformed percent escape" },
        { __LINE__, TEXT("event_type=%\x11\x11"), "parameter event_type has a malformed percent escape" }, /* no 1 without 0x20 */
        { __LINE__, TEXT("event_type=a%4&session_id=1"), "parameter event_type has a malformed percent escape" },
        { __LINE__, TEXT("event_type=a%00"), "parameter event_type holds a NUL" },
        { __LINE__, TEXT("event_type=a\0"), "parameter event_type holds a NUL" },
        { __LINE__, TEXT("session_id=%ff"), "parameter session_id is not valid UTF-8" },
        { __LINE__, TEXT("session_id=%c3"), "parameter session_id is not valid UTF-8" },
        { __LINE__, TEXT("session_id=%ed%a0%80"), "parameter session_id is not valid UTF-8" },
        { __LINE__, TEXT("session_id=%c0%80"), "parameter session_id is not valid UTF-8" },
        { __LINE__, TEXT("%zz=1"), "the name of a parameter has a malformed percent escape" },
        { __LINE__, TEXT("a%00=1"), "the name of a parameter holds a NUL" },
        { __LINE__, TEXT("%ff=1"), "the name of a parameter is not valid UTF-8" },
        { __LINE__, TEXT("limit=1"), "unknown parameter: limit" },
        { __LINE__, TEXT("=1"), "unknown parameter: " },
        { __LINE__, TEXT("="), "unknown parameter: " },
        { __LINE__, TEXT("Event_type=1"), "unknown parameter: Event_type" },
        { __LINE__, TEXT("event_type%20=1"), "unknown parameter: event_type " },
        { __LINE__, TEXT("event_typ=1"), "unknown parameter: event_typ" },
        { __LINE__, TEXT("event_type=1&x"), "unknown parameter: x" },
        { __LINE__, TEXT("event_type=1&event_type=1"), "parameter given twice: event_type" },
        { __LINE__, TEXT("event_type=&event_type=1"), "parameter given twice: event_type" },
        { __LINE__, TEXT("event_type&%65vent_type"), "parameter given twice: event_type" },
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct arena arena = arena_new(ARENA_BYTES);
        struct problem problem = { 0 };
        struct bytes values[N_NAMES];
        char *copy = exact_copy(cases[i].query);
        struct bytes query = { copy, cases[i].query.len };
        EXPECT_STATUS(cases[i].line, query_string_read(query, names, N_NAMES, &arena, values, &problem), STATUS_INVALID_PARAMETER);
        EXPECT_TEXT(cases[i].line, problem.details, cases[i].details);
        free(copy);
        arena_free(&arena);
    }
}

Test(query_string, cuts_a_long_unknown_name_between_two_characters)
{
    static const struct {
        int line;
        size_t letters; /* before a character of two bytes and three letters more */
        size_t shown;
    } cases[] = {
        { __LINE__, 58, 63 }, { __LINE__, 59, 64 }, { __LINE__, 60, 64 },  { __LINE__, 62, 64 },
        { __LINE__, 63, 63 }, { __LINE__, 64, 64 }, { __LINE__, 500, 64 },
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct arena arena = arena_new(ARENA_BYTES);
        struct problem problem = { 0 };
        struct bytes values[N_NAMES];
        struct buf query = buf_new(1000), want = buf_new(1000);
        char *letters = repeated('x', cases[i].letters);
        buf_add_format(&query, "%s\xc3\xa4yyy=1", letters);
        buf_add_format(&want, "unknown parameter: %.*s", (int)cases[i].shown, query.p);
        EXPECT_STATUS(cases[i].line, query_string_read(buf_bytes(&query), names, N_NAMES, &arena, values, &problem),
                      STATUS_INVALID_PARAMETER);
        EXPECT_BYTES(cases[i].line, bytes_of(problem.details), buf_bytes(&want));
        free(letters);
        buf_free(&want);
        buf_free(&query);
        arena_free(&arena);
    }
}

/* Memory that ends at every step in turn. */
Test(query_string, without_memory_says_so)
{
    struct bytes query = BYTES("event_type=click&session_id=s");
    bool done = false;
    int refused = 0;

    for (size_t ceiling = 0; !done; ceiling++) {
        struct arena arena = arena_new(ceiling);
        struct problem problem = { 0 };
        struct bytes values[N_NAMES];
        enum status st = query_string_read(query, names, N_NAMES, &arena, values, &problem);
        done = st == STATUS_OK;
        refused += !done;
        if (!done)
            EXPECT_STATUS((int)ceiling, st, STATUS_NO_MEMORY);
        cr_assert_lt(ceiling, 1024);
        arena_free(&arena);
    }
    cr_expect_gt(refused, 0);
}
