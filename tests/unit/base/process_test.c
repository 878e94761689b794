#include "base/process.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/unit.h"

enum { PID_BITS = 22 };

Test(process, this_one_is_alive)
{
    EXPECT_INT(__LINE__, process_identity() & ((1u << PID_BITS) - 1), getpid());
    EXPECT(__LINE__, process_identity() >> PID_BITS);
    EXPECT(__LINE__, process_is_alive(process_identity()));
}

Test(process, one_that_is_sealed_leaves_no_core)
{
    pid_t child = fork();
    int status;

    if (child == 0) {
        struct rlimit limit;
        char filter[16] = "";
        process_seal();
        int fd = open("/proc/self/coredump_filter", O_RDONLY);
        bool is_read = fd < 0 || read(fd, filter, sizeof filter - 1) > 0;
        bool is_sealed = prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 0 && getrlimit(RLIMIT_CORE, &limit) == 0 && limit.rlim_max == 0 &&
                         is_read && strtol(filter, NULL, 16) == 0;
        _exit(!is_sealed);
    }
    cr_assert(waitpid(child, &status, 0) == child);
    EXPECT(__LINE__, WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

Test(process, another_of_the_same_number_is_not_it)
{
    EXPECT(__LINE__, !process_is_alive(process_identity() + (1u << PID_BITS)));
}

Test(process, one_that_ended_is_not_alive_even_before_it_is_waited_for)
{
    int ends[2];
    uint64_t identity = 0;

    cr_assert(pipe(ends) == 0);
    pid_t child = fork();
    if (child == 0) {
        identity = process_identity();
        _exit(write(ends[1], &identity, sizeof identity) != sizeof identity);
    }
    cr_assert(read(ends[0], &identity, sizeof identity) == sizeof identity);
    siginfo_t info;
    cr_assert(waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT) == 0);
    EXPECT(__LINE__, !process_is_alive(identity));
    waitpid(child, NULL, 0);
    EXPECT(__LINE__, !process_is_alive(identity));
}

Test(process, thread_gives_way)
{
    process_thread_gives_way();
    EXPECT(__LINE__, sched_getscheduler(0) == SCHED_BATCH);
}
