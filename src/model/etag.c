#include "model/etag.h"

#include <string.h>

/* Takes the opaque tag that the list begins with, in its quotes, off it. */
static bool take_tag(struct bytes *list, struct bytes *tag)
{
    struct bytes rest = bytes_trim(*list, " \t,");

    if (bytes_begins_with(rest, BYTES("W/")))
        rest = (struct bytes){ rest.p + 2, rest.len - 2 };
    const char *end = rest.len > 1 && rest.p[0] == '"' ? memchr(rest.p + 1, '"', rest.len - 1) : NULL;
    if (!end)
        return false;
    *tag = (struct bytes){ rest.p, (size_t)(end - rest.p) + 1 };
    *list = (struct bytes){ end + 1, rest.len - tag->len };
    return true;
}

bool etag_is_named(struct bytes if_none_match, struct bytes etag)
{
    struct bytes tag;

    if (bytes_equal(bytes_trim(if_none_match, " \t"), BYTES("*")))
        return true;
    while (take_tag(&if_none_match, &tag)) {
        if (bytes_equal(tag, etag))
            return true;
    }
    return false;
}
