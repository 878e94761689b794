/* Judges events by the catalogue in force, after they were accepted and before anything is stored: one by one, for single events, elements
 * of batches and batches on request alike.
 *
 * Left to others: what a schema says (model/schema), keeping what is refused (app/quarantine). */
#ifndef SYNCHRONY_APP_JUDGEMENT_H
#define SYNCHRONY_APP_JUDGEMENT_H

#include "app/call.h"
#include "model/tree.h"

/* What the events of one request are judged by. */
struct judgement {
    struct worker *worker;
    struct catalogue *catalogue; /* NULL: every event fits */
    struct arena *arena;
    struct tree tree;
};

/* The worker holds the catalogue until the next judgement begins. The arena may be reset between events: judgement_forget. */
static inline struct judgement judgement_begin(struct worker *worker, struct arena *arena)
{
    return (struct judgement){ .worker = worker,
                               .catalogue = catalogue_present(&worker->service->catalogue, &worker->catalogue),
                               .arena = arena };
}

/* Before the arena is reset and another event judged. */
static inline void judgement_forget(struct judgement *judgement)
{
    judgement->tree = (struct tree){ 0 };
}

enum status judgement_pass(struct judgement *judgement, struct bytes text, struct event *event, struct problem *problem) MUST_USE;

/* Judges one event.
 *
 * text     the whole event as json_guard has passed it.
 * event    decoded and accepted.
 * problem  what is wrong, in the arena.
 * Returns STATUS_SCHEMA_VIOLATED or STATUS_SCHEMA_TOO_COSTLY where its type's schema is enforced, STATUS_UNKNOWN_EVENT_TYPE where the
 * catalogue is closed and has none, STATUS_UNAVAILABLE where it is closed and has never been read; STATUS_NO_MEMORY, STATUS_INTERNAL. */
static inline enum status judge_event(struct judgement *judgement, struct bytes text, struct event *event, struct problem *problem)
{
    return judgement->catalogue ? judgement_pass(judgement, text, event, problem) : STATUS_OK;
}

#endif
