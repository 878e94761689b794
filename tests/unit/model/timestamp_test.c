#include "model/timestamp.h"

#include <stdio.h>

#include "tests/unit/unit.h"

enum { UNTOUCHED = 4711 };

Test(timestamp, reads_what_rfc_3339_allows)
{
    static const struct {
        int line;
        struct bytes text;
        int64_t us;
    } cases[] = {
        { __LINE__, TEXT("1970-01-01T00:00:00Z"), 0 },
        { __LINE__, TEXT("2026-11-20T10:00:00Z"), 1795168800000000 },
        { __LINE__, TEXT("2026-11-20t10:00:00z"), 1795168800000000 },
        { __LINE__, TEXT("2026-11-20T10:00:00.5+02:00"), 1795161600500000 },
        { __LINE__, TEXT("1969-12-31T23:59:59.999999Z"), -1 },
        { __LINE__, TEXT("2038-01-19T03:14:08Z"), 2147483648000000 },
        /* leap years */
        { __LINE__, TEXT("2000-02-29T00:00:00Z"), 951782400000000 },
        { __LINE__, TEXT("2024-02-29T12:30:15Z"), 1709209815000000 },
        { __LINE__, TEXT("2400-02-29T00:00:00Z"), 13574563200000000 },
        { __LINE__, TEXT("1600-02-29T00:00:00Z"), -11670998400000000 },
        { __LINE__, TEXT("2100-02-28T00:00:00Z"), 4107456000000000 },
        { __LINE__, TEXT("1900-03-01T00:00:00Z"), -2203891200000000 },
        { __LINE__, TEXT("1582-10-15T00:00:00Z"), -12219292800000000 }, /* the calendar is proleptic */
        /* the ends of the year's four digits */
        { __LINE__, TEXT("0000-01-01T00:00:00Z"), -62167219200000000 },
        { __LINE__, TEXT("0000-02-29T00:00:00Z"), -62162121600000000 },
        { __LINE__, TEXT("0001-01-01T00:00:00Z"), -62135596800000000 },
        { __LINE__, TEXT("0000-01-01T00:00:00+23:59"), -62167305540000000 },
        { __LINE__, TEXT("9999-12-31T23:59:59.999999Z"), 253402300799999999 },
        { __LINE__, TEXT("9999-12-31T23:59:59.999999-23:59"), 253402387139999999 },
        /* offsets */
        { __LINE__, TEXT("1970-01-01T00:00:00+00:00"), 0 },
        { __LINE__, TEXT("1970-01-01T00:00:00-00:00"), 0 },
        { __LINE__, TEXT("1970-01-01T00:00:00+00:01"), -60000000 },
        { __LINE__, TEXT("1970-01-01T00:00:00-00:01"), 60000000 },
        { __LINE__, TEXT("1970-01-01T05:30:00+05:30"), 0 },
        { __LINE__, TEXT("1969-12-31T16:00:00-08:00"), 0 },
        { __LINE__, TEXT("1970-01-01T23:59:00+23:59"), 0 },
        { __LINE__, TEXT("1969-12-31T00:01:00-23:59"), 0 },
        /* fractions */
        { __LINE__, TEXT("1970-01-01T00:00:00.0Z"), 0 },
        { __LINE__, TEXT("1970-01-01T00:00:00.1Z"), 100000 },
        { __LINE__, TEXT("1970-01-01T00:00:00.000001Z"), 1 },
        { __LINE__, TEXT("1970-01-01T00:00:00.0000019Z"), 1 }, /* cut off, not rounded */
        { __LINE__, TEXT("1970-01-01T00:00:00.9999999999999999999999999999999999999999Z"), 999999 },
        { __LINE__, TEXT("1969-12-31T23:59:59.9999999Z"), -1 },
        { __LINE__, TEXT("2026-12-31T23:59:59.123456Z"), 1798761599123456 },
        /* leap seconds count as the second after */
        { __LINE__, TEXT("2016-12-31T23:59:60Z"), 1483228800000000 },
        { __LINE__, TEXT("2016-12-31T23:59:60.5Z"), 1483228800500000 },
        { __LINE__, TEXT("1972-06-30T23:59:60Z"), 78796800000000 },
        { __LINE__, TEXT("2017-01-01T00:59:60+01:00"), 1483228800000000 },
        { __LINE__, TEXT("2016-12-31T18:29:60-05:30"), 1483228800000000 },
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char *copy = exact_copy(cases[i].text);
        int64_t us = UNTOUCHED;
        EXPECT(cases[i].line, timestamp_parse((struct bytes){ copy, cases[i].text.len }, &us));
        EXPECT_INT(cases[i].line, us, cases[i].us);
        free(copy);
    }
}

Test(timestamp, refuses_the_rest_and_leaves_the_target)
{
    static const struct {
        int line;
        struct bytes text;
    } cases[] = {
        { __LINE__, ABSENT },
        { __LINE__, TEXT("") },
        { __LINE__, TEXT("2026") },
        { __LINE__, TEXT("2026-11-20") },
        { __LINE__, TEXT("2026-11-20T10:00:00") }, /* no offset */
        { __LINE__, TEXT("2026-11-20T10:00Z") },
        { __LINE__, TEXT("2026-11-20 10:00:00Z") },
        { __LINE__, TEXT("2026-11-20_10:00:00Z") },
        { __LINE__, TEXT(" 2026-11-20T10:00:00Z") },
        { __LINE__, TEXT("2026-11-20T10:00:00Z ") },
        { __LINE__, TEXT("2026-11-20T10:00:00Z\0") },
        { __LINE__, TEXT("2026-11-20T10:00:00ZZ") },
        { __LINE__, TEXT("26-11-20T10:00:00Z") },
        { __LINE__, TEXT("02026-11-20T10:00:00Z") },
        { __LINE__, TEXT("+2026-11-20T10:00:00Z") },
        { __LINE__, TEXT("-026-11-20T10:00:00Z") },
        { __LINE__, TEXT("202:-11-20T10:00:00Z") }, /* beside the digits */
        { __LINE__, TEXT("202/-11-20T10:00:00Z") },
        { __LINE__, TEXT("2026-1-20T10:00:00Z") },
        { __LINE__, TEXT("2026-11-2T10:00:00Z") },
        { __LINE__, TEXT("2026/11/20T10:00:00Z") },
        { __LINE__, TEXT("20261120T100000Z") },
        { __LINE__, TEXT("2026-W47-5T10:00:00Z") },
        { __LINE__, TEXT("2026-324T10:00:00Z") },
        /* no such day, hour, minute, second */
        { __LINE__, TEXT("2026-00-20T10:00:00Z") },
        { __LINE__, TEXT("2026-13-20T10:00:00Z") },
        { __LINE__, TEXT("2026-11-00T10:00:00Z") },
        { __LINE__, TEXT("2026-11-31T10:00:00Z") },
        { __LINE__, TEXT("2026-12-32T10:00:00Z") },
        { __LINE__, TEXT("2026-02-29T10:00:00Z") },
        { __LINE__, TEXT("2024-02-30T10:00:00Z") },
        { __LINE__, TEXT("1900-02-29T10:00:00Z") },
        { __LINE__, TEXT("2100-02-29T10:00:00Z") },
        { __LINE__, TEXT("2026-11-20T24:00:00Z") },
        { __LINE__, TEXT("2026-11-20T10:60:00Z") },
        { __LINE__, TEXT("2026-11-20T10:00:61Z") },
        { __LINE__, TEXT("2016-12-31T23:59:99Z") },
        /* a leap second elsewhere than at the end of a day in UTC */
        { __LINE__, TEXT("2016-12-31T22:59:60Z") },
        { __LINE__, TEXT("2016-12-31T23:59:60+01:00") },
        { __LINE__, TEXT("2026-11-20T10:00:60Z") },
        { __LINE__, TEXT("2026-11-20T10:58:60Z") },
        { __LINE__, TEXT("2016-12-31T23:59:60+05:30") },
        { __LINE__, TEXT("2016-12-31T23:59:60-00:01") },
        /* fractions */
        { __LINE__, TEXT("2026-11-20T10:00:00.Z") },
        { __LINE__, TEXT("2026-11-20T10:00:00,5Z") },
        { __LINE__, TEXT("2026-11-20T10:00:00.5") },
        { __LINE__, TEXT("2026-11-20T10:00:00.-5Z") },
        { __LINE__, TEXT("2026-11-20T10:00:00.5.5Z") },
        { __LINE__, TEXT("2026-11-20T10:00.5Z") },
        /* offsets */
        { __LINE__, TEXT("2026-11-20T10:00:00+0200") },
        { __LINE__, TEXT("2026-11-20T10:00:00+02") },
        { __LINE__, TEXT("2026-11-20T10:00:00+2:00") },
        { __LINE__, TEXT("2026-11-20T10:00:00+02:0") },
        { __LINE__, TEXT("2026-11-20T10:00:00+24:00") },
        { __LINE__, TEXT("2026-11-20T10:00:00+02:60") },
        { __LINE__, TEXT("2026-11-20T10:00:00+02:00:00") },
        { __LINE__, TEXT("2026-11-20T10:00:00+") },
        { __LINE__, TEXT("2026-11-20T10:00:00UTC") },
        { __LINE__, TEXT("2026-11-20T10:00:00Z+02:00") },
        { __LINE__, TEXT("2026-11-20T10:00:00\xe2\x88\x92"
                         "02:00") }, /* a minus sign that is no hyphen */
        { __LINE__, TEXT("\xef\xbc\x92"
                         "026-11-20T10:00:00Z") }, /* a digit that is not ASCII */
        { __LINE__, TEXT("Fri, 20 Nov 2026 10:00:00 GMT") },
        { __LINE__, TEXT("1795168800") },
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char *copy = exact_copy(cases[i].text);
        int64_t us = UNTOUCHED;
        EXPECT(cases[i].line, !timestamp_parse((struct bytes){ copy, cases[i].text.len }, &us));
        EXPECT_INT(cases[i].line, us, UNTOUCHED);
        free(copy);
    }
}

Test(timestamp, no_beginning_of_one_is_one)
{
    struct bytes text = BYTES("2026-11-20T10:00:00.123456+02:00");

    for (size_t len = 0; len < text.len; len++) {
        char *copy = exact_copy((struct bytes){ text.p, len });
        int64_t us;
        cr_expect_not(timestamp_parse((struct bytes){ copy, len }, &us), "the first %zu bytes", len);
        free(copy);
    }
}

/* Five centuries, each day a day after the one before, among them years that are leap years, and years that are not, for each reason. */
Test(timestamp, days_follow_each_other)
{
    static const int longest[] = { 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    const int64_t day_us = INT64_C(86400000000);
    int64_t before = -11676096000000000 - day_us; /* 1600-01-01 */

    for (int year = 1600; year <= 2100; year++) {
        for (int month = 1; month <= 12; month++) {
            for (int day = 1; day <= longest[month - 1] + 1; day++) {
                char text[48];
                int64_t us;
                snprintf(text, sizeof text, "%04d-%02d-%02dT00:00:00Z", year, month, day);
                bool is_leap_day = month == 2 && day == 29;
                bool is_leap_year = year % 400 == 0 || (year % 4 == 0 && year % 100 != 0);
                bool is_there = day <= longest[month - 1] && (!is_leap_day || is_leap_year);
                cr_assert_eq(timestamp_parse(bytes_of(text), &us), is_there, "%s", text);
                if (is_there) {
                    cr_assert_eq(us - before, day_us, "%s", text);
                    before = us;
                }
            }
        }
    }
    EXPECT_INT(__LINE__, before, 4133894400000000); /* 2100-12-31 */
}

Test(timestamp, is_written_as_it_is_read)
{
    static const struct {
        int line;
        int64_t us;
        const char *want;
    } cases[] = {
        { __LINE__, 0, "1970-01-01T00:00:00.000000Z" },
        { __LINE__, -1, "1969-12-31T23:59:59.999999Z" },
        { __LINE__, 1795168800000001, "2026-11-20T10:00:00.000001Z" },
        { __LINE__, -62167219200000000, "0000-01-01T00:00:00.000000Z" },
        { __LINE__, 253402300799999999, "9999-12-31T23:59:59.999999Z" },
        { __LINE__, INT64_MIN, "0000-01-01T00:00:00.000000Z" },
        { __LINE__, INT64_MAX, "9999-12-31T23:59:59.999999Z" },
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char text[TIMESTAMP_TEXT_BYTES + 1];
        timestamp_format(cases[i].us, text);
        EXPECT_TEXT(cases[i].line, text, cases[i].want);
    }
}
