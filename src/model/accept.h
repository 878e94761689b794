/* Which representation of what is read does a client want (RFC 9110, section 12.5.1)? */
#ifndef SYNCHRONY_MODEL_ACCEPT_H
#define SYNCHRONY_MODEL_ACCEPT_H

#include "base/bytes.h"

/* In the order in which we would rather give them. */
enum representation { REPRESENTATION_JSON, REPRESENTATION_NDJSON, REPRESENTATION_CSV, REPRESENTATION_COUNT };

/* Those that there are, for people. */
#define REPRESENTATIONS_OFFERED "application/json, application/x-ndjson, text/csv"

/* Content-Type. */
const char *representation_type(enum representation representation);

/* Chooses by the header field Accept: the greatest quality, of equal ones the first of ours. Absent, empty or without a range that is
 * well-formed it accepts all. Parameters of a range are of no account, but for q. Returns false where it accepts none. */
bool accept_choose(struct bytes accept, enum representation *chosen);

#endif
