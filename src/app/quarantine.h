/* Sets refused events aside, without ever keeping anybody waiting: they are laid into a bounded buffer, from which a thread in the
 * background brings them to the database.
 *
 * Every refusal is counted; what is set aside is a sample. Under a flood a process takes no more than `rate` events a second of one type
 * and reason, and ten times as many of all together: the first of each second. What does not fit the buffer, or comes while the database
 * is away, is dropped and counted. Left to others: the table (store/rejected_event), replaying (ctl). */
#ifndef SYNCHRONY_APP_QUARANTINE_H
#define SYNCHRONY_APP_QUARANTINE_H

#include "base/bell.h"
#include "store/rejected_event.h"

struct quarantine;

struct quarantine_options {
    size_t max_rows; /* of the table; 0: nothing is set aside */
    int retention_s;
    size_t payload_max_bytes; /* a longer payload is cut, and cannot be replayed then */
    size_t rate;              /* events a second of one type and reason */
};

/* Returns NULL without memory. */
struct quarantine *quarantine_new(const struct quarantine_options *options);
void quarantine_free(struct quarantine *quarantine);

/* From now on rings the bell when there is something to be written; bell is borrowed. Before the first event. */
void quarantine_watch(struct quarantine *quarantine, struct bell *bell);

/* Lays an event aside, at now_us by the clock. The event's identity and all texts are copied; its rejection_id is made from random, and the
 * payload is cut. Never waits for anything but other callers. Returns whether it was taken. */
bool quarantine_add(struct quarantine *quarantine, const struct rejected_event *rejected, int64_t now_us,
                    const unsigned char random[UUID_RANDOM_BYTES]);

/* Is there anything to be written? */
bool quarantine_is_waiting(struct quarantine *quarantine);

/* Writes what was laid aside, at most as long as the connection's timeouts allow; what cannot be written is dropped. Where the database is
 * known to be away db is NULL. */
void quarantine_flush(struct quarantine *quarantine, struct db *db);

/* Removes a few thousand rows that are past the bounds, once a minute at most. For one process of a host. */
void quarantine_prune(struct quarantine *quarantine, struct db *db, int64_t now_ms);

#endif
