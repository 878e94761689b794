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

Test(etag, tells_bodies_and_pages_apart)
{
    static const struct {
        int line;
        struct bytes body;
        bool has_more;
        const char *want;
    } cases[] = {
        { __LINE__, TEXT(""), false, "\"47DEQpj8HBSa-_TImW-5JA\"" },
        { __LINE__, TEXT(""), true, "\"47DEQpj8HBSa-_TImW-5JA.more\"" },
        { __LINE__, TEXT("abc"), false, "\"ungWv48Bz-pBQUDeXa4iIw\"" },
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct buf tag = buf_new(ETAG_MAX_BYTES);
        etag_add(&tag, cases[i].body, cases[i].has_more);
        EXPECT_TEXT(cases[i].line, tag.p, cases[i].want);
        buf_free(&tag);
    }
}
