/* Reading current items, or events of the history, one after the other. */
#ifndef SYNCHRONY_STORE_EVENT_READ_H
#define SYNCHRONY_STORE_EVENT_READ_H

#include "model/item_format.h"
#include "model/selection.h"
#include "store/db.h"

/* Begins to read what selection asks for, n_rows of it at most (0: all), in its order. All that is read is as it was at one moment, which
 * lies between this call and its return. Statuses as db_run. Ends with db_stream_end, whatever was returned. */
enum status event_read_begin(struct db *db, const struct selection *selection, size_t n_rows) MUST_USE;

/* The next one, borrowed until the next call. Returns STATUS_END behind the last; statuses as db_stream_next. */
enum status event_read_next(struct db *db, struct item *item) MUST_USE;

#endif
