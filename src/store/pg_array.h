/* One-dimensional arrays in PostgreSQL's binary form (array_send in src/backend/utils/adt/arrayfuncs.c of its sources): a group of
 * values as one parameter, without quoting. Elements are never NULL.
 *
 * Either appended to a buffer, or, where each event of a batch costs, put to memory that has been measured. */
#ifndef SYNCHRONY_STORE_PG_ARRAY_H
#define SYNCHRONY_STORE_PG_ARRAY_H

#include <stdint.h>
#include <string.h>

#include "base/bytes.h"
#include "model/uuid.h"
#include "store/pg_value.h"

/* The element types, by the OIDs that every PostgreSQL gives them (pg_type.dat). */
enum pg_type { PG_TEXT = 25, PG_TIMESTAMPTZ = 1184, PG_UUID = 2950, PG_JSONB = 3802 };

/* Begins an array of n elements in buf; as many pg_array_add_… of that type follow. Failures stay in buf->failed. */
void pg_array_begin(struct buf *buf, enum pg_type type, size_t n);

void pg_array_add_text(struct buf *buf, struct bytes text);
void pg_array_add_uuid(struct buf *buf, const struct uuid *uuid);
/* us: microseconds since 1970. */
void pg_array_add_timestamptz(struct buf *buf, int64_t us);
/* json: a JSON text, which PostgreSQL parses. */
void pg_array_add_jsonb(struct buf *buf, struct bytes json);

/* ---- to memory that has room ---- */

/* How much an array takes: its head, and for each element PG_ARRAY_LENGTH_BYTES and the element's own; a jsonb's are its text's and one. */
enum { PG_ARRAY_HEAD_BYTES = 20, PG_ARRAY_LENGTH_BYTES = 4 };

/* Each puts as its namesake above appends, and returns what is behind. */
char *pg_array_put_head(char *to, enum pg_type type, size_t n);

static inline char *pg_array_put_length(char *to, size_t len)
{
    pg_int4_put((uint32_t)len, to);
    return to + PG_ARRAY_LENGTH_BYTES;
}

static inline char *pg_array_put_text(char *to, struct bytes text)
{
    to = pg_array_put_length(to, text.len);
    if (text.len)
        memcpy(to, text.p, text.len);
    return to + text.len;
}

static inline char *pg_array_put_uuid(char *to, const struct uuid *uuid)
{
    to = pg_array_put_length(to, sizeof uuid->octets);
    memcpy(to, uuid->octets, sizeof uuid->octets);
    return to + sizeof uuid->octets;
}

static inline char *pg_array_put_timestamptz(char *to, int64_t us)
{
    to = pg_array_put_length(to, PG_INT8_BYTES);
    pg_timestamptz_put(us, to);
    return to + PG_INT8_BYTES;
}

static inline char *pg_array_put_jsonb(char *to, struct bytes json)
{
    to = pg_array_put_length(to, json.len + 1);
    *to = PG_JSONB_VERSION;
    memcpy(to + 1, json.p, json.len);
    return to + 1 + json.len;
}

#endif
