#include "model/properties.h"

#include <string.h>

#include "model/escapes.h"

/* Where the string that begins at text.p[at] ends, behind its quote. */
static size_t string_end(struct bytes text, size_t at)
{
    for (at++; at < text.len && text.p[at] != '"'; at++) {
        if (text.p[at] == '\\')
            at++;
    }
    return at < text.len ? at + 1 : text.len;
}

/* Where the value that begins at text.p[at] ends. */
static size_t value_end(struct bytes text, size_t at)
{
    size_t depth = 0;

    while (at < text.len) {
        char c = text.p[at];
        if (depth == 0 && (c == ',' || c == '}'))
            break;
        if (c == '"') {
            at = string_end(text, at);
            continue;
        }
        depth += c == '{' || c == '[';
        depth -= c == '}' || c == ']';
        at++;
    }
    return at;
}

static size_t skip(struct bytes text, size_t at, const char *set)
{
    while (at < text.len && text.p[at] && strchr(set, text.p[at]))
        at++;
    return at;
}

bool properties_next(struct bytes *rest, struct property *property)
{
    struct bytes text = *rest;
    size_t begin = skip(text, 0, "{, ");

    if (begin >= text.len || text.p[begin] != '"')
        return false;
    size_t name_end = string_end(text, begin);
    size_t value = skip(text, name_end, ": ");
    size_t end = value_end(text, value);
    property->name = (struct bytes){ text.p + begin + 1, name_end - begin - 2 };
    property->value = (struct bytes){ text.p + value, end - value };
    property->whole = (struct bytes){ text.p + begin, end - begin };
    *rest = (struct bytes){ text.p + end, text.len - end };
    return true;
}

void properties_add_string(struct buf *buf, struct bytes string)
{
    struct bytes content = { string.p + 1, string.len - 2 };
    char *room = buf_room(buf, content.len);

    if (room)
        buf_grown(buf, escapes_decode(content, room));
}
