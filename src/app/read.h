/* GET on the resource: the current items of one event type. */
#ifndef SYNCHRONY_APP_READ_H
#define SYNCHRONY_APP_READ_H

#include "app/call.h"

/* Streams a JSON array of the items of ?event_type=, of ?session_id= alone where that is given. HEAD stops at the first piece.
 * Returns STATUS_MISSING_PARAMETER, STATUS_INVALID_PARAMETER, STATUS_UNAVAILABLE, STATUS_BUSY; a failure after the first piece has
 * left leaves the array open, so that nobody takes it for whole. */
enum status read_items(struct call *call) MUST_USE;

#endif
