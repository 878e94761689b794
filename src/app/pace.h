/* The pace at which a client takes a long answer: who writes it is told when the client takes nothing, so that he can give up what he holds
 * for it, before he waits for longer. */
#ifndef SYNCHRONY_APP_PACE_H
#define SYNCHRONY_APP_PACE_H

#include "app/exchange.h"

/* The client has taken nothing for a while, two seconds or a tenth of the time that it has. What is not STATUS_OK ends the answer. */
typedef enum status pace_slow(void *context);

struct pace {
    int peer_fd;
    int timeout_ms;
    pace_slow *slow;
    void *context;
    struct http_response *response; /* NULL: has not begun */
    http_sink *sink;                /* where the answer goes */
    void *sink_context;
};

/* From now on what response sends waits for the other end of peer_fd, timeout_ms at most: STATUS_CLIENT_GONE. All is borrowed until
 * pace_end. Without a peer_fd (0) nothing is seen, and slow never called. */
void pace_begin(struct pace *pace, struct http_response *response, int peer_fd, int timeout_ms, pace_slow *slow, void *context);

/* Also where it has not begun. */
void pace_end(struct pace *pace);

#endif
