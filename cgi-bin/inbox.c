#include "cgi-bin/inbox.h"

#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

void inbox_put(struct inbox *inbox, struct flight *flight)
{
    const uint64_t one = 1;

    pthread_mutex_lock(&inbox->lock);
    bool was_empty = !inbox->first;
    flight->next = inbox->first;
    inbox->first = flight;
    inbox->bytes += flight->call->body_len;
    /* It cannot fail: the counter is 0 or 1. */
    if (was_empty && write(inbox->fd, &one, sizeof one) != sizeof one)
        abort();
    pthread_mutex_unlock(&inbox->lock);
}

struct flight *inbox_take(struct inbox *inbox)
{
    uint64_t count;

    pthread_mutex_lock(&inbox->lock);
    struct flight *flight = inbox->first;
    if (flight) {
        inbox->first = flight->next;
        inbox->bytes -= flight->call->body_len;
        pthread_cond_broadcast(&inbox->has_room);
    }
    if (flight && !inbox->first && read(inbox->fd, &count, sizeof count) != sizeof count)
        abort(); /* it was put there with the first of them */
    pthread_mutex_unlock(&inbox->lock);
    return flight;
}

void inbox_await_room(struct inbox *inbox, size_t max_bytes)
{
    pthread_mutex_lock(&inbox->lock);
    while (inbox->bytes >= max_bytes)
        pthread_cond_wait(&inbox->has_room, &inbox->lock);
    pthread_mutex_unlock(&inbox->lock);
}
