#include "cgi-bin/committer.h"

#include <stdlib.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "app/group.h"

enum { GROUP_ARENA_BYTES = 256 * 1024 * 1024 };

struct committer {
    struct service *service;
    struct host_group *host_group;
    struct db *db;
    struct arena arena;
    int done_fd;
    pthread_t thread;
    pthread_mutex_t lock;   /* of what follows */
    pthread_cond_t changed; /* any of it has */
    struct group *group;    /* to be written; NULL: none, or it is done */
    bool wants_fd;          /* nobody waits: done_fd tells */
    bool is_stopping;
};

/* The longest that a leader takes over a group: each attempt, and connecting between them. */
static int leader_timeout_ms(const struct config *config)
{
    return EVENT_STORE_ATTEMPTS * (config->write_timeout_ms + DB_ANSWER_GRACE_MS + 1000 * config->connect_timeout_s);
}

/* One event alone joins those of other processes, if there are any; a group has no need to. */
static void write_events(struct committer *committer, const struct group *group)
{
    struct host_group *host_group = committer->host_group;

    if (!group->n_events)
        return;
    if (group->n_events == 1 && host_group && host_group_is_shared(host_group) &&
        host_group_write(host_group, group->events[0], leader_timeout_ms(committer->service->config)))
        return;
    group_write(committer->db, group->events, group->n_events, &committer->arena);
    arena_reset(&committer->arena);
}

static void *thread_main(void *context)
{
    struct committer *committer = context;
    const uint64_t one = 1;

    pthread_mutex_lock(&committer->lock);
    for (;;) {
        while (!committer->group && !committer->is_stopping)
            pthread_cond_wait(&committer->changed, &committer->lock);
        if (!committer->group)
            break;
        pthread_mutex_unlock(&committer->lock);
        write_events(committer, committer->group);
        pthread_mutex_lock(&committer->lock);
        committer->group = NULL;
        pthread_cond_broadcast(&committer->changed);
        if (committer->wants_fd && write(committer->done_fd, &one, sizeof one) != sizeof one)
            abort(); /* the counter is 0 */
    }
    pthread_mutex_unlock(&committer->lock);
    return NULL;
}

static bool init_locks(struct committer *committer)
{
    pthread_condattr_t attributes;

    pthread_mutex_init(&committer->lock, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    bool done = pthread_cond_init(&committer->changed, &attributes) == 0;
    pthread_condattr_destroy(&attributes);
    return done;
}

struct committer *committer_new(struct service *service, struct host_group *host_group)
{
    struct committer *committer = calloc(1, sizeof *committer);

    if (!committer)
        return NULL;
    committer->service = service;
    committer->host_group = host_group;
    committer->arena = arena_new(GROUP_ARENA_BYTES);
    committer->done_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (committer->done_fd >= 0 && init_locks(committer) && db_pool_take(service->writers, &committer->db) == STATUS_OK) {
        if (pthread_create(&committer->thread, NULL, thread_main, committer) == 0)
            return committer;
        db_pool_give(service->writers, committer->db);
    }
    if (committer->done_fd >= 0)
        close(committer->done_fd);
    free(committer);
    return NULL;
}

void committer_free(struct committer *committer)
{
    if (!committer)
        return;
    pthread_mutex_lock(&committer->lock);
    committer->is_stopping = true;
    pthread_cond_broadcast(&committer->changed);
    pthread_mutex_unlock(&committer->lock);
    pthread_join(committer->thread, NULL);
    db_pool_give(committer->service->writers, committer->db);
    arena_free(&committer->arena);
    close(committer->done_fd);
    pthread_cond_destroy(&committer->changed);
    pthread_mutex_destroy(&committer->lock);
    free(committer);
}

void committer_give(struct committer *committer, struct group *group)
{
    pthread_mutex_lock(&committer->lock);
    committer->group = group;
    committer->wants_fd = false;
    pthread_cond_broadcast(&committer->changed);
    pthread_mutex_unlock(&committer->lock);
}

bool committer_wait(struct committer *committer, int timeout_ms)
{
    struct timespec deadline;
    uint64_t count;
    int waited = 0;

    clock_gettime(CLOCK_MONOTONIC, &deadline);
    deadline.tv_nsec += timeout_ms * 1000000L;
    deadline.tv_sec += deadline.tv_nsec / 1000000000L;
    deadline.tv_nsec %= 1000000000L;
    pthread_mutex_lock(&committer->lock);
    while (committer->group && waited == 0 && timeout_ms > 0)
        waited = pthread_cond_timedwait(&committer->changed, &committer->lock, &deadline);
    bool is_done = !committer->group;
    /* What was written there is taken away, so that it tells of the next group only. */
    if (is_done && committer->wants_fd && read(committer->done_fd, &count, sizeof count) != sizeof count)
        abort();
    committer->wants_fd = !is_done;
    pthread_mutex_unlock(&committer->lock);
    return is_done;
}

int committer_fd(const struct committer *committer)
{
    return committer->done_fd;
}
