/* URIs by RFC 3986's grammar (appendix A): is it one? Nothing is decoded, resolved or made the same. */
#ifndef SYNCHRONY_MODEL_URI_H
#define SYNCHRONY_MODEL_URI_H

#include <stdbool.h>

#include "base/bytes.h"

/* URI: with a scheme, with or without a fragment. */
bool uri_is_uri(struct bytes text);

/* URI-reference: a URI or a relative reference, also the empty one. */
bool uri_is_reference(struct bytes text);

#endif
