#include "model/decimal.h"

#include <stdio.h>

#include "tests/unit/unit.h"

static struct decimal number(int line, const char *text)
{
    struct decimal decimal = { 0 };
    struct bytes bytes = bytes_of(text);
    char *copy = exact_copy(bytes);

    cr_expect(decimal_read((struct bytes){ copy, bytes.len }, &decimal), "line %d: %s", line, text);
    free(copy);
    return decimal;
}

/* Ascending; what stands in one row is equal. */
Test(decimal, order_is_exact)
{
    static const char *const rows[][6] = {
        { "-1e308", "-10e307" },
        { "-18446744073709551616", "-1.8446744073709551616e19" },
        { "-9223372036854775809" },
        { "-9223372036854775808", "-9223372036854775808.0" },
        { "-1.5", "-15e-1", "-0.15E+1" },
        { "-1", "-1.0", "-10e-1" },
        { "-1e-308" },
        { "0", "-0", "0.0", "0e5", "-0.000e-99999", "0e99999" },
        { "1e-308", "0.1e-307" },
        { "0.1", "1e-1", "0.10", "0.0001e3" },
        { "0.1000000000000000055511151231257827021181583404541015625" },
        { "0.3" },
        { "1", "1.0", "1e0", "10e-1", "0.1e1", "1.000000000000000000000000000000000000000" },
        { "9", "9e0" },
        { "10", "1e1" },
        { "11" },
        { "100", "1e2", "1.0E+2" },
        { "9007199254740992" },
        { "9007199254740993", "9007199254740993.0", "9007199254740.993e3" }, /* double cannot tell it from the one before */
        { "9999999999999999999" },
        { "9999999999999999999.5" },
        { "10000000000000000000", "1e19" },
        { "18446744073709551615", "18446744073709551615.0", "1844674407370955161.5e1" },
        { "18446744073709551616" },
        { "1234567890123456789012345678901234567889" },
        { "1234567890123456789012345678901234567890", "123456789012345678901234567890123456789e1" },
        { "1234567890123456789012345678901234567891" },
        { "9999999999999999999999999999999999999999999999999999999999999999999999999998" },
        { "9999999999999999999999999999999999999999999999999999999999999999999999999999" },
        { "1e76" },
        { "1e308", "100e306" },
        { "1.0000000000000000000000000000000000000001e308" },
        { "9e9999" },
    };

    for (size_t a = 0; a < COUNT_OF(rows); a++) {
        for (size_t b = 0; b < COUNT_OF(rows); b++) {
            for (size_t i = 0; i < COUNT_OF(rows[0]) && rows[a][i]; i++) {
                for (size_t k = 0; k < COUNT_OF(rows[0]) && rows[b][k]; k++) {
                    struct decimal x = number(__LINE__, rows[a][i]), y = number(__LINE__, rows[b][k]);
                    int order = decimal_compare(&x, &y);
                    cr_expect_eq((order > 0) - (order < 0), (a > b) - (a < b), "%s and %s", rows[a][i], rows[b][k]);
                    cr_expect_eq(decimal_equal(&x, &y), a == b, "%s and %s", rows[a][i], rows[b][k]);
                    cr_expect_eq(decimal_hash(&x) == decimal_hash(&y), a == b, "%s and %s", rows[a][i], rows[b][k]);
                }
            }
        }
    }
}

Test(decimal, integers_are_known)
{
    static const struct {
        int line;
        const char *text;
        bool is_integer;
        long size; /* as decimal_to_size has it, up to a million; -1 where it refuses */
    } cases[] = {
        { __LINE__, "0", true, 0 },
        { __LINE__, "-0", true, 0 },
        { __LINE__, "-0.0", true, 0 },
        { __LINE__, "7", true, 7 },
        { __LINE__, "1.0", true, 1 },
        { __LINE__, "1e2", true, 100 },
        { __LINE__, "1.5e1", true, 15 },
        { __LINE__, "120e-1", true, 12 },
        { __LINE__, "1000000", true, 1000000 },
        { __LINE__, "1000001", true, -1 },
        { __LINE__, "-1", true, -1 },
        { __LINE__, "1e20", true, -1 },
        { __LINE__, "1e19", true, -1 },
        { __LINE__, "18446744073709551617", true, -1 }, /* one above a word, not 1 */
        { __LINE__, "36893488147419103233", true, -1 },
        { __LINE__, "1e308", true, -1 },
        { __LINE__, "1.5", false, -1 },
        { __LINE__, "1e-1", false, -1 },
        { __LINE__, "1.25e1", false, -1 },
        { __LINE__, "9007199254740993.5", false, -1 },
        { __LINE__, "1e-308", false, -1 },
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct decimal decimal = number(cases[i].line, cases[i].text);
        size_t size = 0;
        EXPECT(cases[i].line, decimal_is_integer(&decimal) == cases[i].is_integer);
        bool fits = decimal_to_size(&decimal, 1000000, &size);
        EXPECT_INT(cases[i].line, fits ? (long)size : -1, cases[i].size);
    }
    struct decimal largest = number(__LINE__, "18446744073709551615");
    size_t size = 0;
    cr_expect(decimal_to_size(&largest, SIZE_MAX, &size) && size == UINT64_MAX);
}

Test(decimal, multiples_are_exact)
{
    static const struct {
        int line;
        const char *value, *divisor;
        bool want;
    } cases[] = {
        { __LINE__, "0", "1", true },
        { __LINE__, "-0.0", "0.3", true },
        { __LINE__, "10", "2", true },
        { __LINE__, "7", "2", false },
        { __LINE__, "-10", "2", true },
        { __LINE__, "-7", "2", false },
        { __LINE__, "4.5", "1.5", true },
        { __LINE__, "35", "1.5", false },
        { __LINE__, "0.0075", "0.0001", true },
        { __LINE__, "0.00751", "0.0001", false },
        { __LINE__, "0.3", "0.1", true },
        { __LINE__, "19.99", "0.01", true },
        { __LINE__, "19.995", "0.01", false },
        { __LINE__, "1e308", "0.5", true },
        { __LINE__, "1e308", "0.123456789", false },
        { __LINE__, "1.23456789e308", "0.123456789", true },
        { __LINE__, "1e308", "1e-308", true },
        { __LINE__, "1e-308", "1e308", false },
        { __LINE__, "1e-308", "1e-308", true },
        { __LINE__, "1e308", "3", false },
        { __LINE__, "1e60", "1152921504606846976", true }, /* 2^60 */
        { __LINE__, "1e59", "1152921504606846976", false },
        { __LINE__, "1e27", "7450580596923828125", true }, /* 5^27 */
        { __LINE__, "1e26", "7450580596923828125", false },
        { __LINE__, "18446744073709551615", "5", true },
        { __LINE__, "18446744073709551615", "7", false },
        { __LINE__, "18446744073709551615", "18446744073709551615", true },
        { __LINE__, "1234567890123456789012345678901234567890", "1234567890123456789", true },
        { __LINE__, "1234567890123456789012345678901234567891", "1234567890123456789", false },
        { __LINE__, "1219326311370217952237463801111263526900", "12345678901234567890", true }, /* by 98765432109876543210 */
        { __LINE__, "1219326311370217952237463801111263526901", "12345678901234567890", false },
        { __LINE__, "1e308", "1606938044258990275541962092341162602522202993782792835301376e0", true }, /* 2^200 */
        { __LINE__, "1e199", "1606938044258990275541962092341162602522202993782792835301376", false },
        { __LINE__, "1e200", "1606938044258990275541962092341162602522202993782792835301376", true },
        { __LINE__, "1e308", "1606938044258990275541962092341162602522202993782792835301377", false },
        { __LINE__, "3e308", "9999999999999999999999999999999999999999", false },
        { __LINE__, "9999999999999999999999999999999999999999e268", "9999999999999999999999999999999999999999", true },
        { __LINE__, "5", "10", false },
        { __LINE__, "5", "1e1", false },
        { __LINE__, "12", "5e-1", true },
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct decimal value = number(cases[i].line, cases[i].value), divisor = number(cases[i].line, cases[i].divisor);
        EXPECT(cases[i].line, decimal_is_multiple(&value, &divisor) == cases[i].want);
    }
}

/* Against the machine's own integers: thousandths, and thousandths of thousandths. */
Test(decimal, short_numbers_agree_with_integers)
{
    for (long a = -1100; a <= 1100; a += 25) {
        for (long b = 1; b <= 1100; b += 7) {
            char text[2][32];
            snprintf(text[0], sizeof text[0], "%s%ld.%03ld", a < 0 ? "-" : "", labs(a) / 1000, labs(a) % 1000);
            snprintf(text[1], sizeof text[1], "%lde-3", b);
            struct decimal x = number(__LINE__, text[0]), y = number(__LINE__, text[1]);
            int order = decimal_compare(&x, &y);
            cr_assert_eq((order > 0) - (order < 0), (a > b) - (a < b), "%s and %s", text[0], text[1]);
            cr_assert_eq(decimal_equal(&x, &y), a == b, "%s and %s", text[0], text[1]);
            cr_assert_eq(decimal_is_multiple(&x, &y), a % b == 0, "%s and %s", text[0], text[1]);
            cr_assert_eq(decimal_is_integer(&x), a % 1000 == 0, "%s", text[0]);
        }
    }
}

Test(decimal, refuses_what_is_no_number_or_too_long)
{
    static const char *const cases[] = {
        "",        "-",        "+1",
        "01",      "-01",      "00",
        "1.",      ".5",       "1e",
        "1e+",     "1.e5",     "0x10",
        "NaN",     "Infinity", "1 ",
        " 1",      "1,5",      "--1",
        "1-1",     "1e5.5",    "1:",
        "12a",     "9/",       "99999999999999999999999999999999999999999999999999999999999999999999999999999", /* 77 digits */
        "1e10000", "1e-10000", "1e999999999999999999999",
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct bytes text = bytes_of(cases[i]);
        char *copy = exact_copy(text);
        struct decimal decimal;
        cr_expect_not(decimal_read((struct bytes){ copy, text.len }, &decimal), "%s", cases[i]);
        free(copy);
    }
}

/* A megabyte of digits is refused, or read where they are zeros. */
Test(decimal, length_is_bounded)
{
    char *digits = repeated('1', 1000000);
    struct decimal decimal;

    cr_expect_not(decimal_read((struct bytes){ digits, 1000000 }, &decimal));
    memset(digits, '0', 1000000);
    digits[1] = '.';
    cr_expect(decimal_read((struct bytes){ digits, 1000000 }, &decimal));
    digits[999999] = '1';
    cr_expect_not(decimal_read((struct bytes){ digits, 1000000 }, &decimal));
    free(digits);
}
