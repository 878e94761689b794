/* JSON numbers (RFC 8259, section 6): their form, and whether they can be stored faithfully. No value is computed: none would be exact. */
#ifndef SYNCHRONY_MODEL_NUMBER_H
#define SYNCHRONY_MODEL_NUMBER_H

#include <stddef.h>

#include "base/bytes.h"

enum number_verdict {
    NUMBER_OK,
    NUMBER_MALFORMED,         /* no number stands there */
    NUMBER_INTEGER_TOO_LARGE, /* outside -2^63 to 2^64-1 */
    NUMBER_DECIMAL_TOO_LARGE  /* an exponent past 308 either way, or over 40 significant digits */
};

/* Reads the number that text begins with. *len is set to its length, but for NUMBER_MALFORMED. */
enum number_verdict number_scan(struct bytes text, size_t *len);

#endif
