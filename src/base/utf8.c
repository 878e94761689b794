#include "base/utf8.h"

#include <stdint.h>
#include <unistr.h>

size_t utf8_error_offset(struct bytes text)
{
    const uint8_t *p = (const uint8_t *)text.p;
    const uint8_t *error = text.len ? u8_check(p, text.len) : NULL;

    return error ? (size_t)(error - p) : text.len;
}

bool utf8_has_control(struct bytes text)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.p[i];
        if (c < 0x20 || c == 0x7f)
            return true;
        /* U+0080 to U+009F are C2 80 to C2 9F. */
        if (c == 0xc2 && i + 1 < text.len && (unsigned char)text.p[i + 1] < 0xa0)
            return true;
    }
    return false;
}

struct bytes utf8_cut(struct bytes text, size_t max_bytes)
{
    if (text.len <= max_bytes)
        return text;
    text.len = max_bytes;
    while (text.len && ((unsigned char)text.p[text.len] & 0xc0) == 0x80)
        text.len--;
    return text;
}
