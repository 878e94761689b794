/* Flights that other threads have begun and whose events the writer is to commit. */
#ifndef SYNCHRONY_CGI_BIN_INBOX_H
#define SYNCHRONY_CGI_BIN_INBOX_H

#include "cgi-bin/flight.h"

struct inbox {
    int fd; /* an eventfd, non-blocking: readable while there is something in it */
    pthread_mutex_t lock;
    pthread_cond_t has_room;
    struct flight *first;
    size_t bytes; /* of the flights' bodies */
};

void inbox_put(struct inbox *inbox, struct flight *flight);

/* Returns NULL when it is empty. */
struct flight *inbox_take(struct inbox *inbox);

/* Waits while it holds max_bytes or more. */
void inbox_await_room(struct inbox *inbox, size_t max_bytes);

#endif
