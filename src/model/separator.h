/* What people and pages write between the groups of a long number: blanks of all widths, hyphens and dashes, dots, bullets, underscores,
 * marks of direction, and the plus that stands for a blank in a form's data. And the plus that does not: a telephone number's.
 *
 * A plus is a prefix where it stands before a digit and behind no letter or digit, whichever of the two is escaped and however often: what
 * is a prefix in a link (t=+49..., tel:+49...) is one where the link is a parameter of another (%3D%2B49..., tel%3A%252B49...), and in JSON
 * or HTML that is itself a string. Behind a letter or digit it stands for the blank of a form's data, escaped or not: a form within a form
 * has it escaped (card%2B4111...). What could escape us by that are cards of thirteen digits, which is as long as a telephone number can be
 * taken for one; no scheme has issued those for decades. Left to others: which numbers those are (card_number, iban). */
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

/* Is the plus at `at`, which stands as it is, the prefix of a telephone number? It still is when an escape before it is undone. */
bool separator_is_prefix(struct bytes text, size_t at);

/* Does a prefix end at `at`, before a digit, be it escaped or not? */
bool separator_ends_prefix(struct bytes text, size_t at);

#endif
