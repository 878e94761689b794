/* Is it UTF-8? The only door to libunistring. */
#ifndef SYNCHRONY_BASE_UTF8_H
#define SYNCHRONY_BASE_UTF8_H

#include "base/bytes.h"

/* The offset of the first byte of text that begins no valid UTF-8 sequence (RFC 3629: no overlong form, no surrogate, nothing
 * past U+10FFFF), or text.len where all is well. */
size_t utf8_error_offset(struct bytes text);

/* Does valid UTF-8 text hold a control character (U+0000 to U+001F, U+007F to U+009F; Unicode's category Cc)? */
bool utf8_has_control(struct bytes text);

/* The longest prefix of valid UTF-8 text that has at most max_bytes and ends between two characters. */
struct bytes utf8_cut(struct bytes text, size_t max_bytes);

#endif
