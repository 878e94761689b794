#include "model/origin.h"

#include <string.h>

static const char scheme_characters[] = "abcdefghijklmnopqrstuvwxyz0123456789+.-";
static const char host_characters[] = "abcdefghijklmnopqrstuvwxyz0123456789.-_";

static bool consists_of(struct bytes text, const char *set)
{
    for (size_t i = 0; i < text.len; i++) {
        if (!text.p[i] || !strchr(set, text.p[i]))
            return false;
    }
    return text.len > 0;
}

/* Cuts at the first separator of several characters. Returns false where there is none. */
static bool cut_at(struct bytes text, struct bytes separator, struct bytes *head, struct bytes *tail)
{
    const char *at = text.len ? memmem(text.p, text.len, separator.p, separator.len) : NULL;

    if (!at)
        return false;
    *head = (struct bytes){ text.p, (size_t)(at - text.p) };
    *tail = (struct bytes){ at + separator.len, text.len - head->len - separator.len };
    return true;
}

/* An IPv6 address in brackets, or a name that has no empty label. */
static bool is_host(struct bytes host)
{
    if (host.len > 2 && host.p[0] == '[' && host.p[host.len - 1] == ']')
        return consists_of((struct bytes){ host.p + 1, host.len - 2 }, "0123456789abcdef:.");
    return consists_of(host, host_characters) && host.p[0] != '.' && host.p[host.len - 1] != '.' &&
           !memmem(host.p, host.len, "..", 2);
}

/* Takes the port off the end. Returns false where there is one that is none. */
static bool cut_port(struct bytes *host)
{
    size_t port, at = host->len;

    while (at > 0 && host->p[at - 1] != ':' && host->p[at - 1] != ']')
        at--;
    if (at == 0 || host->p[at - 1] == ']')
        return true;
    struct bytes digits = { host->p + at, host->len - at };
    host->len = at - 1;
    return bytes_to_size(digits, 65535, &port);
}

bool origin_pattern_is_valid(struct bytes pattern)
{
    struct bytes scheme, host;

    if (!cut_at(pattern, BYTES("://"), &scheme, &host) || !consists_of(scheme, scheme_characters) || !cut_port(&host))
        return false;
    bool is_wild = bytes_begins_with(host, BYTES("*."));
    if (is_wild)
        host = (struct bytes){ host.p + 2, host.len - 2 };
    /* "*.example" would be all of a top-level domain. */
    return is_host(host) && (!is_wild || (memchr(host.p, '.', host.len) && host.p[0] != '['));
}

bool origin_matches(struct bytes pattern, struct bytes origin)
{
    struct bytes head, tail;

    if (!origin.p || !cut_at(pattern, BYTES("*"), &head, &tail))
        return origin.p && bytes_equal(pattern, origin);
    if (origin.len <= head.len + tail.len || memcmp(origin.p, head.p, head.len) != 0 ||
        memcmp(origin.p + origin.len - tail.len, tail.p, tail.len) != 0)
        return false;
    return is_host((struct bytes){ origin.p + head.len, origin.len - head.len - tail.len });
}
