#include "store/pg_value.h"

/* PostgreSQL counts from 2000-01-01T00:00:00Z. */
static const int64_t epoch_2000_us = 946684800000000;

enum { JSONB_VERSION = 1 };

void pg_int8_put(int64_t value, char octets[PG_INT8_BYTES])
{
    for (size_t i = 0; i < PG_INT8_BYTES; i++)
        octets[i] = (char)((uint64_t)value >> 8 * (PG_INT8_BYTES - 1 - i));
}

void pg_timestamptz_put(int64_t us, char octets[PG_INT8_BYTES])
{
    pg_int8_put(us == INT64_MIN || us == INT64_MAX ? us : us - epoch_2000_us, octets);
}

bool pg_timestamptz_read(struct bytes value, int64_t *us)
{
    uint64_t since_2000 = 0;

    if (value.len != PG_INT8_BYTES)
        return false;
    for (size_t i = 0; i < PG_INT8_BYTES; i++)
        since_2000 = since_2000 << 8 | (unsigned char)value.p[i];
    bool is_finite = (int64_t)since_2000 != INT64_MIN && (int64_t)since_2000 != INT64_MAX;
    *us = (int64_t)(is_finite ? since_2000 + (uint64_t)epoch_2000_us : since_2000);
    return true;
}

bool pg_jsonb_read(struct bytes value, struct bytes *json)
{
    if (value.len < 1 || value.p[0] != JSONB_VERSION)
        return false;
    *json = (struct bytes){ value.p + 1, value.len - 1 };
    return true;
}
