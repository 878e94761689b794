#include "base/bytes.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct bytes bytes_of(const char *text)
{
    return (struct bytes){ text, text ? strlen(text) : 0 };
}

bool bytes_equal(struct bytes a, struct bytes b)
{
    return a.len == b.len && (a.p == b.p || a.len == 0 || memcmp(a.p, b.p, a.len) == 0);
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

/* Not strncasecmp(3): that stops at a NUL, and what is a letter depends on the locale. */
bool bytes_equal_nocase(struct bytes a, struct bytes b)
{
    if (a.len != b.len)
        return false;
    for (size_t i = 0; i < a.len; i++) {
        if (lower(a.p[i]) != lower(b.p[i]))
            return false;
    }
    return true;
}

int bytes_compare(struct bytes a, struct bytes b)
{
    size_t shorter = a.len < b.len ? a.len : b.len;
    int order = shorter ? memcmp(a.p, b.p, shorter) : 0;

    return order ? order : (a.len > b.len) - (a.len < b.len);
}

bool bytes_begins_with(struct bytes text, struct bytes prefix)
{
    return text.len >= prefix.len && (prefix.len == 0 || memcmp(text.p, prefix.p, prefix.len) == 0);
}

static bool stands_in(char c, const char *set)
{
    return c != '\0' && strchr(set, c) != NULL;
}

struct bytes bytes_trim(struct bytes text, const char *set)
{
    while (text.len && stands_in(text.p[0], set)) {
        text.p++;
        text.len--;
    }
    while (text.len && stands_in(text.p[text.len - 1], set))
        text.len--;
    return text;
}

bool bytes_cut(struct bytes *text, char separator, struct bytes *head)
{
    if (!text->p)
        return false;

    const char *at = text->len ? memchr(text->p, separator, text->len) : NULL;
    *head = *text;
    if (!at) {
        *text = (struct bytes){ 0 };
        return true;
    }
    head->len = (size_t)(at - text->p);
    *text = (struct bytes){ at + 1, text->len - head->len - 1 };
    return true;
}

bool bytes_read_hex(struct bytes text, size_t at, size_t n, unsigned *value)
{
    *value = 0;
    if (at > text.len || text.len - at < n)
        return false;
    for (size_t end = at + n; at < end; at++) {
        unsigned c = (unsigned char)text.p[at];
        unsigned digit = c - '0' <= 9 ? c - '0' : (c | 0x20) - 'a' <= 5 ? (c | 0x20) - 'a' + 10 : 16;
        if (digit > 15)
            return false;
        *value = *value << 4 | digit;
    }
    return true;
}

bool bytes_to_size(struct bytes text, size_t max, size_t *value)
{
    size_t sum = 0;

    if (!text.len)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        size_t digit = (size_t)(unsigned char)text.p[i] - '0';
        if (digit > 9 || digit > max || sum > (max - digit) / 10)
            return false;
        sum = sum * 10 + digit;
    }
    *value = sum;
    return true;
}

struct buf buf_new(size_t ceiling)
{
    /* No object is larger than PTRDIFF_MAX bytes. Within that, no sum below overflows. */
    return (struct buf){ .ceiling = ceiling < PTRDIFF_MAX ? ceiling : PTRDIFF_MAX - 1 };
}

struct buf buf_in(char *memory, size_t size)
{
    return (struct buf){ .p = memory, .capacity = size, .ceiling = size - 1 };
}

void buf_free(struct buf *buf)
{
    free(buf->p);
    *buf = buf_new(buf->ceiling);
}

void buf_reset(struct buf *buf)
{
    buf->len = 0;
    buf->failed = false;
}

char *buf_room(struct buf *buf, size_t len)
{
    if (buf->failed || len > buf->ceiling - buf->len) {
        buf->failed = true;
        return NULL;
    }

    size_t need = buf->len + len + 1;
    if (need > buf->capacity) {
        size_t capacity = buf->capacity < 128 ? 256 : buf->capacity * 2;
        if (capacity < need)
            capacity = need;
        if (capacity > buf->ceiling + 1)
            capacity = buf->ceiling + 1;
        char *p = realloc(buf->p, capacity);
        if (!p) {
            buf->failed = true;
            return NULL;
        }
        buf->p = p;
        buf->capacity = capacity;
    }
    return buf->p + buf->len;
}

void buf_grown(struct buf *buf, size_t len)
{
    buf->len += len;
    buf->p[buf->len] = '\0';
}

void buf_add(struct buf *buf, struct bytes text)
{
    char *room = buf_room(buf, text.len);

    if (!room)
        return;
    if (text.len)
        memcpy(room, text.p, text.len);
    buf_grown(buf, text.len);
}

void buf_add_text(struct buf *buf, const char *text)
{
    buf_add(buf, bytes_of(text));
}

void buf_add_format(struct buf *buf, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    int len = vsnprintf(NULL, 0, format, args);
    va_end(args);
    char *room = len < 0 ? NULL : buf_room(buf, (size_t)len);
    if (!room) {
        buf->failed = true;
        return;
    }
    va_start(args, format);
    vsnprintf(room, (size_t)len + 1, format, args);
    va_end(args);
    buf_grown(buf, (size_t)len);
}

/* How a byte stands in a JSON string: 0 as itself, 'u' as \u00XX, any other letter behind a backslash. */
static char escape_of(unsigned char c)
{
    static const char short_escapes[0x20] = { ['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f', ['\r'] = 'r' };

    if (c == '"' || c == '\\')
        return (char)c;
    if (c == 0x7f)
        return 'u';
    if (c >= 0x20)
        return 0;
    return short_escapes[c] ? short_escapes[c] : 'u';
}

void buf_add_json(struct buf *buf, struct bytes text)
{
    size_t from = 0;

    if (!text.p)
        text = BYTES(""); /* NULL + 0 has no defined value */
    buf_add(buf, BYTES("\""));
    for (size_t i = 0; i < text.len; i++) {
        char escape = escape_of((unsigned char)text.p[i]);
        if (!escape)
            continue;
        buf_add(buf, (struct bytes){ text.p + from, i - from });
        from = i + 1;
        if (escape == 'u')
            buf_add_format(buf, "\\u%04x", (unsigned)(unsigned char)text.p[i]);
        else
            buf_add(buf, (struct bytes){ (char[]){ '\\', escape }, 2 });
    }
    buf_add(buf, (struct bytes){ text.p + from, text.len - from });
    buf_add(buf, BYTES("\""));
}

struct bytes buf_bytes(const struct buf *buf)
{
    return (struct bytes){ buf->p ? buf->p : "", buf->len };
}
