#include "base/process.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/bytes.h"

/* A process number has at most 22 bits (PID_MAX_LIMIT); the rest is the time of the start, in ticks since the boot. */
enum { PID_BITS = 22, STATE_FIELD = 3, START_FIELD = 22 };

/* What proc(5)'s stat says of a process. */
struct stat_line {
    char state;
    size_t start_ticks; /* 0: it cannot be read */
};

static struct stat_line read_stat(long pid)
{
    char path[40], text[1024];

    snprintf(path, sizeof path, "/proc/%ld/stat", pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t len = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
    if (fd >= 0)
        close(fd);
    text[len > 0 ? len : 0] = '\0';
    const char *name_end = strrchr(text, ')'); /* of the second field, the only one that may hold a space */
    struct bytes rest = bytes_of(name_end && name_end[1] ? name_end + 2 : "");
    struct stat_line line = { .state = rest.len ? rest.p[0] : '?' };
    struct bytes field = { 0 };
    for (int i = STATE_FIELD; i <= START_FIELD; i++)
        (void)bytes_cut(&rest, ' ', &field);
    if (!field.p || !bytes_to_size(field, SIZE_MAX, &line.start_ticks))
        line.start_ticks = 0;
    return line;
}

static uint64_t identity_of(long pid, uint64_t ticks)
{
    return ticks << PID_BITS | (uint64_t)pid;
}

uint64_t process_identity(void)
{
    long pid = (long)getpid();

    return identity_of(pid, read_stat(pid).start_ticks);
}

bool process_is_alive(uint64_t identity)
{
    long pid = (long)(identity & ((1u << PID_BITS) - 1));

    if (kill((pid_t)pid, 0) != 0 && errno == ESRCH)
        return false;
    struct stat_line line = read_stat(pid);
    if (line.state == 'Z' || line.state == 'X')
        return false; /* it has ended, and nobody has asked how */
    return !line.start_ticks || identity >> PID_BITS == 0 || identity_of(pid, line.start_ticks) == identity;
}

/* Each alone leaves a way open: a core that is piped to a program knows no limit. The file in /proc can be written only before it is
 * root's, as those of a process are that cannot be dumped. */
void process_seal(void)
{
    const struct rlimit none = { 0, 0 };
    int fd = open("/proc/self/coredump_filter", O_WRONLY | O_CLOEXEC);

    if (fd >= 0) {
        (void)!write(fd, "0", 1);
        close(fd);
    }
    (void)setrlimit(RLIMIT_CORE, &none);
    (void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

void process_thread_gives_way(void)
{
    const struct sched_param param = { 0 };

    (void)sched_setscheduler(0, SCHED_BATCH, &param);
}
