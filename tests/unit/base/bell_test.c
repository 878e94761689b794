#include "base/bell.h"

#include "base/clock.h"
#include "tests/unit/unit.h"

enum { FOR_EVER_MS = 3600 * 1000 };

Test(bell, waits_no_longer_than_it_is_told_to)
{
    struct bell bell = BELL_INITIALIZER;
    int64_t begun_ms = clock_monotonic_ms();

    EXPECT(__LINE__, bell_wait(&bell, 0) && bell_wait(&bell, 30));
    EXPECT(__LINE__, clock_monotonic_ms() - begun_ms >= 29);
}

/* What came while nobody waited is not missed, and is told once. */
Test(bell, that_has_rung_ends_the_next_wait)
{
    struct bell bell = BELL_INITIALIZER;
    int64_t begun_ms = clock_monotonic_ms();

    bell_ring(&bell);
    bell_ring(&bell);
    EXPECT(__LINE__, bell_wait(&bell, FOR_EVER_MS));
    EXPECT(__LINE__, bell_wait(&bell, 30));
    EXPECT(__LINE__, clock_monotonic_ms() - begun_ms >= 29);
}

Test(bell, that_has_ended_ends_every_wait)
{
    struct bell bell = BELL_INITIALIZER;

    EXPECT(__LINE__, bell_goes_on(&bell));
    bell_end(&bell);
    EXPECT(__LINE__, !bell_goes_on(&bell));
    EXPECT(__LINE__, !bell_wait(&bell, FOR_EVER_MS) && !bell_wait(&bell, FOR_EVER_MS));
    bell_ring(&bell);
    EXPECT(__LINE__, !bell_wait(&bell, FOR_EVER_MS));
}

struct waiter {
    struct bell bell;
    _Atomic int n_woken;
};

static void *wait_again_and_again(void *context)
{
    struct waiter *waiter = context;

    while (bell_wait(&waiter->bell, FOR_EVER_MS))
        atomic_fetch_add(&waiter->n_woken, 1);
    return NULL;
}

Test(bell, wakes_who_waits)
{
    struct waiter waiter = { .bell = BELL_INITIALIZER };
    pthread_t thread;

    cr_assert_eq(pthread_create(&thread, NULL, wait_again_and_again, &waiter), 0);
    for (int i = 1; i <= 100; i++) {
        bell_ring(&waiter.bell);
        while (atomic_load(&waiter.n_woken) < i)
            sched_yield();
    }
    bell_end(&waiter.bell);
    pthread_join(thread, NULL);
    EXPECT_INT(__LINE__, waiter.n_woken, 100);
}
