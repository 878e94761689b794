/* The parameters of db/queries/event_write.sql: a group of events as one array a column.
 *
 * Measured first and then written once, each byte straight to its place. Left to others: the memory (store/db), the statement
 * (store/event_store). */
#ifndef SYNCHRONY_STORE_EVENT_COLUMNS_H
#define SYNCHRONY_STORE_EVENT_COLUMNS_H

#include "model/event.h"
#include "store/db.h"

/* session_id, occurred_at, event_id, event_type, received_at, properties. */
enum { EVENT_COLUMNS = 6 };

struct event_columns {
    struct db_param params[EVENT_COLUMNS];
    size_t size_bytes; /* of all of them */
};

/* What the columns of n events take. */
void event_columns_measure(struct event_columns *columns, struct event *const *events, size_t n);

/* Writes those that were measured to memory of columns->size_bytes, into which params then point. */
void event_columns_put(struct event_columns *columns, struct event *const *events, size_t n, char *memory);

#endif
