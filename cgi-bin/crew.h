/* Threads that are counted, so that their end can be waited for up to a deadline. */
#ifndef SYNCHRONY_CGI_BIN_CREW_H
#define SYNCHRONY_CGI_BIN_CREW_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <time.h>

struct crew {
    pthread_mutex_t lock;
    pthread_cond_t left; /* a thread has */
    size_t n;
};

#define CREW_INITIALIZER                                                    \
    {                                                                       \
        .lock = PTHREAD_MUTEX_INITIALIZER, .left = PTHREAD_COND_INITIALIZER \
    }

/* Starts a thread of the crew, which calls crew_leave as the last thing it does. Returns false when the system has none to give. */
bool crew_start(struct crew *crew, void *(*run)(void *context), void *context);
void crew_leave(struct crew *crew);

/* Waits until all have left, or for the time that is left until deadline (CLOCK_MONOTONIC). Returns whether all have. */
bool crew_wait(struct crew *crew, const struct timespec *deadline);

#endif
