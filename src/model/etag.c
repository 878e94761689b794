#include "model/etag.h"

#include <string.h>

#include "base/base64url.h"
#include "base/crypto.h"

enum { HASH_BYTES = 16 }; /* of it: more would tell nothing more */

void etag_add(struct buf *buf, struct bytes body, bool has_more)
{
    unsigned char digest[SHA256_BYTES];

    crypto_sha256(body, digest);
    buf_add_text(buf, "\"");
    base64url_add(buf, (struct bytes){ (const char *)digest, HASH_BYTES });
    buf_add_text(buf, has_more ? ".more\"" : "\"");
}

bool etag_is_any(struct bytes if_none_match)
{
    return bytes_equal(bytes_trim(if_none_match, " \t"), BYTES("*"));
}

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

    if (etag_is_any(if_none_match))
        return true;
    while (take_tag(&if_none_match, &tag)) {
        if (bytes_equal(tag, etag))
            return true;
    }
    return false;
}
