#include "cgi-bin/writer.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "app/group.h"
#include "base/clock.h"
#include "base/log.h"

enum { GROUP_MAX_REQUESTS = 256, PARKED_MAX = 128, ACCEPT_PAUSE_MS = 50, GROUP_ARENA_BYTES = 256 * 1024 * 1024 };

/* A writer's state. */
struct loop {
    struct writers *writers;
    struct worker *worker;
    struct db *db;
    struct arena arena;
    struct flight *group[GROUP_MAX_REQUESTS]; /* those that wait for the commit */
    size_t n_group;
    size_t group_bytes;
    struct event **events; /* of all of the group */
    size_t n_events;
    struct pollfd ready[2 + PARKED_MAX]; /* stop, listen, and connections that have sent nothing yet */
    int64_t parked_until_ms[PARKED_MAX];
    size_t n_parked;
};

enum { READY_STOP, READY_LISTEN, READY_PARKED };

static bool group_is_full(const struct loop *loop)
{
    const struct config *config = loop->writers->service->config;

    return loop->n_group == GROUP_MAX_REQUESTS || loop->n_events >= config->group_max_events ||
           loop->group_bytes >= config->group_max_bytes;
}

/* Puts a call's events beside those of the others. */
static void group_add(struct loop *loop, struct flight *flight)
{
    const struct call *call = flight->call;

    loop->group[loop->n_group++] = flight;
    loop->group_bytes += call->body_len;
    memcpy(loop->events + loop->n_events, call->events, call->n_events * sizeof *call->events);
    loop->n_events += call->n_events;
}

static void begin_request(struct loop *loop, int fd)
{
    struct writers *writers = loop->writers;
    struct flight *flight = flight_take(writers->flights);

    if (!flight) {
        close(fd);
        return;
    }
    if (!connection_open(&flight->connection, fd, writers->service->config->client_timeout_ms)) {
        flight_give(writers->flights, flight);
        return;
    }
    enum call_stage stage = worker_begin(loop->worker, flight->call, &flight->connection.exchange);
    if (stage == CALL_COMMITS) {
        group_add(loop, flight);
        return;
    }
    if (stage == CALL_BLOCKS) {
        if (readers_queue(writers->readers, flight))
            return;
        stage = worker_refuse(flight->call, STATUS_BUSY);
    }
    flight_end(writers->flights, flight, stage);
}

static bool has_bytes(int fd)
{
    char byte;

    return recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) >= 0 || errno != EAGAIN;
}

/* A connection that says nothing is set aside, so that it holds up nobody. */
static void park(struct loop *loop, int fd)
{
    loop->parked_until_ms[loop->n_parked] = clock_monotonic_ms() + loop->writers->service->config->client_timeout_ms;
    loop->ready[READY_PARKED + loop->n_parked++] = (struct pollfd){ .fd = fd, .events = POLLIN };
}

static void unpark(struct loop *loop, size_t i)
{
    loop->n_parked--;
    loop->ready[READY_PARKED + i] = loop->ready[READY_PARKED + loop->n_parked];
    loop->parked_until_ms[i] = loop->parked_until_ms[loop->n_parked];
}

static void begin_parked(struct loop *loop)
{
    int64_t now_ms = loop->n_parked ? clock_monotonic_ms() : 0;

    for (size_t i = loop->n_parked; i-- > 0 && !group_is_full(loop);) {
        int fd = loop->ready[READY_PARKED + i].fd;
        if (loop->ready[READY_PARKED + i].revents) {
            unpark(loop, i);
            begin_request(loop, fd);
        } else if (now_ms >= loop->parked_until_ms[i]) {
            unpark(loop, i);
            close(fd);
        }
    }
}

/* Accepts all that is ready. Returns false when the socket is of no use any more. */
static bool begin_accepted(struct loop *loop)
{
    while (!group_is_full(loop) && loop->n_parked < PARKED_MAX) {
        int fd = accept4(loop->writers->listen_fd, NULL, NULL, SOCK_CLOEXEC);
        if (fd >= 0) {
            if (has_bytes(fd))
                begin_request(loop, fd);
            else
                park(loop, fd);
            continue;
        }
        if (errno == EAGAIN)
            break;
        if (errno == EBADF || errno == EINVAL || errno == ENOTSOCK) {
            LOG(ERROR, "the listening socket is gone", log_text("error.message", bytes_of(strerror(errno))));
            return false;
        }
        if (errno != EINTR && errno != ECONNABORTED) { /* out of descriptors or memory: it may pass */
            poll(NULL, 0, ACCEPT_PAUSE_MS);
            break;
        }
    }
    return true;
}

/* Waits for something to do, then begins every request that is ready. Returns false when the writer is to end. */
static bool gather(struct loop *loop)
{
    loop->ready[READY_LISTEN].fd = loop->n_parked < PARKED_MAX ? loop->writers->listen_fd : -1;
    if (poll(loop->ready, READY_PARKED + loop->n_parked, loop->n_parked ? 1000 : -1) < 0)
        return errno == EINTR;
    begin_parked(loop);
    if (loop->ready[READY_STOP].revents)
        return false;
    return loop->ready[READY_LISTEN].revents == 0 || begin_accepted(loop);
}

/* The longest that a leader takes over a group: two attempts, and connecting between them. */
static int leader_timeout_ms(const struct config *config)
{
    return 2 * config->write_timeout_ms + 1000 * config->connect_timeout_s;
}

/* One event alone joins those of other processes, if there are any; a group has no need to. */
static void write_events(struct loop *loop)
{
    struct host_group *host_group = loop->writers->host_group;

    if (loop->n_events == 1 && host_group && host_group_is_shared(host_group) &&
        host_group_write(host_group, loop->events[0], leader_timeout_ms(loop->writers->service->config)))
        return;
    group_write(loop->db, loop->events, loop->n_events, &loop->arena);
    arena_reset(&loop->arena);
}

/* One transaction for all that waits; then each gets its answer. */
static void commit_group(struct loop *loop)
{
    if (!loop->n_group)
        return;
    write_events(loop);
    for (size_t i = 0; i < loop->n_group; i++)
        flight_end(loop->writers->flights, loop->group[i], worker_end(loop->worker, loop->group[i]->call));
    loop->n_group = 0;
    loop->n_events = 0;
    loop->group_bytes = 0;
}

static void loop_free(struct loop *loop)
{
    if (!loop)
        return;
    while (loop->n_parked)
        close(loop->ready[READY_PARKED + --loop->n_parked].fd);
    if (loop->db)
        db_pool_give(loop->writers->service->writers, loop->db);
    arena_free(&loop->arena);
    worker_free(loop->worker);
    free(loop->events);
    free(loop);
}

static struct loop *loop_new(struct writers *writers)
{
    const struct config *config = writers->service->config;
    struct loop *loop = calloc(1, sizeof *loop);

    if (!loop)
        return NULL;
    loop->writers = writers;
    loop->arena = arena_new(GROUP_ARENA_BYTES);
    loop->worker = worker_new(writers->service);
    loop->events = calloc(config->group_max_events + config->limits.batch_max_events, sizeof *loop->events);
    loop->ready[READY_STOP] = (struct pollfd){ .fd = writers->stop_fd, .events = POLLIN };
    loop->ready[READY_LISTEN] = (struct pollfd){ .fd = writers->listen_fd, .events = POLLIN };
    if (loop->worker && loop->events && db_pool_take(writers->service->writers, &loop->db) == STATUS_OK)
        return loop;
    loop_free(loop);
    return NULL;
}

static void *writer_main(void *context)
{
    struct writers *writers = context;
    struct loop *loop = loop_new(writers);
    bool goes_on = loop != NULL;

    while (goes_on) {
        goes_on = gather(loop);
        commit_group(loop);
    }
    if (!loop)
        LOG(ERROR, "a writer could not start", log_text("event.outcome", BYTES("no_memory")));
    loop_free(loop);
    crew_leave(writers->crew);
    return NULL;
}

enum status writers_start(struct writers *writers)
{
    size_t n = 0;

    while (n < writers->service->config->writer_connections && crew_start(writers->crew, writer_main, writers))
        n++;
    return n ? STATUS_OK : STATUS_NO_MEMORY;
}
