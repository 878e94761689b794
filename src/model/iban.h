/* Finds international bank account numbers in a text (ISO 13616-1): a country's letters, two check digits (modulo 97, ISO/IEC 7064), and an
 * account of that country's length and form, in one piece or with separators, in either case. */
#ifndef SYNCHRONY_MODEL_IBAN_H
#define SYNCHRONY_MODEL_IBAN_H

#include <stdbool.h>

#include "base/bytes.h"
#include "model/span.h"

enum { IBAN_MIN_BYTES = 15, IBAN_MAX_BYTES = 34 };

/* Could an IBAN begin with these two letters and two digits? at + 4 ≤ text.len. For a quick look. */
bool iban_may_begin(struct bytes text, size_t at);

/* Does an IBAN begin there, whatever stands before it? at ≤ text.len. */
bool iban_is_at(struct bytes text, size_t at);

/* Finds the first at or behind *from. No letter or digit may touch it, and it is no part of a UUID. On true *from is set to its end, to go
 * on from. */
bool iban_next(struct bytes text, size_t *from, struct span *found);

#endif
