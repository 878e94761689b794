/* Stored events as their schema would have met them, one after the other: for trying a schema before it is enforced. */
#ifndef SYNCHRONY_STORE_EVENT_CHECK_H
#define SYNCHRONY_STORE_EVENT_CHECK_H

#include <stdint.h>

#include "model/uuid.h"
#include "store/db.h"

/* Which events: the current items of a type, or its history. since: an RFC 3339 time; "": from the first. */
struct event_check {
    struct bytes event_type;
    const char *since;
    size_t limit;
    bool is_history;
};

/* How many there are. Statuses as db_run. */
enum status event_check_count(struct db *db, const struct event_check *check, size_t *n) MUST_USE;

/* Begins to read them, in no order. Ends with db_stream_end, whatever was returned. Statuses as db_run. */
enum status event_check_begin(struct db *db, const struct event_check *check) MUST_USE;

/* The next event: its identity, and its JSON text, borrowed until the next call. Returns STATUS_END behind the last. */
enum status event_check_next(struct db *db, struct uuid *event_id, int64_t *occurred_at_us, struct bytes *text) MUST_USE;

#endif
