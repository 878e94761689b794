/* What people and pages write between the groups of a long number: blanks of all widths, hyphens and dashes, dots, underscores, and the
 * plus that stands for a blank in a form's data. Left to others: which numbers those are (card_number, iban). */
#ifndef SYNCHRONY_MODEL_SEPARATOR_H
#define SYNCHRONY_MODEL_SEPARATOR_H

#include <stdbool.h>
#include <stddef.h>

#include "base/bytes.h"

enum { SEPARATORS_MAX = 3 }; /* that may follow one another, as in "4111 - 1111" */

enum separator {
    SEPARATOR_NONE = 0,
    SEPARATOR_OTHER = 1,
    SEPARATOR_DOT = 2, /* decimals and addresses have it as well */
    SEPARATOR_MIXED = 3
};

/* Steps over up to SEPARATORS_MAX separators at *at in UTF-8 text; *at stays where there is none. Returns which they were. */
enum separator separator_skip(struct bytes text, size_t *at);

static inline bool separator_is_digit(char c)
{
    return (unsigned char)(c - '0') <= 9;
}

static inline bool separator_is_letter(char c)
{
    return (unsigned char)((c | 0x20) - 'a') <= 'z' - 'a';
}

/* Is the plus at `at` the prefix of a telephone number: before a digit, and behind no letter or digit, where it stands for a blank? */
static inline bool separator_is_prefix(struct bytes text, size_t at)
{
    return at + 1 < text.len && separator_is_digit(text.p[at + 1]) &&
           !(at && (separator_is_digit(text.p[at - 1]) || separator_is_letter(text.p[at - 1])));
}

#endif
