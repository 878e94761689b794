/* Batches on request: a POST that asks for it ("Prefer: respond-async", RFC 7240) may bring more events than fit an answer's time and
 * memory. They are judged one by one as they are read, and go to the durable queue in one transaction; the client is given a place where
 * the outcome can be asked for.
 *
 * Memory does not grow with the body: it lies in a file without a name beside the queue while it is received. Left to others: bringing
 * the events to the database (app/replay). */
#ifndef SYNCHRONY_APP_BULK_H
#define SYNCHRONY_APP_BULK_H

#include "app/call.h"

/* Does the client ask for it, and is there a queue? */
bool bulk_is_wanted(const struct call *call);

/* Receives a body of which is not known that it fits limits.body_max_bytes.
 *
 * body  where it does fit, it is read into the arena; else it is absent, and *fd, which is then the caller's to close, has it.
 * Returns the statuses of exchange_read_body, or STATUS_UNAVAILABLE where it cannot be kept. */
enum status bulk_receive(struct call *call, struct bytes *body, int *fd) MUST_USE;

/* Does this text have more elements than a batch that is answered at once may have? */
bool bulk_is_large(struct bytes text, size_t max_events);

/* Judges and queues a batch, from text or, where that is absent, from fd. On STATUS_OK the answer is written: 202 with Location. Returns
 * why nothing of it was queued otherwise: STATUS_INVALID_JSON, STATUS_LIMIT, STATUS_TOO_LARGE, STATUS_INVALID_EVENT (no element), or as
 * queue_put. */
enum status bulk_ingest(struct call *call, struct bytes text, int fd) MUST_USE;

/* GET /batches/{id}: state, counts, and the error of each event that was refused. */
enum status bulk_report(struct call *call) MUST_USE;

#define BULK_PATH "/batches/"

#endif
