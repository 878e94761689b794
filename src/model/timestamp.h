/* Time stamps as text (RFC 3339) and as microseconds since 1970-01-01T00:00:00Z, without leap seconds. */
#ifndef SYNCHRONY_MODEL_TIMESTAMP_H
#define SYNCHRONY_MODEL_TIMESTAMP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"

/* Reads RFC 3339's date-time: four-digit year, "T", and an offset ("Z" or ±hh:mm) are required; letters in either case; digits
 * past the microsecond are cut off; a leap second (:60, at the end of an hour and minute in UTC) counts as the second after it.
 * Returns false, *us untouched, for anything else. */
bool timestamp_parse(struct bytes text, int64_t *us);

#endif
