/* Content-Type (RFC 9110, section 8.3): may a body of this type be an event? */
#ifndef SYNCHRONY_MODEL_MEDIA_TYPE_H
#define SYNCHRONY_MODEL_MEDIA_TYPE_H

#include "base/bytes.h"

/* What is accepted, for people. */
#define MEDIA_TYPES_ACCEPTED "application/json, text/plain, application/x-www-form-urlencoded, each with charset=utf-8 or none"

/* True for the accepted types in any case, with no charset or utf-8, and for an absent or empty header. Other parameters are of no
 * account. */
bool media_type_is_accepted(struct bytes content_type);

#endif
