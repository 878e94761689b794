#include "cgi-bin/committer.h"

#include <sched.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"

enum {
    GROUP_ARENA_BYTES = 256 * 1024 * 1024,
    START_AGAIN_MS = 10000,
    FLIGHT_MAX_EVENTS = 200 /* what a larger group takes of the writer's time is more than another thread costs */
};

/* A connection, and the thread that it is left to for what takes long. The rest of the time it is the writer's. */
struct lane {
    struct committer *committer;
    pthread_t thread;
    struct db *db; /* NULL: of the queue */
    struct arena arena;
    struct group *flying; /* the writer has sent it, and waits for the answer; NULL: none */
    int watched_fd;       /* -1: none */
    uint32_t watched_events;
    pthread_cond_t given; /* there is work for the thread, or the end has come */
    struct group *to_do;  /* the thread's, under the committer's lock */
    bool is_lent;         /* to the thread, likewise */
};

struct committer {
    struct service *service;
    enum committer_target target;
    int epoll_fd;
    void *tag;
    int done_fd;
    struct lane *lanes; /* room for max_lanes */
    size_t max_lanes;
    size_t n_lanes;
    int64_t start_again_ms; /* when another lane may be had, where one could not */
    pthread_mutex_t lock;   /* of what follows */
    struct group *results;  /* those that the threads are done with */
    bool fd_is_set;
    bool is_stopping;
};

/* ---- the threads ---- */

/* The longest that a leader takes over a group: each attempt, and connecting between them. */
static int leader_timeout_ms(const struct config *config)
{
    return EVENT_STORE_ATTEMPTS * (config->write_timeout_ms + DB_ANSWER_GRACE_MS + 1000 * config->connect_timeout_s);
}

/* Waits for what the host's leader makes of the one event. One that it does not take, or not in time, goes to the queue, if there is one:
 * the leader may hang on a database that this process would hang on next. */
static bool write_by_leader(struct lane *lane, struct host_slot *slot, struct event **event)
{
    struct delivery *delivery = &lane->committer->service->delivery;
    bool is_done = host_group_await(slot, *event, leader_timeout_ms(lane->committer->service->config));

    if (is_done && (*event)->verdict != STATUS_UNAVAILABLE)
        return true;
    if (!delivery->queue)
        return is_done;
    delivery_trip(delivery);
    delivery_queue(delivery, event, 1);
    return true;
}

static void write_events(struct lane *lane, struct group *group)
{
    struct delivery *delivery = &lane->committer->service->delivery;
    struct host_slot *slot = group->slot;

    group->slot = NULL;
    if (!group->n_events || (slot && write_by_leader(lane, slot, group->events)))
        return;
    if (group->outcome != STATUS_OK)
        delivery_resume(delivery, lane->db, &group->delivery, group->outcome, &lane->arena);
    else if (lane->db)
        delivery_write(delivery, lane->db, group->events, group->n_events, &lane->arena);
    else
        delivery_queue(delivery, group->events, group->n_events);
    arena_reset(&lane->arena);
}

static void put_result(struct committer *committer, struct group *group)
{
    const uint64_t one = 1;

    group->next = committer->results;
    committer->results = group;
    if (committer->fd_is_set)
        return;
    if (write(committer->done_fd, &one, sizeof one) != sizeof one)
        abort(); /* the counter is 0 */
    committer->fd_is_set = true;
}

static void *thread_main(void *context)
{
    struct lane *lane = context;
    struct committer *committer = lane->committer;

    pthread_mutex_lock(&committer->lock);
    for (;;) {
        while (!lane->to_do && !committer->is_stopping)
            pthread_cond_wait(&lane->given, &committer->lock);
        struct group *group = lane->to_do;
        if (!group)
            break;
        lane->to_do = group->next;
        pthread_mutex_unlock(&committer->lock);
        write_events(lane, group);
        pthread_mutex_lock(&committer->lock);
        lane->is_lent = lane->to_do != NULL;
        put_result(committer, group);
    }
    pthread_mutex_unlock(&committer->lock);
    return NULL;
}

/* ---- lanes ---- */

static void give_connection(struct lane *lane)
{
    if (lane->db)
        db_pool_give(lane->committer->service->writers, lane->db);
}

/* Returns false where there is no memory, thread or connection for one more. */
static bool start_lane(struct committer *committer)
{
    struct lane *lane = &committer->lanes[committer->n_lanes];

    *lane = (struct lane){
        .committer = committer, .arena = arena_new(GROUP_ARENA_BYTES), .watched_fd = -1, .given = PTHREAD_COND_INITIALIZER
    };
    if (committer->target == COMMITTER_DATABASE && db_pool_take(committer->service->writers, &lane->db) != STATUS_OK)
        return false;
    if (pthread_create(&lane->thread, NULL, thread_main, lane) != 0) {
        give_connection(lane);
        return false;
    }
    committer->n_lanes++;
    return true;
}

static void end_lane(struct lane *lane)
{
    pthread_join(lane->thread, NULL);
    pthread_cond_destroy(&lane->given);
    give_connection(lane);
    arena_free(&lane->arena);
}

/* The thread may end its work meanwhile; never begin it. */
static bool is_lent(const struct lane *lane)
{
    pthread_mutex_lock(&lane->committer->lock);
    bool lent = lane->is_lent;
    pthread_mutex_unlock(&lane->committer->lock);
    return lent;
}

static bool is_idle(const struct lane *lane)
{
    return !lane->flying && !is_lent(lane);
}

/* Leaves the lane to its thread, with a group. */
static void lend(struct lane *lane, struct group *group)
{
    struct committer *committer = lane->committer;

    pthread_mutex_lock(&committer->lock);
    group->next = lane->to_do;
    lane->to_do = group;
    lane->is_lent = true;
    pthread_cond_signal(&lane->given);
    pthread_mutex_unlock(&committer->lock);
}

/* Has epoll tell of the lane's connection as long as something flies. A connection that is gone has left epoll by itself. */
static void watch(struct lane *lane)
{
    int fd = lane->flying ? db_fd(lane->db) : -1;
    struct epoll_event event = { .events = fd < 0 || db_is_sent(lane->db) ? EPOLLIN : EPOLLIN | EPOLLOUT,
                                 .data.ptr = lane->committer->tag };

    if (fd == lane->watched_fd && event.events == lane->watched_events)
        return;
    if (fd < 0 && lane->watched_fd == db_fd(lane->db))
        epoll_ctl(lane->committer->epoll_fd, EPOLL_CTL_DEL, lane->watched_fd, NULL);
    else if (fd >= 0)
        epoll_ctl(lane->committer->epoll_fd, fd == lane->watched_fd ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, &event);
    lane->watched_fd = fd;
    lane->watched_events = event.events;
}

static bool may_fly(const struct lane *lane, const struct group *group)
{
    return lane->db && !group->slot && group->n_events && group->n_events <= FLIGHT_MAX_EVENTS && db_is_ready(lane->db);
}

/* Sends a group over the lane, or leaves it to the thread. */
static void begin(struct lane *lane, struct group *group)
{
    struct delivery *delivery = &lane->committer->service->delivery;

    group->outcome = STATUS_OK;
    if (!may_fly(lane, group) ||
        delivery_begin(delivery, lane->db, &group->delivery, group->events, group->n_events, &lane->arena) != STATUS_OK) {
        lend(lane, group);
        return;
    }
    lane->flying = group;
    watch(lane);
    sched_yield(); /* the server's process has just been woken, on this processor perhaps: no more can be committed before it is through */
}

/* Returns the group that flies if it has landed. One that has failed is the thread's, which makes out what to do with it. */
static struct group *take_landed(struct lane *lane)
{
    struct group *group = lane->flying;

    if (!delivery_is_over(lane->db, &group->delivery, &lane->arena, &group->outcome)) {
        watch(lane);
        return NULL;
    }
    lane->flying = NULL;
    arena_reset(&lane->arena);
    watch(lane);
    if (group->outcome == STATUS_OK)
        return group;
    lend(lane, group);
    return NULL;
}

/* ---- what the writer asks for ---- */

static bool watch_threads(struct committer *committer)
{
    struct epoll_event event = { .events = EPOLLIN, .data.ptr = committer->tag };

    return committer->done_fd >= 0 && epoll_ctl(committer->epoll_fd, EPOLL_CTL_ADD, committer->done_fd, &event) == 0;
}

struct committer *committer_new(struct service *service, enum committer_target target, size_t max_lanes, int epoll_fd, void *tag)
{
    struct committer *committer = calloc(1, sizeof *committer);

    if (!committer)
        return NULL;
    committer->service = service;
    committer->target = target;
    committer->epoll_fd = epoll_fd;
    committer->tag = tag;
    committer->lanes = calloc(max_lanes, sizeof *committer->lanes);
    committer->max_lanes = max_lanes;
    committer->done_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    pthread_mutex_init(&committer->lock, NULL);
    if (committer->lanes && watch_threads(committer) && start_lane(committer))
        return committer;
    committer_free(committer);
    return NULL;
}

void committer_free(struct committer *committer)
{
    if (!committer)
        return;
    pthread_mutex_lock(&committer->lock);
    committer->is_stopping = true;
    for (size_t i = 0; i < committer->n_lanes; i++)
        pthread_cond_signal(&committer->lanes[i].given);
    pthread_mutex_unlock(&committer->lock);
    for (size_t i = 0; i < committer->n_lanes; i++)
        end_lane(&committer->lanes[i]);
    if (committer->done_fd >= 0)
        close(committer->done_fd);
    pthread_mutex_destroy(&committer->lock);
    free(committer->lanes);
    free(committer);
}

static struct lane *idle_lane(const struct committer *committer)
{
    for (size_t i = 0; i < committer->n_lanes; i++) {
        if (is_idle(&committer->lanes[i]))
            return &committer->lanes[i];
    }
    return NULL;
}

bool committer_has_room(struct committer *committer)
{
    if (idle_lane(committer))
        return true;
    if (committer->n_lanes == committer->max_lanes || clock_monotonic_ms() < committer->start_again_ms)
        return false;
    bool is_started = start_lane(committer);
    if (!is_started)
        committer->start_again_ms = clock_monotonic_ms() + START_AGAIN_MS;
    return is_started;
}

void committer_give(struct committer *committer, struct group *group)
{
    begin(idle_lane(committer), group);
}

static struct group *take_results(struct committer *committer)
{
    struct group *groups = committer->results;
    uint64_t count;

    committer->results = NULL;
    if (committer->fd_is_set && read(committer->done_fd, &count, sizeof count) != sizeof count)
        abort();
    committer->fd_is_set = false;
    return groups;
}

struct group *committer_take(struct committer *committer)
{
    pthread_mutex_lock(&committer->lock);
    struct group *done = take_results(committer);
    pthread_mutex_unlock(&committer->lock);
    for (size_t i = 0; i < committer->n_lanes; i++) {
        struct group *landed = committer->lanes[i].flying ? take_landed(&committer->lanes[i]) : NULL;
        if (landed) {
            landed->next = done;
            done = landed;
        }
    }
    return done;
}
