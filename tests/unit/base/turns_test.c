#include "base/turns.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/unit.h"

Test(turns, are_so_many_a_second)
{
    static const struct {
        int line;
        int64_t second;
        unsigned per_s;
        bool want;
    } cases[] = {
        { __LINE__, 10, 0, false }, { __LINE__, 10, 2, true },  { __LINE__, 10, 2, true },
        { __LINE__, 10, 2, false }, { __LINE__, 10, 3, true },  { __LINE__, 11, 0, false },
        { __LINE__, 11, 1, true },  { __LINE__, 11, 1, false }, { __LINE__, 10, 1, false }, /* late */
        { __LINE__, 10, 2, true },  { __LINE__, 11, 2, false }, { __LINE__, 99, 1, true },
    };
    struct turns *turns = NULL;

    cr_assert_eq(turns_open(&turns, "", "turns"), STATUS_OK);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        EXPECT(cases[i].line, turns_take(turns, cases[i].second, cases[i].per_s) == cases[i].want);
    turns_close(turns);
}

static unsigned take_all(struct turns *turns, unsigned tries, unsigned per_s)
{
    unsigned n = 0;

    for (unsigned i = 0; i < tries; i++)
        n += turns_take(turns, 7, per_s);
    return n;
}

Test(turns, are_shared_by_the_processes_of_a_run_directory)
{
    enum { PROCESSES = 4, PER_S = 100 };
    char directory[] = "/tmp/turns_test.XXXXXX";
    char path[64];
    unsigned n = 0;

    cr_assert(mkdtemp(directory));
    for (int i = 0; i < PROCESSES; i++) {
        pid_t pid = fork();
        if (pid == 0) {
            struct turns *turns = NULL;
            if (turns_open(&turns, directory, "turns") != STATUS_OK)
                _exit(255);
            n = take_all(turns, PER_S, PER_S);
            turns_close(turns);
            _exit((int)n);
        }
    }
    for (int i = 0; i < PROCESSES; i++) {
        int ended = 0;
        cr_assert_gt(wait(&ended), 0);
        cr_assert(WIFEXITED(ended));
        n += (unsigned)WEXITSTATUS(ended);
    }
    cr_assert_eq(n, PER_S);
    snprintf(path, sizeof path, "%s/turns", directory);
    cr_assert_eq(unlink(path), 0);
    cr_assert_eq(rmdir(directory), 0);
}

static _Atomic unsigned taken;

static void *take_some(void *context)
{
    atomic_fetch_add(&taken, take_all(context, 1000, 1500));
    return NULL;
}

Test(turns, are_given_to_one_thread_each)
{
    struct turns *turns = NULL;
    pthread_t threads[4];

    cr_assert_eq(turns_open(&turns, "", "turns"), STATUS_OK);
    for (size_t i = 0; i < 4; i++)
        cr_assert_eq(pthread_create(&threads[i], NULL, take_some, turns), 0);
    for (size_t i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    cr_assert_eq(atomic_load(&taken), 1500);
    turns_close(turns);
}

Test(turns, are_a_processs_own_where_the_run_directory_cannot_be_used)
{
    struct turns *turns = NULL;

    cr_assert_eq(turns_open(&turns, "/nonexistent", "turns"), STATUS_OK);
    EXPECT(__LINE__, turns_take(turns, 1, 1));
    EXPECT(__LINE__, !turns_take(turns, 1, 1));
    turns_close(turns);
    turns_close(NULL);
}
