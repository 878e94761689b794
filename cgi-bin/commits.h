/* Which requests are committed together, when, and where to: to the database, or to the queue while that is away.
 *
 * One commit at a time makes the largest groups; a second one beside it pays for large groups, and is there when the first hangs. Left to
 * others: the commit itself (cgi-bin/committer), answering (cgi-bin/writer). */
#ifndef SYNCHRONY_CGI_BIN_COMMITS_H
#define SYNCHRONY_CGI_BIN_COMMITS_H

#include "cgi-bin/committer.h"

struct commits;

/* epoll_fd tells with tag when there may be something to take. host_group may be NULL; all is borrowed until commits_free, at which no
 * group may be under way. Returns NULL without memory, a thread or a connection. */
struct commits *commits_new(struct service *service, struct host_group *host_group, int epoll_fd, void *tag);
void commits_free(struct commits *commits);

/* May one more request be begun? Commits that hang must not keep the caller from what commits nothing; what would then wait behind a full
 * group is refused: commits_are_full. */
bool commits_have_room(const struct commits *commits);
bool commits_are_full(const struct commits *commits);

/* Lets a request wait for the next commit; not while they are full. */
void commits_add(struct commits *commits, struct flight *flight);

/* Takes back the groups that are done, as a list. */
struct group *commits_take(struct commits *commits);

/* Commits what waits, if it is time to. Returns a group that is done already, or NULL. */
struct group *commits_go(struct commits *commits);

/* Gives groups back once their requests are answered. */
void commits_give_back(struct commits *commits, struct group *groups);

/* Do events enough wait to be committed as they are? Fewer gain more by company than the database loses by waiting for it. */
bool commits_are_ready(const struct commits *commits);

/* Does something wait for a commit that has to be begun beside another, when it is time? */
bool commits_are_deferred(const struct commits *commits);

/* Is there anything that waits or is being committed? */
bool commits_are_pending(const struct commits *commits);

#endif
