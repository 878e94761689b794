#include "cgi-bin/flight.h"

#include <stdlib.h>

static struct flight *flight_new(const struct service *service)
{
    struct flight *flight = calloc(1, sizeof *flight);

    if (!flight)
        return NULL;
    flight->call = call_new(service);
    if (!flight->call) {
        free(flight);
        return NULL;
    }
    return flight;
}

struct flight *flight_take(struct flights *flights)
{
    pthread_mutex_lock(&flights->lock);
    struct flight *flight = flights->idle;
    if (flight)
        flights->idle = flight->next;
    pthread_mutex_unlock(&flights->lock);
    return flight ? flight : flight_new(flights->service);
}

/* The one used last is taken first: what it holds is still in the processor's caches. */
void flight_give(struct flights *flights, struct flight *flight)
{
    pthread_mutex_lock(&flights->lock);
    flight->next = flights->idle;
    flights->idle = flight;
    pthread_mutex_unlock(&flights->lock);
}

void flight_end(struct flights *flights, struct flight *flight, enum call_stage stage)
{
    connection_close(&flight->connection, stage == CALL_ANSWERED);
    call_rest(flight->call);
    flight_give(flights, flight);
}

bool flight_are_alike(const struct flight *a, const struct flight *b)
{
    return worker_are_alike(a->call, b->call);
}

bool flight_may_begin(struct service *service, struct flight *flight, int64_t now_ms)
{
    return worker_take_place(service, flight->call, now_ms);
}

void flights_free(struct flights *flights)
{
    while (flights->idle) {
        struct flight *next = flights->idle->next;
        call_free(flights->idle->call);
        free(flights->idle);
        flights->idle = next;
    }
}
