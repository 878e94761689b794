/* Reading current items as JSON texts, one after the other. */
#ifndef SYNCHRONY_STORE_EVENT_READ_H
#define SYNCHRONY_STORE_EVENT_READ_H

#include "store/db.h"

/* Begins to read the items of event_type, of session_id alone where that is not absent, in bytewise order of session_id.
 * Statuses as db_run. Ends with db_stream_end, whatever was returned. */
enum status event_read_begin(struct db *db, struct bytes event_type, struct bytes session_id) MUST_USE;

/* The next item: a JSON object with exactly the members that were posted, borrowed until the next call.
 * Returns STATUS_END behind the last. */
enum status event_read_next(struct db *db, struct bytes *item) MUST_USE;

#endif
