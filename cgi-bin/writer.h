/* A writer: the loop that accepts requests, begins them, and commits their events in groups. It never waits for a client: a request that
 * has not come whole is set aside, one too large to tell is received by a thread of its own, and so is an answer sent that may not fit the
 * connection's buffer. */
#ifndef SYNCHRONY_CGI_BIN_WRITER_H
#define SYNCHRONY_CGI_BIN_WRITER_H

#include "app/host_group.h"
#include "cgi-bin/pool.h"

/* What writers share. */
struct writers {
    struct service *service;
    struct flights *flights;
    struct pool *readers;          /* for calls that wait for the database */
    struct pool *probes;           /* for readiness: never behind a long answer */
    struct pool *porters;          /* for requests that come slowly */
    struct pool *senders;          /* for answers that may be taken slowly */
    struct crew *crew;             /* that the threads belong to */
    struct host_group *host_group; /* NULL: none */
    int listen_fd;                 /* non-blocking, as others may take the connection that was announced */
    int stop_fd;                   /* readable once the writers are to end */
    _Atomic size_t n_receiving;    /* requests that porters have in hand, on their way to the inbox */
    int inbox_fd;                  /* readable while the inbox is not empty */
    pthread_mutex_t lock;          /* of the inbox: flights that porters have begun and whose events are to be committed */
    pthread_cond_t has_room;
    struct flight *inbox;
    size_t inbox_bytes; /* of their bodies */
};

/* Starts the threads. Returns STATUS_NO_MEMORY when none could be. */
enum status writers_start(struct writers *writers) MUST_USE;

#endif
