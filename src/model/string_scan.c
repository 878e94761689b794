#include "model/string_scan.h"

#include "base/utf8.h"
#include "model/escapes.h"

static const char *refuse(struct string_scan *scan, const char *at, const char *reason)
{
    scan->at = at;
    scan->fault = reason;
    return NULL;
}

/* The first stands. */
static void blame(struct string_scan *scan, const char *at, const char *reason)
{
    if (!scan->unstorable) {
        scan->at = at;
        scan->unstorable = reason;
    }
}

/* Reads the four digits of \uXXXX behind its "u". Returns false where they are not there. */
static bool hex4(const char *p, const char *end, unsigned *unit)
{
    return bytes_read_hex((struct bytes){ p, (size_t)(end - p) }, 0, 4, unit);
}

/* \uXXXX, or two of them where the first is a high surrogate. */
static const char *unicode_escape(const char *backslash, const char *end, struct string_scan *scan)
{
    const char *behind = backslash + 6;
    unsigned unit, low;

    if (!hex4(backslash + 2, end, &unit))
        return refuse(scan, backslash, "four hexadecimal digits were expected behind \\u");
    if (unit == 0)
        blame(scan, backslash, "the character \\u0000 cannot be stored");
    if (unit < 0xd800 || unit > 0xdfff)
        return behind;
    if (unit < 0xdc00 && end - behind >= 6 && behind[0] == '\\' && behind[1] == 'u' && hex4(behind + 2, end, &low) &&
        low >= 0xdc00 && low <= 0xdfff)
        return behind + 6;
    blame(scan, backslash, "a lone surrogate cannot be stored");
    return behind;
}

static const char *escape(const char *backslash, const char *end, struct string_scan *scan)
{
    char kind = end - backslash > 1 ? backslash[1] : '\0';

    scan->has_escapes = true;
    if (kind == 'u')
        return unicode_escape(backslash, end, scan);
    if (kind == '\0' || !strchr("\"\\/bfnrt", kind))
        return refuse(scan, backslash, "no such escape");
    return backslash + 2;
}

static const char *plain_end(const char *at, const char *end)
{
    for (; end - at >= BYTE_VECTOR_BYTES; at += BYTE_VECTOR_BYTES) {
        unsigned ends = string_scan_ends(at);
        if (ends)
            return at + __builtin_ctz(ends);
    }
    return at;
}

/* Behind the string, or NULL; *past_ascii is set where UTF-8 is to be looked at. */
static const char *walk(const char *at, const char *end, struct string_scan *scan, bool *past_ascii)
{
    while (at) {
        at = plain_end(at, end);
        if (at == end)
            return refuse(scan, end, "the string does not end");
        unsigned char c = (unsigned char)*at;
        if (c == '"')
            return at + 1;
        if (c < 0x20)
            return refuse(scan, at, "a control character must be escaped");
        *past_ascii |= c >= 0x80;
        at = c == '\\' ? escape(at, end, scan) : at + 1;
    }
    return NULL;
}

const char *string_scan_any(const char *quote, const char *at, const char *end, struct string_scan *scan)
{
    bool past_ascii = false;

    *scan = (struct string_scan){ 0 };
    const char *behind = walk(at, end, scan, &past_ascii);
    if (!behind)
        return NULL;
    scan->content = (struct bytes){ quote + 1, (size_t)(behind - quote - 2) };
    if (past_ascii) {
        size_t error = utf8_error_offset(scan->content);
        if (error < scan->content.len)
            return refuse(scan, scan->content.p + error, "not valid UTF-8");
    }
    return behind;
}
