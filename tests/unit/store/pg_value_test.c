#include "store/pg_value.h"

#include "tests/unit/unit.h"

Test(pg_value, timestamptz_both_ways)
{
    static const struct {
        int line;
        int64_t us;
        struct bytes want;
    } cases[] = {
        { __LINE__, 946684800000000, TEXT("\0\0\0\0\0\0\0\0") },
        { __LINE__, 946684799999999, TEXT("\xff\xff\xff\xff\xff\xff\xff\xff") },
        { __LINE__, 0, TEXT("\xff\xfc\xa2\xfe\xc4\xc8\x20\x00") },
        { __LINE__, INT64_MIN, TEXT("\x80\0\0\0\0\0\0\0") }, /* -infinity */
        { __LINE__, INT64_MAX, TEXT("\x7f\xff\xff\xff\xff\xff\xff\xff") },
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char octets[PG_INT8_BYTES];
        int64_t us = 1;
        pg_timestamptz_put(cases[i].us, octets);
        EXPECT_BYTES(cases[i].line, ((struct bytes){ octets, sizeof octets }), cases[i].want);
        EXPECT(cases[i].line, pg_timestamptz_read(cases[i].want, &us));
        EXPECT_INT(cases[i].line, us, cases[i].us);
    }
}

Test(pg_value, timestamptz_of_another_length_is_none)
{
    static const struct bytes values[] = { ABSENT, TEXT(""), TEXT("\0\0\0\0\0\0\0"), TEXT("\0\0\0\0\0\0\0\0\0") };

    for (size_t i = 0; i < COUNT_OF(values); i++) {
        int64_t us = 4711;
        EXPECT((int)i, !pg_timestamptz_read(values[i], &us));
        EXPECT_INT((int)i, us, 4711);
    }
}

Test(pg_value, jsonb)
{
    struct bytes json;

    cr_assert(pg_jsonb_read(BYTES("\1{}"), &json));
    EXPECT_BYTES(__LINE__, json, BYTES("{}"));
    cr_expect(!pg_jsonb_read(BYTES("\2{}"), &json));
    cr_expect(!pg_jsonb_read(BYTES(""), &json));
}
