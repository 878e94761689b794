#include "model/ip_address.h"

enum { V4_PARTS = 4, V6_GROUPS = 8, V6_GROUP_DIGITS = 4 };

bool ip_address_is_v4(struct bytes text)
{
    struct bytes part;
    size_t n = 0, value;

    for (; bytes_cut(&text, '.', &part); n++) {
        if (n == V4_PARTS || !bytes_to_size(part, 255, &value) || (part.len > 1 && part.p[0] == '0'))
            return false;
    }
    return n == V4_PARTS;
}

static bool is_hex(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* Groups from *at on, to the end or to "::", which it steps over; false where there is something else. */
static bool groups(struct bytes text, size_t *at, size_t *n, bool *has_gap)
{
    while (*at < text.len) {
        size_t begin = *at;
        while (*at < text.len && *at - begin < V6_GROUP_DIGITS && is_hex(text.p[*at]))
            (*at)++;
        if (*at == begin || ++*n > V6_GROUPS)
            return false;
        if (*at == text.len)
            return true;
        if (text.p[*at] == '.') {
            ++*n;
            *at = text.len;
            return ip_address_is_v4((struct bytes){ text.p + begin, text.len - begin });
        }
        if (text.p[*at] != ':' || ++*at == text.len)
            return false;
        if (text.p[*at] == ':') {
            ++*at;
            *has_gap = true;
            return true;
        }
    }
    return true;
}

bool ip_address_is_v6(struct bytes text)
{
    size_t at = 0, n = 0;
    bool has_gap = bytes_begins_with(text, BYTES("::")), has_second = false;

    if (has_gap)
        at = 2;
    else if (!groups(text, &at, &n, &has_gap))
        return false;
    if (has_gap && !groups(text, &at, &n, &has_second))
        return false;
    return !has_second && (has_gap ? n < V6_GROUPS : n == V6_GROUPS);
}
