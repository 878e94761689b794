/* The event catalogue in force: the schemas of all event types, compiled together, and the place where threads find the present one.
 *
 * A catalogue never changes: a new one takes its place, and who judges by the old one goes on until it takes the new. Left to others: where
 * it comes from and when it is looked for (app/catalogue_keeper), what becomes of an event (app/judgement). */
#ifndef SYNCHRONY_APP_CATALOGUE_H
#define SYNCHRONY_APP_CATALOGUE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>

#include "model/schema.h"
#include "store/event_schema.h"

struct catalogue;

/* What the catalogue has on an event type. */
struct catalogue_entry {
    struct bytes event_type;
    size_t version;
    enum event_schema_mode mode;
    const struct schema *schema;
    unsigned label; /* of METRIC_LABEL_EVENT_TYPE */
    _Atomic int64_t
        told_ms; /* when the log was last told of events that fail a schema that is only observed (clock_monotonic_ms) */
    _Atomic uint64_t untold; /* how many have failed since */
};

/* Compiles schemas to a catalogue, whose only holder is the caller. They refer to each other by the names of their types with ".json"
 * behind them, relative to their own: "$ref": "site.json".
 *
 * fault  says what is wrong on STATUS_INVALID_SCHEMA; fault_at, where it is not NULL, is the number of the schema at fault.
 * Returns also STATUS_NO_MEMORY. Where there are no schemas *catalogue is NULL: every event fits. */
enum status catalogue_compile(const struct event_schema *schemas, size_t n, struct catalogue **catalogue,
                              struct schema_fault *fault, size_t *fault_at) MUST_USE;

/* Gives up one whose only holder is the caller. NULL is none. */
void catalogue_free(struct catalogue *catalogue);

/* The URI of a schema, by which others of the catalogue refer to it. Returns the absent value without memory. */
struct bytes catalogue_uri(struct bytes event_type, struct arena *arena) MUST_USE;

/* What it has on an event type; NULL where that has no schema (or only shares one: that is no event type). */
struct catalogue_entry *catalogue_find(struct catalogue *catalogue, struct bytes event_type);

/* ---- the place of the present one ---- */

struct catalogue_place {
    _Atomic(struct catalogue *) present; /* NULL: nothing is to be judged */
    pthread_mutex_t lock;                /* of the change of present and of the counts of holders */
    bool is_closed;                      /* a type without a schema is refused */
};

/* A place with no catalogue. Where it is closed, nothing is known of any type until there is one. Returns STATUS_NO_MEMORY. */
enum status catalogue_place_open(struct catalogue_place *place, bool is_closed) MUST_USE;

/* Nobody may hold a catalogue of it any more. */
void catalogue_place_close(struct catalogue_place *place);

/* Makes a catalogue the present one, taking the caller's hold of it over; NULL: one without schemas. Returns STATUS_NO_MEMORY, and then has
 * given the catalogue up. */
enum status catalogue_place_take(struct catalogue_place *place, struct catalogue *catalogue) MUST_USE;

/* Is nothing known of any type, because no catalogue has been read? */
bool catalogue_is_unknown(const struct catalogue *catalogue);

struct catalogue *catalogue_exchange(struct catalogue_place *place, struct catalogue **held);

/* The present catalogue for a thread that judges by it until it asks again; NULL: nothing is to be judged.
 *
 * held  what the thread holds, at first NULL; to be given up with catalogue_let_go. */
static inline struct catalogue *catalogue_present(struct catalogue_place *place, struct catalogue **held)
{
    struct catalogue *present = atomic_load_explicit(&place->present, memory_order_acquire);

    return present == *held ? present : catalogue_exchange(place, held);
}

void catalogue_let_go(struct catalogue_place *place, struct catalogue **held);

#endif
