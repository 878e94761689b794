/* A writer: the loop that accepts requests, begins them, and commits their events in groups. */
#ifndef SYNCHRONY_CGI_BIN_WRITER_H
#define SYNCHRONY_CGI_BIN_WRITER_H

#include "app/host_group.h"
#include "cgi-bin/reader.h"

/* What writers share. */
struct writers {
    struct service *service;
    struct flights *flights;
    struct readers *readers;
    struct crew *crew;             /* that the threads belong to */
    struct host_group *host_group; /* NULL: none */
    int listen_fd;                 /* non-blocking, as others may take the connection that poll announced */
    int stop_fd;                   /* readable once the writers are to end */
};

/* Starts the threads. Returns STATUS_NO_MEMORY when none could be. */
enum status writers_start(struct writers *writers) MUST_USE;

#endif
