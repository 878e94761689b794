#include "model/separator.h"

#include <string.h>

/* Past ASCII, in UTF-8. */
static const struct bytes wide[] = {
    BYTES("\xc2\xa0"),     /* no-break space */
    BYTES("\xc2\xad"),     /* soft hyphen */
    BYTES("\xc2\xb7"),     /* middle dot */
    BYTES("\xd8\x9c"),     /* Arabic letter mark */
    BYTES("\xe1\x9a\x80"), /* ogham space */
    BYTES("\xe1\xa0\x8e"), /* Mongolian vowel separator */
    BYTES("\xe2\x80\xa2"), /* bullet */
    BYTES("\xe2\x81\x83"), /* hyphen bullet */
    BYTES("\xe2\x81\x9f"), /* mathematical space */
    BYTES("\xe2\x88\x92"), /* minus */
    BYTES("\xe3\x80\x80"), /* ideographic space */
    BYTES("\xef\xb9\x98"), /* small em dash */
    BYTES("\xef\xb9\xa3"), /* small hyphen */
    BYTES("\xef\xbb\xbf"), /* zero width no-break space */
    BYTES("\xef\xbc\x8d"), /* full-width hyphen */
};

static bool is_within(struct bytes text, const char *first, const char *last)
{
    return memcmp(text.p, first, 3) >= 0 && memcmp(text.p, last, 3) <= 0;
}

/* Of U+2000 to U+206F: spaces of all widths and none, hyphens and dashes, marks of direction, a narrow space, and joiners. */
static bool is_general_punctuation(struct bytes text)
{
    return text.len >= 3 && (is_within(text, "\xe2\x80\x80", "\xe2\x80\x95") || is_within(text, "\xe2\x80\xaa", "\xe2\x80\xaf") ||
                             is_within(text, "\xe2\x81\xa0", "\xe2\x81\xa9"));
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

/* ---- the plus of a telephone number ---- */

/* The character before `at` that is percent-encoded, once or more often (%2B, %252B), or an escape of JSON. *begin is its beginning.
 * Returns false where it stands as it is. */
static bool escaped_before(struct bytes text, size_t at, size_t *begin, unsigned *code)
{
    if (at >= 6 && memcmp(text.p + at - 6, "\\u", 2) == 0 && bytes_read_hex(text, at - 4, 4, code)) {
        *begin = at - 6;
        return true;
    }
    if (at < 3 || !bytes_read_hex(text, at - 2, 2, code))
        return false;
    for (*begin = at - 2; *begin >= 3 && memcmp(text.p + *begin - 2, "25", 2) == 0;)
        *begin -= 2;
    return text.p[--*begin] == '%';
}

static bool is_behind_word(struct bytes text, size_t at)
{
    size_t begin;
    unsigned code;

    if (!at)
        return false;
    if (!escaped_before(text, at, &begin, &code))
        code = (unsigned char)text.p[at - 1];
    return code < 0x80 && (separator_is_digit((char)code) || separator_is_letter((char)code));
}

bool separator_is_prefix(struct bytes text, size_t at)
{
    return at + 1 < text.len && separator_is_digit(text.p[at + 1]) && !is_behind_word(text, at);
}

bool separator_ends_prefix(struct bytes text, size_t at)
{
    static const struct bytes html[] = { BYTES("&#43;"), BYTES("&#x2b;"), BYTES("&#x2B;"), BYTES("&plus;") };
    size_t begin;
    unsigned code;

    if (at && text.p[at - 1] == '+')
        return separator_is_prefix(text, at - 1);
    if (escaped_before(text, at, &begin, &code))
        return code == '+' && !is_behind_word(text, begin);
    for (size_t i = 0; i < sizeof html / sizeof html[0]; i++) {
        if (at >= html[i].len && memcmp(text.p + at - html[i].len, html[i].p, html[i].len) == 0)
            return !is_behind_word(text, at - html[i].len);
    }
    return false;
}
