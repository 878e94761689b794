/* An event: what one visitor did, as it was posted, and its identity.
 *
 * Left to others: whether the text is JSON (json_guard), whether it fits its type's schema, where it is kept (store). */
#ifndef SYNCHRONY_MODEL_EVENT_H
#define SYNCHRONY_MODEL_EVENT_H

#include <stdint.h>

#include "base/arena.h"
#include "model/json_document.h"
#include "model/json_guard.h"
#include "model/limits.h"
#include "model/problem.h"
#include "model/uuid.h"

struct event {
    struct bytes event_type;
    struct bytes session_id;
    struct bytes properties; /* JSON object of all other members, each byte for byte as it was posted */
    struct uuid event_id;
    int64_t occurred_at_us; /* microseconds since 1970 */
    int64_t received_at_us;
    bool has_event_id;    /* the client sent one: the idempotency key */
    bool has_occurred_at; /* the client sent a valid time stamp, or a version 7 event_id */
    enum status verdict;  /* what became of it: STATUS_OK once it is accepted, and then only if it was stored */
    bool is_duplicate;    /* it was stored before: nothing was done */
};

/* Reads one element that json_guard has passed without a fault.
 *
 * text     what was scanned; what event has may point into it.
 * event    on STATUS_OK all but received_at_us is set, and event_id and occurred_at_us where the client sent them; its bytes live
 *          as long as text and arena.
 * problem  says which member is at fault on STATUS_INVALID_EVENT.
 * Returns also STATUS_MISSING_FIELDS, STATUS_TOO_LARGE, STATUS_NO_MEMORY, STATUS_INTERNAL. */
enum status event_decode(struct bytes text, const struct guard_element *element, const struct limits *limits,
                         struct document_reader *reader, struct arena *arena, struct event *event,
                         struct problem *problem) MUST_USE;

/* Gives an event its acceptance: received_at, and from it and the random bytes what the client left out of its identity. */
void event_accept(struct event *event, int64_t received_at_us, const unsigned char random[UUID_RANDOM_BYTES]);

#endif
