/* Works on calls: reads what was asked, lets the route answer, and makes an error answer of what fails. In stages, so that calls whose
 * events wait for a commit can be set aside and committed together.
 *
 * Left to others: accepting connections (cgi-bin/), what each route does (app/routes and the handlers it names). */
#ifndef SYNCHRONY_APP_WORKER_H
#define SYNCHRONY_APP_WORKER_H

#include "app/call.h"

/* For one thread. service is borrowed until worker_free. Returns NULL without memory. */
struct worker *worker_new(struct service *service);
void worker_free(struct worker *worker);

/* A call that is used for one request after the other. Returns NULL without memory. */
struct call *call_new(const struct service *service);
void call_free(struct call *call);

/* Gives back what the last request has used, but for a little that the next will use again. Nothing of that request may be in use. */
void call_rest(struct call *call);

/* What is to be done with a call next. */
enum call_stage {
    CALL_ANSWERED, /* nothing: the whole answer has been written */
    CALL_BROKEN,   /* the connection must be broken: the answer is not whole, and the client must be able to tell */
    CALL_COMMITS,  /* call->events, if there are any, are to be written (delivery_write), then worker_end */
    CALL_BLOCKS    /* worker_run, where waiting for the database harms nobody */
};

/* Begins a request. exchange is borrowed until the call is answered or broken. */
enum call_stage worker_begin(struct worker *worker, struct call *call, const struct exchange *exchange) MUST_USE;

/* Each goes on with a call that is in the stage that names it, and ends it. */
enum call_stage worker_end(struct worker *worker, struct call *call) MUST_USE;
enum call_stage worker_run(struct worker *worker, struct call *call) MUST_USE;

/* A number that is the same for calls in CALL_BLOCKS that ask the same, and seldom for others; 0: its answer is not to be shared. */
uint64_t worker_likeness(const struct call *call);

/* Do two calls that are in CALL_BLOCKS ask the same, so that one answer serves both? */
bool worker_are_alike(const struct call *a, const struct call *b);

/* Is it to wait for a place among the long answers before it runs? */
bool worker_needs_place(const struct call *call);

/* Takes the place, which worker_run gives back. Returns false while it is to wait for one; without one, when it has waited for long enough,
 * it is refused. No thread has the call. */
bool worker_take_place(struct service *service, struct call *call, int64_t now_ms);

/* worker_run for n calls that are alike: the answer is found once, after all of them were asked, so that each is told what it would have
 * been told alone. stages[i] is what becomes of calls[i]. *n_done is how many were answered or broken; those
 * behind are still in CALL_BLOCKS, since the first had no answer that can be shared. None is, where the first is to wait for a place. */
void worker_run_alike(struct worker *worker, struct call *const *calls, size_t n, enum call_stage *stages, size_t *n_done);

/* Answers a call that was not begun with a failure, such as STATUS_BUSY; for a call in any stage but the first two. */
enum call_stage worker_refuse(struct call *call, enum status st) MUST_USE;

/* Gives up a call whose answer nobody can send. Returns CALL_BROKEN. */
enum call_stage worker_abandon(struct call *call) MUST_USE;

/* A request from beginning to end, waiting where there is to wait. Returns CALL_ANSWERED or CALL_BROKEN. */
enum call_stage worker_serve(struct worker *worker, struct call *call, const struct exchange *exchange) MUST_USE;

#endif
