/* What a thread in the background waits by: until its time has come, something has come for it, or it is to end. One bell a thread, so that
 * nobody wakes for another's sake, and nobody looks again and again whether there is anything. */
#ifndef SYNCHRONY_BASE_BELL_H
#define SYNCHRONY_BASE_BELL_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

struct bell {
    pthread_mutex_t lock;
    pthread_cond_t rung;
    bool rings;             /* under lock */
    _Atomic bool has_ended; /* written under lock */
};

#define BELL_INITIALIZER                                                    \
    {                                                                       \
        .lock = PTHREAD_MUTEX_INITIALIZER, .rung = PTHREAD_COND_INITIALIZER \
    }

/* Ends the thread's wait, or its next one where it does not wait now. */
void bell_ring(struct bell *bell);

/* Ends all its waits: the thread is to end. */
void bell_end(struct bell *bell);

/* Waits until the bell has rung, for ms milliseconds at most. Returns whether the thread is to go on. */
bool bell_wait(struct bell *bell, int ms);

/* Is the thread to go on? */
static inline bool bell_goes_on(const struct bell *bell)
{
    return !atomic_load(&bell->has_ended);
}

#endif
