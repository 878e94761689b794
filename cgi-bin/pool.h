/* Threads that work on flights where it may take long, and the bounded queue before them. */
#ifndef SYNCHRONY_CGI_BIN_POOL_H
#define SYNCHRONY_CGI_BIN_POOL_H

#include "cgi-bin/crew.h"
#include "cgi-bin/flight.h"

/* Does what is to be done with a flight, which is then its own to end or to hand on. context is that of the pool. */
typedef void pool_work(void *context, struct worker *worker, struct flight *flight);

struct pool {
    struct service *service;
    struct crew *crew; /* that the threads belong to */
    void *context;     /* for the work */
    size_t max_threads;
    size_t max_queued;
    pthread_mutex_t lock; /* of what follows */
    pthread_cond_t queued;
    struct flight *first; /* in, first out */
    struct flight *last;
    size_t n_queued;
    size_t n_threads;
    size_t n_idle;
    bool is_stopping;
};

/* Hands a flight over; a thread is added, up to max_threads, where none is idle. Returns false when too many wait already; the flight then
 * stays the caller's. */
bool pool_queue(struct pool *pool, struct flight *flight, pool_work *work);

/* Lets the threads end once the queue is empty. */
void pool_stop(struct pool *pool);

#endif
