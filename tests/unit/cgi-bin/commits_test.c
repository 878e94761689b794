#include "cgi-bin/commits.h"

#include <stdatomic.h>
#include <stdio.h>

#include "tests/unit/unit.h"

/* ---- a committer whose commits end when the test says so ---- */

enum { LANES = 2, TARGETS = 2 };

struct committer {
    struct group *at_work; /* a list */
    struct group *done;    /* another, which has not been taken back */
    size_t n_at_work;
    size_t n_done;
};

/* Those that the commits have made. */
static struct committer *committers[TARGETS];

struct committer *committer_new(struct service *service, enum committer_target target, size_t max_lanes, int epoll_fd, void *tag)
{
    (void)service, (void)max_lanes, (void)epoll_fd, (void)tag;
    committers[target] = calloc(1, sizeof *committers[target]);
    return committers[target];
}

void committer_free(struct committer *committer)
{
    free(committer);
}

/* As the real one: a lane is idle as soon as it has done its work, before that is taken back. */
bool committer_has_room(struct committer *committer)
{
    return committer->n_at_work < LANES;
}

void committer_give(struct committer *committer, struct group *group)
{
    group->next = committer->at_work;
    committer->at_work = group;
    committer->n_at_work++;
}

struct group *committer_take(struct committer *committer)
{
    struct group *done = committer->done;

    committer->done = NULL;
    committer->n_done = 0;
    return done;
}

/* Ends the commits that are under way. */
static void finish(enum committer_target target)
{
    struct committer *committer = committers[target];

    while (committer->at_work) {
        struct group *group = committer->at_work;
        committer->at_work = group->next;
        group->next = committer->done;
        committer->done = group;
        committer->n_done++;
    }
    committer->n_at_work = 0;
}

static size_t n_given(enum committer_target target)
{
    return committers[target]->n_at_work + committers[target]->n_done;
}

/* ---- requests ---- */

enum { CALLS = 16, MANY_EVENTS = 200 }; /* so many that a second commit is begun for them */

struct fixture {
    struct config config;
    struct service service;
    struct commits *commits;
    struct event event;
    struct event *events[MANY_EVENTS]; /* the same each time: nothing looks into them here */
    struct call calls[CALLS];
    struct flight flights[CALLS];
    size_t n;
};

static struct fixture *fixture_new(struct host_group *host_group)
{
    static char queue; /* there is one; nothing is put into it here */
    struct fixture *fixture = calloc(1, sizeof *fixture);

    fixture->config = (struct config){
        .writer_connections = LANES, .group_max_events = 1000, .group_max_bytes = 1024 * 1024, .limits = LIMITS_DEFAULT
    };
    fixture->service.config = &fixture->config;
    fixture->service.delivery.queue = (struct queue *)&queue;
    atomic_store(&fixture->service.delivery.is_watched, true);
    fixture->event = (struct event){ .event_type = TEXT("a"), .session_id = TEXT("b"), .properties = TEXT("{}") };
    for (size_t i = 0; i < MANY_EVENTS; i++)
        fixture->events[i] = &fixture->event;
    fixture->commits = commits_new(&fixture->service, host_group, -1, NULL);
    cr_assert_not_null(fixture->commits);
    return fixture;
}

static void fixture_free(struct fixture *fixture)
{
    commits_free(fixture->commits);
    free(fixture);
}

/* A request with n events comes. */
static void add(struct fixture *fixture, size_t n)
{
    struct flight *flight = &fixture->flights[fixture->n];

    cr_assert_lt(fixture->n, (size_t)CALLS);
    flight->call = &fixture->calls[fixture->n++];
    flight->call->events = fixture->events;
    flight->call->n_events = n;
    commits_add(fixture->commits, flight);
}

/* It comes, and is committed if it is time to. */
static void add_and_go(struct fixture *fixture, size_t n)
{
    add(fixture, n);
    cr_expect_null(commits_go(fixture->commits));
}

static size_t give_back(struct fixture *fixture, struct group *groups)
{
    size_t n = 0;

    for (const struct group *group = groups; group; group = group->next)
        n += group->n;
    commits_give_back(fixture->commits, groups);
    return n;
}

/* Commits all that is left, and returns how many requests were answered. */
static size_t drain(struct fixture *fixture)
{
    size_t n = 0;

    while (commits_are_pending(fixture->commits)) {
        finish(COMMITTER_DATABASE);
        finish(COMMITTER_QUEUE);
        n += give_back(fixture, commits_take(fixture->commits));
        n += give_back(fixture, commits_go(fixture->commits));
    }
    return n;
}

/* ---- groups of one size ---- */

Test(commits, divide_a_group_that_is_larger_than_the_last)
{
    struct fixture *fixture = fixture_new(NULL);

    add(fixture, 1);
    add(fixture, 1);
    add_and_go(fixture, 1);
    EXPECT_INT(__LINE__, committers[COMMITTER_DATABASE]->at_work->n, 2);
    EXPECT_INT(__LINE__, committers[COMMITTER_DATABASE]->at_work->n_events, 2);
    cr_expect(commits_are_deferred(fixture->commits)); /* the other one waits */
    EXPECT_INT(__LINE__, drain(fixture), 3);
    fixture_free(fixture);
}

/* This process has joined twice, so there are two of the host's. None leads. */
struct host {
    char directory[40];
    struct host_group *groups[2];
};

static struct host host_open(void)
{
    struct host host = { .directory = "/tmp/commits_test.XXXXXX" };

    cr_assert_not_null(mkdtemp(host.directory));
    for (size_t i = 0; i < COUNT_OF(host.groups); i++)
        cr_assert_eq(host_group_open(&host.groups[i], host.directory, BYTES("database")), STATUS_OK);
    cr_assert(host_group_is_shared(host.groups[0]));
    return host;
}

static void host_close(const struct host *host)
{
    char command[64];

    for (size_t i = 0; i < COUNT_OF(host->groups); i++)
        host_group_close(host->groups[i]);
    snprintf(command, sizeof command, "rm -rf %s", host->directory);
    cr_expect_eq(system(command), 0);
}

/* Its one event is the host's leader's already. Were it divided, the event would be committed by this process at the same time. */
Test(commits, leave_a_group_whole_whose_event_waits_for_the_hosts_leader)
{
    struct host host = host_open();
    struct fixture *fixture = fixture_new(host.groups[0]);

    add(fixture, 0);
    add(fixture, 0);
    add_and_go(fixture, 1);
    struct group *group = committers[COMMITTER_DATABASE]->at_work;
    cr_assert_not_null(group);
    cr_assert_not_null(group->slot);
    EXPECT_INT(__LINE__, group->n, 3);
    EXPECT_INT(__LINE__, group->n_events, 1);
    cr_expect_not(commits_are_deferred(fixture->commits)); /* nothing is in other hands */
    cr_expect_not(host_group_await(group->slot, &fixture->event, 0));
    EXPECT_INT(__LINE__, drain(fixture), 3);
    fixture_free(fixture);
    host_close(&host);
}

/* ---- as many groups as there are ---- */

/* While the database is away a group is queued; it comes back, and commits begin as lanes are idle, one of them before the one before it is
 * taken back. Then all end at once, and the next request finds a group to wait in before those are answered. */
Test(commits, behind_an_outage_are_no_more_than_there_are_groups)
{
    struct fixture *fixture = fixture_new(NULL);

    delivery_trip(&fixture->service.delivery);
    add_and_go(fixture, 1);
    delivery_restore(&fixture->service.delivery);
    EXPECT_INT(__LINE__, n_given(COMMITTER_QUEUE), 1);
    add_and_go(fixture, 1);
    add_and_go(fixture, MANY_EVENTS);
    EXPECT_INT(__LINE__, n_given(COMMITTER_DATABASE), 2);
    finish(COMMITTER_DATABASE);
    add_and_go(fixture, MANY_EVENTS);
    EXPECT_INT(__LINE__, n_given(COMMITTER_DATABASE), 2); /* it waits until they are taken back */
    finish(COMMITTER_DATABASE);
    finish(COMMITTER_QUEUE);
    struct group *done = commits_take(fixture->commits);
    add_and_go(fixture, 1);
    add(fixture, 1);
    EXPECT_INT(__LINE__, give_back(fixture, done), 3);
    EXPECT_INT(__LINE__, drain(fixture), 3);
    fixture_free(fixture);
}
