/* JSON numbers as exact decimal values: compared, tested and divided without a loss, whatever double would make of them.
 *
 * Holds every number that json_guard passes (40 significant digits, exponents within ±308, integers of 64 bits) with room to spare.
 * Left to others: whether a number can be stored faithfully (model/number). */
#ifndef SYNCHRONY_MODEL_DECIMAL_H
#define SYNCHRONY_MODEL_DECIMAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"

enum {
    DECIMAL_DIGITS_MAX = 76,     /* significant ones: ten times as much still fits the coefficient */
    DECIMAL_EXPONENT_MAX = 9999, /* either way, as written */
    DECIMAL_LIMBS = 4
};

/* A value, in one form only: equal values have equal members. */
struct decimal {
    uint64_t coefficient[DECIMAL_LIMBS]; /* least significant first; not divisible by ten, but for zero */
    int32_t exponent;                    /* the value is ±coefficient × 10^exponent; 0 for zero */
    uint16_t n_digits;                   /* of the coefficient; 0 for zero */
    bool negative;                       /* never of zero */
};

/* Reads a JSON number (RFC 8259, section 6), the whole of text. Returns false, *decimal undefined, where it is none, or has more
 * significant digits or a greater exponent than stated above. */
bool decimal_read(struct bytes text, struct decimal *decimal) MUST_USE;

/* Returns < 0, 0 or > 0. */
int decimal_compare(const struct decimal *a, const struct decimal *b);

bool decimal_equal(const struct decimal *a, const struct decimal *b);

/* Equal values have equal hashes: 1, 1.0 and 10e-1. For tables of what a schema says; a client that knows it can make values collide. */
uint64_t decimal_hash(const struct decimal *decimal);

/* Has it no fraction? 1.0 and 1e2 have none. */
bool decimal_is_integer(const struct decimal *decimal);

/* The value where it is an integer of 0 to max. Returns false, *value untouched, for any other. */
bool decimal_to_size(const struct decimal *decimal, size_t max, size_t *value);

/* Is value ÷ divisor an integer? divisor > 0. Some hundred instructions for numbers of 19 digits or less, at most some ten thousand. */
bool decimal_is_multiple(const struct decimal *value, const struct decimal *divisor);

#endif
