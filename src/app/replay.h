/* Brings what is queued to the database, oldest first, and looks after the circuit breaker (app/delivery): asks a database that was away
 * whether it is back, so that no request has to.
 *
 * One process of a host replays at a time. A record is removed behind the commit that stored it, and never before; one that can never be
 * stored is moved to the quarantine with the reason, and holds up nothing. Left to others: the queue's file (store/queue). */
#ifndef SYNCHRONY_APP_REPLAY_H
#define SYNCHRONY_APP_REPLAY_H

#include "app/delivery.h"
#include "base/bell.h"

/* What has been done, for who shows it. */
struct replay_progress {
    uint64_t stored;      /* duplicates among them */
    uint64_t quarantined; /* can never be stored */
    enum status database; /* what the database said to the last portion */
};

/* Replays one portion: up to REPLAY_EVENTS events. The caller leads (queue_lead).
 *
 * Returns STATUS_OK when records were taken from the queue, STATUS_END when it is empty, the database's status when that takes none now,
 *         the queue's when that cannot be read. */
enum status replay_portion(struct queue *queue, struct db *db, struct arena *arena, struct replay_progress *progress) MUST_USE;

enum { REPLAY_EVENTS = 1000, REPLAY_BYTES = 2 * 1024 * 1024, REPLAY_ARENA_BYTES = 256 * 1024 * 1024 };

/* Looks after the breaker and replays until the bell ends; then returns within a second, unless the database hangs. For a thread of its
 * own, whose bell it is: db is its connection, and queue its handle, NULL where there is no queue (removing records takes the handle for
 * longer than who puts some should wait). */
void replay_run(struct delivery *delivery, struct queue *queue, struct db *db, struct bell *bell);

#endif
