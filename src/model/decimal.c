#include "model/decimal.h"

#include <string.h>

#include "model/number.h"

enum { WORD_DIGITS = 19 /* every number of so many digits fits 64 bits */, COEFFICIENT_BITS = 256 };

static const uint64_t powers_of_ten[WORD_DIGITS + 1] = {
    UINT64_C(1),
    UINT64_C(10),
    UINT64_C(100),
    UINT64_C(1000),
    UINT64_C(10000),
    UINT64_C(100000),
    UINT64_C(1000000),
    UINT64_C(10000000),
    UINT64_C(100000000),
    UINT64_C(1000000000),
    UINT64_C(10000000000),
    UINT64_C(100000000000),
    UINT64_C(1000000000000),
    UINT64_C(10000000000000),
    UINT64_C(100000000000000),
    UINT64_C(1000000000000000),
    UINT64_C(10000000000000000),
    UINT64_C(100000000000000000),
    UINT64_C(1000000000000000000),
    UINT64_C(10000000000000000000),
};

__extension__ typedef unsigned __int128 wide; /* two words: a product */

/* ---- coefficients: 256 bits, least significant word first ---- */

/* a = a × factor + term. The callers see to it that it fits. */
static void scale(uint64_t a[DECIMAL_LIMBS], uint64_t factor, uint64_t term)
{
    wide carry = term;

    for (size_t i = 0; i < DECIMAL_LIMBS; i++) {
        carry += (wide)a[i] * factor;
        a[i] = (uint64_t)carry;
        carry >>= 64;
    }
}

static void scale_by_ten(uint64_t a[DECIMAL_LIMBS], unsigned times)
{
    for (; times > WORD_DIGITS; times -= WORD_DIGITS)
        scale(a, powers_of_ten[WORD_DIGITS], 0);
    scale(a, powers_of_ten[times], 0);
}

static int compare(const uint64_t a[DECIMAL_LIMBS], const uint64_t b[DECIMAL_LIMBS])
{
    for (size_t i = DECIMAL_LIMBS; i-- > 0;) {
        if (a[i] != b[i])
            return a[i] < b[i] ? -1 : 1;
    }
    return 0;
}

static bool is_zero(const uint64_t a[DECIMAL_LIMBS])
{
    return (a[0] | a[1] | a[2] | a[3]) == 0;
}

static void subtract(uint64_t a[DECIMAL_LIMBS], const uint64_t b[DECIMAL_LIMBS])
{
    uint64_t borrow = 0;

    for (size_t i = 0; i < DECIMAL_LIMBS; i++) {
        wide difference = (wide)a[i] - b[i] - borrow;
        a[i] = (uint64_t)difference;
        borrow = (uint64_t)(difference >> 64) & 1;
    }
}

/* a = (a + b) mod m, for a and b below m. */
static void add_mod(uint64_t a[DECIMAL_LIMBS], const uint64_t b[DECIMAL_LIMBS], const uint64_t m[DECIMAL_LIMBS])
{
    wide sum = 0;

    for (size_t i = 0; i < DECIMAL_LIMBS; i++) {
        sum += (wide)a[i] + b[i];
        a[i] = (uint64_t)sum;
        sum >>= 64;
    }
    if (compare(a, m) >= 0)
        subtract(a, m);
}

/* r = a mod m, bit by bit from the top. */
static void modulo(const uint64_t a[DECIMAL_LIMBS], const uint64_t m[DECIMAL_LIMBS], uint64_t r[DECIMAL_LIMBS])
{
    memset(r, 0, DECIMAL_LIMBS * sizeof *r);
    for (unsigned bit = COEFFICIENT_BITS; bit-- > 0;) {
        scale(r, 2, a[bit / 64] >> bit % 64 & 1);
        if (compare(r, m) >= 0)
            subtract(r, m);
    }
}

/* ---- reading ---- */

/* The digits of a number, as text without its sign, point and leading and trailing zeros. */
struct digits {
    const char *begin;
    const char *end;   /* behind the last that is not 0 */
    const char *point; /* NULL where there is none before end */
};

static void coefficient_read(const struct digits *digits, struct decimal *decimal)
{
    uint64_t word = 0;
    unsigned n = 0;

    for (const char *p = digits->begin; p < digits->end; p++) {
        if (p == digits->point)
            continue;
        word = word * 10 + (uint64_t)(*p - '0');
        if (++n == WORD_DIGITS) {
            scale(decimal->coefficient, powers_of_ten[n], word);
            word = 0;
            n = 0;
        }
    }
    scale(decimal->coefficient, powers_of_ten[n], word);
}

/* The exponent as written, from behind the "e" to end. Stops counting where it is too large in any case. */
static int exponent_read(const char *p, const char *end)
{
    bool negative = p < end && *p == '-';
    int exponent = 0;

    if (p < end && (*p == '-' || *p == '+'))
        p++;
    for (; p < end && exponent <= DECIMAL_EXPONENT_MAX; p++)
        exponent = exponent * 10 + (*p - '0');
    return negative ? -exponent : exponent;
}

/* Any number, its form seen to already. */
static bool read_any(const char *p, const char *end, struct decimal *decimal)
{
    const char *mantissa_end = p;
    const char *point = NULL;

    for (; mantissa_end < end && *mantissa_end != 'e' && *mantissa_end != 'E'; mantissa_end++) {
        if (*mantissa_end == '.')
            point = mantissa_end;
    }
    int exponent = mantissa_end < end ? exponent_read(mantissa_end + 1, end) : 0;
    struct digits digits = { p, mantissa_end, point };
    while (digits.begin < digits.end && (*digits.begin == '0' || digits.begin == point))
        digits.begin++;
    while (digits.end > digits.begin && (digits.end[-1] == '0' || digits.end - 1 == point))
        digits.end--;
    if (digits.begin == digits.end) {
        decimal->negative = false;
        return true;
    }

    size_t n_digits = (size_t)(digits.end - digits.begin) - (point && digits.begin < point && point < digits.end);
    if (n_digits > DECIMAL_DIGITS_MAX || exponent > DECIMAL_EXPONENT_MAX || exponent < -DECIMAL_EXPONENT_MAX)
        return false;
    /* The last digit's place, counted from the point. */
    ptrdiff_t place = (point ? point : mantissa_end) - digits.end;
    if (place < 0)
        place++;
    if (place > DECIMAL_EXPONENT_MAX || place < -DECIMAL_EXPONENT_MAX)
        return false;
    decimal->exponent = exponent + (int32_t)place;
    decimal->n_digits = (uint16_t)n_digits;
    coefficient_read(&digits, decimal);
    return true;
}

/* The value ±word × 10^exponent, whose word has at most n_digits. */
static bool short_make(uint64_t word, unsigned n_digits, int exponent, bool negative, struct decimal *decimal)
{
    *decimal = (struct decimal){ 0 };
    if (word == 0)
        return true;
    while (word < powers_of_ten[n_digits - 1])
        n_digits--;
    for (; word % 10 == 0; n_digits--, exponent++)
        word /= 10;
    decimal->coefficient[0] = word;
    decimal->exponent = exponent;
    decimal->n_digits = (uint16_t)n_digits;
    decimal->negative = negative;
    return true;
}

/* Most numbers: without an exponent, all of their digits in a word. Returns false for any other text. */
static bool read_short(struct bytes text, struct decimal *decimal)
{
    const char *end = text.p + text.len, *point = end;
    uint64_t word = 0;

    if (text.len == 0 || text.len > WORD_DIGITS)
        return false;
    bool negative = text.p[0] == '-';
    const char *first = text.p + negative;
    for (const char *p = first; p < end; p++) {
        unsigned digit = (unsigned char)*p - (unsigned)'0';
        if (digit <= 9)
            word = word * 10 + digit;
        else if (*p == '.' && point == end)
            point = p;
        else
            return false;
    }
    /* A digit at least on either side of a point, and no zero before another digit. */
    if (first == point || point == end - 1 || (*first == '0' && point - first > 1))
        return false;
    return short_make(word, (unsigned)(end - first), point < end ? (int)(point + 1 - end) : 0, negative, decimal);
}

bool decimal_read(struct bytes text, struct decimal *decimal)
{
    size_t len;

    if (read_short(text, decimal))
        return true;
    if (number_scan(text, &len) == NUMBER_MALFORMED || len != text.len)
        return false;
    *decimal = (struct decimal){ .negative = text.p[0] == '-' };
    return read_any(text.p + decimal->negative, text.p + text.len, decimal);
}

/* ---- the verbs ---- */

/* Both have their first digit at the same place. */
static int compare_aligned(const struct decimal *a, const struct decimal *b)
{
    struct decimal scaled;

    if (a->n_digits == b->n_digits)
        return compare(a->coefficient, b->coefficient);
    if (a->n_digits > b->n_digits)
        return -compare_aligned(b, a);
    scaled = *a;
    scale_by_ten(scaled.coefficient, (unsigned)b->n_digits - a->n_digits);
    return compare(scaled.coefficient, b->coefficient);
}

static int compare_magnitudes(const struct decimal *a, const struct decimal *b)
{
    int first_a = a->exponent + a->n_digits, first_b = b->exponent + b->n_digits;

    if (a->n_digits == 0 || b->n_digits == 0)
        return (a->n_digits != 0) - (b->n_digits != 0);
    if (first_a != first_b)
        return first_a < first_b ? -1 : 1;
    return compare_aligned(a, b);
}

int decimal_compare(const struct decimal *a, const struct decimal *b)
{
    if (a->negative != b->negative)
        return a->negative ? -1 : 1;
    return a->negative ? compare_magnitudes(b, a) : compare_magnitudes(a, b);
}

bool decimal_equal(const struct decimal *a, const struct decimal *b)
{
    return a->exponent == b->exponent && a->negative == b->negative && compare(a->coefficient, b->coefficient) == 0;
}

uint64_t decimal_hash(const struct decimal *decimal)
{
    uint64_t hash = ((uint64_t)decimal->exponent << 1 | decimal->negative) * UINT64_C(0xff51afd7ed558ccd);

    for (size_t i = 0; i < DECIMAL_LIMBS; i++) {
        hash = (hash ^ decimal->coefficient[i]) * UINT64_C(0x9e3779b97f4a7c15);
        hash ^= hash >> 32;
    }
    return hash;
}

bool decimal_is_integer(const struct decimal *decimal)
{
    return decimal->exponent >= 0;
}

bool decimal_to_size(const struct decimal *decimal, size_t max, size_t *value)
{
    uint64_t small[DECIMAL_LIMBS];

    if (decimal->negative || decimal->exponent < 0 || decimal->exponent + decimal->n_digits > WORD_DIGITS + 1)
        return false;
    memcpy(small, decimal->coefficient, sizeof small);
    scale_by_ten(small, (unsigned)decimal->exponent);
    if (small[1] || small[0] > max)
        return false;
    *value = small[0];
    return true;
}

/* Of two words, with products of two: where the coefficients fit one. */
static bool is_multiple_of_word(uint64_t value, uint64_t divisor, unsigned tens)
{
    uint64_t rest = value % divisor;

    for (; rest && tens > WORD_DIGITS; tens -= WORD_DIGITS)
        rest = (uint64_t)((wide)rest * powers_of_ten[WORD_DIGITS] % divisor);
    return rest == 0 || (wide)rest * powers_of_ten[tens] % divisor == 0;
}

static bool is_multiple_of_coefficient(const uint64_t value[DECIMAL_LIMBS], const uint64_t divisor[DECIMAL_LIMBS], unsigned tens)
{
    uint64_t rest[DECIMAL_LIMBS], twice[DECIMAL_LIMBS];

    modulo(value, divisor, rest);
    for (; tens && !is_zero(rest); tens--) {
        add_mod(rest, rest, divisor);
        memcpy(twice, rest, sizeof twice);
        add_mod(rest, rest, divisor);
        add_mod(rest, rest, divisor);
        add_mod(rest, twice, divisor);
    }
    return is_zero(rest);
}

/* value ÷ divisor is (coefficient × 10^tens) ÷ the divisor's coefficient. With tens below zero that is no integer, since no coefficient
 * is divisible by ten. More tens than the divisor has bits bring no further factor of two or five that it could hold. */
bool decimal_is_multiple(const struct decimal *value, const struct decimal *divisor)
{
    int tens = value->exponent - divisor->exponent;

    if (value->n_digits == 0)
        return true;
    if (tens < 0)
        return false;
    if (value->n_digits <= WORD_DIGITS && divisor->n_digits <= WORD_DIGITS)
        return is_multiple_of_word(value->coefficient[0], divisor->coefficient[0], tens < 64 ? (unsigned)tens : 64);
    return is_multiple_of_coefficient(value->coefficient, divisor->coefficient,
                                      tens < COEFFICIENT_BITS ? (unsigned)tens : COEFFICIENT_BITS);
}
