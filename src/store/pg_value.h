/* Single values in the binary forms of PostgreSQL. Left to others: arrays of them (store/pg_array). */
#ifndef SYNCHRONY_STORE_PG_VALUE_H
#define SYNCHRONY_STORE_PG_VALUE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"

enum { PG_INT8_BYTES = 8 };

/* A bigint. */
void pg_int8_put(int64_t value, char octets[PG_INT8_BYTES]);

/* A timestamptz, in microseconds since 1970; INT64_MIN and INT64_MAX stand for -infinity and infinity. */
void pg_timestamptz_put(int64_t us, char octets[PG_INT8_BYTES]);

/* Reads one. Returns false, *us untouched, for what is none. */
bool pg_timestamptz_read(struct bytes value, int64_t *us);

/* The JSON text of a jsonb, borrowed from value. Returns false for what is none. */
bool pg_jsonb_read(struct bytes value, struct bytes *json);

#endif
