#include "app/host_group.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "tests/unit/failing.h"
#include "tests/unit/unit.h"

/* There is no database here: what a commit makes of the events is tested with one, in tests/http and tests/faults. */
static const struct db_options no_database = { .conninfo = "host=/nonexistent",
                                               .connect_timeout_s = 2,
                                               .statement_timeout_ms = 1000 };

struct place {
    char directory[40];
};

static struct place place_new(void)
{
    struct place place = { .directory = "/tmp/host_group_test.XXXXXX" };

    cr_assert_not_null(mkdtemp(place.directory));
    return place;
}

static void place_remove(const struct place *place)
{
    char path[64];

    snprintf(path, sizeof path, "rm -rf %s", place->directory);
    cr_expect_eq(system(path), 0);
}

static struct host_group *join(const struct place *place)
{
    struct host_group *group;

    cr_assert_eq(host_group_open(&group, place->directory, BYTES("database")), STATUS_OK);
    return group;
}

static struct event some_event(void)
{
    return (
        struct event){ .event_type = TEXT("a"), .session_id = TEXT("b"), .properties = TEXT("{\"x\":1}"), .verdict = STATUS_OK };
}

/* ---- who takes part ---- */

/* Another process, which joins, leaves when it is told to, and then waits for its end: that comes from outside, for what the test has
 * left in its memory is not its own to release. */
struct other {
    pid_t pid;
    int tell; /* a byte tells it to leave */
    int told; /* a byte tells that it has joined, and another that it has left */
};

static struct other other_begin(const struct place *place)
{
    int tell[2], told[2];
    char byte;

    cr_assert(pipe(tell) == 0 && pipe(told) == 0);
    struct other other = { .pid = fork(), .tell = tell[1], .told = told[0] };
    if (other.pid == 0) {
        struct host_group *group = join(place);
        (void)!write(told[1], "j", 1);
        (void)!read(tell[0], &byte, 1);
        host_group_close(group);
        (void)!write(told[1], "l", 1);
        for (;;)
            pause();
    }
    cr_assert_eq(read(other.told, &byte, 1), 1);
    return other;
}

static void other_leave(const struct other *other)
{
    char byte;

    cr_assert_eq(write(other->tell, "x", 1), 1);
    cr_assert_eq(read(other->told, &byte, 1), 1);
}

static void other_kill(const struct other *other)
{
    cr_assert_eq(kill(other->pid, SIGKILL), 0);
    cr_assert_eq(waitpid(other->pid, NULL, 0), other->pid);
}

Test(host_group, is_shared_while_there_is_another_process)
{
    struct place place = place_new();
    struct host_group *group = join(&place);

    cr_expect_not(host_group_is_shared(group));
    struct other other = other_begin(&place);
    cr_expect(host_group_is_shared(group));
    other_leave(&other);
    cr_expect_not(host_group_is_shared(group));
    other_kill(&other);
    host_group_close(group);
    place_remove(&place);
}

Test(host_group, counts_no_process_that_was_killed)
{
    struct place place = place_new();
    struct host_group *group = join(&place);
    struct other other = other_begin(&place);

    other_kill(&other);
    host_group_close(join(&place)); /* who joins counts anew */
    cr_expect_not(host_group_is_shared(group));
    host_group_close(group);
    place_remove(&place);
}

Test(host_group, without_a_directory_is_none)
{
    struct host_group *group;

    EXPECT_STATUS(__LINE__, host_group_open(&group, "/nonexistent", BYTES("database")), STATUS_INTERNAL);
    cr_expect_null(group);
    host_group_close(NULL);
}

Test(host_group, without_memory_is_none)
{
    struct place place = place_new();
    struct host_group *group;

    failing_begin(1);
    EXPECT_STATUS(__LINE__, host_group_open(&group, place.directory, BYTES("database")), STATUS_NO_MEMORY);
    cr_expect(failing_end());
    cr_expect_null(group);
    place_remove(&place);
}

/* As the writer does it: looks for a moment, then has the slot ended. Returns false when the event is left to the caller. */
static bool write_event(struct host_group *group, struct event *event, int timeout_ms)
{
    struct host_slot *slot = host_group_submit(group, event);

    return slot && (host_group_poll(slot, event, timeout_ms < 2 ? 0 : 2) || host_group_await(slot, event, timeout_ms));
}

/* ---- without a leader ---- */

Test(host_group, event_that_nobody_takes_is_left_to_the_caller)
{
    struct place place = place_new();
    struct host_group *group = join(&place);
    struct event event = some_event();

    EXPECT(__LINE__, !write_event(group, &event, 100));
    EXPECT_STATUS(__LINE__, event.verdict, STATUS_OK); /* nothing was done */
    EXPECT_BYTES(__LINE__, event.properties, BYTES("{\"x\":1}"));
    host_group_close(group);
    place_remove(&place);
}

/* ---- with a leader ---- */

struct leading {
    struct host_group *group;
    struct delivery delivery;
    struct db *db;
    _Atomic bool stops;
    pthread_t thread;
};

static void *lead(void *context)
{
    struct leading *leading = context;

    host_group_lead(leading->group, &leading->delivery, leading->db, &leading->stops);
    return NULL;
}

static void leading_begin(struct leading *leading, const struct place *place)
{
    *leading = (struct leading){ .group = join(place), .db = db_new(&no_database) };
    cr_assert_eq(pthread_create(&leading->thread, NULL, lead, leading), 0);
}

static void leading_end(struct leading *leading)
{
    atomic_store(&leading->stops, true);
    cr_assert_eq(pthread_join(leading->thread, NULL), 0);
    db_free(leading->db);
    host_group_close(leading->group);
}

struct writing {
    struct host_group *group;
    pthread_t thread;
    int answered; /* with the leader's verdict */
};

enum { WRITERS = 8, EVENTS_EACH = 20 };

static void *write_many(void *context)
{
    struct writing *writing = context;

    for (int i = 0; i < EVENTS_EACH; i++) {
        struct event event = some_event();
        int64_t before_ms = clock_monotonic_ms();
        event.is_duplicate = true;
        bool taken = write_event(writing->group, &event, 20000);
        writing->answered +=
            taken && event.verdict == STATUS_UNAVAILABLE && !event.is_duplicate && clock_monotonic_ms() - before_ms < 15000;
    }
    return NULL;
}

Test(host_group, what_nobody_took_leaves_its_slot)
{
    struct place place = place_new();
    struct leading leading;
    struct event event;

    struct host_group *group = join(&place);
    for (int i = 0; i < 300; i++) { /* more than there are slots */
        event = some_event();
        cr_expect_not(write_event(group, &event, 0));
    }
    leading_begin(&leading, &place);
    event = some_event();
    EXPECT(__LINE__, write_event(group, &event, 20000));
    leading_end(&leading);
    host_group_close(group);
    place_remove(&place);
}

Test(host_group, event_too_large_for_a_slot_is_left_to_the_caller)
{
    struct place place = place_new();
    struct leading leading;
    struct event event = some_event();
    char *text = repeated('x', 200 * 1024);
    size_t fits = 0, most = 200 * 1024;

    leading_begin(&leading, &place);
    while (fits < most) { /* the largest that it takes */
        size_t len = (fits + most + 1) / 2;
        event.properties = (struct bytes){ text, len };
        if (write_event(leading.group, &event, 20000))
            fits = len;
        else
            most = len - 1;
    }
    cr_expect_geq(fits, 64 * 1024); /* an event of the default limit goes in */
    event.properties = (struct bytes){ text, fits + 1 };
    event.verdict = STATUS_OK;
    EXPECT(__LINE__, !write_event(leading.group, &event, 20000));
    EXPECT_STATUS(__LINE__, event.verdict, STATUS_OK); /* nothing was done */
    free(text);
    leading_end(&leading);
    place_remove(&place);
}

Test(host_group, every_event_gets_the_leaders_verdict)
{
    struct place place = place_new();
    struct leading leading;
    struct writing writings[WRITERS] = { 0 };

    leading_begin(&leading, &place);
    for (int i = 0; i < WRITERS; i++) {
        writings[i].group = leading.group;
        cr_assert_eq(pthread_create(&writings[i].thread, NULL, write_many, &writings[i]), 0);
    }
    for (int i = 0; i < WRITERS; i++) {
        cr_assert_eq(pthread_join(writings[i].thread, NULL), 0);
        EXPECT_INT(i, writings[i].answered, EVENTS_EACH);
    }
    leading_end(&leading);
    place_remove(&place);
}

Test(host_group, event_that_waits_is_taken_by_the_next_leader)
{
    struct place place = place_new();
    struct leading leading;
    struct writing writing = { 0 };

    struct host_group *group = join(&place);
    writing.group = group;
    cr_assert_eq(pthread_create(&writing.thread, NULL, write_many, &writing), 0);
    usleep(50000);
    leading_begin(&leading, &place);
    cr_assert_eq(pthread_join(writing.thread, NULL), 0);
    EXPECT_INT(__LINE__, writing.answered, EVENTS_EACH);
    leading_end(&leading);
    host_group_close(group);
    place_remove(&place);
}

Test(host_group, leads_one_at_a_time_and_stops_when_told)
{
    struct place place = place_new();
    struct leading leading[3];
    int64_t before_ms;

    for (int i = 0; i < 3; i++)
        leading_begin(&leading[i], &place);
    usleep(50000);
    before_ms = clock_monotonic_ms();
    for (int i = 0; i < 3; i++)
        atomic_store(&leading[i].stops, true);
    for (int i = 0; i < 3; i++)
        leading_end(&leading[i]);
    cr_expect_lt(clock_monotonic_ms() - before_ms, 5000);
    place_remove(&place);
}

/* ---- processes that are killed ---- */

/* A server that takes connections and never answers: who asks it waits for the timeout of the connection. */
struct mute_server {
    int fd;
    char path[108];
    char conninfo[128];
};

static struct mute_server mute_server_new(const struct place *place)
{
    struct mute_server server = { .fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0) };
    struct sockaddr_un address = { .sun_family = AF_UNIX };

    snprintf(server.path, sizeof server.path, "%s/.s.PGSQL.5432", place->directory);
    snprintf(server.conninfo, sizeof server.conninfo, "host=%s port=5432 connect_timeout=60", place->directory);
    memcpy(address.sun_path, server.path, sizeof address.sun_path);
    cr_assert_eq(bind(server.fd, (const struct sockaddr *)&address, sizeof address), 0);
    cr_assert_eq(listen(server.fd, 8), 0);
    return server;
}

static bool mute_server_is_asked(const struct mute_server *server, int wait_ms)
{
    struct pollfd ready = { .fd = server->fd, .events = POLLIN };

    return poll(&ready, 1, wait_ms) == 1;
}

static void mute_server_end(const struct mute_server *server)
{
    close(server->fd);
    unlink(server->path);
}

/* Another process that leads, and waits for its database for ever. */
static struct other leader_begin(const struct place *place, const char *conninfo)
{
    struct other other = { .pid = fork() };

    if (other.pid == 0) {
        const struct db_options options = { .conninfo = conninfo, .connect_timeout_s = 60, .statement_timeout_ms = 60000 };
        const _Atomic bool never = false;
        host_group_lead(join(place), &(struct delivery){ 0 }, db_new(&options), &never);
    }
    return other;
}

static void *write_one(void *context)
{
    struct writing *writing = context;
    struct event event = some_event();

    if (write_event(writing->group, &event, 20000) && event.verdict == STATUS_UNAVAILABLE)
        writing->answered++;
    return NULL;
}

/* The leader is killed with an event in its hands: the next one commits it, long before who waits for it would give up. */
Test(host_group, what_a_killed_leader_had_taken_is_committed_by_the_next)
{
    struct place place = place_new();
    struct mute_server server = mute_server_new(&place);
    struct writing writing = { .group = join(&place) };
    struct other first = leader_begin(&place, server.conninfo);
    struct leading second;
    int64_t before_ms = clock_monotonic_ms();

    cr_assert_eq(pthread_create(&writing.thread, NULL, write_one, &writing), 0);
    cr_assert(mute_server_is_asked(&server, 20000));
    other_kill(&first);
    leading_begin(&second, &place);
    cr_assert_eq(pthread_join(writing.thread, NULL), 0);
    EXPECT_INT(__LINE__, writing.answered, 1);
    cr_expect_lt(clock_monotonic_ms() - before_ms, 15000);
    leading_end(&second);
    host_group_close(writing.group);
    mute_server_end(&server);
    place_remove(&place);
}

/* Who waits gives up while the leader has the event in hand; the leader, or the one after it, frees the slot. */
Test(host_group, event_that_was_abandoned_to_a_killed_leader_leaves_its_slot)
{
    struct place place = place_new();
    struct mute_server server = mute_server_new(&place);
    struct host_group *group = join(&place);
    struct writing writing = { .group = group };
    struct other first = leader_begin(&place, server.conninfo);
    struct leading second;
    struct event event;

    for (int i = 0; i < 200 && !mute_server_is_asked(&server, 0); i++) {
        event = some_event();
        if (write_event(group, &event, 100))
            EXPECT_STATUS(__LINE__, event.verdict, STATUS_UNAVAILABLE);
    }
    cr_assert(mute_server_is_asked(&server, 0));
    other_kill(&first);
    leading_begin(&second, &place);
    cr_assert_eq(pthread_create(&writing.thread, NULL, write_many, &writing), 0);
    cr_assert_eq(pthread_join(writing.thread, NULL), 0);
    EXPECT_INT(__LINE__, writing.answered, EVENTS_EACH);
    for (int i = 0; i < 300; i++) { /* more than there are slots */
        event = some_event();
        cr_assert(write_event(group, &event, 20000), "event %d finds no slot", i);
    }
    leading_end(&second);
    host_group_close(group);
    mute_server_end(&server);
    place_remove(&place);
}

/* A process of so many threads, each with an event that waits. */
static struct other waiting_begin(const struct place *place, int n)
{
    struct other other = { .pid = fork() };

    if (other.pid == 0) {
        struct writing writing = { .group = join(place) };
        for (int i = 0; i < n; i++) {
            pthread_attr_t small;
            pthread_attr_init(&small);
            pthread_attr_setstacksize(&small, 512 * 1024);
            (void)pthread_create(&writing.thread, &small, write_one, &writing);
        }
        for (;;)
            pause();
    }
    return other;
}

Test(host_group, slots_of_a_killed_process_are_cleared)
{
    enum { TOO_MANY = 300 };
    struct place place = place_new();
    struct host_group *group = join(&place);
    struct other other = waiting_begin(&place, TOO_MANY);
    struct leading leading;
    struct event event;
    int64_t until_ms = clock_monotonic_ms() + 20000;
    bool is_full = false, is_free = false;

    while (!is_full && clock_monotonic_ms() < until_ms) {
        event = some_event();
        is_full = !write_event(group, &event, 0);
        usleep(1000);
    }
    cr_expect(is_full);
    other_kill(&other);
    leading_begin(&leading, &place);
    while (!is_free && clock_monotonic_ms() < until_ms) {
        event = some_event();
        is_free = write_event(group, &event, 1000);
        usleep(1000);
    }
    cr_expect(is_free);
    leading_end(&leading);
    host_group_close(group);
    place_remove(&place);
}
