/* Where events are kept: writes a group of them, all or none, into the history and the current items.
 *
 * Writing the same event twice changes nothing, so after an unknown outcome a group may be written again as it is. Left to others:
 * who forms the groups, what to do when the database is away. */
#ifndef SYNCHRONY_STORE_EVENT_STORE_H
#define SYNCHRONY_STORE_EVENT_STORE_H

#include "base/arena.h"
#include "model/event.h"
#include "store/db.h"

enum { EVENT_STORE_ATTEMPTS = 3 };

/* Writes an accepted event as event_store_write does, then takes it back: did all work, but for the commit? Nothing of it can be seen, then
 * or later. Statuses as db_run. */
enum status event_store_try(struct db *db, struct event *event) MUST_USE;

/* Writes n events in one transaction and returns after its commit.
 *
 * events  accepted (event_accept), 1 ≤ n; the array is sorted by key. On STATUS_OK is_duplicate is set in each: where the history had the
 *         event already, or the group has it twice. Such an event is stored, and does not become the current item again.
 * Returns the statuses of db_run; after STATUS_UNAVAILABLE the outcome is unknown. A connection that had gone stale is made anew and a
 * transaction that lost a conflict is repeated, in EVENT_STORE_ATTEMPTS at most, before either is reported. */
enum status event_store_write(struct db *db, struct event **events, size_t n, struct arena *arena) MUST_USE;

/* Did the last write over db, which came to st, fail by chance, so that the same again may succeed at once? */
bool event_store_should_retry(const struct db *db, enum status st);

/* A group that is being written while the caller does other things. It stays where it is until it is over. */
struct event_write {
    struct db_flight flight;
    struct db_result rows;
    struct event **events;
    size_t n;
};

/* Sends n events as event_store_write does, without waiting, over a connection that is ready (db_is_ready). */
enum status event_store_begin(struct db *db, struct event_write *write, struct event **events, size_t n,
                              struct arena *arena) MUST_USE;

/* Returns false while the write is not over; else *st is as event_store_write returns it after one attempt. */
bool event_store_is_over(struct db *db, struct event_write *write, struct arena *arena, enum status *st);

#endif
