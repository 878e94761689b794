/* URI references (RFC 3986) and what they refer to from a base. Text alone: nothing is looked up, and what is no URI gives some text. */
#ifndef SYNCHRONY_MODEL_URI_REFERENCE_H
#define SYNCHRONY_MODEL_URI_REFERENCE_H

#include "base/arena.h"
#include "base/bytes.h"

/* Splits a reference at its "#". *fragment is absent where there is none. Returns what stands before. */
struct bytes uri_reference_split(struct bytes reference, struct bytes *fragment);

/* Has it a scheme? */
bool uri_reference_is_absolute(struct bytes reference);

/* The target of a reference without a fragment, from base, an absolute URI without one (section 5.2). In the arena, or base itself; the
 * absent value without memory. */
struct bytes uri_reference_resolve(struct bytes base, struct bytes reference, struct arena *arena) MUST_USE;

/* Decodes the percent escapes of a fragment into to, which has text.len bytes. Returns the length, or SIZE_MAX where an escape is none. */
size_t uri_reference_decode(struct bytes text, char *to);

#endif
