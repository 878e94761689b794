#include "base/utf8.h"

#include <stdint.h>
#include <string.h>
#include <unistr.h>

size_t utf8_error_offset(struct bytes text)
{
    const uint8_t *p = (const uint8_t *)text.p;
    const uint8_t *error = text.len ? u8_check(p, text.len) : NULL;

    return error ? (size_t)(error - p) : text.len;
}

/* Are the eight bytes at p all in ASCII and printable? */
static bool word_is_printable(const char *p)
{
    const uint64_t ones = 0x0101010101010101u;
    uint64_t word;

    memcpy(&word, p, sizeof word);
    uint64_t control = word - ones * 0x20; /* a borrow reaches only bytes behind one that is a control character itself */
    uint64_t del = (word ^ (ones * 0x7f)) - ones;
    return ((word | control | del) & (ones << 7)) == 0;
}

bool utf8_has_control(struct bytes text)
{
    size_t i = 0;

    while (text.len - i >= 8 && word_is_printable(text.p + i))
        i += 8;
    for (; i < text.len; i++) {
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
