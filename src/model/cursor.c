#include "model/cursor.h"

#include <string.h>

#include "base/base64url.h"

/* What it is made of: the version, the time, the identity, the session, the check sum; numbers with their high octet first. */
enum {
    CURSOR_VERSION = 1,
    NUMBER_BYTES = 8,
    ID_BYTES = sizeof(struct uuid),
    FIXED_BYTES = 1 + NUMBER_BYTES + ID_BYTES,
    SESSION_MAX_BYTES = 4096
};

static void put_number(char *to, uint64_t value)
{
    for (size_t i = 0; i < NUMBER_BYTES; i++)
        to[i] = (char)(value >> 8 * (NUMBER_BYTES - 1 - i));
}

static uint64_t get_number(const char *from)
{
    uint64_t value = 0;

    for (size_t i = 0; i < NUMBER_BYTES; i++)
        value = value << 8 | (unsigned char)from[i];
    return value;
}

/* FNV-1a, 64 bits. */
static uint64_t add_to_sum(uint64_t sum, struct bytes data)
{
    for (size_t i = 0; i < data.len; i++)
        sum = (sum ^ (unsigned char)data.p[i]) * UINT64_C(0x100000001b3);
    return sum;
}

/* Every value with its length, an absent one as longer than any, so that no two runs of values look the same. */
static uint64_t check_sum(struct bytes payload, const struct bytes *binding, size_t n)
{
    uint64_t sum = UINT64_C(0xcbf29ce484222325);

    for (size_t i = 0; i < n; i++) {
        char len[NUMBER_BYTES];
        put_number(len, binding[i].p ? binding[i].len : UINT64_MAX);
        sum = add_to_sum(sum, (struct bytes){ len, sizeof len });
        sum = add_to_sum(sum, binding[i]);
    }
    return add_to_sum(sum, payload);
}

void cursor_add(struct buf *buf, const struct selection_place *place, const struct bytes *binding, size_t n)
{
    char data[FIXED_BYTES + SESSION_MAX_BYTES + NUMBER_BYTES] = { CURSOR_VERSION };
    size_t len = FIXED_BYTES + place->session_id.len;

    if (place->session_id.len > SESSION_MAX_BYTES) {
        buf->failed = true;
        return;
    }
    put_number(data + 1, (uint64_t)place->occurred_at_us);
    memcpy(data + 1 + NUMBER_BYTES, place->event_id.octets, ID_BYTES);
    if (place->session_id.len)
        memcpy(data + FIXED_BYTES, place->session_id.p, place->session_id.len);
    put_number(data + len, check_sum((struct bytes){ data, len }, binding, n));
    base64url_add(buf, (struct bytes){ data, len + NUMBER_BYTES });
}

enum status cursor_read(struct bytes text, const struct bytes *binding, size_t n, struct arena *arena,
                        struct selection_place *place)
{
    char *data = arena_alloc(arena, text.len + 1);
    size_t len;

    if (!data)
        return STATUS_NO_MEMORY;
    if (!base64url_decode(text, data, &len) || len < FIXED_BYTES + NUMBER_BYTES || data[0] != CURSOR_VERSION)
        return STATUS_INVALID_PARAMETER;
    len -= NUMBER_BYTES;
    if (get_number(data + len) != check_sum((struct bytes){ data, len }, binding, n))
        return STATUS_INVALID_PARAMETER;
    place->occurred_at_us = (int64_t)get_number(data + 1);
    memcpy(place->event_id.octets, data + 1 + NUMBER_BYTES, ID_BYTES);
    place->session_id = (struct bytes){ data + FIXED_BYTES, len - FIXED_BYTES };
    return STATUS_OK;
}
