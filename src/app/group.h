/* Group commit: the events of many requests in one transaction, and a verdict on each.
 *
 * Left to others: which requests wait together (whoever accepts them), and what a verdict means to a client (app/ingest). */
#ifndef SYNCHRONY_APP_GROUP_H
#define SYNCHRONY_APP_GROUP_H

#include "store/event_store.h"

/* Writes n events and sets verdict and is_duplicate in each; the array is reordered. Where the database refuses the group for what one
 * event holds, halves of it are tried on their own, so that only the culprit is refused. arena serves the call and may be reset behind
 * it. */
void group_write(struct db *db, struct event **events, size_t n, struct arena *arena);

#endif
