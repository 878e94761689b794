/* One request and its answer as the application sees them: where variables and body come from and where the answer goes. Whoever
 * accepts requests (cgi-bin/) makes one. */
#ifndef SYNCHRONY_APP_EXCHANGE_H
#define SYNCHRONY_APP_EXCHANGE_H

#include "base/arena.h"
#include "model/http_request.h"
#include "model/http_response.h"
#include "model/limits.h"

/* Reads at most len bytes of the body, at least one unless it has ended. Returns how many, 0 at the end, -1 where the connection
 * broke. */
typedef long exchange_reader(void *context, char *to, size_t len);

struct exchange {
    http_variable *variable;
    exchange_reader *read;
    http_sink *write;
    void *context; /* of the three */
    int peer_fd; /* the connection, to see whether the other end has left (poll(2) tells POLLHUP or POLLERR); 0: it cannot be seen */
};

/* Reads the whole body as it was announced, or to its end where no length was.
 *
 * body  in arena, with a NUL behind it; never more than limits->body_max_bytes.
 * Returns STATUS_TOO_LARGE, STATUS_INVALID_BODY (no length, or not that long), STATUS_NO_MEMORY. */
enum status exchange_read_body(const struct exchange *exchange, const struct http_request *request, const struct limits *limits,
                               struct arena *arena, struct bytes *body, struct problem *problem) MUST_USE;

/* Is a body announced that has max_bytes at most? */
bool exchange_body_fits(const struct http_request *request, size_t max_bytes);

/* Writes the whole body to fd, as it was announced or to its end: no more than max_bytes, and never more than a piece of it in memory.
 * Returns STATUS_TOO_LARGE, STATUS_INVALID_BODY, or STATUS_UNAVAILABLE where fd takes no more. */
enum status exchange_spool_body(const struct exchange *exchange, const struct http_request *request, size_t max_bytes, int fd,
                                size_t *len, struct problem *problem) MUST_USE;

/* Reads on, keeping nothing, until the body ends: a web server that finds its writes refused would not pass on the answer. Gives up
 * after 64 MiB. */
void exchange_drain(const struct exchange *exchange);

#endif
