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
    STOP_PARKED_MS = 1000,   /* how long the end waits for requests that have come in part */
    COMMIT_PATIENCE_MS = 20, /* how long a commit is waited for before other things are done, or another is begun beside it */
    COMMIT_STUCK_MS = 1000,  /* how long none may end before requests past the next group are refused */
    SECOND_COMMIT_EVENTS =
        200, /* a group of so many is committed beside another: split further, both would cost more than they gain */
    SMALL_ANSWER_ERRORS = 64, /* an answer that lists no more fits what a socket holds */
};

/* The writer's state. */
struct loop {
    struct writer *writer;
    struct worker *worker;
    struct committer *committer;
    struct committer *spill; /* commits to the queue what the database cannot take; NULL: there is no queue */
    struct group *groups;    /* one more than can be committed at a time */
    struct group *idle;      /* a list: those that are neither filled nor committed */
    struct group *filling;   /* requests that wait for a commit */
    size_t n_committing;     /* groups that the committer has */
    bool is_spilling;        /* the spill has one */
    int64_t progress_ms;     /* when the committer's last commit ended, or the first began */
    int64_t spilling_ms;     /* when the spill's began */
    bool has_batches;        /* the last group had events beside those of single requests */
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
    const struct config *config = loop->writer->service->config;
    const struct group *group = loop->filling;

    return group->n == GROUP_MAX_REQUESTS || group->n_events >= config->group_max_events || group->bytes >= config->group_max_bytes;
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

/* Has no commit ended for so long, while one was under way? */
static bool commits_last(const struct loop *loop, int ms)
{
    return loop->n_committing && clock_monotonic_ms() - loop->progress_ms > ms;
}

static bool spill_lasts(const struct loop *loop, int ms)
{
    return loop->is_spilling && clock_monotonic_ms() - loop->spilling_ms > ms;
}

/* May one more request be begun? Commits that hang must not keep the loop from what commits nothing; what would then wait behind a full
 * group is refused. */
static bool has_room(const struct loop *loop)
{
    return !group_is_full(loop) || spill_lasts(loop, COMMIT_STUCK_MS) || (!loop->spill && commits_last(loop, COMMIT_STUCK_MS));
}

/* ---- what others do ---- */

/* pool_work of a reader. */
static void run_call(void *context, struct worker *worker, struct flight *flight)
{
    struct writer *writer = context;

    connection_bound(flight->fd, writer->service->config->client_timeout_ms);
    flight_end(writer->flights, flight, worker_run(worker, flight->call));
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
        if (pool_queue(flight->call->action->is_probe ? writer->probes : writer->readers, flight, run_call))
            return false;
        stage = worker_refuse(flight->call, STATUS_BUSY);
    }
    flight_end(writer->flights, flight, stage);
    return false;
}

static bool begin(struct writer *writer, struct worker *worker, struct flight *flight)
{
    if (!connection_open(&flight->connection, flight->fd, writer->service->config->client_timeout_ms)) {
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
    close(flight->fd); /* what has not been read cannot be answered: the web server says that nobody does */
    flight_give(writer->flights, flight);
}

/* Lets a request wait for the next commit, or refuses it where too many do. */
static void admit(struct loop *loop, struct flight *flight)
{
    if (group_is_full(loop))
        flight_end(loop->writer->flights, flight, worker_refuse(flight->call, STATUS_BUSY));
    else
        group_add(loop, flight);
}

/* Begins the request on a connection, or has it begun where that may take long. */
static void begin_request(struct loop *loop, int fd, enum arrival arrival)
{
    struct writer *writer = loop->writer;
    struct flight *flight = arrival == ARRIVAL_NONE ? NULL : flight_take(writer->flights);

    if (!flight) {
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
        struct flight *flight = inbox_take(&loop->writer->inbox);
        if (flight)
            group_add(loop, flight);
        loop->has_inbox = flight != NULL;
    }
}

/* Accepts all that is ready. */
static void begin_accepted(struct loop *loop)
{
    while (loop->may_accept && has_room(loop)) {
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

/* Is a commit to be waited for, and nothing else? Events are worth more together than each on its own, so the loop is not to wake for every
 * one of them; but for a commit that takes long, or where there may be another to begin beside it. */
static bool awaits_commit(const struct loop *loop)
{
    return loop->n_committing && !loop->is_spilling && !loop->has_batches && !commits_last(loop, COMMIT_PATIENCE_MS);
}

static bool awaits_spill(const struct loop *loop)
{
    return loop->is_spilling && !loop->n_committing && !spill_lasts(loop, COMMIT_PATIENCE_MS);
}

/* How long there is nothing to do but for what epoll tells. */
static int patience_ms(const struct loop *loop)
{
    bool has_more = (loop->may_accept && !loop->is_stopping) || loop->has_inbox || loop->parking.n_news;

    if (has_more && has_room(loop))
        return 0;
    if (awaits_commit(loop) || awaits_spill(loop))
        return 0;
    if ((loop->n_committing || loop->is_spilling) && loop->filling->n)
        return STOP_POLL_MS; /* it may be time for another beside it */
    if (has_more || loop->is_stopping)
        return STOP_POLL_MS;
    return loop->parking.n ? EXPIRE_EVERY_MS : -1;
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

    if (batch_rejected(&flight->call->batch) <= SMALL_ANSWER_ERRORS)
        flight_end(writer->flights, flight, worker_end(loop->worker, flight->call));
    else if (!pool_queue(writer->senders, flight, send_answer))
        flight_end(writer->flights, flight, CALL_BROKEN);
}

static void answer_group(struct loop *loop, struct group *group)
{
    for (size_t i = 0; i < group->n; i++)
        answer(loop, group->flights[i]);
    group->n = 0;
    group->n_events = 0;
    group->bytes = 0;
}

/* Takes an idle group to be filled. There is one: they are one more than can be committed at a time. */
static void begin_group(struct loop *loop)
{
    loop->filling = loop->idle;
    loop->idle = loop->idle->next;
}

static void answer_groups(struct loop *loop, struct group *groups)
{
    struct group *next;

    for (struct group *group = groups; group; group = next) {
        next = group->next;
        answer_group(loop, group);
        group->next = loop->idle;
        loop->idle = group;
    }
}

/* Is what waits to be queued now: is the database away, or does it hang? */
static bool is_to_spill(const struct loop *loop)
{
    struct delivery *delivery = &loop->writer->service->delivery;

    if (!loop->filling->n || !loop->spill || loop->is_spilling)
        return false;
    if (commits_last(loop, COMMIT_STUCK_MS))
        delivery_trip(delivery);
    return delivery_is_down(delivery);
}

/* Is what waits to be committed now? One commit at a time makes the largest groups; a second one beside it pays for large groups, and is
 * there when the first hangs. */
static bool is_to_commit(const struct loop *loop)
{
    if (!loop->filling->n || (loop->spill && delivery_is_down(&loop->writer->service->delivery)))
        return false;
    if (!loop->n_committing)
        return true;
    return loop->n_committing < loop->writer->service->config->writer_connections &&
           (loop->filling->n_events >= SECOND_COMMIT_EVENTS || commits_last(loop, COMMIT_PATIENCE_MS));
}

/* One event alone joins those of the host's other processes, if there are any. Returns true when it is done at once, by their leader: that
 * needs no other thread. */
static bool commit_with_host(struct loop *loop, struct group *group)
{
    struct host_group *host_group = loop->writer->host_group;

    if (group->n_events != 1 || !host_group || !host_group_is_shared(host_group) ||
        delivery_is_down(&loop->writer->service->delivery))
        return false;
    group->slot = host_group_submit(host_group, group->events[0]);
    if (!group->slot || !host_group_poll(group->slot, group->events[0], COMMIT_PATIENCE_MS))
        return false;
    group->slot = NULL;
    return true;
}

static void commit_filling(struct loop *loop)
{
    struct group *group = loop->filling;

    loop->has_batches = group->n_events > group->n;
    if (commit_with_host(loop, group)) {
        answer_group(loop, group);
        return;
    }
    if (!loop->n_committing)
        loop->progress_ms = clock_monotonic_ms();
    loop->n_committing++;
    loop->filling = NULL;
    committer_give(loop->committer, group);
}

static void spill_filling(struct loop *loop)
{
    loop->spilling_ms = clock_monotonic_ms();
    loop->is_spilling = true;
    committer_give(loop->spill, loop->filling);
    loop->filling = NULL;
}

/* Takes back the groups that are done. */
static struct group *await_commit(struct loop *loop)
{
    struct group *done = loop->n_committing ? committer_take(loop->committer, awaits_commit(loop) ? COMMIT_PATIENCE_MS : 0) : NULL;

    for (const struct group *group = done; group; group = group->next)
        loop->n_committing--;
    if (done)
        loop->progress_ms = clock_monotonic_ms();
    return done;
}

static struct group *await_spill(struct loop *loop)
{
    struct group *done = loop->is_spilling ? committer_take(loop->spill, awaits_spill(loop) ? COMMIT_PATIENCE_MS : 0) : NULL;

    loop->is_spilling &= !done;
    return done;
}

/* Commits what waits; only then are the requests of the groups that are done answered, while the database is busy again. */
static void commit(struct loop *loop)
{
    struct group *done = await_commit(loop);
    struct group *spilt = await_spill(loop);

    if (done || spilt)
        gather(loop, 0);
    if (is_to_spill(loop))
        spill_filling(loop);
    else if (is_to_commit(loop))
        commit_filling(loop);
    answer_groups(loop, done);
    answer_groups(loop, spilt);
    if (!loop->filling)
        begin_group(loop);
}

/* As many as can be committed at a time, one to the queue, and the one that is filled. */
static size_t max_groups(const struct config *config)
{
    return config->writer_connections + 2;
}

static void loop_free(struct loop *loop)
{
    if (!loop)
        return;
    parking_free(&loop->parking);
    if (loop->epoll_fd >= 0)
        close(loop->epoll_fd);
    committer_free(loop->committer);
    committer_free(loop->spill);
    worker_free(loop->worker);
    for (size_t i = 0; loop->groups && i < max_groups(loop->writer->service->config); i++)
        free(loop->groups[i].events);
    free(loop->groups);
    free(loop);
}

/* Edge-triggered: what there is no room for is not told of again and again. */
static bool watch(struct loop *loop, int fd, char *tag)
{
    struct epoll_event event = { .events = EPOLLIN | EPOLLET, .data.ptr = tag };

    return epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, fd, &event) == 0;
}

/* A group is full once it has group_max_events; the last request may bring a whole batch more. */
static bool make_groups(struct loop *loop, const struct config *config)
{
    bool has_memory = true;

    loop->groups = calloc(max_groups(config), sizeof *loop->groups);
    for (size_t i = 0; loop->groups && i < max_groups(config); i++) {
        struct group *group = &loop->groups[i];
        group->events = calloc(config->group_max_events + config->limits.batch_max_events, sizeof(struct event *));
        has_memory &= group->events != NULL;
        group->next = loop->idle;
        loop->idle = group;
    }
    if (!loop->groups || !has_memory)
        return false;
    begin_group(loop);
    return true;
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
    loop->committer = committer_new(writer->service, COMMITTER_DATABASE, config->writer_connections);
    if (writer->service->delivery.queue)
        loop->spill = committer_new(writer->service, COMMITTER_QUEUE, 1);
    loop->parking.epoll_fd = loop->epoll_fd;
    loop->parking.timeout_ms = config->client_timeout_ms;
    if (loop->worker && make_groups(loop, config) && loop->committer && loop->epoll_fd >= 0 &&
        watch(loop, writer->stop_fd, &tag_stop) && watch(loop, writer->listen_fd, &tag_listen) &&
        watch(loop, writer->inbox.fd, &tag_inbox) && watch(loop, committer_fd(loop->committer), &tag_committed) &&
        (!writer->service->delivery.queue || (loop->spill && watch(loop, committer_fd(loop->spill), &tag_committed))))
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
    return waits_for_parked || !nothing_comes || loop->has_inbox || loop->n_committing || loop->is_spilling || loop->filling->n;
}

static void *writer_main(void *context)
{
    struct writer *writer = context;
    struct loop *loop = loop_new(writer);

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
