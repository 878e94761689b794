#include "store/pg_value.h"

bool pg_timestamptz_read(struct bytes value, int64_t *us)
{
    uint64_t since_2000 = 0;

    if (value.len != PG_INT8_BYTES)
        return false;
    for (size_t i = 0; i < PG_INT8_BYTES; i++)
        since_2000 = since_2000 << 8 | (unsigned char)value.p[i];
    bool is_finite = (int64_t)since_2000 != INT64_MIN && (int64_t)since_2000 != INT64_MAX;
    *us = (int64_t)(is_finite ? since_2000 + (uint64_t)PG_EPOCH_US : since_2000);
    return true;
}

bool pg_jsonb_read(struct bytes value, struct bytes *json)
{
    if (value.len < 1 || value.p[0] != PG_JSONB_VERSION)
        return false;
    *json = (struct bytes){ value.p + 1, value.len - 1 };
    return true;
}
