/* Group commit between the processes of a host. Under a web server that gives each process one request at a time (mod_fcgid) a group can
 * only form between processes: each puts its event into a slot of a mapped file and waits; one process leads, takes all that wait, commits
 * them together and gives each its verdict.
 *
 * The leader is who holds a robust lock. When it is killed, another takes over and commits what it had taken again: with the same
 * identities, so nothing is stored twice, and nothing is acknowledged that was not committed. A process that is killed while it waits
 * leaves a slot behind, which the leader clears. */
#ifndef SYNCHRONY_APP_HOST_GROUP_H
#define SYNCHRONY_APP_HOST_GROUP_H

#include "app/delivery.h"

struct host_group;

/* An event that waits for the leader. */
struct host_slot;

/* Attaches this process to the group of the run directory and of a database, named by all that says which it is: processes that write to
 * different databases never meet. Returns STATUS_INTERNAL when the mapped file cannot be used, or
 * STATUS_NO_MEMORY. */
enum status host_group_open(struct host_group **group, const char *run_directory, struct bytes database) MUST_USE;

/* No call of this process may be under way. */
void host_group_close(struct host_group *group);

/* Are there other processes to share a commit with? */
bool host_group_is_shared(const struct host_group *group);

/* Lays a copy of the event before the leader, which may be this process. Returns NULL, having done nothing, when it does not fit a slot or
 * none is free; else the slot is to be given to host_group_poll or host_group_await until one of them has ended it. */
struct host_slot *host_group_submit(struct host_group *group, const struct event *event);

/* Waits for timeout_ms at most. Returns true when the leader is done: the event's verdict and is_duplicate are set, and the slot is
 * gone. */
bool host_group_poll(struct host_slot *slot, struct event *event, int timeout_ms);

/* As host_group_poll, but ends the slot in any case. Past timeout_ms the verdict is STATUS_UNAVAILABLE and the outcome unknown. Returns
 * false when no process has taken the event within a second: it has not been written, and may be written otherwise. */
bool host_group_await(struct host_slot *slot, struct event *event, int timeout_ms);

/* Leads, whenever no other process does, until *stops; then returns within half a second. For a thread of its own. db is its connection. */
void host_group_lead(struct host_group *group, struct delivery *delivery, struct db *db, const _Atomic bool *stops);

#endif
