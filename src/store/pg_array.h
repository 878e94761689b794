/* One-dimensional arrays in PostgreSQL's binary form (array_send in src/backend/utils/adt/arrayfuncs.c of its sources): a group of
 * values as one parameter, without quoting. Elements are never NULL. */
#ifndef SYNCHRONY_STORE_PG_ARRAY_H
#define SYNCHRONY_STORE_PG_ARRAY_H

#include <stdint.h>

#include "base/bytes.h"
#include "model/uuid.h"

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

#endif
