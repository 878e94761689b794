#include "model/trace_context.h"

#include <string.h>

enum { VERSION_LEN = 2, TRACE_ID_LEN = 32, PARENT_ID_LEN = 16, FLAGS_LEN = 2 };

/* Takes len digits off text, and the dash before them unless they are the first. Returns the absent value where they are not there. */
static struct bytes take(struct bytes *text, size_t len, bool is_first)
{
    static const char digits[] = "0123456789abcdef";
    size_t dash = is_first ? 0 : 1;

    if (!text->p || text->len < dash + len || (dash && text->p[0] != '-'))
        return (struct bytes){ 0 };
    struct bytes taken = { text->p + dash, len };
    for (size_t i = 0; i < len; i++) {
        if (!memchr(digits, taken.p[i], sizeof digits - 1))
            return (struct bytes){ 0 };
    }
    text->p += dash + len;
    text->len -= dash + len;
    return taken;
}

static bool is_zero(struct bytes digits)
{
    return !bytes_trim(digits, "0").len;
}

struct bytes trace_context_id(struct bytes traceparent)
{
    struct bytes rest = traceparent;
    struct bytes version = take(&rest, VERSION_LEN, true);
    struct bytes trace_id = take(&rest, TRACE_ID_LEN, false);
    struct bytes parent_id = take(&rest, PARENT_ID_LEN, false);
    struct bytes flags = take(&rest, FLAGS_LEN, false);
    bool is_known = version.p && bytes_equal(version, BYTES("00"));

    if (!version.p || !trace_id.p || !parent_id.p || !flags.p || bytes_equal(version, BYTES("ff")) || is_zero(trace_id) ||
        is_zero(parent_id) || (rest.len && (is_known || rest.p[0] != '-')))
        return (struct bytes){ 0 };
    return trace_id;
}
