#include "cgi-bin/crew.h"

enum { THREAD_STACK_BYTES = 512 * 1024 };

bool crew_start(struct crew *crew, void *(*run)(void *context), void *context)
{
    pthread_attr_t attributes;
    pthread_t thread;

    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&attributes, THREAD_STACK_BYTES);
    /* Under the lock, so that the count is right before the thread can leave. */
    pthread_mutex_lock(&crew->lock);
    bool started = pthread_create(&thread, &attributes, run, context) == 0;
    crew->n += started;
    pthread_mutex_unlock(&crew->lock);
    pthread_attr_destroy(&attributes);
    return started;
}

void crew_leave(struct crew *crew)
{
    pthread_mutex_lock(&crew->lock);
    crew->n--;
    pthread_cond_broadcast(&crew->left);
    pthread_mutex_unlock(&crew->lock);
}

bool crew_wait(struct crew *crew, const struct timespec *deadline)
{
    int waited = 0;

    pthread_mutex_lock(&crew->lock);
    while (crew->n && waited == 0)
        waited = pthread_cond_clockwait(&crew->left, &crew->lock, CLOCK_MONOTONIC, deadline);
    bool all_left = crew->n == 0;
    pthread_mutex_unlock(&crew->lock);
    return all_left;
}
