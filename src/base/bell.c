#include "base/bell.h"

#include "base/clock.h"

void bell_ring(struct bell *bell)
{
    pthread_mutex_lock(&bell->lock);
    bell->rings = true;
    pthread_cond_signal(&bell->rung);
    pthread_mutex_unlock(&bell->lock);
}

void bell_end(struct bell *bell)
{
    pthread_mutex_lock(&bell->lock);
    atomic_store(&bell->has_ended, true);
    pthread_cond_signal(&bell->rung);
    pthread_mutex_unlock(&bell->lock);
}

bool bell_wait(struct bell *bell, int ms)
{
    const struct timespec deadline = clock_monotonic_in(ms);
    int waited = 0;

    pthread_mutex_lock(&bell->lock);
    while (!bell->rings && bell_goes_on(bell) && waited == 0)
        waited = pthread_cond_clockwait(&bell->rung, &bell->lock, CLOCK_MONOTONIC, &deadline);
    bell->rings = false;
    pthread_mutex_unlock(&bell->lock);
    return bell_goes_on(bell);
}
