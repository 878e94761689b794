#include "store/pg_array.h"

#include <string.h>

/* PostgreSQL counts from 2000-01-01T00:00:00Z. */
static const int64_t epoch_2000_us = 946684800000000;

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
    uint64_t since_2000 = (uint64_t)(us - epoch_2000_us);

    add_u32(buf, sizeof since_2000);
    add_u32(buf, since_2000 >> 32);
    add_u32(buf, since_2000 & 0xffffffff);
}

void pg_array_add_jsonb(struct buf *buf, struct bytes json)
{
    const char version = JSONB_VERSION;

    add_u32(buf, json.len + 1);
    buf_add(buf, (struct bytes){ &version, 1 });
    buf_add(buf, json);
}

bool pg_timestamptz_read(struct bytes value, int64_t *us)
{
    uint64_t since_2000 = 0;

    if (value.len != sizeof since_2000)
        return false;
    for (size_t i = 0; i < sizeof since_2000; i++)
        since_2000 = since_2000 << 8 | (unsigned char)value.p[i];
    *us = (int64_t)since_2000 + epoch_2000_us;
    return true;
}
