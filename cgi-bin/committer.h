/* A thread that commits one group at a time for a writer. The writer waits for it as long as a commit takes, and goes on with all that
 * commits nothing when one takes long: a lock, a disk or a server that hangs holds up neither reads nor health checks. */
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
};

struct committer;

/* Starts the thread. host_group may be NULL; all is borrowed until committer_free. Returns NULL without memory or a connection. */
struct committer *committer_new(struct service *service, struct host_group *host_group);

/* No group may be under way. */
void committer_free(struct committer *committer);

/* Has the events of a group written (group_write). One group at a time; it is the committer's until committer_wait has said true. */
void committer_give(struct committer *committer, struct group *group);

/* Waits for the group to be done, for timeout_ms at most. Returns whether it is; if not, committer_fd becomes readable once it is. */
bool committer_wait(struct committer *committer, int timeout_ms);

int committer_fd(const struct committer *committer);

#endif
