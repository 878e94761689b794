/* A FastCGI connection with the one request that comes over it. The only door to libfcgi.
 *
 * Left to others: accepting connections, and who works on which (daemon). */
#ifndef SYNCHRONY_CGI_BIN_CONNECTION_H
#define SYNCHRONY_CGI_BIN_CONNECTION_H

#include <fcgiapp.h>
#include <stdint.h>

#include "app/exchange.h"

struct connection {
    FCGX_Request request;
    int64_t deadline_ms;      /* for the body: clock_monotonic_ms */
    struct exchange exchange; /* of the request, while the connection is open; not to be moved */
};

/* Once a process, before threads. Returns STATUS_INTERNAL. */
enum status connection_library_init(void) MUST_USE;

/* Reads the request's variables from fd, which may block; fd belongs to the connection from here on. A peer whose body has not come whole
 * within timeout_ms breaks the connection; so does one that sends or takes nothing for as long, from connection_bound on.
 * Returns false, fd being closed, when no request came. */
bool connection_open(struct connection *connection, int fd, int timeout_ms) MUST_USE;

/* Bounds how long reading from fd and writing to it may block. To be called where they may: what has come whole is read, and what fits a
 * socket's buffer is written, at once. */
void connection_bound(int fd, int timeout_ms);

/* Sends what is left and ends the request. Where the answer is not whole, the connection is broken off without an end of request, so that
 * the web server breaks its own too. */
void connection_close(struct connection *connection, bool is_whole);

#endif
