/* Single values in the binary forms of PostgreSQL. Left to others: arrays of them (store/pg_array). */
#ifndef SYNCHRONY_STORE_PG_VALUE_H
#define SYNCHRONY_STORE_PG_VALUE_H

#include <endian.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/bytes.h"

enum { PG_INT4_BYTES = 4, PG_INT8_BYTES = 8, PG_JSONB_VERSION = 1 };

/* An int, as its bits are. Each of these writes is in line: an event has eight of them. */
static inline void pg_int4_put(uint32_t value, char octets[PG_INT4_BYTES])
{
    value = htobe32(value);
    memcpy(octets, &value, sizeof value);
}

/* A bigint. */
static inline void pg_int8_put(int64_t value, char octets[PG_INT8_BYTES])
{
    uint64_t bits = htobe64((uint64_t)value);
    memcpy(octets, &bits, sizeof bits);
}

/* PostgreSQL counts from 2000-01-01T00:00:00Z. */
#define PG_EPOCH_US INT64_C(946684800000000)

/* A timestamptz, in microseconds since 1970; INT64_MIN and INT64_MAX stand for -infinity and infinity. */
static inline void pg_timestamptz_put(int64_t us, char octets[PG_INT8_BYTES])
{
    pg_int8_put(us == INT64_MIN || us == INT64_MAX ? us : us - PG_EPOCH_US, octets);
}

/* Reads one. Returns false, *us untouched, for what is none. */
bool pg_timestamptz_read(struct bytes value, int64_t *us);

/* The JSON text of a jsonb, borrowed from value. Returns false for what is none. */
bool pg_jsonb_read(struct bytes value, struct bytes *json);

#endif
