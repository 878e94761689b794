/* Time stamps as text (RFC 3339) and as microseconds since 1970-01-01T00:00:00Z, without leap seconds. */
#ifndef SYNCHRONY_MODEL_TIMESTAMP_H
#define SYNCHRONY_MODEL_TIMESTAMP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"

/* Reads RFC 3339's date-time: four-digit year, "T", and an offset ("Z" or ±hh:mm) are required; letters in either case; digits
 * past the microsecond are cut off; a leap second (23:59:60 in UTC, on any day) counts as the second after it.
 * Returns false, *us untouched, for anything else. */
bool timestamp_parse(struct bytes text, int64_t *us);

/* Its halves: is text a full-date ("2026-11-20"), a full-time ("10:00:00.5+02:00")? */
bool timestamp_is_date(struct bytes text);
bool timestamp_is_time(struct bytes text);

enum { TIMESTAMP_TEXT_BYTES = 27 }; /* 2026-11-20T10:00:00.000000Z */

/* Writes it in UTC with microseconds; a year outside 0000 to 9999 comes out as the nearest of them. */
void timestamp_format(int64_t us, char text[TIMESTAMP_TEXT_BYTES + 1]);

#endif
