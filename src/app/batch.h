/* The verdicts on the events of one posted array, and the answer that lists them. */
#ifndef SYNCHRONY_APP_BATCH_H
#define SYNCHRONY_APP_BATCH_H

#include "base/arena.h"
#include "model/event.h"
#include "model/http_response.h"

struct batch_item {
    struct event event;
    enum status verdict;           /* STATUS_OK: accepted */
    const struct problem *problem; /* why not, else NULL */
};

struct batch {
    struct batch_item *items; /* in the order of the array; in the arena */
    size_t n;
    size_t n_rejected;
    size_t n_duplicates; /* accepted, but stored already */
};

/* n events, all accepted as yet. Returns STATUS_NO_MEMORY. */
enum status batch_new(struct batch *batch, size_t n, struct arena *arena) MUST_USE;

/* Refuses one; problem is copied. Returns STATUS_NO_MEMORY. */
enum status batch_reject(struct batch *batch, size_t index, enum status verdict, const struct problem *problem,
                         struct arena *arena) MUST_USE;

/* The events that are accepted. *events is in the arena. Returns STATUS_NO_MEMORY. */
enum status batch_accepted(const struct batch *batch, struct arena *arena, const struct event ***events, size_t *n) MUST_USE;

/* Where in the array an event of this batch stands. */
size_t batch_index(const struct batch *batch, const struct event *event);

/* Writes status and body: 201 where all are stored, 207 where some are, 400 where none is. Statuses as http_response_write. */
enum status batch_answer(const struct batch *batch, struct http_response *response) MUST_USE;

#endif
