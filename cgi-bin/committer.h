/* Threads that commit groups of requests for the writer: to the database, each over a connection of its own, or to the queue. The writer
 * goes on with all that commits nothing while they do: a lock, a disk or a server that hangs holds up neither reads nor health checks.
 *
 * Left to others: which requests make a group, and when (cgi-bin/writer). */
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
    struct group *next;     /* in the list that it is in */
};

struct committer;

/* Where it commits. */
enum committer_target {
    COMMITTER_DATABASE, /* and in its stead the queue (delivery_write) */
    COMMITTER_QUEUE     /* delivery_queue */
};

/* Starts the first thread; those past it, up to max_threads, start when they are needed. service is borrowed until committer_free. Returns
 * NULL without memory or a connection. */
struct committer *committer_new(struct service *service, enum committer_target target, size_t max_threads);

/* No group may be under way. */
void committer_free(struct committer *committer);

/* Has the events of a group written. It is the committer's until committer_take returns it. At most max_threads groups may
 * be under way. */
void committer_give(struct committer *committer, struct group *group);

/* Returns the groups that are done, as a list; NULL when none is. */
struct group *committer_take(struct committer *committer);

/* Readable while there are groups that are done and not taken. */
int committer_fd(const struct committer *committer);

#endif
