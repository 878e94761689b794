#include "model/escapes.h"

static size_t utf8_put(char *to, unsigned c)
{
    if (c < 0x80) {
        to[0] = (char)c;
        return 1;
    }
    if (c < 0x800) {
        to[0] = (char)(0xc0 | c >> 6);
        to[1] = (char)(0x80 | (c & 0x3f));
        return 2;
    }
    if (c < 0x10000) {
        to[0] = (char)(0xe0 | c >> 12);
        to[1] = (char)(0x80 | (c >> 6 & 0x3f));
        to[2] = (char)(0x80 | (c & 0x3f));
        return 3;
    }
    to[0] = (char)(0xf0 | c >> 18);
    to[1] = (char)(0x80 | (c >> 12 & 0x3f));
    to[2] = (char)(0x80 | (c >> 6 & 0x3f));
    to[3] = (char)(0x80 | (c & 0x3f));
    return 4;
}

/* Is there \uXXXX at p, before end, of a low surrogate? */
static bool low_surrogate(const char *p, const char *end, unsigned *low)
{
    const struct bytes text = { p, (size_t)(end - p) };

    return text.len >= 6 && p[0] == '\\' && p[1] == 'u' && bytes_read_hex(text, 2, 4, low) && *low >= 0xdc00 && *low <= 0xdfff;
}

/* One escape; *from stands on its backslash. */
static size_t decode_one(const char **from, const char *end, char *to)
{
    static const char short_escapes[] = { ['b'] = '\b', ['f'] = '\f', ['n'] = '\n', ['r'] = '\r', ['t'] = '\t' };
    unsigned char kind = (unsigned char)(*from)[1];
    unsigned unit, low;

    if (kind != 'u') {
        *to = kind < sizeof short_escapes && short_escapes[kind] ? short_escapes[kind] : (char)kind;
        *from += 2;
        return 1;
    }
    (void)bytes_read_hex((struct bytes){ *from, (size_t)(end - *from) }, 2, 4, &unit);
    *from += 6;
    if (unit >= 0xd800 && unit < 0xdc00 && low_surrogate(*from, end, &low)) {
        unit = 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
        *from += 6;
    }
    return utf8_put(to, unit);
}

size_t escapes_decode(struct bytes content, char *to)
{
    const char *from = content.p;
    const char *end = content.p + content.len;
    size_t len = 0;

    while (from < end) {
        if (*from == '\\')
            len += decode_one(&from, end, to + len);
        else
            to[len++] = *from++;
    }
    return len;
}
