#include "cgi-bin/commits.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

enum {
    READY_EVENTS = 16, /* a group of so many goes as soon as it can: the database would stand idle while others are accepted */
    PATIENCE_MS = 20,  /* how long a commit has to last before another is begun beside it */
    STUCK_MS = 1000,   /* how long none may end before the database counts as away, or requests are refused */
    SECOND_COMMIT_EVENTS =
        200 /* a group of so many is committed beside another: split further, both would cost more than they gain */
};

struct commits {
    struct service *service;
    struct host_group *host_group;
    struct committer *committer;
    struct committer *spill; /* commits to the queue what the database cannot take; NULL: there is no queue */
    struct group *groups;    /* as many as can be committed at a time, one for the queue, and the one that is filled */
    size_t n_groups;
    struct group *idle;    /* a list: those that are neither filled nor committed */
    struct group *filling; /* requests that wait for a commit */
    size_t n_committing;   /* groups that the committer has */
    size_t n_last;         /* requests of the group that was committed last */
    bool is_spilling;      /* the spill has one */
    int64_t progress_ms;   /* when the committer's last commit ended, or the first began */
    int64_t spilling_ms;   /* when the spill's began */
};

bool commits_are_full(const struct commits *commits)
{
    const struct config *config = commits->service->config;
    const struct group *group = commits->filling;

    return group->n == GROUP_MAX_REQUESTS || group->n_events >= config->group_max_events || group->bytes >= config->group_max_bytes;
}

void commits_add(struct commits *commits, struct flight *flight)
{
    const struct call *call = flight->call;
    struct group *group = commits->filling;

    group->flights[group->n++] = flight;
    group->bytes += call->body_len;
    if (call->n_events)
        memcpy(group->events + group->n_events, call->events, call->n_events * sizeof *call->events);
    group->n_events += call->n_events;
}

/* Has no commit ended for so long, while one was under way? */
static bool commits_last(const struct commits *commits, int ms)
{
    return commits->n_committing && clock_monotonic_ms() - commits->progress_ms > ms;
}

static bool spill_lasts(const struct commits *commits, int ms)
{
    return commits->is_spilling && clock_monotonic_ms() - commits->spilling_ms > ms;
}

bool commits_have_room(const struct commits *commits)
{
    return !commits_are_full(commits) || spill_lasts(commits, STUCK_MS) || (!commits->spill && commits_last(commits, STUCK_MS));
}

/* Takes an idle group to be filled. There is one: they are one more than can be committed at a time. */
static void begin_filling(struct commits *commits)
{
    commits->filling = commits->idle;
    commits->idle = commits->idle->next;
}

/* Is what waits to be queued now? */
static bool is_to_spill(const struct commits *commits)
{
    return commits->filling->n && commits->spill && !commits->is_spilling && delivery_is_down(&commits->service->delivery);
}

/* Is what waits to be committed to the database now? */
static bool is_to_commit(const struct commits *commits)
{
    if (!commits->filling->n || (commits->spill && delivery_is_down(&commits->service->delivery)))
        return false;
    if (!commits->n_committing)
        return true;
    /* The committer may have more room than the groups that were taken back: there are groups for so many alone. */
    return commits->n_committing < commits->service->config->writer_connections &&
           (commits->filling->n_events >= SECOND_COMMIT_EVENTS || commits_last(commits, PATIENCE_MS)) &&
           committer_has_room(commits->committer);
}

/* One event alone joins those of the host's other processes, if there are any. Returns true when it is done at once, by their leader: that
 * needs no other thread. */
static bool commit_with_host(struct commits *commits, struct group *group)
{
    struct host_group *host_group = commits->host_group;

    if (group->n_events != 1 || !host_group || !host_group_is_shared(host_group) || delivery_is_down(&commits->service->delivery))
        return false;
    group->slot = host_group_submit(host_group, group->events[0]);
    if (!group->slot || !host_group_poll(group->slot, group->events[0], PATIENCE_MS))
        return false;
    group->slot = NULL;
    return true;
}

/* Begins the next group with half of what makes this one larger than the last. Groups of one size keep the server and those whose answers
 * it brings equally busy: while a large one is committed hardly anybody is left to send events, and then the server waits for them. */
static void even_out(struct commits *commits, struct group *group)
{
    size_t n = (commits->n_last + group->n + 1) / 2;

    if (group->slot || group->n <= n || group->n_events >= SECOND_COMMIT_EVENTS || !commits->idle)
        return;
    begin_filling(commits);
    for (size_t i = n; i < group->n; i++)
        commits_add(commits, group->flights[i]);
    group->n = n;
    group->n_events -= commits->filling->n_events;
    group->bytes -= commits->filling->bytes;
}

static struct group *commit_filling(struct commits *commits)
{
    struct group *group = commits->filling;

    commits->filling = NULL;
    if (!group->n_events || commit_with_host(commits, group)) {
        group->next = NULL;
        return group;
    }
    even_out(commits, group);
    if (!commits->n_committing)
        commits->progress_ms = clock_monotonic_ms();
    commits->n_committing++;
    committer_give(commits->committer, group);
    return NULL;
}

static void spill_filling(struct commits *commits)
{
    commits->spilling_ms = clock_monotonic_ms();
    commits->is_spilling = true;
    committer_give(commits->spill, commits->filling);
    commits->filling = NULL;
}

static struct group *take_committed(struct commits *commits)
{
    struct group *done = commits->n_committing ? committer_take(commits->committer) : NULL;

    for (const struct group *group = done; group; group = group->next)
        commits->n_committing--;
    if (done) {
        commits->progress_ms = clock_monotonic_ms();
        commits->n_last = done->n;
    }
    return done;
}

static struct group *take_spilt(struct commits *commits)
{
    struct group *done = commits->is_spilling ? committer_take(commits->spill) : NULL;

    commits->is_spilling &= !done;
    return done;
}

struct group *commits_take(struct commits *commits)
{
    struct group *done = take_committed(commits);
    struct group **end = &done;

    while (*end)
        end = &(*end)->next;
    *end = take_spilt(commits);
    return done;
}

struct group *commits_go(struct commits *commits)
{
    struct group *done = NULL;

    if (commits->filling->n && commits_last(commits, STUCK_MS))
        delivery_trip(&commits->service->delivery); /* a database that hangs is as good as away */
    if (is_to_spill(commits))
        spill_filling(commits);
    else if (is_to_commit(commits))
        done = commit_filling(commits);
    if (!commits->filling)
        begin_filling(commits);
    return done;
}

void commits_give_back(struct commits *commits, struct group *groups)
{
    struct group *next;

    for (struct group *group = groups; group; group = next) {
        next = group->next;
        group->n = 0;
        group->n_events = 0;
        group->bytes = 0;
        group->next = commits->idle;
        commits->idle = group;
    }
}

bool commits_are_ready(const struct commits *commits)
{
    return commits->filling->n_events >= READY_EVENTS;
}

bool commits_are_deferred(const struct commits *commits)
{
    return (commits->n_committing || commits->is_spilling) && commits->filling->n;
}

bool commits_are_pending(const struct commits *commits)
{
    return commits->n_committing || commits->is_spilling || commits->filling->n;
}

/* A group is full once it has group_max_events; the last request may bring a whole batch more. */
static bool make_groups(struct commits *commits)
{
    const struct config *config = commits->service->config;

    size_t n_groups = config->writer_connections + 3;

    commits->groups = calloc(n_groups, sizeof *commits->groups);
    if (!commits->groups)
        return false;
    commits->n_groups = n_groups;
    for (size_t i = 0; i < commits->n_groups; i++) {
        struct group *group = &commits->groups[i];
        group->events = calloc(config->group_max_events + config->limits.batch_max_events, sizeof(struct event *));
        if (!group->events)
            return false;
        group->next = commits->idle;
        commits->idle = group;
    }
    begin_filling(commits);
    return true;
}

struct commits *commits_new(struct service *service, struct host_group *host_group, int epoll_fd, void *tag)
{
    struct commits *commits = calloc(1, sizeof *commits);

    if (!commits)
        return NULL;
    commits->service = service;
    commits->host_group = host_group;
    commits->committer = committer_new(service, COMMITTER_DATABASE, service->config->writer_connections, epoll_fd, tag);
    if (service->delivery.queue)
        commits->spill = committer_new(service, COMMITTER_QUEUE, 1, epoll_fd, tag);
    if (commits->committer && make_groups(commits) && (commits->spill || !service->delivery.queue))
        return commits;
    commits_free(commits);
    return NULL;
}

void commits_free(struct commits *commits)
{
    if (!commits)
        return;
    committer_free(commits->committer);
    committer_free(commits->spill);
    for (size_t i = 0; i < commits->n_groups; i++)
        free(commits->groups[i].events);
    free(commits->groups);
    free(commits);
}
