/* GET on the resource: items of one event type, or events of the history, as an array, as NDJSON or as CSV. */
#ifndef SYNCHRONY_APP_READ_H
#define SYNCHRONY_APP_READ_H

#include "app/call.h"

/* Answers what model/selection reads from the query string, in the representation that Accept asks for.
 *
 * Without a limit the answer is streamed: from its first MiB on it leaves as the database gives it, and no faster than the client takes
 * it. While the client takes nothing there is no query: another goes on behind the last item. Items that are replaced meanwhile are in the
 * answer in either form, once; items in the order of time, which could then be in it twice, are of one query. A page (limit) is complete
 * before its first byte leaves, so that its head can name the next; past its first MiB it waits in a file.
 * HEAD of a streamed answer stops at the first piece.
 *
 * Returns STATUS_MISSING_PARAMETER, STATUS_INVALID_PARAMETER, STATUS_NOT_ACCEPTABLE, STATUS_UNAVAILABLE, STATUS_BUSY; a failure after the
 * first piece has left leaves the body open, so that nobody takes it for whole. */
enum status read_items(struct call *call) MUST_USE;

/* Is the answer known to be long, so that it takes a place among such before it is begun? Without one in call->has_place read_items takes
 * one, or returns STATUS_BUSY. */
bool read_needs_place(const struct call *call);

/* For a call that asks the same as one that read_items has answered, which is whole in its response. */
enum status read_join(struct call *call, const struct call *answered) MUST_USE;

#endif
