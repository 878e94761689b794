/* Entity tags (RFC 9110, section 8.8.3): does a client have what it would be given? */
#ifndef SYNCHRONY_MODEL_ETAG_H
#define SYNCHRONY_MODEL_ETAG_H

#include "base/bytes.h"

/* Does the header field If-None-Match name etag (with its quotes), in the weak comparison? "*" names any. What follows something that is
 * no tag is not looked at. */
bool etag_is_named(struct bytes if_none_match, struct bytes etag);

#endif
