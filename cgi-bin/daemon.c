#include "cgi-bin/daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "app/group.h"
#include "app/worker.h"
#include "base/clock.h"
#include "base/log.h"
#include "cgi-bin/connection.h"

enum {
    STOP_GRACE_MS = 4500,
    ACCEPT_PAUSE_MS = 50,
    PARKED_MAX = 128,
    READ_QUEUE_MAX = 256,
    GROUP_MAX_REQUESTS = 256,
    THREAD_STACK_BYTES = 512 * 1024,
    GROUP_ARENA_BYTES = 256 * 1024 * 1024
};

/* A request in flight. */
struct flight {
    struct connection connection;
    struct call *call;
    struct flight *next; /* in the list that it is in */
};

struct daemon {
    struct service *service;
    int listen_fd;
    int stop_fd;          /* readable once the daemon is to stop */
    pthread_mutex_t lock; /* of what follows */
    pthread_cond_t work;  /* there is something to read, or to stop for */
    pthread_cond_t ended; /* a thread has */
    struct flight *idle;
    struct flight *reads; /* first in, first out */
    struct flight **reads_end;
    size_t n_reads;
    size_t n_threads;
    size_t n_readers;
    size_t n_idle_readers;
    bool is_stopping;
};

/* ---- flights ---- */

/* Takes one that is idle, or makes one. NULL without memory. */
static struct flight *flight_take(struct daemon *daemon)
{
    pthread_mutex_lock(&daemon->lock);
    struct flight *flight = daemon->idle;
    if (flight)
        daemon->idle = flight->next;
    pthread_mutex_unlock(&daemon->lock);
    if (flight)
        return flight;

    flight = calloc(1, sizeof *flight);
    if (flight)
        flight->call = call_new(daemon->service);
    if (flight && !flight->call) {
        free(flight);
        flight = NULL;
    }
    return flight;
}

/* The one used last is taken first: what it holds is still in the processor's caches. */
static void flight_give(struct daemon *daemon, struct flight *flight)
{
    pthread_mutex_lock(&daemon->lock);
    flight->next = daemon->idle;
    daemon->idle = flight;
    pthread_mutex_unlock(&daemon->lock);
}

static void flight_end(struct daemon *daemon, struct flight *flight, enum call_stage stage)
{
    connection_close(&flight->connection, stage == CALL_ANSWERED);
    flight_give(daemon, flight);
}

static void flights_free(struct daemon *daemon)
{
    while (daemon->idle) {
        struct flight *next = daemon->idle->next;
        call_free(daemon->idle->call);
        free(daemon->idle);
        daemon->idle = next;
    }
}

/* ---- threads ---- */

/* Called with the lock held, so that the count is right before the thread runs. */
static bool add_thread(struct daemon *daemon, void *(*run)(void *))
{
    pthread_attr_t attributes;
    pthread_t thread;

    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&attributes, THREAD_STACK_BYTES);
    bool added = pthread_create(&thread, &attributes, run, daemon) == 0;
    pthread_attr_destroy(&attributes);
    daemon->n_threads += added;
    return added;
}

static void thread_ends(struct daemon *daemon)
{
    pthread_mutex_lock(&daemon->lock);
    daemon->n_threads--;
    pthread_cond_broadcast(&daemon->ended);
    pthread_mutex_unlock(&daemon->lock);
}

/* ---- readers ---- */

static struct flight *next_read(struct daemon *daemon)
{
    struct flight *flight = NULL;

    pthread_mutex_lock(&daemon->lock);
    daemon->n_idle_readers++;
    while (!daemon->reads && !daemon->is_stopping)
        pthread_cond_wait(&daemon->work, &daemon->lock);
    daemon->n_idle_readers--;
    if (daemon->reads) {
        flight = daemon->reads;
        daemon->reads = flight->next;
        daemon->n_reads--;
        if (!daemon->reads)
            daemon->reads_end = &daemon->reads;
    }
    pthread_mutex_unlock(&daemon->lock);
    return flight;
}

static void *reader_main(void *context)
{
    struct daemon *daemon = context;
    struct worker *worker = worker_new(daemon->service);
    struct flight *flight;

    while (worker && (flight = next_read(daemon)) != NULL)
        flight_end(daemon, flight, worker_run(worker, flight->call));
    worker_free(worker);
    thread_ends(daemon);
    return NULL;
}

/* Hands a read over, with a thread of its own where none is idle and there may be more. Returns false when too many wait. */
static bool queue_read(struct daemon *daemon, struct flight *flight)
{
    pthread_mutex_lock(&daemon->lock);
    if (daemon->n_idle_readers <= daemon->n_reads && daemon->n_readers < daemon->service->config->reader_connections)
        daemon->n_readers += add_thread(daemon, reader_main);
    bool queued = daemon->n_readers && daemon->n_reads < READ_QUEUE_MAX;
    if (queued) {
        flight->next = NULL;
        *daemon->reads_end = flight;
        daemon->reads_end = &flight->next;
        daemon->n_reads++;
        pthread_cond_signal(&daemon->work);
    }
    pthread_mutex_unlock(&daemon->lock);
    return queued;
}

/* ---- writers ---- */

/* A writer's state. */
struct loop {
    struct daemon *daemon;
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
    const struct config *config = loop->daemon->service->config;

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
    struct daemon *daemon = loop->daemon;
    struct flight *flight = flight_take(daemon);

    if (!flight) {
        close(fd);
        return;
    }
    if (!connection_open(&flight->connection, fd, daemon->service->config->client_timeout_ms)) {
        flight_give(daemon, flight);
        return;
    }
    enum call_stage stage = worker_begin(loop->worker, flight->call, &flight->connection.exchange);
    if (stage == CALL_COMMITS) {
        group_add(loop, flight);
        return;
    }
    if (stage == CALL_BLOCKS) {
        if (queue_read(daemon, flight))
            return;
        stage = worker_refuse(flight->call, STATUS_BUSY);
    }
    flight_end(daemon, flight, stage);
}

static bool has_bytes(int fd)
{
    char byte;

    return recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) >= 0 || errno != EAGAIN;
}

/* A connection that says nothing is set aside, so that it holds up nobody. */
static void park(struct loop *loop, int fd)
{
    loop->parked_until_ms[loop->n_parked] = clock_monotonic_ms() + loop->daemon->service->config->client_timeout_ms;
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
        int fd = accept4(loop->daemon->listen_fd, NULL, NULL, SOCK_CLOEXEC);
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
    loop->ready[READY_LISTEN].fd = loop->n_parked < PARKED_MAX ? loop->daemon->listen_fd : -1;
    if (poll(loop->ready, READY_PARKED + loop->n_parked, loop->n_parked ? 1000 : -1) < 0)
        return errno == EINTR;
    begin_parked(loop);
    if (loop->ready[READY_STOP].revents)
        return false;
    return loop->ready[READY_LISTEN].revents == 0 || begin_accepted(loop);
}

/* One transaction for all that waits; then each gets its answer. */
static void commit_group(struct loop *loop)
{
    if (!loop->n_group)
        return;
    group_write(loop->db, loop->events, loop->n_events, &loop->arena);
    arena_reset(&loop->arena);
    for (size_t i = 0; i < loop->n_group; i++)
        flight_end(loop->daemon, loop->group[i], worker_end(loop->worker, loop->group[i]->call));
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
        db_pool_give(loop->daemon->service->writers, loop->db);
    arena_free(&loop->arena);
    worker_free(loop->worker);
    free(loop->events);
    free(loop);
}

static struct loop *loop_new(struct daemon *daemon)
{
    const struct config *config = daemon->service->config;
    struct loop *loop = calloc(1, sizeof *loop);

    if (!loop)
        return NULL;
    loop->daemon = daemon;
    loop->arena = arena_new(GROUP_ARENA_BYTES);
    loop->worker = worker_new(daemon->service);
    loop->events = calloc(config->group_max_events + config->limits.batch_max_events, sizeof *loop->events);
    loop->ready[READY_STOP] = (struct pollfd){ .fd = daemon->stop_fd, .events = POLLIN };
    loop->ready[READY_LISTEN] = (struct pollfd){ .fd = daemon->listen_fd, .events = POLLIN };
    if (loop->worker && loop->events && db_pool_take(daemon->service->writers, &loop->db) == STATUS_OK)
        return loop;
    loop_free(loop);
    return NULL;
}

static void *writer_main(void *context)
{
    struct daemon *daemon = context;
    struct loop *loop = loop_new(daemon);
    bool goes_on = loop != NULL;

    while (goes_on) {
        goes_on = gather(loop);
        commit_group(loop);
    }
    if (!loop)
        LOG(ERROR, "a writer could not start", log_text("event.outcome", BYTES("no_memory")));
    loop_free(loop);
    thread_ends(daemon);
    return NULL;
}

/* ---- the daemon ---- */

static struct timespec deadline_in(int ms)
{
    struct timespec at;

    clock_gettime(CLOCK_REALTIME, &at);
    at.tv_sec += ms / 1000;
    at.tv_nsec += ms % 1000 * 1000000L;
    if (at.tv_nsec >= 1000000000L) {
        at.tv_sec++;
        at.tv_nsec -= 1000000000L;
    }
    return at;
}

/* Tells all threads to stop and waits until they have, or the grace is over. Returns whether they have. */
static bool stop_threads(struct daemon *daemon)
{
    const uint64_t stop = 1;
    struct timespec deadline = deadline_in(STOP_GRACE_MS);
    int waited = write(daemon->stop_fd, &stop, sizeof stop) == sizeof stop ? 0 : EIO;

    pthread_mutex_lock(&daemon->lock);
    daemon->is_stopping = true;
    pthread_cond_broadcast(&daemon->work);
    while (daemon->n_threads && waited == 0)
        waited = pthread_cond_timedwait(&daemon->ended, &daemon->lock, &deadline);
    bool all_ended = daemon->n_threads == 0;
    pthread_mutex_unlock(&daemon->lock);
    return all_ended;
}

static enum status start_writers(struct daemon *daemon)
{
    size_t n = 0;

    pthread_mutex_lock(&daemon->lock);
    while (n < daemon->service->config->writer_connections && add_thread(daemon, writer_main))
        n++;
    pthread_mutex_unlock(&daemon->lock);
    return n ? STATUS_OK : STATUS_NO_MEMORY;
}

/* The signals that end the daemon are blocked in all threads; the first one waits for them. */
static void block_signals(sigset_t *signals)
{
    sigemptyset(signals);
    sigaddset(signals, SIGTERM);
    sigaddset(signals, SIGINT);
    sigaddset(signals, SIGUSR1);
    pthread_sigmask(SIG_BLOCK, signals, NULL);
}

enum status daemon_serve(struct service *service, int listen_fd)
{
    struct daemon daemon = {
        .service = service,
        .listen_fd = listen_fd,
        .stop_fd = eventfd(0, EFD_CLOEXEC),
        .lock = PTHREAD_MUTEX_INITIALIZER,
        .work = PTHREAD_COND_INITIALIZER,
        .ended = PTHREAD_COND_INITIALIZER,
    };
    sigset_t signals;
    int signal_number;

    daemon.reads_end = &daemon.reads;
    block_signals(&signals);
    /* Another process may take the connection that poll announced. */
    if (daemon.stop_fd < 0 || fcntl(listen_fd, F_SETFL, fcntl(listen_fd, F_GETFL) | O_NONBLOCK) < 0)
        return STATUS_INTERNAL;
    enum status st = connection_library_init();
    if (st == STATUS_OK)
        st = start_writers(&daemon);
    if (st != STATUS_OK)
        return st;
    LOG(WARN, "reads are open: whoever can reach this service can read every event",
        log_number("synchrony.allowed_origins", (int64_t)service->config->n_allowed_origins));

    sigwait(&signals, &signal_number);
    if (!stop_threads(&daemon)) {
        LOG(WARN, "ended with requests under way", log_number("synchrony.grace_ms", STOP_GRACE_MS));
        _exit(status_info(STATUS_OK)->exit); /* their threads still use what would be released */
    }
    flights_free(&daemon);
    close(daemon.stop_fd);
    return STATUS_OK;
}
