/* The threads that answer what waits for the database but writes no event, and the bounded queue before them. */
#ifndef SYNCHRONY_CGI_BIN_READER_H
#define SYNCHRONY_CGI_BIN_READER_H

#include "cgi-bin/crew.h"
#include "cgi-bin/flight.h"

struct readers {
    struct service *service;
    struct flights *flights;
    struct crew *crew;    /* that the threads belong to */
    pthread_mutex_t lock; /* of what follows */
    pthread_cond_t work;  /* something is queued, or it is time to stop */
    struct flight *first; /* in, first out */
    struct flight *last;
    size_t n_queued;
    size_t n_threads;
    size_t n_idle;
    bool is_stopping;
};

/* Hands over a flight whose call is in the stage CALL_BLOCKS. A thread is added, up to reader_connections, where none is idle.
 * Returns false when too many wait already; the flight then stays the caller's. */
bool readers_queue(struct readers *readers, struct flight *flight);

/* Lets the threads end once the queue is empty. */
void readers_stop(struct readers *readers);

#endif
