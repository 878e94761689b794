#include "model/array_splitter.h"

#include "tests/unit/unit.h"

enum { ELEMENTS_MAX = 8 };

/* What splitting a text came to. */
struct split {
    struct bytes elements[ELEMENTS_MAX];
    size_t n;
    size_t consumed; /* of the text */
    bool is_done;
    const char *expected; /* of a fault */
};

/* Splits text as a reader does that sees at most window bytes more at a time. Elements are borrowed from text. */
static struct split split(struct bytes text, size_t window)
{
    struct array_splitter splitter = { 0 };
    struct split result = { 0 };
    size_t end = 0;

    for (;;) {
        size_t consumed;
        struct bytes element;
        struct bytes seen = { text.p + result.consumed, end - result.consumed };
        char *copy = exact_copy(seen);
        enum splitter_finding finding =
            array_splitter_next(&splitter, (struct bytes){ copy, seen.len }, &consumed, &element, &result.expected);
        if (finding == SPLITTER_ELEMENT) {
            cr_assert_lt(result.n, ELEMENTS_MAX);
            result.elements[result.n++] = (struct bytes){ seen.p + (element.p - copy), element.len };
        }
        free(copy);
        result.consumed += consumed;
        if (finding == SPLITTER_FAULT)
            return result;
        if (finding == SPLITTER_MORE && end == text.len)
            break;
        if (finding == SPLITTER_MORE)
            end = end + window < text.len ? end + window : text.len;
    }
    result.is_done = array_splitter_is_done(&splitter);
    return result;
}

Test(array_splitter, finds_elements_however_the_text_is_cut)
{
    static const struct {
        int line;
        struct bytes text;
        struct bytes elements[ELEMENTS_MAX];
    } cases[] = {
        { __LINE__, TEXT("[]"), { ABSENT } },
        { __LINE__, TEXT(" \t\r\n[ \n] \n"), { ABSENT } },
        { __LINE__, TEXT("[{}]"), { TEXT("{}") } },
        { __LINE__, TEXT("[ {\"a\":1} ,\n{\"b\":[1,2]},[[]] ]"), { TEXT("{\"a\":1}"), TEXT("{\"b\":[1,2]}"), TEXT("[[]]") } },
        { __LINE__, TEXT("[1,-2.5e3 ,true,null]"), { TEXT("1"), TEXT("-2.5e3"), TEXT("true"), TEXT("null") } },
        { __LINE__,
          TEXT("[\"a,]}\",\"\\\"]\",\"\\\\\",\"\"]"),
          { TEXT("\"a,]}\""), TEXT("\"\\\"]\""), TEXT("\"\\\\\""), TEXT("\"\"") } },
        { __LINE__, TEXT("[{\"a\":\"}\\\"}\",\"]\":\"[\"}]"), { TEXT("{\"a\":\"}\\\"}\",\"]\":\"[\"}") } },
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        size_t n = 0;
        while (n < ELEMENTS_MAX && cases[i].elements[n].p)
            n++;
        for (size_t window = 1; window <= cases[i].text.len; window++) {
            struct split got = split(cases[i].text, window);
            EXPECT(cases[i].line, got.is_done);
            EXPECT_INT(cases[i].line, got.consumed, cases[i].text.len);
            EXPECT_INT(cases[i].line, got.n, n);
            for (size_t k = 0; k < n && k < got.n; k++)
                EXPECT_BYTES(cases[i].line, got.elements[k], cases[i].elements[k]);
        }
    }
}

Test(array_splitter, finds_what_cannot_stand_between_elements)
{
    static const struct {
        int line;
        struct bytes text;
        size_t offset;
    } cases[] = {
        { __LINE__, TEXT("{}"), 0 },         { __LINE__, TEXT(" 1"), 1 },
        { __LINE__, TEXT("[,1]"), 1 },       { __LINE__, TEXT("[1,]"), 3 },
        { __LINE__, TEXT("[1,,2]"), 3 },     { __LINE__, TEXT("[1 2]"), 3 },
        { __LINE__, TEXT("[{} {}]"), 4 },    { __LINE__, TEXT("[1]]"), 3 },
        { __LINE__, TEXT("[1] x"), 4 },      { __LINE__, TEXT("[:]"), 1 },
        { __LINE__, TEXT("[}"), 1 },         { __LINE__, TEXT("[1,}"), 3 },
        { __LINE__, TEXT("[\"\":1]"), 3 },   { __LINE__, TEXT("[1}"), 2 },
        { __LINE__, TEXT("[\"\"\"\"]"), 3 }, { __LINE__, TEXT("\xef\xbb\xbf[]"), 0 },
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        for (size_t window = 1; window <= cases[i].text.len; window++) {
            struct split got = split(cases[i].text, window);
            EXPECT(cases[i].line, got.expected != NULL);
            EXPECT_INT(cases[i].line, got.consumed, cases[i].offset);
        }
    }
}

Test(array_splitter, is_not_done_before_the_end)
{
    static const struct {
        int line;
        struct bytes text;
    } cases[] = {
        { __LINE__, TEXT("") },    { __LINE__, TEXT(" ") },        { __LINE__, TEXT("[") },   { __LINE__, TEXT("[1") },
        { __LINE__, TEXT("[1,") }, { __LINE__, TEXT("[{") },       { __LINE__, TEXT("[{}") }, { __LINE__, TEXT("[\"]") },
        { __LINE__, TEXT("[[]") }, { __LINE__, TEXT("[\"\\\"]") }, { __LINE__, TEXT("[1 ") },
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++)
        EXPECT(cases[i].line, !split(cases[i].text, 1).is_done);
}
