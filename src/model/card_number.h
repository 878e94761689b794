/* Finds payment card numbers in a text (ISO/IEC 7812-1): 13 to 19 digits of a scheme that issues numbers of that length, with the check
 * digit of annex B (Luhn's), in one piece or in groups.
 *
 * One of ten numbers passes Luhn's check by chance, so everything else is looked at as well: the issuer's range, how the digits are
 * grouped, and what stands around them. Never found: the digits behind a decimal point, in a UUID, or in a token of hexadecimal digits
 * that is as long as hashes and identifiers are (16, 24, 32, … 1024 with a letter among them); a number with another count of digits
 * directly around it. */
#ifndef SYNCHRONY_MODEL_CARD_NUMBER_H
#define SYNCHRONY_MODEL_CARD_NUMBER_H

#include <stdbool.h>

#include "base/bytes.h"
#include "model/span.h"

enum { CARD_NUMBER_MIN_DIGITS = 13, CARD_NUMBER_MAX_DIGITS = 19 };

/* Is this a card's number? digits: nothing but ASCII digits. */
bool card_number_is(struct bytes digits);

/* Finds the first at or behind *from. Numbers that overlap, where groups can be read in two ways, are found as one. On true *from is set to
 * the end of what was found, to go on from. */
bool card_number_next(struct bytes text, size_t *from, struct span *found);

#endif
