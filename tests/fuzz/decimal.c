/* decimal: the input is two numbers with a space between them; compared with sums done by hand, digit by digit. */
#include "model/decimal.h"
#include "model/number.h"
#include "tests/fuzz/fuzz.h"

enum { EXPONENT_MAX = 60, PLACES = 2 * (EXPONENT_MAX + DECIMAL_DIGITS_MAX) + 8, ONES = PLACES / 2 };

/* A number with its point in the middle: place ONES is worth one, the one before it ten. */
struct by_hand {
    bool negative;
    unsigned char places[PLACES];
};

/* Returns false for what has no room. */
static bool write_down(struct bytes text, struct by_hand *number)
{
    struct bytes mantissa = { text.p, 0 };
    long exponent = 0;

    *number = (struct by_hand){ .negative = text.p[0] == '-' };
    while (mantissa.len < text.len && (text.p[mantissa.len] | 0x20) != 'e')
        mantissa.len++;
    if (mantissa.len < text.len) {
        char *copy = fuzz_copy((struct bytes){ text.p + mantissa.len + 1, text.len - mantissa.len - 1 });
        exponent = strtol(copy, NULL, 10);
        free(copy);
    }
    if (mantissa.len > DECIMAL_DIGITS_MAX || exponent > EXPONENT_MAX || exponent < -EXPONENT_MAX)
        return false;
    const char *point = memchr(mantissa.p, '.', mantissa.len);
    long place = ONES + 1 - exponent - (point ? point - mantissa.p : (long)mantissa.len) + number->negative;
    for (size_t i = number->negative; i < mantissa.len; i++) {
        if (mantissa.p[i] != '.')
            number->places[place++] = (unsigned char)(mantissa.p[i] - '0');
    }
    return true;
}

static bool is_zero(const struct by_hand *number)
{
    for (size_t i = 0; i < PLACES; i++) {
        if (number->places[i])
            return false;
    }
    return true;
}

static int compare(const struct by_hand *a, const struct by_hand *b)
{
    int order = memcmp(a->places, b->places, PLACES);
    bool a_negative = a->negative && !is_zero(a), b_negative = b->negative && !is_zero(b);

    if (a_negative != b_negative)
        return a_negative ? -1 : 1;
    order = (order > 0) - (order < 0);
    return a_negative ? -order : order;
}

static bool is_integer(const struct by_hand *number)
{
    for (size_t i = ONES + 1; i < PLACES; i++) {
        if (number->places[i])
            return false;
    }
    return true;
}

static void subtract(unsigned char *a, const unsigned char *b)
{
    int borrow = 0;

    for (size_t i = PLACES; i-- > 0;) {
        int digit = a[i] - b[i] - borrow;
        borrow = digit < 0;
        a[i] = (unsigned char)(digit + borrow * 10);
    }
}

/* Long division, as at school: the rest of all places of value, each as if it were an integer. */
static bool is_multiple(const struct by_hand *value, const struct by_hand *divisor)
{
    unsigned char rest[PLACES] = { 0 };

    for (size_t i = 0; i < PLACES; i++) {
        if (rest[0])
            return false; /* would not fit; the caller's bounds do not let it come to that */
        memmove(rest, rest + 1, PLACES - 1);
        rest[PLACES - 1] = value->places[i];
        while (memcmp(rest, divisor->places, PLACES) >= 0)
            subtract(rest, divisor->places);
    }
    for (size_t i = 0; i < PLACES; i++) {
        if (rest[i])
            return false;
    }
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes second = fuzz_input(data, size), first;
    struct decimal a, b;
    struct by_hand x, y;
    size_t len;

    if (!bytes_cut(&second, ' ', &first) || !second.p)
        return 0;
    bool is_number = number_scan(first, &len) != NUMBER_MALFORMED && len == first.len;
    bool is_storable = is_number && number_scan(first, &len) == NUMBER_OK;
    bool is_read = decimal_read(first, &a);
    MUST(is_number || !is_read);
    MUST(is_read || !is_storable);
    if (!is_read || !decimal_read(second, &b))
        return 0;

    int order = decimal_compare(&a, &b);
    MUST(order == -decimal_compare(&b, &a) && (order == 0) == decimal_equal(&a, &b));
    MUST(order != 0 || decimal_hash(&a) == decimal_hash(&b));
    bool divides = b.n_digits && !b.negative && decimal_is_multiple(&a, &b);
    if (!write_down(first, &x) || !write_down(second, &y))
        return 0;
    MUST(order == compare(&x, &y));
    MUST(decimal_is_integer(&a) == is_integer(&x));
    if (!is_zero(&y) && !b.negative)
        MUST(divides == is_multiple(&x, &y));
    return 0;
}
