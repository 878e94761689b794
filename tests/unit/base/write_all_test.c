#include "base/write_all.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

#include "tests/unit/unit.h"

enum { PIPE_BYTES = 4096, MUCH = 300000 };

static void *drain(void *context)
{
    const int *fd = context;
    static char taken[MUCH];
    size_t len = 0;
    ssize_t n;

    while ((n = read(*fd, taken + len, sizeof taken - len)) > 0)
        len += (size_t)n;
    for (size_t i = 0; i < len; i++) {
        if (taken[i] != (char)(i % 251))
            return NULL;
    }
    return len == MUCH ? taken : NULL;
}

Test(write_all, gives_all_to_who_takes_little_at_a_time)
{
    static char much[MUCH];
    int fds[2];
    pthread_t reader;
    void *taken = NULL;

    for (size_t i = 0; i < sizeof much; i++)
        much[i] = (char)(i % 251);
    cr_assert_eq(pipe(fds), 0);
    (void)fcntl(fds[1], F_SETPIPE_SZ, PIPE_BYTES);
    cr_assert_eq(pthread_create(&reader, NULL, drain, &fds[0]), 0);
    EXPECT(__LINE__, write_all(fds[1], (struct bytes){ much, sizeof much }));
    close(fds[1]);
    cr_assert_eq(pthread_join(reader, &taken), 0);
    EXPECT(__LINE__, taken != NULL);
    close(fds[0]);
}

Test(write_all, tells_why_it_could_not)
{
    int full = open("/dev/full", O_WRONLY);

    cr_assert(full >= 0);
    EXPECT(__LINE__, !write_all(full, BYTES("x")) && errno == ENOSPC);
    EXPECT(__LINE__, write_all(full, BYTES("")));
    close(full);
}
