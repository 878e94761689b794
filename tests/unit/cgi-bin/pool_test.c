#include "cgi-bin/pool.h"

#include <stdatomic.h>
#include <unistd.h>

#include "base/clock.h"
#include "cgi-bin/crew.h"
#include "tests/unit/app/site.h"

enum { N = 100, GRACE_MS = 5000 };

/* What the threads did. */
struct record {
    _Atomic size_t n_worked;
    _Atomic size_t n_calls;
    _Atomic bool is_held; /* the first flight is not done before it is let go */
    size_t sizes[N];
};

static bool same_fd(const struct flight *a, const struct flight *b)
{
    return a->fd == b->fd;
}

static void work(void *context, struct worker *worker, struct flight *flight)
{
    struct record *record = context;
    size_t n = 0;

    (void)worker;
    for (const struct flight *other = flight; other; other = other->next) {
        cr_expect_eq(other->fd, flight->fd);
        n++;
    }
    record->sizes[atomic_fetch_add(&record->n_calls, 1)] = n;
    atomic_fetch_add(&record->n_worked, n);
    while (atomic_load(&record->is_held))
        usleep(1000);
}

struct fixture {
    struct site site;
    struct crew crew;
    struct record record;
    struct pool pool;
    struct flight flights[N];
};

static void fixture_open(struct fixture *fixture, size_t max_threads)
{
    *fixture = (struct fixture){ .crew = CREW_INITIALIZER };
    site_open(&fixture->site);
    fixture->pool = (struct pool){ .service = &fixture->site.service,
                                   .crew = &fixture->crew,
                                   .context = &fixture->record,
                                   .are_alike = same_fd,
                                   .max_threads = max_threads,
                                   .max_queued = N,
                                   .lock = PTHREAD_MUTEX_INITIALIZER,
                                   .queued = PTHREAD_COND_INITIALIZER };
}

static void fixture_close(struct fixture *fixture, size_t n_queued)
{
    struct timespec deadline = clock_monotonic_in(GRACE_MS);

    pool_stop(&fixture->pool);
    cr_expect(crew_wait(&fixture->crew, &deadline), "the threads have not ended");
    EXPECT_INT(__LINE__, fixture->record.n_worked, n_queued);
    site_close(&fixture->site);
}

/* Queues flight i, which is alike to those of its kind. 0: to none. */
static void queue(struct fixture *fixture, size_t i, uint64_t kind)
{
    fixture->flights[i].fd = (int)kind;
    fixture->flights[i].likeness = kind;
    cr_assert(pool_queue(&fixture->pool, &fixture->flights[i], work));
}

static void await_calls(struct fixture *fixture, size_t n)
{
    for (int i = 0; i < GRACE_MS && atomic_load(&fixture->record.n_calls) < n; i++)
        usleep(1000);
    cr_assert_geq(atomic_load(&fixture->record.n_calls), n);
}

Test(pool, those_that_wait_and_are_alike_are_worked_on_together)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);

    fixture_open(fixture, 1);
    fixture->record.is_held = true;
    queue(fixture, 0, 1);
    await_calls(fixture, 1);
    for (size_t i = 1; i < 11; i++)
        queue(fixture, i, 1 + i % 2);
    queue(fixture, 11, 0);
    queue(fixture, 12, 0);
    fixture->record.is_held = false;
    await_calls(fixture, 5);
    EXPECT_INT(__LINE__, fixture->record.sizes[0], 1);
    EXPECT_INT(__LINE__, fixture->record.sizes[1], 5);
    EXPECT_INT(__LINE__, fixture->record.sizes[2], 5);
    EXPECT_INT(__LINE__, fixture->record.sizes[3] + fixture->record.sizes[4], 2);
    fixture_close(fixture, 13);
    free(fixture);
}

/* One that is alike is under way and does not end: those behind it wait for a moment alone. */
Test(pool, one_that_takes_long_holds_up_nobody)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);

    fixture_open(fixture, 3);
    fixture->record.is_held = true;
    queue(fixture, 0, 1);
    await_calls(fixture, 1);
    queue(fixture, 1, 1);
    queue(fixture, 2, 2);
    queue(fixture, 3, 1);
    await_calls(fixture, 3);
    fixture->record.is_held = false;
    fixture_close(fixture, 4);
    free(fixture);
}

Test(pool, without_likeness_each_goes_alone)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);

    fixture_open(fixture, 2);
    fixture->pool.are_alike = NULL;
    for (size_t i = 0; i < N; i++)
        queue(fixture, i, 1);
    fixture_close(fixture, N);
    EXPECT_INT(__LINE__, fixture->record.n_calls, N);
    free(fixture);
}

Test(pool, nothing_is_lost_at_the_end)
{
    for (int round = 0; round < 20; round++) {
        struct fixture *fixture = calloc(1, sizeof *fixture);
        fixture_open(fixture, 4);
        for (size_t i = 0; i < N; i++)
            queue(fixture, i, i % 5);
        fixture_close(fixture, N);
        free(fixture);
    }
}

static _Atomic bool may_begin;

static bool begins_when_told(struct service *service, struct flight *flight, int64_t now_ms)
{
    (void)service;
    (void)flight;
    (void)now_ms;
    return atomic_load(&may_begin);
}

static bool queue_waiting(struct fixture *fixture, size_t i)
{
    fixture->flights[i].waits = true;
    return pool_queue(&fixture->pool, &fixture->flights[i], work);
}

static void await_worked(struct fixture *fixture, size_t n)
{
    for (int i = 0; i < GRACE_MS && atomic_load(&fixture->record.n_worked) < n; i++)
        usleep(1000);
    EXPECT_INT(__LINE__, fixture->record.n_worked, n);
}

Test(pool, those_that_wait_for_something_else_are_passed_by_and_at_most_half)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);

    fixture_open(fixture, 2);
    fixture->pool.may_begin = begins_when_told;
    for (size_t i = 0; i < N / 2; i++)
        EXPECT(__LINE__, queue_waiting(fixture, i));
    EXPECT(__LINE__, !queue_waiting(fixture, N / 2));
    fixture->flights[N / 2].waits = false;
    queue(fixture, N / 2, 0);
    await_worked(fixture, 1);
    atomic_store(&may_begin, true);
    await_worked(fixture, N / 2 + 1);
    EXPECT(__LINE__, queue_waiting(fixture, 0));
    await_worked(fixture, N / 2 + 2);
    fixture_close(fixture, N / 2 + 2);
    free(fixture);
}

Test(pool, those_that_wait_are_worked_on_when_it_stops)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);

    fixture_open(fixture, 2);
    fixture->pool.may_begin = begins_when_told;
    for (size_t i = 0; i < 10; i++)
        EXPECT(__LINE__, queue_waiting(fixture, i));
    fixture_close(fixture, 10);
    free(fixture);
}
