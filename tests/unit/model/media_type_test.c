#include "model/media_type.h"

#include "tests/unit/unit.h"

Test(media_type, is_accepted_by_type_and_charset)
{
    static const struct {
        int line;
        struct bytes type;
        bool want;
    } cases[] = {
        { __LINE__, ABSENT, true },
        { __LINE__, TEXT(""), true },
        { __LINE__, TEXT(" \t"), true },
        { __LINE__, TEXT("application/json"), true },
        { __LINE__, TEXT("text/plain"), true },
        { __LINE__, TEXT("application/x-www-form-urlencoded"), true },
        { __LINE__, TEXT("Application/JSON"), true },
        { __LINE__, TEXT("\tapplication/json "), true },
        { __LINE__, TEXT("application/json;charset=utf-8"), true },
        { __LINE__, TEXT("application/json; charset=UTF-8"), true },
        { __LINE__, TEXT("application/json ; Charset=\"utf-8\""), true },
        { __LINE__, TEXT("text/plain;charset=Utf-8 "), true },
        { __LINE__, TEXT("text/plain; format=flowed; charset=utf-8"), true },
        { __LINE__, TEXT("text/plain; charset=utf-8; format=flowed"), true },
        { __LINE__, TEXT("application/json;"), true },
        { __LINE__, TEXT("application/json; ;"), true },
        { __LINE__, TEXT("application/json; profile=x"), true },
        { __LINE__, TEXT("application/json; xcharset=latin1"), true },
        { __LINE__, TEXT("application/json; charset=utf-16"), false },
        { __LINE__, TEXT("application/json; charset=iso-8859-1"), false },
        { __LINE__, TEXT("application/json; charset=utf8"), false },
        { __LINE__, TEXT("application/json; charset=utf-8; charset=utf-16"), false },
        { __LINE__, TEXT("application/json; charset="), false },
        { __LINE__, TEXT("application/json; charset"), false },
        { __LINE__, TEXT("application/json; charset=\""), false },
        { __LINE__, TEXT("application/json; charset=\"\""), false },
        { __LINE__, TEXT("application/json; charset='utf-8'"), false },
        { __LINE__, TEXT("application/xml"), false },
        { __LINE__, TEXT("application/jsonx"), false },
        { __LINE__, TEXT("application/jso"), false },
        { __LINE__, TEXT("application/ld+json"), false },
        { __LINE__, TEXT("application/*"), false },
        { __LINE__, TEXT("*/*"), false },
        { __LINE__, TEXT("text/html"), false },
        { __LINE__, TEXT("multipart/form-data; boundary=x"), false },
        { __LINE__, TEXT("application/json, text/plain"), false },
        { __LINE__, TEXT("application / json"), false },
        { __LINE__, TEXT("json"), false },
        { __LINE__, TEXT(";"), false },
        { __LINE__, TEXT("; charset=utf-8"), false },
        { __LINE__, TEXT("text/plain\0; charset=utf-8"), false },
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char *copy = cases[i].type.p ? exact_copy(cases[i].type) : NULL;
        EXPECT_INT(cases[i].line, media_type_is_accepted((struct bytes){ copy, cases[i].type.len }), cases[i].want);
        free(copy);
    }
}
