#include <string.h>

#include "model/scrub_value.h"

/* A URL that is being reduced. */
struct reduction {
    struct scrub_work *work;
    struct bytes url;        /* the content, or where that has escapes its view */
    const uint32_t *origins; /* of the view; NULL: places in the URL are those in the content */
    struct bytes content;
    struct buf *to;
    size_t n_cut;
};

/* Decodes a percent-encoded byte, or a plus, at *at and steps over it. */
static char next_char(struct bytes text, size_t *at)
{
    static const char hex[] = "0123456789abcdef0123456789ABCDEF";
    char c = text.p[(*at)++];

    if (c == '+')
        return ' ';
    if (c != '%' || text.len - *at < 2)
        return c;
    const char *high = memchr(hex, text.p[*at], sizeof hex - 1);
    const char *low = memchr(hex, text.p[*at + 1], sizeof hex - 1);
    if (!high || !low)
        return c;
    *at += 2;
    return (char)((unsigned)(high - hex) % 16 << 4 | (unsigned)(low - hex) % 16);
}

/* Is this the encoded form of a listed name? */
static bool matches(struct bytes name, struct bytes listed)
{
    bool is_beginning = listed.len && listed.p[listed.len - 1] == '*';
    size_t n = listed.len - is_beginning, i = 0, at = 0;

    while (i < n && at < name.len) {
        if (next_char(name, &at) != listed.p[i++])
            return false;
    }
    return i == n && (is_beginning || at == name.len);
}

static bool is_listed(const struct scrub *scrub, struct bytes name)
{
    for (size_t i = 0; i < scrub->n_parameters; i++) {
        if (matches(name, scrub->parameters[i]))
            return true;
    }
    return false;
}

static void copy(struct reduction *reduction, size_t begin, size_t end)
{
    if (reduction->origins) {
        begin = reduction->origins[begin];
        end = reduction->origins[end];
    }
    buf_add(reduction->to, (struct bytes){ reduction->content.p + begin, end - begin });
}

/* What is left of a fragment must be read as the fragment was: a question mark in a name would be the beginning of its parameters. */
static bool is_misleading(const struct reduction *reduction, size_t begin, struct bytes name)
{
    return reduction->url.p[begin - 1] == '#' && name.len && memchr(name.p, '?', name.len);
}

/* Copies the parameters from begin to end that are listed, each with the byte before it; the first with the "?" or "#" before begin. */
static void copy_parameters(struct reduction *reduction, size_t begin, size_t end)
{
    struct bytes url = reduction->url;
    bool is_first = true;
    size_t next;

    for (size_t at = begin; at < end; at = next + 1) {
        for (next = at; next < end && url.p[next] != '&' && url.p[next] != ';';)
            next++;
        struct bytes name = { url.p + at, next - at };
        const char *equals = name.len ? memchr(name.p, '=', name.len) : NULL;
        if (equals)
            name.len = (size_t)(equals - name.p);
        if (next == at || (is_listed(reduction->work->scrub, name) && !is_misleading(reduction, begin, name))) {
            copy(reduction, is_first ? begin - 1 : at - 1, is_first ? begin : at);
            copy(reduction, at, next);
            is_first = false;
        } else {
            reduction->n_cut++;
        }
    }
}

/* Where parameters begin in a piece of a URL: behind its "?", or at once where it is a list of them itself; end where there are none. */
static size_t parameters_begin(struct bytes url, size_t begin, size_t end, bool is_fragment)
{
    for (size_t at = begin; at < end; at++) {
        if (url.p[at] == '?')
            return at + 1;
        if (is_fragment && (url.p[at] == '=' || url.p[at] == '&'))
            return begin;
    }
    return end;
}

static void reduce(struct reduction *reduction)
{
    struct bytes url = reduction->url;
    const char *hash = url.len ? memchr(url.p, '#', url.len) : NULL;
    size_t query_end = hash ? (size_t)(hash - url.p) : url.len;
    size_t query = parameters_begin(url, 0, query_end, false);

    copy(reduction, 0, query < query_end ? query - 1 : query_end);
    copy_parameters(reduction, query, query_end);
    if (!hash)
        return;
    size_t fragment = parameters_begin(url, query_end + 1, url.len, true);
    copy(reduction, query_end, fragment < url.len ? fragment - 1 : url.len);
    copy_parameters(reduction, fragment, url.len);
}

enum status scrub_url(struct scrub_work *work, struct bytes *content)
{
    struct reduction reduction = { .work = work, .url = *content, .content = *content, .to = scrub_work_buffer(work, *content) };

    if (content->len && memchr(content->p, '\\', content->len)) {
        if (scrub_view_open(&work->view, *content) != STATUS_OK)
            return STATUS_NO_MEMORY;
        reduction.url = scrub_view_text(&work->view);
        reduction.origins = work->view.origins;
    }
    buf_reset(reduction.to);
    reduce(&reduction);
    if (!reduction.n_cut)
        return STATUS_OK;
    work->counts[SCRUB_PARAMETERS] += (unsigned)reduction.n_cut;
    *content = buf_bytes(reduction.to);
    return reduction.to->failed ? STATUS_NO_MEMORY : STATUS_OK;
}
