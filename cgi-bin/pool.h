/* Threads that work on flights where it may take long, and the bounded queue before them.
 *
 * Flights that are alike can be worked on together: a thread takes all that wait, and while it works others that come gather behind it,
 * for a moment at most, and are taken together next. (What is done for one that was under way before they came would be too old for
 * them.)
 *
 * A flight may have to wait for something else than a thread: those behind it are then worked on before it. At most half of those that are
 * queued do. */
#ifndef SYNCHRONY_CGI_BIN_POOL_H
#define SYNCHRONY_CGI_BIN_POOL_H

#include "cgi-bin/crew.h"
#include "cgi-bin/flight.h"

enum { POOL_MAX_THREADS = 64, POOL_MAX_ALIKE = 64 };

/* Does what is to be done with a flight, and with those that are alike and follow it in its list; they are then its own to end or to
 * hand on. context is that of the pool. */
typedef void pool_work(void *context, struct worker *worker, struct flight *flight);

/* What a thread works on. */
struct pool_place {
    uint64_t likeness; /* of it; 0: nothing, or nothing that others are like */
    int64_t since_ms;  /* clock_monotonic_ms */
};

struct pool {
    struct service *service;
    struct crew *crew;                                                 /* that the threads belong to */
    void *context;                                                     /* for the work */
    bool (*are_alike)(const struct flight *a, const struct flight *b); /* of two of one likeness; NULL: none has one */
    bool (*may_begin)(struct service *service, struct flight *flight,
                      int64_t now_ms); /* of one that waits; not asked when the pool stops */
    size_t max_threads;                /* at most POOL_MAX_THREADS */
    size_t max_queued;
    pthread_mutex_t lock; /* of what follows */
    pthread_cond_t queued;
    struct flight *first; /* in, first out */
    struct flight *last;
    size_t n_queued;
    size_t n_waiting; /* of those */
    size_t n_threads;
    size_t n_idle;
    size_t n_looking; /* of the idle: those that look again in a moment */
    struct pool_place places[POOL_MAX_THREADS];
    size_t n_places;
    bool is_stopping;
};

/* Hands a flight over; a thread is added, up to max_threads, where none is idle. Returns false when too many wait already; the flight then
 * stays the caller's. */
bool pool_queue(struct pool *pool, struct flight *flight, pool_work *work);

/* Lets the threads end once the queue is empty. */
void pool_stop(struct pool *pool);

#endif
