/* Entity tags (RFC 9110, section 8.8.3): does a client have what it would be given? */
#ifndef SYNCHRONY_MODEL_ETAG_H
#define SYNCHRONY_MODEL_ETAG_H

#include "base/bytes.h"

enum { ETAG_MAX_BYTES = 32 };

/* Appends the strong tag of an answer, with its quotes: a hash of its body, so that it is exact whoever has changed the data, and the same
 * from every process. has_more: whether another page follows, which the body does not tell. */
void etag_add(struct buf *buf, struct bytes body, bool has_more);

/* Does the header field ask for an answer only if there is none at all ("*")? */
bool etag_is_any(struct bytes if_none_match);

/* Does the header field If-None-Match name etag (with its quotes), in the weak comparison? "*" names any. What follows something that is
 * no tag is not looked at. */
bool etag_is_named(struct bytes if_none_match, struct bytes etag);

#endif
