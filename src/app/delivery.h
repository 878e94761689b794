/* Where a group of events goes: to PostgreSQL and, when that cannot take it now, to the host's durable queue.
 *
 * A circuit breaker stands before the database: once a group has found it away, those behind it go to the queue at once, until app/replay
 * has found it back. Without a queue each group asks: it has nowhere else to go. Left to others: who forms the groups, and bringing what is
 * queued to the database (app/replay). */
#ifndef SYNCHRONY_APP_DELIVERY_H
#define SYNCHRONY_APP_DELIVERY_H

#include "store/event_store.h"
#include "store/queue.h"

/* Of one process, for all of its threads. */
struct delivery {
    struct queue *queue; /* NULL: none */
    int64_t batch_retention_us;
    _Atomic bool is_watched; /* app/replay looks after the breaker; nobody else would close it again */
    _Atomic bool is_down;    /* the breaker is open */
};

/* Writes n events and sets verdict and is_duplicate in each: STATUS_OK and STATUS_QUEUED are kept, whatever happens next; any other is not
 * kept. The array is reordered. arena serves the call and may be reset behind it. */
void delivery_write(struct delivery *delivery, struct db *db, struct event **events, size_t n, struct arena *arena);

/* A group on its way to the database while the caller does other things. */
struct delivery_flight {
    struct event_write write;
    int64_t began_ns;
};

/* Begins to write n events over a connection that is ready (event_store_begin); the array is sorted, arena as for delivery_write. Returns
 * STATUS_OK when it is under way; else nothing has been written, and delivery_write is to find out why. */
enum status delivery_begin(struct delivery *delivery, struct db *db, struct delivery_flight *flight, struct event **events,
                           size_t n, struct arena *arena) MUST_USE;

/* Returns false while it is not over. On STATUS_OK verdict and is_duplicate are set in each event; anything else is to be given to
 * delivery_resume. */
bool delivery_is_over(struct db *db, struct delivery_flight *flight, struct arena *arena, enum status *st);

/* Does what is left to do for a flight that came to st, as delivery_write would: tries again, divides, or queues. Waits for it. db is the
 * connection that it went over. */
void delivery_resume(struct delivery *delivery, struct db *db, const struct delivery_flight *flight, enum status st,
                     struct arena *arena);

/* As delivery_write, without asking the database. */
void delivery_queue(struct delivery *delivery, struct event **events, size_t n);

/* Is the database known to be away? */
bool delivery_is_down(const struct delivery *delivery);

/* Opens the breaker, if there is a queue and somebody watches. */
void delivery_trip(struct delivery *delivery);

/* Closes it. */
void delivery_restore(struct delivery *delivery);

#endif
