/* The events of one posted body, the verdicts on them, and the answer that lists these. */
#ifndef SYNCHRONY_APP_BATCH_H
#define SYNCHRONY_APP_BATCH_H

#include "base/arena.h"
#include "model/event.h"
#include "model/http_response.h"

struct batch_item {
    struct event event;
    const struct problem *problem; /* why the event was refused before it was written, else NULL */
};

struct batch {
    struct batch_item *items; /* in the order of the array; in the arena */
    size_t n;
};

/* n events, all accepted as yet. Returns STATUS_NO_MEMORY. */
enum status batch_new(struct batch *batch, size_t n, struct arena *arena) MUST_USE;

/* Refuses one; problem is copied. Returns STATUS_NO_MEMORY. */
enum status batch_reject(struct batch *batch, size_t index, enum status verdict, const struct problem *problem,
                         struct arena *arena) MUST_USE;

/* The events that are accepted. *events is in the arena. Returns STATUS_NO_MEMORY. */
enum status batch_accepted(const struct batch *batch, struct arena *arena, struct event ***events, size_t *n) MUST_USE;

/* How many are neither stored nor queued, as far as is known. */
size_t batch_rejected(const struct batch *batch);

/* How many bytes of what fails schemas the answer will list. */
size_t batch_violations_bytes(const struct batch *batch);

/* The status of the whole: STATUS_OK where an event was stored or queued, or where each that was not is the client's fault; else why none
 * was. */
enum status batch_outcome(const struct batch *batch);

/* Writes status and body: 202 where some are queued, else 201 where all are stored, 207 where some are, 400 where none is. Statuses as
 * http_response_write. */
enum status batch_answer(const struct batch *batch, struct http_response *response) MUST_USE;

#endif
