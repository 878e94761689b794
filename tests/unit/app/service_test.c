#include "app/service.h"

#include <pthread.h>
#include <stdatomic.h>

#include "tests/unit/failing.h"
#include "tests/unit/unit.h"

/* ---- times of acceptance ---- */

Test(service, accept_times_follow_the_clock_and_never_go_back)
{
    static const struct {
        int line;
        size_t n;
        int64_t now_us;
        int64_t want;
    } calls[] = { /* one after the other */
                  { __LINE__, 1, 1000, 1000 }, { __LINE__, 1, 1000, 1001 }, { __LINE__, 1, 1001, 1002 },
                  { __LINE__, 1, 2000, 2000 }, { __LINE__, 5, 2000, 2001 }, { __LINE__, 1, 2000, 2006 },
                  { __LINE__, 3, 3000, 3000 }, { __LINE__, 1, 3001, 3003 }, { __LINE__, 1, 500, 3004 }, /* the clock was set back */
                  { __LINE__, 1000, 0, 3005 }, { __LINE__, 1, 4004, 4005 }, { __LINE__, 1, 5000, 5000 }
    };
    struct service service = { 0 };

    for (size_t i = 0; i < COUNT_OF(calls); i++)
        EXPECT_INT(calls[i].line, service_accept_times(&service, calls[i].n, calls[i].now_us), calls[i].want);
}

enum { THREADS = 4, CALLS = 20000, MOST_EVENTS = 3 };

/* Each thread has a clock of its own, which at times goes back. */
struct caller {
    pthread_t thread;
    struct service *service;
    int number;
    int64_t times[CALLS];
};

static size_t events_of(int call)
{
    return 1 + (size_t)call % MOST_EVENTS;
}

static void *call_many(void *context)
{
    struct caller *caller = context;

    for (int i = 0; i < CALLS; i++)
        caller->times[i] = service_accept_times(caller->service, events_of(i), 1000 + i / 2 - (i % 7) * caller->number);
    return NULL;
}

static int compare_times(const void *left, const void *right)
{
    int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;

    return (a > b) - (a < b);
}

Test(service, accept_times_are_given_once_to_concurrent_threads)
{
    struct service service = { 0 };
    struct caller *callers = calloc(THREADS, sizeof *callers);
    int64_t *all = calloc((size_t)THREADS * CALLS * MOST_EVENTS, sizeof *all);
    size_t n = 0;

    for (int t = 0; t < THREADS; t++) {
        callers[t].service = &service;
        callers[t].number = t;
        cr_assert_eq(pthread_create(&callers[t].thread, NULL, call_many, &callers[t]), 0);
    }
    for (int t = 0; t < THREADS; t++)
        cr_assert_eq(pthread_join(callers[t].thread, NULL), 0);

    for (int t = 0; t < THREADS; t++) {
        for (int i = 0; i < CALLS; i++) {
            if (i)
                cr_assert_gt(callers[t].times[i], callers[t].times[i - 1], "thread %d, call %d went back", t, i);
            for (size_t e = 0; e < events_of(i); e++)
                all[n++] = callers[t].times[i] + (int64_t)e;
        }
    }
    qsort(all, n, sizeof *all, compare_times);
    for (size_t i = 1; i < n; i++)
        cr_assert_lt(all[i - 1], all[i], "%jd was given twice", (intmax_t)all[i]);
    free(all);
    free(callers);
}

/* ---- opening ---- */

static struct config some_config(void)
{
    static char database[] = "host=/nonexistent";
    static char none[] = "";

    return (struct config){ .writer_database = database,
                            .reader_database = database,
                            .queue_directory = none,
                            .run_directory = none,
                            .log_session_key_file = none,
                            .writer_connections = 2,
                            .reader_connections = 3,
                            .pool_timeout_ms = 1,
                            .limits = LIMITS_DEFAULT };
}

Test(service, without_memory_says_so_at_every_allocation)
{
    struct config config = some_config();
    bool failed;
    int nth = 1;

    do {
        struct service service;
        failing_begin(nth++);
        enum status st = service_open(&service, &config);
        failed = failing_end();
        EXPECT_STATUS(nth, st, failed ? STATUS_NO_MEMORY : STATUS_OK);
        service_close(&service);
        service_close(&service);
    } while (failed);
    cr_expect_gt(nth, 8);
}

Test(service, has_as_many_connections_as_configured)
{
    struct config config = some_config();
    struct service service;
    struct db *taken[8];
    size_t n = 0;

    cr_assert_eq(service_open(&service, &config), STATUS_OK);
    while (n < COUNT_OF(taken) && db_pool_take(service.readers, &taken[n]) == STATUS_OK)
        n++;
    EXPECT_INT(__LINE__, n, 3);
    while (n)
        db_pool_give(service.readers, taken[--n]);
    while (n < COUNT_OF(taken) && db_pool_take(service.writers, &taken[n]) == STATUS_OK)
        n++;
    EXPECT(__LINE__, n > config.writer_connections); /* so that asking whether it is ready needs no writer to be idle */
    while (n)
        db_pool_give(service.writers, taken[--n]);
    service_close(&service);
}
