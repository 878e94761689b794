/* The writer: the loop that accepts requests, begins them, and commits their events in groups. It never waits for a client: a request that
 * has not come whole is set aside, one too large to tell is received by a thread of its own, and so is an answer sent that may not fit the
 * connection's buffer. */
#ifndef SYNCHRONY_CGI_BIN_WRITER_H
#define SYNCHRONY_CGI_BIN_WRITER_H

#include "app/host_group.h"
#include "cgi-bin/inbox.h"
#include "cgi-bin/pool.h"

struct writer {
    struct service *service;
    struct flights *flights;
    struct pool *readers;          /* for calls that wait for the database */
    struct pool *probes;           /* for readiness: never behind a long answer */
    struct pool *porters;          /* for requests that come slowly */
    struct pool *senders;          /* for answers that may be taken slowly */
    struct crew *crew;             /* that its thread belongs to */
    struct host_group *host_group; /* NULL: none */
    int listen_fd;                 /* non-blocking, as others may take the connection that was announced */
    int stop_fd;                   /* readable once it is to end */
    _Atomic size_t n_receiving;    /* requests that porters have in hand, on their way to the inbox */
    struct inbox inbox;
};

/* Starts the thread. writer is borrowed until it has left its crew. */
enum status writer_start(struct writer *writer) MUST_USE;

#endif
