#include "cgi-bin/writer.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "app/routes.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/process.h"
#include "cgi-bin/commits.h"
#include "cgi-bin/parking.h"

enum {
    EVENTS_AT_ONCE = 64,
    EXPIRE_EVERY_MS = 1000,
    ACCEPT_PAUSE_MS = 50,
    POLL_MS = 20,                   /* while there is something that may become possible, and nothing tells when */
    STOP_PARKED_MS = 1000,          /* how long the end waits for requests that have come in part */
    SMALL_ANSWER_ERRORS = 64,       /* an answer that lists no more fits what a socket holds */
    SMALL_ANSWER_BYTES = 32 * 1024, /* of what fails schemas, likewise */
};

/* The writer's state. */
struct loop {
    struct writer *writer;
    struct worker *worker;
    struct commits *commits;
    int epoll_fd;
    bool may_accept;  /* there may be more connections than were accepted */
    bool has_inbox;   /* there may be more in the inbox than was taken */
    bool inbox_first; /* in this turn */
    bool is_stopping; /* no connection is accepted any more */
    bool listener_is_gone;
    int64_t stop_parked_ms;
    struct parking parking;
};

/* ---- what others do ---- */

/* Requests that are answered together. */
struct crowd {
    struct writer *writer;
    struct flight *flights[POOL_MAX_ALIKE];
    size_t n;
};

static void run_call(void *context, struct worker *worker, struct flight *flight);

/* Those that are known to be long are not answered together: each goes at its client's pace. */
static bool queue_read(struct writer *writer, struct flight *flight)
{
    flight->waits = worker_needs_place(flight->call);
    if (flight->waits)
        flight->likeness = 0;
    return pool_queue(writer->readers, flight, run_call);
}

/* Lets all from the one at index on go on by themselves. */
static void disperse(struct crowd *crowd, size_t index)
{
    size_t n = crowd->n;

    crowd->n = index;
    for (size_t i = index; i < n; i++) {
        struct flight *flight = crowd->flights[i];
        flight->likeness = 0;
        if (!queue_read(crowd->writer, flight))
            flight_end(crowd->writer->flights, flight, worker_refuse(flight->call, STATUS_BUSY));
    }
}

/* Call.on_long of the first: the others would have to wait for its client. */
static void disperse_others(void *context)
{
    disperse(context, 1);
}

/* pool_work of a reader. */
static void run_call(void *context, struct worker *worker, struct flight *flight)
{
    struct writer *writer = context;
    struct crowd crowd = { .writer = writer };
    struct call *calls[POOL_MAX_ALIKE];
    enum call_stage stages[POOL_MAX_ALIKE];
    size_t n_done;

    for (; flight; flight = flight->next) {
        connection_bound(flight->fd, writer->service->config->client_timeout_ms);
        flight->call->worker = worker; /* who began it may be gone */
        crowd.flights[crowd.n] = flight;
        calls[crowd.n++] = flight->call;
    }
    calls[0]->on_long = crowd.n > 1 ? disperse_others : NULL;
    calls[0]->on_long_context = &crowd;
    worker_run_alike(worker, calls, crowd.n, stages, &n_done);
    if (n_done < crowd.n)
        disperse(&crowd, n_done);
    for (size_t i = 0; i < n_done; i++)
        flight_end(writer->flights, crowd.flights[i], stages[i]);
}

/* pool_work of a sender: sends an answer that may not fit the connection's buffer. */
static void send_answer(void *context, struct worker *worker, struct flight *flight)
{
    struct writer *writer = context;

    connection_bound(flight->fd, writer->service->config->client_timeout_ms);
    flight_end(writer->flights, flight, worker_end(worker, flight->call));
}

/* Goes on with a call that has been begun. Returns true when its events are to be committed. */
static bool begun(struct writer *writer, struct flight *flight, enum call_stage stage)
{
    if (stage == CALL_COMMITS)
        return true;
    if (stage == CALL_BLOCKS) {
        bool is_probe = flight->call->action->is_probe;
        flight->likeness = is_probe ? 0 : worker_likeness(flight->call);
        if (is_probe ? pool_queue(writer->probes, flight, run_call) : queue_read(writer, flight))
            return false;
        stage = worker_refuse(flight->call, STATUS_BUSY);
    }
    flight_end(writer->flights, flight, stage);
    return false;
}

static bool begin(struct writer *writer, struct worker *worker, struct flight *flight)
{
    if (!connection_open(&flight->connection, flight->fd, writer->service->config->client_timeout_ms)) {
        metrics_add(METRIC_1(HTTP_DROPPED, METRIC_DROP_INVALID), 1);
        flight_give(writer->flights, flight);
        return false;
    }
    return begun(writer, flight, worker_begin(worker, flight->call, &flight->connection.exchange));
}

/* pool_work of a porter: receives a request that may come slowly. */
static void receive(void *context, struct worker *worker, struct flight *flight)
{
    struct writer *writer = context;

    connection_bound(flight->fd, writer->service->config->client_timeout_ms);
    /* While there are bodies enough for the next group: what has not been read yet costs no memory. */
    inbox_await_room(&writer->inbox, writer->service->config->group_max_bytes);
    if (begin(writer, worker, flight))
        inbox_put(&writer->inbox, flight);
    atomic_fetch_sub(&writer->n_receiving, 1);
}

/* ---- what has come ---- */

static void hand_to_porter(struct writer *writer, struct flight *flight)
{
    atomic_fetch_add(&writer->n_receiving, 1);
    if (pool_queue(writer->porters, flight, receive))
        return;
    atomic_fetch_sub(&writer->n_receiving, 1);
    metrics_add(METRIC_1(HTTP_DROPPED, METRIC_DROP_CROWDED), 1);
    close(flight->fd); /* what has not been read cannot be answered: the web server says that nobody does */
    flight_give(writer->flights, flight);
}

/* Lets a request wait for the next commit, or refuses it where too many do. */
static void admit(struct loop *loop, struct flight *flight)
{
    if (commits_are_full(loop->commits))
        flight_end(loop->writer->flights, flight, worker_refuse(flight->call, STATUS_BUSY));
    else
        commits_add(loop->commits, flight);
}

/* Begins the request on a connection, or has it begun where that may take long. */
static void begin_request(struct loop *loop, int fd, enum arrival arrival)
{
    struct writer *writer = loop->writer;
    struct flight *flight = arrival == ARRIVAL_NONE ? NULL : flight_take(writer->flights);

    if (!flight) {
        metrics_add(METRIC_1(HTTP_DROPPED, arrival == ARRIVAL_NONE ? METRIC_DROP_INVALID : METRIC_DROP_NO_MEMORY), 1);
        close(fd);
        return;
    }
    flight->fd = fd;
    if (arrival == ARRIVAL_LARGE)
        hand_to_porter(writer, flight);
    else if (begin(writer, loop->worker, flight))
        admit(loop, flight);
}

static void begin_parked(struct loop *loop)
{
    struct parking *parking = &loop->parking;
    struct parked *newer;

    for (struct parked *parked = parking->oldest; parked && parking->n_news && commits_have_room(loop->commits); parked = newer) {
        newer = parked->newer;
        if (!parked->has_news)
            continue;
        parked->has_news = false;
        parking->n_news--;
        enum arrival arrival = parking_look(parking, parked->fd);
        if (arrival != ARRIVAL_PARTIAL)
            begin_request(loop, parking_remove(parking, parked), arrival);
    }
}

static void begin_inbox(struct loop *loop)
{
    while (loop->has_inbox && commits_have_room(loop->commits)) {
        struct flight *flight = inbox_take(&loop->writer->inbox);
        if (flight)
            admit(loop, flight);
        loop->has_inbox = flight != NULL;
    }
}

/* Accepts all that is ready. */
static void begin_accepted(struct loop *loop)
{
    while (loop->may_accept && commits_have_room(loop->commits)) {
        int fd = accept4(loop->writer->listen_fd, NULL, NULL, SOCK_CLOEXEC);
        if (fd >= 0) {
            enum arrival arrival = parking_look(&loop->parking, fd);
            if (arrival == ARRIVAL_PARTIAL)
                parking_add(&loop->parking, fd, clock_monotonic_ms());
            else
                begin_request(loop, fd, arrival);
            continue;
        }
        if (errno == EINTR || errno == ECONNABORTED)
            continue;
        loop->may_accept = errno != EAGAIN;
        if (errno == EBADF || errno == EINVAL || errno == ENOTSOCK) {
            LOG(ERROR, "the listening socket is gone", log_text("error.message", bytes_of(strerror(errno))));
            loop->may_accept = false;
            loop->is_stopping = true;
            loop->listener_is_gone = true;
        }
        if (loop->may_accept)
            poll(NULL, 0, ACCEPT_PAUSE_MS); /* out of descriptors or memory: it may pass */
        return;
    }
}

/* ---- the loop ---- */

/* Data of the descriptors that are no parked connection. */
static char tag_stop, tag_listen, tag_inbox, tag_committed;

static void note(struct loop *loop, const struct epoll_event *event)
{
    if (event->data.ptr == &tag_stop) {
        loop->is_stopping = true;
        loop->stop_parked_ms = clock_monotonic_ms() + STOP_PARKED_MS;
        epoll_ctl(loop->epoll_fd, EPOLL_CTL_DEL, loop->writer->stop_fd, NULL); /* it stays readable, for the others */
    } else if (event->data.ptr == &tag_listen) {
        loop->may_accept = true;
    } else if (event->data.ptr == &tag_inbox) {
        loop->has_inbox = true;
    } else if (event->data.ptr != &tag_committed) { /* that one is looked at in each turn */
        parking_note(&loop->parking, event->data.ptr);
    }
}

/* How long there is nothing to do but for what epoll tells. */
static int patience_ms(const struct loop *loop)
{
    bool has_more = (loop->may_accept && !loop->is_stopping) || loop->has_inbox || loop->parking.n_news;

    if (has_more && commits_have_room(loop->commits))
        return 0;
    if (has_more || loop->is_stopping || commits_are_deferred(loop->commits))
        return POLL_MS;
    return loop->parking.n || commits_are_pending(loop->commits) ? EXPIRE_EVERY_MS : -1;
}

/* Notes what has happened, waiting for it for timeout_ms at most (-1: for ever), then begins every request that is ready. */
static void gather(struct loop *loop, int timeout_ms)
{
    struct epoll_event events[EVENTS_AT_ONCE];
    int n = epoll_wait(loop->epoll_fd, events, EVENTS_AT_ONCE, timeout_ms);

    for (int i = 0; i < n; i++)
        note(loop, &events[i]);
    if (loop->parking.n)
        begin_parked(loop);
    /* By turns, so that neither large requests nor small ones fill every group. */
    loop->inbox_first = !loop->inbox_first;
    if (loop->inbox_first)
        begin_inbox(loop);
    if (!loop->is_stopping)
        begin_accepted(loop);
    begin_inbox(loop);
    if (loop->parking.n && !loop->parking.n_news)
        parking_expire(&loop->parking, clock_monotonic_ms());
}

/* An answer that may not fit the connection's buffer is sent by a thread that may wait; one more than those can have in hand is broken off,
 * since it would be kept in memory. */
static void answer(struct loop *loop, struct flight *flight)
{
    struct writer *writer = loop->writer;

    const struct batch *batch = &flight->call->batch;
    if (batch_rejected(batch) <= SMALL_ANSWER_ERRORS && batch_violations_bytes(batch) <= SMALL_ANSWER_BYTES)
        flight_end(writer->flights, flight, worker_end(loop->worker, flight->call));
    else if (!pool_queue(writer->senders, flight, send_answer))
        flight_end(writer->flights, flight, worker_abandon(flight->call));
}

static void answer_groups(struct loop *loop, struct group *groups)
{
    for (struct group *group = groups; group; group = group->next) {
        for (size_t i = 0; i < group->n; i++)
            answer(loop, group->flights[i]);
    }
    commits_give_back(loop->commits, groups);
}

/* Commits what waits; only then are the requests of the groups that are done answered, while the database is busy again. */
static void commit(struct loop *loop)
{
    struct group *done = commits_take(loop->commits);

    if (done && !commits_are_ready(loop->commits))
        gather(loop, 0);
    answer_groups(loop, commits_go(loop->commits));
    answer_groups(loop, done);
}

static void loop_free(struct loop *loop)
{
    if (!loop)
        return;
    parking_free(&loop->parking);
    if (loop->epoll_fd >= 0)
        close(loop->epoll_fd);
    commits_free(loop->commits);
    worker_free(loop->worker);
    free(loop);
}

/* Edge-triggered: what there is no room for is not told of again and again. */
static bool watch(struct loop *loop, int fd, char *tag)
{
    struct epoll_event event = { .events = EPOLLIN | EPOLLET, .data.ptr = tag };

    return epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, fd, &event) == 0;
}

static struct loop *loop_new(struct writer *writer)
{
    const struct config *config = writer->service->config;
    struct loop *loop = calloc(1, sizeof *loop);

    if (!loop)
        return NULL;
    loop->writer = writer;
    loop->worker = worker_new(writer->service);
    loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    loop->commits = commits_new(writer->service, writer->host_group, loop->epoll_fd, &tag_committed);
    loop->parking.epoll_fd = loop->epoll_fd;
    loop->parking.timeout_ms = config->client_timeout_ms;
    if (loop->worker && loop->commits && loop->epoll_fd >= 0 && watch(loop, writer->stop_fd, &tag_stop) &&
        watch(loop, writer->listen_fd, &tag_listen) && watch(loop, writer->inbox.fd, &tag_inbox))
        return loop;
    loop_free(loop);
    return NULL;
}

/* One round. Returns false after the last: when it is to stop, and nothing that was accepted is still on its way. */
static bool turn(struct loop *loop)
{
    /* Asked before the inbox is looked into: a porter puts a flight there first. */
    bool nothing_comes = atomic_load(&loop->writer->n_receiving) == 0;

    gather(loop, patience_ms(loop));
    commit(loop);
    if (!loop->is_stopping)
        return true;
    bool waits_for_parked = loop->parking.n && clock_monotonic_ms() < loop->stop_parked_ms;
    return waits_for_parked || !nothing_comes || loop->has_inbox || commits_are_pending(loop->commits);
}

static void *writer_main(void *context)
{
    struct writer *writer = context;
    struct loop *loop = loop_new(writer);

    process_thread_gives_way();
    if (!loop)
        LOG(ERROR, "the writer could not start", log_text("error.message", bytes_of(strerror(errno))));
    while (loop && turn(loop)) {
        /* until it is over */
    }
    /* Who ends unasked would leave a process that accepts nothing: it ends, and whoever watches it starts another. */
    if (!loop || loop->listener_is_gone)
        kill(getpid(), SIGTERM);
    loop_free(loop);
    crew_leave(writer->crew);
    return NULL;
}

enum status writer_start(struct writer *writer)
{
    return crew_start(writer->crew, writer_main, writer) ? STATUS_OK : STATUS_NO_MEMORY;
}
