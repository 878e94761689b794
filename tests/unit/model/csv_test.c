#include "model/csv.h"

#include "tests/unit/unit.h"

Test(csv, cells)
{
    static const struct {
        int line;
        struct bytes text;
        const char *plain;
        const char *neutral; /* NULL: the same */
    } cases[] = {
        { __LINE__, ABSENT, "", NULL },
        { __LINE__, TEXT(""), "", NULL },
        { __LINE__, TEXT("abc"), "abc", NULL },
        { __LINE__, TEXT("a b"), "a b", NULL },
        { __LINE__, TEXT("\xc3\xa4"), "\xc3\xa4", NULL },
        { __LINE__, TEXT("a,b"), "\"a,b\"", NULL },
        { __LINE__, TEXT("a;b"), "a;b", NULL },
        { __LINE__, TEXT("\""), "\"\"\"\"", NULL },
        { __LINE__, TEXT("a\"b\"\"c"), "\"a\"\"b\"\"\"\"c\"", NULL },
        { __LINE__, TEXT("a\nb"), "\"a\nb\"", NULL },
        { __LINE__, TEXT("a\rb"), "\"a\rb\"", NULL },
        { __LINE__, TEXT(" a"), "\" a\"", NULL },
        { __LINE__, TEXT("a "), "\"a \"", NULL },
        { __LINE__, TEXT("{\"a\": 1}"), "\"{\"\"a\"\": 1}\"", NULL },
        /* what a spreadsheet would calculate */
        { __LINE__, TEXT("=1+1"), "=1+1", "'=1+1" },
        { __LINE__, TEXT("+1"), "+1", "'+1" },
        { __LINE__, TEXT("-1"), "-1", "'-1" },
        { __LINE__, TEXT("@SUM(A1)"), "@SUM(A1)", "'@SUM(A1)" },
        { __LINE__, TEXT("\tx"), "\tx", "'\tx" },
        { __LINE__, TEXT("\r=1"), "\"\r=1\"", "\"'\r=1\"" },
        { __LINE__, TEXT("=HYPERLINK(\"http://x\",\"y\")"), "\"=HYPERLINK(\"\"http://x\"\",\"\"y\"\")\"",
          "\"'=HYPERLINK(\"\"http://x\"\",\"\"y\"\")\"" },
        { __LINE__, TEXT("a=1"), "a=1", NULL },
        { __LINE__, TEXT("'=1"), "'=1", NULL },
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        for (int neutralise = 0; neutralise < 2; neutralise++) {
            struct buf buf = buf_new(256);
            char *copy = exact_copy(cases[i].text);
            csv_add_cell(&buf, (struct bytes){ cases[i].text.p ? copy : NULL, cases[i].text.len }, neutralise);
            EXPECT_TEXT(cases[i].line, buf.p ? buf.p : "", neutralise && cases[i].neutral ? cases[i].neutral : cases[i].plain);
            free(copy);
            buf_free(&buf);
        }
    }
}
