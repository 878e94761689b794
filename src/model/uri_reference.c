#include "model/uri_reference.h"

#include <stdint.h>
#include <string.h>

/* The parts, each with the sign that sets it off; absent where there is none. A path is always there. */
struct parts {
    struct bytes scheme;    /* "http:" */
    struct bytes authority; /* "//host" */
    struct bytes path;
    struct bytes query; /* "?a" */
};

struct bytes uri_reference_split(struct bytes reference, struct bytes *fragment)
{
    const char *sign = reference.len ? memchr(reference.p, '#', reference.len) : NULL;

    *fragment = (struct bytes){ 0 };
    if (sign) {
        size_t len = (size_t)(sign - reference.p);
        *fragment = (struct bytes){ sign + 1, reference.len - len - 1 };
        reference.len = len;
    }
    return reference;
}

static struct bytes take(struct bytes *rest, size_t len)
{
    struct bytes head = { rest->p, len };

    rest->p += len;
    rest->len -= len;
    return head;
}

static size_t until(struct bytes text, size_t from, const char *set)
{
    while (from < text.len && !(text.p[from] && strchr(set, text.p[from])))
        from++;
    return from;
}

static struct parts parts_of(struct bytes text)
{
    struct parts parts = { 0 };
    size_t n = until(text, 0, ":/?");

    if (n && n < text.len && text.p[n] == ':')
        parts.scheme = take(&text, n + 1);
    if (text.len >= 2 && text.p[0] == '/' && text.p[1] == '/')
        parts.authority = take(&text, until(text, 2, "/?"));
    parts.path = take(&text, until(text, 0, "?"));
    if (text.len)
        parts.query = text;
    return parts;
}

bool uri_reference_is_absolute(struct bytes reference)
{
    return parts_of(reference).scheme.p != NULL;
}

/* Appends a path without its dot segments (section 5.2.4): "a/./b/../c" is "a/c". What was written before floor stays. */
static size_t path_put(struct bytes path, char *to, size_t len)
{
    size_t floor = len;

    while (path.len) {
        size_t n = until(path, path.p[0] == '/', "/");
        struct bytes segment = take(&path, n);
        struct bytes name = { segment.p + (segment.p[0] == '/'), segment.len - (segment.p[0] == '/') };
        bool is_up = bytes_equal(name, BYTES(".."));
        if (!is_up && !bytes_equal(name, BYTES("."))) {
            memcpy(to + len, segment.p, segment.len);
            len += segment.len;
            continue;
        }
        while (is_up && len > floor && to[--len] != '/')
            ;
        if (!path.len && (len > floor || segment.p[0] == '/'))
            to[len++] = '/';
    }
    return len;
}

/* The base's path up to its last slash with the reference's behind it (section 5.2.3). */
static struct bytes merge(const struct parts *base, struct bytes path, struct arena *arena)
{
    struct bytes head = base->path;
    char *p = arena_alloc(arena, head.len + path.len + 1);

    if (!p)
        return (struct bytes){ 0 };
    while (head.len && head.p[head.len - 1] != '/')
        head.len--;
    if (!head.len && base->authority.p)
        head = BYTES("/");
    memcpy(p, head.p, head.len);
    memcpy(p + head.len, path.p, path.len);
    return (struct bytes){ p, head.len + path.len };
}

struct bytes uri_reference_resolve(struct bytes base_text, struct bytes reference, struct arena *arena)
{
    struct parts base = parts_of(base_text), target = parts_of(reference);

    if (!reference.len)
        return base_text;
    if (!target.scheme.p) {
        target.scheme = base.scheme;
        if (!target.authority.p) {
            target.authority = base.authority;
            if (!target.path.len) {
                target.path = base.path;
                target.query = target.query.p ? target.query : base.query;
            } else if (target.path.p[0] != '/') {
                target.path = merge(&base, target.path, arena);
            }
        }
    }
    size_t room = target.scheme.len + target.authority.len + target.path.len + target.query.len + 2;
    char *p = target.path.p ? arena_alloc(arena, room) : NULL;
    size_t len = 0;
    if (!p)
        return (struct bytes){ 0 };
    const struct bytes heads[] = { target.scheme, target.authority };
    for (size_t i = 0; i < 2; i++) {
        if (heads[i].len)
            memcpy(p + len, heads[i].p, heads[i].len);
        len += heads[i].len;
    }
    len = path_put(target.path, p, len);
    if (target.query.len)
        memcpy(p + len, target.query.p, target.query.len);
    return (struct bytes){ p, len + target.query.len };
}

static unsigned hex(char c)
{
    unsigned digit = (unsigned char)c - (unsigned)'0', letter = ((unsigned char)c | 0x20u) - 'a';

    return digit <= 9 ? digit : letter <= 5 ? letter + 10 : 16;
}

size_t uri_reference_decode(struct bytes text, char *to)
{
    size_t len = 0;

    for (size_t i = 0; i < text.len; i++) {
        if (text.p[i] != '%') {
            to[len++] = text.p[i];
            continue;
        }
        if (text.len - i < 3 || hex(text.p[i + 1]) > 15 || hex(text.p[i + 2]) > 15)
            return SIZE_MAX;
        to[len++] = (char)(hex(text.p[i + 1]) << 4 | hex(text.p[i + 2]));
        i += 2;
    }
    return len;
}
