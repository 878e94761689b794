#include "cgi-bin/committer.h"

#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { GROUP_ARENA_BYTES = 256 * 1024 * 1024 };

/* One of the threads. */
struct hand {
    struct committer *committer;
    pthread_t thread;
    struct db *db; /* NULL: of the queue */
    struct arena arena;
};

struct committer {
    struct service *service;
    enum committer_target target;
    int done_fd;
    struct hand *hands; /* room for max_hands */
    size_t max_hands;
    size_t n_hands;
    pthread_mutex_t lock;  /* of what follows */
    pthread_cond_t given;  /* there is work, or the end has come */
    struct group *to_do;   /* the newest first; they are few, and begun at once */
    struct group *results; /* those that are done */
    size_t n_under_way;    /* given and not taken back */
    bool fd_is_set;
    bool is_stopping;
};

/* The longest that a leader takes over a group: each attempt, and connecting between them. */
static int leader_timeout_ms(const struct config *config)
{
    return EVENT_STORE_ATTEMPTS * (config->write_timeout_ms + DB_ANSWER_GRACE_MS + 1000 * config->connect_timeout_s);
}

/* Waits for what the host's leader makes of the one event. One that it does not take, or not in time, goes to the queue, if there is one:
 * the leader may hang on a database that this process would hang on next. */
static bool write_by_leader(struct hand *hand, struct host_slot *slot, struct event **event)
{
    struct delivery *delivery = &hand->committer->service->delivery;
    bool is_done = host_group_await(slot, *event, leader_timeout_ms(hand->committer->service->config));

    if (is_done && (*event)->verdict != STATUS_UNAVAILABLE)
        return true;
    if (!delivery->queue)
        return is_done;
    delivery_trip(delivery);
    delivery_queue(delivery, event, 1);
    return true;
}

static void write_events(struct hand *hand, struct group *group)
{
    struct delivery *delivery = &hand->committer->service->delivery;
    struct host_slot *slot = group->slot;

    group->slot = NULL;
    if (!group->n_events || (slot && write_by_leader(hand, slot, group->events)))
        return;
    if (hand->db)
        delivery_write(delivery, hand->db, group->events, group->n_events, &hand->arena);
    else
        delivery_queue(delivery, group->events, group->n_events);
    arena_reset(&hand->arena);
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
    struct hand *hand = context;
    struct committer *committer = hand->committer;

    pthread_mutex_lock(&committer->lock);
    for (;;) {
        while (!committer->to_do && !committer->is_stopping)
            pthread_cond_wait(&committer->given, &committer->lock);
        struct group *group = committer->to_do;
        if (!group)
            break;
        committer->to_do = group->next;
        pthread_mutex_unlock(&committer->lock);
        write_events(hand, group);
        pthread_mutex_lock(&committer->lock);
        put_result(committer, group);
    }
    pthread_mutex_unlock(&committer->lock);
    return NULL;
}

static void give_connection(struct hand *hand)
{
    if (hand->db)
        db_pool_give(hand->committer->service->writers, hand->db);
}

/* Returns false where there is no memory, thread or connection for one more. */
static bool start_hand(struct committer *committer)
{
    struct hand *hand = &committer->hands[committer->n_hands];

    *hand = (struct hand){ .committer = committer, .arena = arena_new(GROUP_ARENA_BYTES) };
    if (committer->target == COMMITTER_DATABASE && db_pool_take(committer->service->writers, &hand->db) != STATUS_OK)
        return false;
    if (pthread_create(&hand->thread, NULL, thread_main, hand) != 0) {
        give_connection(hand);
        return false;
    }
    committer->n_hands++;
    return true;
}

struct committer *committer_new(struct service *service, enum committer_target target, size_t max_threads)
{
    struct committer *committer = calloc(1, sizeof *committer);

    if (!committer)
        return NULL;
    committer->service = service;
    committer->target = target;
    committer->hands = calloc(max_threads, sizeof *committer->hands);
    committer->max_hands = max_threads;
    committer->done_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    pthread_mutex_init(&committer->lock, NULL);
    pthread_cond_init(&committer->given, NULL);
    if (committer->hands && committer->done_fd >= 0 && start_hand(committer))
        return committer;
    if (committer->done_fd >= 0)
        close(committer->done_fd);
    free(committer->hands);
    free(committer);
    return NULL;
}

static void end_hand(struct hand *hand)
{
    pthread_join(hand->thread, NULL);
    give_connection(hand);
    arena_free(&hand->arena);
}

void committer_free(struct committer *committer)
{
    if (!committer)
        return;
    pthread_mutex_lock(&committer->lock);
    committer->is_stopping = true;
    pthread_cond_broadcast(&committer->given);
    pthread_mutex_unlock(&committer->lock);
    for (size_t i = 0; i < committer->n_hands; i++)
        end_hand(&committer->hands[i]);
    close(committer->done_fd);
    pthread_cond_destroy(&committer->given);
    pthread_mutex_destroy(&committer->lock);
    free(committer->hands);
    free(committer);
}

void committer_give(struct committer *committer, struct group *group)
{
    pthread_mutex_lock(&committer->lock);
    /* Where it cannot be had, those that are there take one group after the other. */
    if (committer->n_under_way == committer->n_hands && committer->n_hands < committer->max_hands)
        (void)start_hand(committer);
    committer->n_under_way++;
    group->next = committer->to_do;
    committer->to_do = group;
    pthread_cond_signal(&committer->given);
    pthread_mutex_unlock(&committer->lock);
}

static struct group *take_results(struct committer *committer)
{
    struct group *groups = committer->results;
    uint64_t count;

    for (struct group *group = groups; group; group = group->next)
        committer->n_under_way--;
    committer->results = NULL;
    if (committer->fd_is_set && read(committer->done_fd, &count, sizeof count) != sizeof count)
        abort();
    committer->fd_is_set = false;
    return groups;
}

struct group *committer_take(struct committer *committer)
{
    pthread_mutex_lock(&committer->lock);
    struct group *groups = take_results(committer);
    pthread_mutex_unlock(&committer->lock);
    return groups;
}

int committer_fd(const struct committer *committer)
{
    return committer->done_fd;
}
