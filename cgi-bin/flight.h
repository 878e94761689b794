/* A request in flight: its connection and its call. An object that goes from hand to hand, and is used again for the next request. */
#ifndef SYNCHRONY_CGI_BIN_FLIGHT_H
#define SYNCHRONY_CGI_BIN_FLIGHT_H

#include <pthread.h>

#include "app/worker.h"
#include "cgi-bin/connection.h"

struct flight {
    struct connection connection;
    struct call *call;
    int fd;              /* of the connection */
    struct flight *next; /* in the list that it is in */
    uint64_t likeness;   /* in a pool: that of those that are alike; 0: none is */
    bool waits;          /* in a pool: until pool.may_begin says otherwise */
    void (*work)(void *context, struct worker *worker, struct flight *flight); /* in a pool: what is to be done */
};

/* Those that are idle, for all threads. */
struct flights {
    const struct service *service;
    pthread_mutex_t lock;
    struct flight *idle;
};

/* Takes an idle flight, or makes one. Returns NULL without memory. */
struct flight *flight_take(struct flights *flights);

/* Puts it back unused. */
void flight_give(struct flights *flights, struct flight *flight);

/* Ends the connection of a call that was answered or is broken, and puts the flight back. */
void flight_end(struct flights *flights, struct flight *flight, enum call_stage stage);

/* Do two that wait for the database ask the same? */
bool flight_are_alike(const struct flight *a, const struct flight *b);

/* Of one that waits for a place among the long answers: has it one now, or is it to go without? */
bool flight_may_begin(struct service *service, struct flight *flight, int64_t now_ms);

/* All must have been put back. */
void flights_free(struct flights *flights);

#endif
