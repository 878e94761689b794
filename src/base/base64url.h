/* Bytes as text that may stand in a URL as it is: base64url without padding (RFC 4648, section 5). */
#ifndef SYNCHRONY_BASE_BASE64URL_H
#define SYNCHRONY_BASE_BASE64URL_H

#include "base/bytes.h"

/* How many characters n bytes take. */
#define BASE64URL_CHARS(n) (((n)*4 + 2) / 3)

/* Appends the text of data. */
void base64url_add(struct buf *buf, struct bytes data);

/* Decodes text into to, which has room for text.len bytes. Returns false for a character that is none of the 64, a length that no data
 * has, and bits behind the last byte that are not zero: so each run of bytes has one text alone. */
bool base64url_decode(struct bytes text, char *to, size_t *len);

#endif
