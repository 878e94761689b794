#include "model/uri.h"

#include "model/ip_address.h"

/* Which parts a byte may stand in. */
enum {
    SCHEME = 1,
    NAME = 2,     /* reg-name: unreserved and sub-delims */
    USERINFO = 4, /* and ":" */
    PATH = 8,     /* pchar and "/" */
    QUERY = 16,   /* pchar, "/" and "?"; also a fragment */
    HEX = 32,
    DIGIT = 64,
    LETTER = 128,
    ANYWHERE = NAME | USERINFO | PATH | QUERY,
};

/* clang-format off */
#define HEX_LETTER (ANYWHERE | SCHEME | LETTER | HEX)
#define OTHER_LETTER (ANYWHERE | SCHEME | LETTER)
#define A_DIGIT (ANYWHERE | SCHEME | HEX | DIGIT)
static const unsigned char parts[256] = {
    ['a' ... 'f'] = HEX_LETTER, ['g' ... 'z'] = OTHER_LETTER, ['A' ... 'F'] = HEX_LETTER, ['G' ... 'Z'] = OTHER_LETTER,
    ['0' ... '9'] = A_DIGIT,
    /* unreserved */
    ['-'] = ANYWHERE | SCHEME, ['.'] = ANYWHERE | SCHEME, ['_'] = ANYWHERE, ['~'] = ANYWHERE,
    /* sub-delims */
    ['!'] = ANYWHERE, ['$'] = ANYWHERE, ['&'] = ANYWHERE, ['\''] = ANYWHERE, ['('] = ANYWHERE, [')'] = ANYWHERE,
    ['*'] = ANYWHERE, ['+'] = ANYWHERE | SCHEME, [','] = ANYWHERE, [';'] = ANYWHERE, ['='] = ANYWHERE,
    [':'] = USERINFO | PATH | QUERY, ['@'] = PATH | QUERY, ['/'] = PATH | QUERY, ['?'] = QUERY,
};
/* clang-format on */

static bool stands_in(char c, unsigned part)
{
    return (parts[(unsigned char)c] & part) != 0;
}

/* Are all bytes of that part, or percent-encoded? */
static bool is_run(struct bytes text, unsigned part)
{
    for (size_t i = 0; i < text.len; i++) {
        if (stands_in(text.p[i], part))
            continue;
        if (text.p[i] != '%' || text.len - i < 3 || !stands_in(text.p[i + 1], HEX) || !stands_in(text.p[i + 2], HEX))
            return false;
        i += 2;
    }
    return true;
}

static bool is_scheme(struct bytes text)
{
    if (text.len == 0 || !stands_in(text.p[0], LETTER))
        return false;
    for (size_t i = 1; i < text.len; i++) {
        if (!stands_in(text.p[i], SCHEME))
            return false;
    }
    return true;
}

/* "v1.what-comes-some-day" */
static bool is_ip_future(struct bytes text)
{
    struct bytes version;

    if (!bytes_cut(&text, '.', &version) || version.len < 2 || (version.p[0] | 0x20) != 'v' || text.len == 0)
        return false;
    for (size_t i = 1; i < version.len; i++) {
        if (!stands_in(version.p[i], HEX))
            return false;
    }
    for (size_t i = 0; i < text.len; i++) {
        if (!stands_in(text.p[i], USERINFO))
            return false;
    }
    return true;
}

/* What stands in brackets; *rest is what comes behind them. */
static bool ip_literal(struct bytes text, struct bytes *rest)
{
    struct bytes inner;

    text = (struct bytes){ text.p + 1, text.len - 1 };
    if (!bytes_cut(&text, ']', &inner) || !text.p)
        return false;
    *rest = text;
    return ip_address_is_v6(inner) || is_ip_future(inner);
}

/* [userinfo "@"] host [":" port] */
static bool is_authority(struct bytes text)
{
    struct bytes head, port = text;

    if (bytes_cut(&port, '@', &head) && port.p) {
        if (!is_run(head, USERINFO))
            return false;
        text = port;
    }
    if (bytes_begins_with(text, BYTES("["))) {
        if (!ip_literal(text, &text) || (text.len && text.p[0] != ':'))
            return false;
    }
    port = text;
    (void)bytes_cut(&port, ':', &head);
    if (!is_run(head, NAME))
        return false;
    for (size_t i = 0; i < port.len; i++) {
        if (!stands_in(port.p[i], DIGIT))
            return false;
    }
    return true;
}

/* ["//" authority] path */
static bool is_hierarchy(struct bytes text)
{
    if (!bytes_begins_with(text, BYTES("//")))
        return is_run(text, PATH);
    size_t end = 2;
    while (end < text.len && text.p[end] != '/')
        end++;
    return is_authority((struct bytes){ text.p + 2, end - 2 }) && is_run((struct bytes){ text.p + end, text.len - end }, PATH);
}

/* Takes the scheme off. Without a scheme the first segment of a path holds no colon. */
static bool scheme_take(struct bytes *text, bool *has_scheme)
{
    size_t colon = 0;

    while (colon < text->len && text->p[colon] != ':' && text->p[colon] != '/')
        colon++;
    *has_scheme = colon < text->len && text->p[colon] == ':';
    if (!*has_scheme)
        return true;
    struct bytes scheme = { text->p, colon };
    *text = (struct bytes){ text->p + colon + 1, text->len - colon - 1 };
    return is_scheme(scheme);
}

static bool is_formed(struct bytes text, bool *has_scheme)
{
    struct bytes fragment = text, query;

    *has_scheme = false;
    (void)bytes_cut(&fragment, '#', &text);
    query = text;
    (void)bytes_cut(&query, '?', &text);
    return is_run(fragment, QUERY) && is_run(query, QUERY) && scheme_take(&text, has_scheme) && is_hierarchy(text);
}

bool uri_is_uri(struct bytes text)
{
    bool has_scheme;

    return is_formed(text, &has_scheme) && has_scheme;
}

bool uri_is_reference(struct bytes text)
{
    bool has_scheme;

    return is_formed(text, &has_scheme);
}
