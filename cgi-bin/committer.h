/* Commits groups of requests for the writer: to the database, over connections of its own, or to the queue. The writer goes on with all
 * that commits nothing meanwhile: a lock, a disk or a server that hangs holds up neither reads nor health checks.
 *
 * A small group is sent by the writer's own thread, and its answer taken when it comes: each thread that a group passes through would cost
 * it a wait for a processor. A connection is left to a thread of its own for what takes long: connecting, large groups, and groups that
 * have failed, which are tried again and divided.
 *
 * Left to others: which requests make a group, and when (cgi-bin/commits). */
#ifndef SYNCHRONY_CGI_BIN_COMMITTER_H
#define SYNCHRONY_CGI_BIN_COMMITTER_H

#include "app/host_group.h"
#include "cgi-bin/flight.h"

enum { GROUP_MAX_REQUESTS = 256 };

/* Requests whose events are committed together. */
struct group {
    struct flight *flights[GROUP_MAX_REQUESTS];
    size_t n;
    size_t bytes; /* of their bodies */
    struct event **events;
    size_t n_events;
    struct host_slot *slot; /* not NULL: its one event waits for the host's leader already */
    struct delivery_flight delivery;
    enum status outcome; /* of the flight; STATUS_OK: none has failed */
    struct group *next;  /* in the list that it is in */
};

struct committer;

/* Where it commits. */
enum committer_target {
    COMMITTER_DATABASE, /* and in its stead the queue (delivery_write) */
    COMMITTER_QUEUE     /* delivery_queue */
};

/* Begins with one connection; those past it, up to max_lanes, come when they are needed. epoll_fd tells with tag when there may be
 * something to take, level-triggered. service is borrowed until committer_free. Returns NULL without memory, a thread or a connection. */
struct committer *committer_new(struct service *service, enum committer_target target, size_t max_lanes, int epoll_fd, void *tag);

/* No group may be under way. */
void committer_free(struct committer *committer);

/* Could a group be committed now, beside those that are under way? True while none is. */
bool committer_has_room(struct committer *committer);

/* Has the events of a group written, where there is room. It is the committer's until committer_take returns it. */
void committer_give(struct committer *committer, struct group *group);

/* Returns the groups that are done, as a list; NULL when none is. */
struct group *committer_take(struct committer *committer);

#endif
