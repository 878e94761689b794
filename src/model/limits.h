/* The one table of limits: what a client may send. Every buffer that holds a client's bytes takes its ceiling from here. */
#ifndef SYNCHRONY_MODEL_LIMITS_H
#define SYNCHRONY_MODEL_LIMITS_H

#include <stddef.h>

struct limits {
    size_t body_max_bytes;       /* of a request */
    size_t event_max_bytes;      /* of one event's JSON text */
    size_t batch_max_events;     /* elements of a posted array */
    size_t nesting_max;          /* objects and arrays open at once within one event, the event's own object included */
    size_t members_max;          /* of one object */
    size_t values_max;           /* in a body, containers included */
    size_t event_type_max_bytes; /* at least one byte is always asked for */
    size_t session_id_max_bytes;
    size_t page_url_max_bytes;
};

#define LIMITS_DEFAULT                                                                                            \
    {                                                                                                             \
        .body_max_bytes = 1024 * 1024, .event_max_bytes = 64 * 1024, .batch_max_events = 1000, .nesting_max = 32, \
        .members_max = 256, .values_max = 100000, .event_type_max_bytes = 128, .session_id_max_bytes = 256,       \
        .page_url_max_bytes = 2048,                                                                               \
    }

/* Bounds of the bounds, where code depends on them. */
enum {
    LIMIT_NESTING = 512,   /* containers open at once, whatever is configured */
    LIMIT_MEMBERS = 1024,  /* duplicate names are looked for by comparing each with each */
    LIMIT_KEY_BYTES = 1024 /* event_type and session_id: together they must fit an index row (2,704 bytes) */
};

#endif
