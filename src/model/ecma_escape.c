#include "model/ecma_escape.h"

enum { CODE_POINT_MAX = 0x10ffff };

/* The byte at i, or NUL at the end. */
static char at(struct bytes text, size_t i)
{
    return i < text.len ? text.p[i] : '\0';
}

static size_t none(const char **fault, const char *reason)
{
    *fault = reason;
    return 0;
}

/* n hexadecimal digits, from offset i on. */
static bool hex(struct bytes text, size_t i, size_t n, int32_t *value)
{
    *value = 0;
    for (size_t end = i + n; i < end; i++) {
        unsigned c = (unsigned char)at(text, i);
        unsigned digit = c - '0' <= 9 ? c - '0' : (c | 0x20) - 'a' <= 5 ? (c | 0x20) - 'a' + 10 : 16;
        if (digit > 15)
            return false;
        *value = *value << 4 | (int32_t)digit;
    }
    return true;
}

/* \u{1F600} */
static size_t braced(struct bytes text, int32_t *c, const char **fault)
{
    size_t len = 3;
    int32_t digit;

    *c = 0;
    for (; hex(text, len, 1, &digit) && *c <= CODE_POINT_MAX; len++)
        *c = *c << 4 | digit;
    if (len == 3 || *c > CODE_POINT_MAX || at(text, len) != '}')
        return none(fault, "\\u{…} takes the hexadecimal digits of a code point");
    return len + 1;
}

/* \u0041 or \ud83d\ude00 */
static size_t units(struct bytes text, int32_t *c, const char **fault)
{
    int32_t low;

    if (!hex(text, 2, 4, c))
        return none(fault, "four hexadecimal digits were expected behind \\u");
    if (*c < 0xd800 || *c >= 0xdc00 || at(text, 6) != '\\' || at(text, 7) != 'u' || !hex(text, 8, 4, &low) || low < 0xdc00 ||
        low > 0xdfff)
        return 6;
    *c = 0x10000 + ((*c - 0xd800) << 10) + (low - 0xdc00);
    return 12;
}

static size_t unicode(struct bytes text, int32_t *c, const char **fault)
{
    size_t len = at(text, 2) == '{' ? braced(text, c, fault) : units(text, c, fault);

    if (len && *c >= 0xd800 && *c <= 0xdfff)
        return none(fault, "a lone surrogate is no character");
    return len;
}

static bool is_punctuation(char c)
{
    return c >= ' ' && c < 0x7f && !ecma_is_digit(c) && !ecma_is_letter(c);
}

size_t ecma_escape_read(struct bytes text, int32_t *c, const char **fault)
{
    static const char controls[] = { ['f'] = '\f', ['n'] = '\n', ['r'] = '\r', ['t'] = '\t', ['v'] = '\v' };
    char kind = at(text, 1);

    *c = kind;
    if (kind == 'u')
        return unicode(text, c, fault);
    if (kind == 'x')
        return hex(text, 2, 2, c) ? 4 : none(fault, "two hexadecimal digits were expected behind \\x");
    if (kind == 'c') {
        *c = at(text, 2) & 0x1f;
        return ecma_is_letter(at(text, 2)) ? 3 : none(fault, "a letter was expected behind \\c");
    }
    if (kind == '0') {
        *c = 0;
        return ecma_is_digit(at(text, 2)) ? none(fault, "octal escapes are not supported") : 2;
    }
    if (is_punctuation(kind))
        return 2;
    *c = kind > 0 && (size_t)kind < sizeof controls ? controls[(size_t)kind] : 0;
    if (*c)
        return 2;
    return none(fault, text.len == 1 ? "a character was expected behind \\" : "no such escape");
}
