/* One request under way: what was asked, the answer as far as it is written, and the events that wait for their commit. An object that
 * moves from who accepts it to who commits and answers; not a thread that waits. */
#ifndef SYNCHRONY_APP_CALL_H
#define SYNCHRONY_APP_CALL_H

#include "app/batch.h"
#include "app/exchange.h"
#include "app/service.h"
#include "base/entropy.h"
#include "model/gzip.h"
#include "model/json_document.h"
#include "model/schema.h"
#include "model/scrub.h"

/* What one thread needs to work on calls, one after the other. */
struct worker {
    struct service *service;
    struct document_reader *reader;
    struct gunzip *gunzip;
    struct entropy entropy;
    struct scrubber scrubber;
    struct schema_scratch *scratch; /* for judging events */
    struct catalogue *catalogue;    /* that it judges by, held; NULL: none */
};

struct route;
struct route_action;
struct caller;

struct call {
    struct worker *worker; /* of the thread that has the call now */
    const struct exchange *exchange;
    const struct route *route; /* NULL: none leads there */
    const struct route_action *action;
    struct caller *caller; /* who it is, in the arena; NULL: nobody asks */
    struct http_request request;
    struct http_response response;
    struct problem problem; /* of a handler that returns a failure */
    struct arena arena;     /* the request's memory */
    struct batch batch;     /* what was posted; one event that is no array is a batch of one */
    bool is_batch;          /* it was an array */
    bool is_answered;       /* begin has written the answer; end has nothing to do */
    struct event **events;  /* those of the batch that are to be committed; in the arena */
    size_t n_events;
    size_t body_len;                /* bytes of the body in the arena, unpacked */
    size_t n_received;              /* of the body, likewise, wherever it is */
    size_t n_read;                  /* items that the answer has */
    bool has_place;                 /* among the long answers, from before it was begun */
    bool is_long;                   /* the answer leaves at its client's pace: no other call is to wait for it */
    void (*on_long)(void *context); /* is told so, once; NULL: nobody waits */
    void *on_long_context;
    int64_t begun_ns;     /* clock_monotonic_ns */
    int64_t run_since_ns; /* likewise; in worker_run: without the time that it waited for a place */
    int64_t waits_since_ns;
    int64_t db_ns; /* how long it waited for the database, or the queue in its stead */
};

#endif
