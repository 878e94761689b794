#include "base/utf8.h"

#include "tests/unit/unit.h"

Test(utf8, error_offset_is_where_the_sequence_begins)
{
    static const struct {
        int line;
        struct bytes text;
        size_t want;
    } cases[] = {
        { __LINE__, ABSENT, 0 },
        { __LINE__, TEXT(""), 0 },
        { __LINE__, TEXT("abc"), 3 },
        { __LINE__, TEXT("a\0b"), 3 },
        { __LINE__, TEXT("\x7f"), 1 },
        { __LINE__, TEXT("\xc2\x80\xdf\xbf"), 4 },                 /* U+0080, U+07FF */
        { __LINE__, TEXT("\xe0\xa0\x80\xef\xbf\xbf"), 6 },         /* U+0800, U+FFFF */
        { __LINE__, TEXT("\xed\x9f\xbf\xee\x80\x80"), 6 },         /* on either side of the surrogates */
        { __LINE__, TEXT("\xf0\x90\x80\x80\xf4\x8f\xbf\xbf"), 8 }, /* U+10000, U+10FFFF */
        { __LINE__, TEXT("a\x80"), 1 },                            /* nothing to continue */
        { __LINE__, TEXT("a\xbf z"), 1 },
        { __LINE__, TEXT("ab\xc3"), 2 }, /* ends too early */
        { __LINE__, TEXT("ab\xe2\x82"), 2 },
        { __LINE__, TEXT("ab\xf0\x9f\x98"), 2 },
        { __LINE__, TEXT("ab\xc3z"), 2 },
        { __LINE__, TEXT("ab\xe2\x82z"), 2 },
        { __LINE__, TEXT("\xc0\x80"), 0 }, /* overlong */
        { __LINE__, TEXT("\xc1\xbf"), 0 },
        { __LINE__, TEXT("\xe0\x9f\xbf"), 0 },
        { __LINE__, TEXT("\xf0\x8f\xbf\xbf"), 0 },
        { __LINE__, TEXT("\xed\xa0\x80"), 0 }, /* U+D800 */
        { __LINE__, TEXT("\xed\xbf\xbf"), 0 }, /* U+DFFF */
        { __LINE__, TEXT("\xed\xa0\xbd\xed\xb8\x80"), 0 },
        { __LINE__, TEXT("\xf4\x90\x80\x80"), 0 }, /* U+110000 */
        { __LINE__, TEXT("\xf5\x80\x80\x80"), 0 },
        { __LINE__, TEXT("\xf8\x88\x80\x80\x80"), 0 }, /* five bytes */
        { __LINE__, TEXT("ok\xff"), 2 },
        { __LINE__, TEXT("\xfe"), 0 },
        { __LINE__, TEXT("\xef\xbb\xbf{"), 4 }, /* a BOM is a character */
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char *copy = exact_copy(cases[i].text);
        EXPECT_INT(cases[i].line, utf8_error_offset((struct bytes){ copy, cases[i].text.len }), cases[i].want);
        free(copy);
    }
}

Test(utf8, has_control_finds_category_cc)
{
    static const struct {
        int line;
        struct bytes text;
        bool want;
    } cases[] = {
        { __LINE__, ABSENT, false },
        { __LINE__, TEXT(""), false },
        { __LINE__, TEXT("plain ~"), false },
        { __LINE__, TEXT("a\0b"), true },
        { __LINE__, TEXT("a\n"), true },
        { __LINE__, TEXT("\x1f"), true },
        { __LINE__, TEXT("\x20"), false },
        { __LINE__, TEXT("\x7f"), true },
        { __LINE__, TEXT("\xc2\x80"), true },      /* U+0080 */
        { __LINE__, TEXT("a\xc2\x85"), true },     /* U+0085, next line */
        { __LINE__, TEXT("\xc2\x9f"), true },      /* U+009F */
        { __LINE__, TEXT("\xc2\xa0"), false },     /* U+00A0, no-break space */
        { __LINE__, TEXT("\xc3\x85"), false },     /* U+00C5: the same second byte, another first */
        { __LINE__, TEXT("\xe2\x80\xa8"), false }, /* U+2028, a separator */
        { __LINE__, TEXT("\xf0\x9f\x98\x80"), false },
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char *copy = exact_copy(cases[i].text);
        EXPECT_INT(cases[i].line, utf8_has_control((struct bytes){ copy, cases[i].text.len }), cases[i].want);
        free(copy);
    }
}

Test(utf8, cut_ends_between_two_characters)
{
    static const struct {
        int line;
        struct bytes text;
        size_t max_bytes;
        struct bytes want;
    } cases[] = {
        { __LINE__, TEXT("abc"), 3, TEXT("abc") },
        { __LINE__, TEXT("abc"), 4, TEXT("abc") },
        { __LINE__, TEXT("abc"), 2, TEXT("ab") },
        { __LINE__, TEXT("abc"), 0, TEXT("") },
        { __LINE__, TEXT(""), 0, TEXT("") },
        { __LINE__, ABSENT, 0, ABSENT },
        { __LINE__, TEXT("a\xc3\xa4"), 3, TEXT("a\xc3\xa4") },
        { __LINE__, TEXT("a\xc3\xa4"), 2, TEXT("a") },
        { __LINE__, TEXT("\xe2\x82\xac"), 2, TEXT("") },
        { __LINE__, TEXT("\xe2\x82\xac\xe2\x82\xac"), 3, TEXT("\xe2\x82\xac") },
        { __LINE__, TEXT("\xe2\x82\xac\xe2\x82\xac"), 5, TEXT("\xe2\x82\xac") },
        { __LINE__, TEXT("\xf0\x9f\x98\x80z"), 4, TEXT("\xf0\x9f\x98\x80") },
        { __LINE__, TEXT("\xf0\x9f\x98\x80z"), 3, TEXT("") },
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++)
        EXPECT_BYTES(cases[i].line, utf8_cut(cases[i].text, cases[i].max_bytes), cases[i].want);
}
