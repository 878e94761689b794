#include "store/pg_array.h"

#include "store/pg_value.h"

enum { JSONB_VERSION = 1 };

static void add_u32(struct buf *buf, size_t value)
{
    const char octets[] = { (char)(value >> 24), (char)(value >> 16), (char)(value >> 8), (char)value };

    buf_add(buf, (struct bytes){ octets, sizeof octets });
}

void pg_array_begin(struct buf *buf, enum pg_type type, size_t n)
{
    add_u32(buf, 1); /* dimensions */
    add_u32(buf, 0); /* no NULLs */
    add_u32(buf, type);
    add_u32(buf, n);
    add_u32(buf, 1); /* lower bound */
}

void pg_array_add_text(struct buf *buf, struct bytes text)
{
    add_u32(buf, text.len);
    buf_add(buf, text);
}

void pg_array_add_uuid(struct buf *buf, const struct uuid *uuid)
{
    add_u32(buf, sizeof uuid->octets);
    buf_add(buf, (struct bytes){ (const char *)uuid->octets, sizeof uuid->octets });
}

void pg_array_add_timestamptz(struct buf *buf, int64_t us)
{
    char octets[PG_INT8_BYTES];

    pg_timestamptz_put(us, octets);
    add_u32(buf, sizeof octets);
    buf_add(buf, (struct bytes){ octets, sizeof octets });
}

void pg_array_add_jsonb(struct buf *buf, struct bytes json)
{
    const char version = JSONB_VERSION;

    add_u32(buf, json.len + 1);
    buf_add(buf, (struct bytes){ &version, 1 });
    buf_add(buf, json);
}
