#include "model/etag.h"

#include "tests/unit/unit.h"

Test(etag, is_named_in_the_weak_comparison)
{
    static const struct {
        int line;
        const char *list;
        bool want;
    } cases[] = {
        { __LINE__, NULL, false },
        { __LINE__, "", false },
        { __LINE__, "\"abc\"", true },
        { __LINE__, "W/\"abc\"", true },
        { __LINE__, "w/\"abc\"", false },
        { __LINE__, "\"abd\"", false },
        { __LINE__, "\"ab\"", false },
        { __LINE__, "\"abcd\"", false },
        { __LINE__, "abc", false },
        { __LINE__, "\"abc", false },
        { __LINE__, "\"", false },
        { __LINE__, "*", true },
        { __LINE__, " * ", true },
        { __LINE__, "\"*\"", false },
        { __LINE__, "\"x\", \"abc\"", true },
        { __LINE__, "\"x\",W/\"y\" ,\t\"abc\"", true },
        { __LINE__, ",, \"abc\" ,", true },
        { __LINE__, "\"a,b\", \"abc\"", true },
        { __LINE__, "\"\", \"abc\"", true },
        { __LINE__, "x, \"abc\"", false },
        { __LINE__, "W/", false },
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char *copy = cases[i].list ? exact_copy(bytes_of(cases[i].list)) : NULL;
        EXPECT_INT(cases[i].line, etag_is_named((struct bytes){ copy, bytes_of(cases[i].list).len }, BYTES("\"abc\"")),
                   cases[i].want);
        free(copy);
    }
}
