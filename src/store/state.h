/* What the database says about itself, for metrics and for `synchrony doctor`. */
#ifndef SYNCHRONY_STORE_STATE_H
#define SYNCHRONY_STORE_STATE_H

#include <stdint.h>

#include "store/db.h"

/* Up to when the history has partitions, in seconds since 1970. Returns STATUS_NOT_FOUND where it has none, else as db_run. */
enum status state_partitions_until(struct db *db, int64_t *until_s) MUST_USE;

/* How far the server lies behind the one that it copies, in milliseconds; 0 where it copies none. Statuses as db_run. */
enum status state_replica_lag(struct db *db, int64_t *lag_ms) MUST_USE;

#endif
