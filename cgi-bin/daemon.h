/* The FastCGI daemon: requests are accepted, worked on and answered by a few threads of fixed parts.
 *
 * A writer is a loop: it accepts every connection that is ready, begins each request, commits the events of all of them in one
 * transaction, and answers. No timer and no added delay: under no load a group is one event; under load it is what has come in while the
 * last one was committed. What waits for the database otherwise (reads) goes to readers, and what waits for a slow client to porters, over
 * bounded queues, so that no event waits behind either. */
#ifndef SYNCHRONY_CGI_BIN_DAEMON_H
#define SYNCHRONY_CGI_BIN_DAEMON_H

#include "app/service.h"

/* Serves what comes in on listen_fd until SIGTERM, SIGINT or SIGUSR1; then finishes what is under way, for 4 s at most.
 * Returns STATUS_OK after an orderly end, STATUS_INTERNAL or STATUS_NO_MEMORY when it could not start. */
enum status daemon_serve(struct service *service, int listen_fd) MUST_USE;

#endif
