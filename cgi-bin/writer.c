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
#include "cgi-bin/committer.h"
#include "cgi-bin/parking.h"

enum {
    EVENTS_AT_ONCE = 64,
    EXPIRE_EVERY_MS = 1000,
    ACCEPT_PAUSE_MS = 50,
    STOP_POLL_MS = 20,
    STOP_PARKED_MS = 1000,    /* how long the end waits for requests that have come in part */
    COMMIT_PATIENCE_MS = 20,  /* how long a commit is waited for before other things are done */
    COMMIT_STUCK_MS = 1000,   /* how long it may take before requests past the next group are refused */
    SMALL_ANSWER_ERRORS = 64, /* an answer that lists no more fits what a socket holds */
};

/* A writer's state. */
struct loop {
    struct writers *writers;
    struct worker *worker;
    struct committer *committer;
    struct group groups[2];
    struct group *filling;    /* one of them: requests that wait for the next commit */
    struct group *committing; /* the other, while the committer has it */
    int64_t committing_since_ms;
    int epoll_fd;
    bool may_accept;  /* there may be more connections than were accepted */
    bool has_inbox;   /* there may be more in the inbox than was taken */
    bool inbox_first; /* in this turn */
    bool is_stopping; /* no connection is accepted any more */
    bool listener_is_gone;
    int64_t stop_parked_ms;
    struct parking parking;
};

/* ---- the group ---- */

static bool group_is_full(const struct loop *loop)
{
    const struct config *config = loop->writers->service->config;
    const struct group *group = loop->filling;

    return group->n == GROUP_MAX_REQUESTS || group->n_events >= config->group_max_events || group->bytes >= config->group_max_bytes;
}

/* A commit that hangs must not keep the loop from what commits nothing; what would then wait behind a full group is refused. */
static bool commit_is_stuck(const struct loop *loop)
{
    return loop->committing && clock_monotonic_ms() - loop->committing_since_ms > COMMIT_STUCK_MS;
}

/* May one more request be begun? */
static bool has_room(const struct loop *loop)
{
    return !group_is_full(loop) || commit_is_stuck(loop);
}

/* Puts a call's events beside those of the others. */
static void group_add(struct loop *loop, struct flight *flight)
{
    const struct call *call = flight->call;
    struct group *group = loop->filling;

    group->flights[group->n++] = flight;
    group->bytes += call->body_len;
    if (call->n_events)
        memcpy(group->events + group->n_events, call->events, call->n_events * sizeof *call->events);
    group->n_events += call->n_events;
}

/* ---- what others do ---- */

static void inbox_put(struct writers *writers, struct flight *flight)
{
    const uint64_t one = 1;

    pthread_mutex_lock(&writers->lock);
    bool was_empty = !writers->inbox;
    flight->next = writers->inbox;
    writers->inbox = flight;
    writers->inbox_bytes += flight->call->body_len;
    /* It cannot fail: the counter is 0 or 1. */
    if (was_empty && write(writers->inbox_fd, &one, sizeof one) != sizeof one)
        abort();
    pthread_mutex_unlock(&writers->lock);
}

static struct flight *inbox_take(struct writers *writers)
{
    uint64_t count;

    pthread_mutex_lock(&writers->lock);
    struct flight *flight = writers->inbox;
    if (flight) {
        writers->inbox = flight->next;
        writers->inbox_bytes -= flight->call->body_len;
        pthread_cond_broadcast(&writers->has_room);
    }
    if (flight && !writers->inbox && read(writers->inbox_fd, &count, sizeof count) != sizeof count)
        abort(); /* it was put there with the first of them */
    pthread_mutex_unlock(&writers->lock);
    return flight;
}

/* pool_work of a reader. */
static void run_call(void *context, struct worker *worker, struct flight *flight)
{
    struct writers *writers = context;

    connection_bound(flight->fd, writers->service->config->client_timeout_ms);
    flight_end(writers->flights, flight, worker_run(worker, flight->call));
}

/* pool_work of a sender: sends an answer that may not fit the connection's buffer. */
static void send_answer(void *context, struct worker *worker, struct flight *flight)
{
    struct writers *writers = context;

    connection_bound(flight->fd, writers->service->config->client_timeout_ms);
    flight_end(writers->flights, flight, worker_end(worker, flight->call));
}

/* Goes on with a call that has been begun. Returns true when its events are to be committed. */
static bool begun(struct writers *writers, struct flight *flight, enum call_stage stage)
{
    if (stage == CALL_COMMITS)
        return true;
    if (stage == CALL_BLOCKS) {
        if (pool_queue(flight->call->action->is_probe ? writers->probes : writers->readers, flight, run_call))
            return false;
        stage = worker_refuse(flight->call, STATUS_BUSY);
    }
    flight_end(writers->flights, flight, stage);
    return false;
}

static bool begin(struct writers *writers, struct worker *worker, struct flight *flight)
{
    if (!connection_open(&flight->connection, flight->fd, writers->service->config->client_timeout_ms)) {
        flight_give(writers->flights, flight);
        return false;
    }
    return begun(writers, flight, worker_begin(worker, flight->call, &flight->connection.exchange));
}

/* Waits while there are bodies enough for the next group: what has not been read yet costs no memory. */
static void await_room(struct writers *writers)
{
    pthread_mutex_lock(&writers->lock);
    while (writers->inbox_bytes >= writers->service->config->group_max_bytes)
        pthread_cond_wait(&writers->has_room, &writers->lock);
    pthread_mutex_unlock(&writers->lock);
}

/* pool_work of a porter: receives a request that may come slowly. */
static void receive(void *context, struct worker *worker, struct flight *flight)
{
    struct writers *writers = context;

    connection_bound(flight->fd, writers->service->config->client_timeout_ms);
    await_room(writers);
    if (begin(writers, worker, flight))
        inbox_put(writers, flight);
    atomic_fetch_sub(&writers->n_receiving, 1);
}

/* ---- what has come ---- */

static void hand_to_porter(struct writers *writers, struct flight *flight)
{
    atomic_fetch_add(&writers->n_receiving, 1);
    if (pool_queue(writers->porters, flight, receive))
        return;
    atomic_fetch_sub(&writers->n_receiving, 1);
    close(flight->fd); /* what has not been read cannot be answered: the web server says that nobody does */
    flight_give(writers->flights, flight);
}

/* Lets a request wait for the next commit, or refuses it where too many do. */
static void admit(struct loop *loop, struct flight *flight)
{
    if (group_is_full(loop))
        flight_end(loop->writers->flights, flight, worker_refuse(flight->call, STATUS_BUSY));
    else
        group_add(loop, flight);
}

/* Begins the request on a connection, or has it begun where that may take long. */
static void begin_request(struct loop *loop, int fd, enum arrival arrival)
{
    struct writers *writers = loop->writers;
    struct flight *flight = arrival == ARRIVAL_NONE ? NULL : flight_take(writers->flights);

    if (!flight) {
        close(fd);
        return;
    }
    flight->fd = fd;
    if (arrival == ARRIVAL_LARGE)
        hand_to_porter(writers, flight);
    else if (begin(writers, loop->worker, flight))
        admit(loop, flight);
}

static void begin_parked(struct loop *loop)
{
    struct parking *parking = &loop->parking;
    struct parked *newer;

    for (struct parked *parked = parking->oldest; parked && parking->n_news && has_room(loop); parked = newer) {
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
    while (loop->has_inbox && !group_is_full(loop)) {
        struct flight *flight = inbox_take(loop->writers);
        if (flight)
            group_add(loop, flight);
        loop->has_inbox = flight != NULL;
    }
}

/* Accepts all that is ready. */
static void begin_accepted(struct loop *loop)
{
    while (loop->may_accept && has_room(loop)) {
        int fd = accept4(loop->writers->listen_fd, NULL, NULL, SOCK_CLOEXEC);
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
        loop->may_accept = false;
        if (errno == EBADF || errno == EINVAL || errno == ENOTSOCK) {
            LOG(ERROR, "the listening socket is gone", log_text("error.message", bytes_of(strerror(errno))));
            loop->is_stopping = true;
            loop->listener_is_gone = true;
        } else if (errno != EAGAIN) {
            poll(NULL, 0, ACCEPT_PAUSE_MS); /* out of descriptors or memory: it may pass */
        }
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
        epoll_ctl(loop->epoll_fd, EPOLL_CTL_DEL, loop->writers->stop_fd, NULL); /* it stays readable, for the others */
    } else if (event->data.ptr == &tag_listen) {
        loop->may_accept = true;
    } else if (event->data.ptr == &tag_inbox) {
        loop->has_inbox = true;
    } else if (event->data.ptr != &tag_committed) { /* that one is looked at in each turn */
        parking_note(&loop->parking, event->data.ptr);
    }
}

static int patience_ms(const struct loop *loop)
{
    bool has_more = (loop->may_accept && !loop->is_stopping) || loop->has_inbox || loop->parking.n_news;

    if (has_more && has_room(loop))
        return 0;
    if (has_more || loop->is_stopping)
        return STOP_POLL_MS;
    return loop->parking.n ? EXPIRE_EVERY_MS : -1;
}

/* Waits for something to do, then begins every request that is ready. */
static void gather(struct loop *loop)
{
    struct epoll_event events[EVENTS_AT_ONCE];
    int n = epoll_wait(loop->epoll_fd, events, EVENTS_AT_ONCE, patience_ms(loop));

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
    struct writers *writers = loop->writers;

    if (batch_rejected(&flight->call->batch) <= SMALL_ANSWER_ERRORS)
        flight_end(writers->flights, flight, worker_end(loop->worker, flight->call));
    else if (!pool_queue(writers->senders, flight, send_answer))
        flight_end(writers->flights, flight, CALL_BROKEN);
}

/* Answers the requests of the group that is being committed, if it is done by now or within timeout_ms. */
static void conclude_commit(struct loop *loop, int timeout_ms)
{
    struct group *group = loop->committing;

    if (!group || !committer_wait(loop->committer, timeout_ms))
        return;
    for (size_t i = 0; i < group->n; i++)
        answer(loop, group->flights[i]);
    group->n = 0;
    group->n_events = 0;
    group->bytes = 0;
    loop->committing = NULL;
}

/* One transaction for all that waits; then each gets its answer. */
static void commit(struct loop *loop)
{
    conclude_commit(loop, 0);
    if (loop->committing || !loop->filling->n)
        return;
    loop->committing = loop->filling;
    loop->filling = loop->filling == &loop->groups[0] ? &loop->groups[1] : &loop->groups[0];
    loop->committing_since_ms = clock_monotonic_ms();
    committer_give(loop->committer, loop->committing);
    conclude_commit(loop, COMMIT_PATIENCE_MS);
}

static void loop_free(struct loop *loop)
{
    if (!loop)
        return;
    parking_free(&loop->parking);
    if (loop->epoll_fd >= 0)
        close(loop->epoll_fd);
    committer_free(loop->committer);
    worker_free(loop->worker);
    free(loop->groups[0].events);
    free(loop->groups[1].events);
    free(loop);
}

static bool watch(struct loop *loop, int fd, char *tag)
{
    struct epoll_event event = { .events = EPOLLIN, .data.ptr = tag };

    return epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, fd, &event) == 0;
}

static struct loop *loop_new(struct writers *writers)
{
    const struct config *config = writers->service->config;
    struct loop *loop = calloc(1, sizeof *loop);

    if (!loop)
        return NULL;
    loop->writers = writers;
    loop->filling = &loop->groups[0];
    loop->worker = worker_new(writers->service);
    for (int i = 0; i < 2; i++)
        loop->groups[i].events = calloc(config->group_max_events + config->limits.batch_max_events, sizeof(struct event *));
    loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    loop->committer = committer_new(writers->service, writers->host_group);
    loop->parking.epoll_fd = loop->epoll_fd;
    loop->parking.timeout_ms = config->client_timeout_ms;
    if (loop->worker && loop->groups[0].events && loop->groups[1].events && loop->committer && loop->epoll_fd >= 0 &&
        watch(loop, writers->stop_fd, &tag_stop) && watch(loop, writers->listen_fd, &tag_listen) &&
        watch(loop, writers->inbox_fd, &tag_inbox) && watch(loop, committer_fd(loop->committer), &tag_committed))
        return loop;
    loop_free(loop);
    return NULL;
}

/* One round. Returns false after the last: when it is to stop, and nothing that was accepted is still on its way. */
static bool turn(struct loop *loop)
{
    /* Asked before the inbox is looked into: a porter puts a flight there first. */
    bool nothing_comes = atomic_load(&loop->writers->n_receiving) == 0;

    gather(loop);
    commit(loop);
    if (!loop->is_stopping)
        return true;
    bool waits_for_parked = loop->parking.n && clock_monotonic_ms() < loop->stop_parked_ms;
    return waits_for_parked || !nothing_comes || loop->has_inbox || loop->committing || loop->filling->n;
}

static void *writer_main(void *context)
{
    struct writers *writers = context;
    struct loop *loop = loop_new(writers);

    if (!loop)
        LOG(ERROR, "a writer could not start", log_text("error.message", bytes_of(strerror(errno))));
    while (loop && turn(loop)) {
        /* until it is over */
    }
    /* Who ends unasked would leave a process that accepts nothing: it ends, and whoever watches it starts another. */
    if (!loop || loop->listener_is_gone)
        kill(getpid(), SIGTERM);
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
