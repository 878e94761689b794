#include "model/string_scan.h"

#include "tests/unit/unit.h"

/* text begins with a quote. Returns how much of it the string is, 0 where it is none. */
static size_t scan(struct bytes text, struct string_scan *found)
{
    const char *behind = string_scan(text.p, text.p + text.len, found);

    return behind ? (size_t)(behind - text.p) : 0;
}

Test(string_scan, finds_the_end_and_what_cannot_be_stored)
{
    static const struct {
        int line;
        struct bytes text;
        size_t len;
        bool has_escapes;
        const char *unstorable;
        size_t at;
    } cases[] = {
        { __LINE__, TEXT("\"\""), 2, false, NULL, 0 },
        { __LINE__, TEXT("\"a\" \"b\""), 3, false, NULL, 0 },
        { __LINE__, TEXT("\"0123456789abcdef\""), 18, false, NULL, 0 },
        { __LINE__, TEXT("\"0123456789abcdefg\",\"and what comes behind it\""), 19, false, NULL, 0 },
        { __LINE__, TEXT("\"\x7f\""), 3, false, NULL, 0 },
        { __LINE__, TEXT("\"\xc3\xa9 and more than sixteen bytes\""), 32, false, NULL, 0 },
        { __LINE__, TEXT("\"more than sixteen bytes \xf0\x9f\x98\x80\""), 30, false, NULL, 0 },
        { __LINE__, TEXT("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0041\""), 24, true, NULL, 0 },
        { __LINE__, TEXT("\"\\ud83d\\ude00\""), 14, true, NULL, 0 },
        { __LINE__, TEXT("\"a\\u0000\""), 9, true, "the character \\u0000 cannot be stored", 2 },
        { __LINE__, TEXT("\"\\ud83d\""), 8, true, "a lone surrogate cannot be stored", 1 },
        { __LINE__, TEXT("\"\\ude00\\ud83d\""), 14, true, "a lone surrogate cannot be stored", 1 },
        { __LINE__, TEXT("\"\\ud83d\\u0041\\u0000\""), 20, true, "a lone surrogate cannot be stored", 1 },
        { __LINE__, TEXT("\"\\u0000\\ud83d\""), 14, true, "the character \\u0000 cannot be stored", 1 },
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct string_scan found;
        char *copy = exact_copy(cases[i].text);
        EXPECT_INT(cases[i].line, scan((struct bytes){ copy, cases[i].text.len }, &found), cases[i].len);
        EXPECT_INT(cases[i].line, found.content.len, cases[i].len - 2);
        EXPECT(cases[i].line, found.content.p == copy + 1);
        EXPECT(cases[i].line, found.has_escapes == cases[i].has_escapes);
        EXPECT_TEXT(cases[i].line, found.unstorable, cases[i].unstorable);
        if (cases[i].unstorable)
            EXPECT_INT(cases[i].line, found.at - copy, cases[i].at);
        free(copy);
    }
}

Test(string_scan, refuses_at_the_byte_at_fault)
{
    static const struct {
        int line;
        struct bytes text;
        size_t at;
        const char *fault;
    } cases[] = {
        { __LINE__, TEXT("\""), 1, "the string does not end" },
        { __LINE__, TEXT("\"0123456789abcdef"), 17, "the string does not end" },
        { __LINE__, TEXT("\"\\\""), 3, "the string does not end" },
        { __LINE__, TEXT("\"\\"), 1, "no such escape" },
        { __LINE__, TEXT("\"\\x\""), 1, "no such escape" },
        { __LINE__, TEXT("\"\\\0\""), 1, "no such escape" },
        { __LINE__, TEXT("\"\\u004"), 1, "four hexadecimal digits were expected behind \\u" },
        { __LINE__, TEXT("\"\\u004g\""), 1, "four hexadecimal digits were expected behind \\u" },
        { __LINE__, TEXT("\"more than sixteen bytes\n\""), 24, "a control character must be escaped" },
        { __LINE__, TEXT("\"a\0\""), 2, "a control character must be escaped" },
        { __LINE__, TEXT("\"a\x1f\""), 2, "a control character must be escaped" },
        { __LINE__, TEXT("\"ab\xff\""), 3, "not valid UTF-8" },
        { __LINE__, TEXT("\"\xed\xa0\x80\""), 1, "not valid UTF-8" },
        { __LINE__, TEXT("\"\xc3\""), 1, "not valid UTF-8" },
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct string_scan found;
        char *copy = exact_copy(cases[i].text);
        EXPECT_INT(cases[i].line, scan((struct bytes){ copy, cases[i].text.len }, &found), 0);
        EXPECT_INT(cases[i].line, found.at - copy, cases[i].at);
        EXPECT_TEXT(cases[i].line, found.fault, cases[i].fault);
        free(copy);
    }
}

/* Each byte at each place of strings that are shorter and longer than a step, in all memory there is. */
Test(string_scan, sees_every_byte_at_every_place)
{
    char text[64];

    for (size_t len = 0; len <= 40; len++) {
        for (size_t place = 0; place < len; place++) {
            for (int c = 0; c < 256; c++) {
                struct string_scan found;
                memset(text, 'x', sizeof text);
                text[0] = text[len + 1] = '"';
                text[place + 1] = (char)c;
                char *copy = exact_copy((struct bytes){ text, len + 2 });
                size_t got = scan((struct bytes){ copy, len + 2 }, &found);
                size_t want = c == '"' ? place + 2 : c < 0x20 || c == '\\' || c >= 0x80 ? 0 : len + 2;
                cr_assert_eq(got, want, "byte %d at %zu of %zu: %zu", c, place, len, got);
                free(copy);
            }
        }
    }
}
