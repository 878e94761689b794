#include "model/number.h"

#include <stdbool.h>

struct span {
    size_t begin;
    size_t end;
};

struct reading {
    struct bytes text;
    size_t at;
};

struct number {
    struct span integer; /* digits before the point */
    struct span fraction;
    bool negative;
    bool has_exponent;
    int exponent; /* as written; at most ±99,999, so that it can be added to a length */
};

static struct span digits(struct reading *reading)
{
    struct span span = { reading->at, reading->at };

    while (reading->at < reading->text.len && (unsigned)(reading->text.p[reading->at] - '0') <= 9)
        reading->at++;
    span.end = reading->at;
    return span;
}

static bool accept(struct reading *reading, char c)
{
    if (reading->at >= reading->text.len || reading->text.p[reading->at] != c)
        return false;
    reading->at++;
    return true;
}

static bool exponent(struct reading *reading, struct number *number)
{
    bool negative = accept(reading, '-');

    if (!negative)
        (void)accept(reading, '+');
    struct span span = digits(reading);
    if (span.begin == span.end)
        return false;
    for (size_t i = span.begin; i < span.end && number->exponent < 10000; i++)
        number->exponent = number->exponent * 10 + (reading->text.p[i] - '0');
    if (negative)
        number->exponent = -number->exponent;
    number->has_exponent = true;
    return true;
}

/* RFC 8259, section 6: -?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)? */
static bool number_read(struct reading *reading, struct number *number)
{
    number->negative = accept(reading, '-');
    number->integer = digits(reading);
    size_t len = number->integer.end - number->integer.begin;
    if (len == 0 || (len > 1 && reading->text.p[number->integer.begin] == '0'))
        return false;
    if (accept(reading, '.')) {
        number->fraction = digits(reading);
        if (number->fraction.begin == number->fraction.end)
            return false;
    }
    if (accept(reading, 'e') || accept(reading, 'E'))
        return exponent(reading, number);
    return true;
}

/* −2⁶³ … 2⁶⁴−1. There are no leading zeros. */
static bool integer_fits(const struct reading *reading, const struct number *number)
{
    struct bytes text = { reading->text.p + number->integer.begin, number->integer.end - number->integer.begin };
    struct bytes bound = number->negative ? BYTES("9223372036854775808") : BYTES("18446744073709551615");

    return text.len < bound.len || (text.len == bound.len && bytes_compare(text, bound) <= 0);
}

enum { SIGNIFICANT_DIGITS_MAX = 40, EXPONENT_MAX = 308, FRACTION_MAX = 16383 /* digits that PostgreSQL's numeric keeps */ };

/* At most 40 significant digits, and an exponent within ±308 both as written and in scientific notation. */
static bool decimal_fits(const struct reading *reading, const struct number *number)
{
    size_t integer_len = number->integer.end - number->integer.begin;
    size_t fraction_len = number->fraction.end - number->fraction.begin;
    size_t zeros = 0;

    if (number->exponent > EXPONENT_MAX || number->exponent < -EXPONENT_MAX)
        return false;
    if (reading->text.p[number->integer.begin] == '0') {
        while (zeros < fraction_len && reading->text.p[number->fraction.begin + zeros] == '0')
            zeros++;
        if (zeros == fraction_len)
            return (long)zeros - number->exponent <= FRACTION_MAX;
        integer_len = 0;
    }
    size_t significant = integer_len + fraction_len - zeros;
    if (significant > SIGNIFICANT_DIGITS_MAX || zeros > EXPONENT_MAX * 2)
        return false;
    int scientific = number->exponent + (integer_len ? (int)integer_len - 1 : -(int)zeros - 1);
    return scientific <= EXPONENT_MAX && scientific >= -EXPONENT_MAX;
}

enum number_verdict number_scan(struct bytes text, size_t *len)
{
    struct reading reading = { .text = text };
    struct number number = { 0 };

    if (!number_read(&reading, &number))
        return NUMBER_MALFORMED;
    *len = reading.at;
    bool is_integer = number.fraction.begin == number.fraction.end && !number.has_exponent;
    if (is_integer)
        return integer_fits(&reading, &number) ? NUMBER_OK : NUMBER_INTEGER_TOO_LARGE;
    return decimal_fits(&reading, &number) ? NUMBER_OK : NUMBER_DECIMAL_TOO_LARGE;
}
