#include "model/separator.h"

#include <string.h>

/* Past ASCII, in UTF-8. */
static const struct bytes wide[] = {
    BYTES("\xc2\xa0"),     /* no-break space */
    BYTES("\xc2\xad"),     /* soft hyphen */
    BYTES("\xe2\x88\x92"), /* minus */
    BYTES("\xe2\x80\xaf"), /* narrow no-break space */
    BYTES("\xe2\x81\x9f"), /* mathematical space */
    BYTES("\xe2\x81\xa0"), /* word joiner */
    BYTES("\xe3\x80\x80"), /* ideographic space */
    BYTES("\xef\xbb\xbf"), /* zero width no-break space */
};

/* U+2000 to U+2015: spaces of all widths, zero width ones and directions, hyphens and dashes. */
static bool is_general_punctuation(struct bytes text)
{
    return text.len >= 3 && memcmp(text.p, "\xe2\x80", 2) == 0 && (unsigned char)(text.p[2] - 0x80) <= 0x15;
}

static size_t wide_len(struct bytes text)
{
    if (is_general_punctuation(text))
        return 3;
    for (size_t i = 0; i < sizeof wide / sizeof wide[0]; i++) {
        if (bytes_begins_with(text, wide[i]))
            return wide[i].len;
    }
    return 0;
}

static enum separator one(struct bytes text, size_t *len)
{
    unsigned char c = text.len ? (unsigned char)text.p[0] : '\0';

    *len = c >= 0x80 ? wide_len(text) : c && strchr(" .-_+\t", c) ? 1 : 0;
    if (!*len)
        return SEPARATOR_NONE;
    return c == '.' ? SEPARATOR_DOT : SEPARATOR_OTHER;
}

enum separator separator_skip(struct bytes text, size_t *at)
{
    enum separator kinds = SEPARATOR_NONE;
    size_t len = 1;

    for (int i = 0; i < SEPARATORS_MAX && len; i++) {
        kinds |= one((struct bytes){ text.p + *at, text.len - *at }, &len);
        *at += len;
    }
    return kinds;
}
