/* The escapes of JSON strings (RFC 8259, section 7): what they stand for. Whether they are well-formed is json_guard's to say. */
#ifndef SYNCHRONY_MODEL_ESCAPES_H
#define SYNCHRONY_MODEL_ESCAPES_H

#include <stddef.h>

#include "base/bytes.h"

/* Decodes a well-formed content of a string, that is without its quotes, to a buffer of content.len bytes: an escape is never shorter
 * than what it stands for. A lone surrogate comes out as three bytes of its own. Returns the length. */
size_t escapes_decode(struct bytes content, char *to);

#endif
