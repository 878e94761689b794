#include "store/db_pool.h"

#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#include "base/clock.h"
#include "tests/unit/failing.h"
#include "tests/unit/unit.h"

/* Nothing here connects. */
static const struct db_options options = { .conninfo = "host=/nonexistent" };

Test(db_pool, gives_each_connection_to_one_and_then_is_busy)
{
    struct db_pool *pool = db_pool_new(&options, 3, 1);
    struct db *dbs[4] = { NULL };

    for (int i = 0; i < 3; i++) {
        EXPECT_STATUS(i, db_pool_take(pool, &dbs[i]), STATUS_OK);
        for (int j = 0; j < i; j++)
            cr_expect_neq(dbs[i], dbs[j]);
    }
    EXPECT_STATUS(__LINE__, db_pool_take(pool, &dbs[3]), STATUS_BUSY);
    for (int i = 0; i < 3; i++)
        db_pool_give(pool, dbs[i]);
    db_pool_free(pool);
}

Test(db_pool, gives_the_connection_that_was_used_last)
{
    struct db_pool *pool = db_pool_new(&options, 2, 1);
    struct db *first, *second, *again;

    cr_assert_eq(db_pool_take(pool, &first), STATUS_OK);
    cr_assert_eq(db_pool_take(pool, &second), STATUS_OK);
    db_pool_give(pool, second);
    db_pool_give(pool, first);
    cr_assert_eq(db_pool_take(pool, &again), STATUS_OK);
    cr_expect_eq(again, first);
    db_pool_give(pool, again);
    db_pool_free(pool);
}

Test(db_pool, waits_as_long_as_it_was_told)
{
    struct db_pool *pool = db_pool_new(&options, 1, 200);
    struct db *db, *other;
    int64_t before_ms;

    cr_assert_eq(db_pool_take(pool, &db), STATUS_OK);
    before_ms = clock_monotonic_ms();
    EXPECT_STATUS(__LINE__, db_pool_take(pool, &other), STATUS_BUSY);
    cr_expect_geq(clock_monotonic_ms() - before_ms, 199);
    db_pool_give(pool, db);
    db_pool_free(pool);
}

/* ---- threads ---- */

struct sharing {
    struct db_pool *pool;
    struct db *held;    /* by the test, until it is given */
    _Atomic int in_use; /* connections */
    _Atomic int most_in_use;
    _Atomic int taken;
};

static void pause_for(long us)
{
    nanosleep(&(struct timespec){ .tv_nsec = us * 1000 }, NULL);
}

static void *give_later(void *context)
{
    struct sharing *sharing = context;

    pause_for(50000);
    db_pool_give(sharing->pool, sharing->held);
    return NULL;
}

Test(db_pool, wakes_who_waits)
{
    struct sharing sharing = { .pool = db_pool_new(&options, 1, 20000) };
    pthread_t thread;
    struct db *db;
    int64_t before_ms;

    cr_assert_eq(db_pool_take(sharing.pool, &sharing.held), STATUS_OK);
    cr_assert_eq(pthread_create(&thread, NULL, give_later, &sharing), 0);
    before_ms = clock_monotonic_ms();
    EXPECT_STATUS(__LINE__, db_pool_take(sharing.pool, &db), STATUS_OK);
    cr_expect_lt(clock_monotonic_ms() - before_ms, 15000);
    cr_assert_eq(pthread_join(thread, NULL), 0);
    db_pool_give(sharing.pool, db);
    db_pool_free(sharing.pool);
}

static void *take_and_give(void *context)
{
    struct sharing *sharing = context;

    for (int i = 0; i < 200; i++) {
        struct db *db;
        if (db_pool_take(sharing->pool, &db) != STATUS_OK)
            continue;
        int n = atomic_fetch_add(&sharing->in_use, 1) + 1;
        int most = atomic_load(&sharing->most_in_use);
        while (n > most && !atomic_compare_exchange_weak(&sharing->most_in_use, &most, n)) {
            /* another thread has raised it */
        }
        pause_for(10);
        atomic_fetch_sub(&sharing->in_use, 1);
        atomic_fetch_add(&sharing->taken, 1);
        db_pool_give(sharing->pool, db);
    }
    return NULL;
}

Test(db_pool, is_shared_by_many_threads_without_loss)
{
    enum { THREADS = 8 };
    struct sharing sharing = { .pool = db_pool_new(&options, 3, 30000) };
    pthread_t threads[THREADS];

    for (int i = 0; i < THREADS; i++)
        cr_assert_eq(pthread_create(&threads[i], NULL, take_and_give, &sharing), 0);
    for (int i = 0; i < THREADS; i++)
        cr_assert_eq(pthread_join(threads[i], NULL), 0);
    EXPECT_INT(__LINE__, sharing.taken, THREADS * 200);
    EXPECT(__LINE__, sharing.most_in_use >= 1 && sharing.most_in_use <= 3);
    db_pool_free(sharing.pool);
}

Test(db_pool, without_memory_is_none)
{
    struct db_pool *pool;
    bool failed;
    int nth = 1;

    do {
        failing_begin(nth++);
        pool = db_pool_new(&options, 3, 1);
        failed = failing_end();
        cr_expect_eq(pool == NULL, failed);
        db_pool_free(pool);
    } while (failed);
    cr_expect_gt(nth, 5);
}
