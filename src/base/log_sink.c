#include "base/log_sink.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"

#define JOURNAL "journal"
#define JOURNAL_SOCKET "/run/systemd/journal/socket"

enum { LOOK_EVERY_MS = 10, FILE_MODE = 0640, PATH_MAX_BYTES = 512 };

static struct {
    int fd;
    bool is_socket;            /* of a stream: standard error under systemd */
    char path[PATH_MAX_BYTES]; /* of the file; "": none */
    struct sockaddr_un journal;
    _Atomic int64_t look_ms; /* when to look next whether the file was rotated */
    _Atomic bool is_cut;     /* the last line lacks its end */
} sink = { .fd = STDERR_FILENO };

/* ---- a file that is rotated ---- */

static int open_file(void)
{
    return open(sink.path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK, FILE_MODE);
}

static bool is_current(void)
{
    struct stat named, opened;

    return stat(sink.path, &named) == 0 && fstat(sink.fd, &opened) == 0 && named.st_ino == opened.st_ino &&
           named.st_dev == opened.st_dev;
}

/* Opens the file anew where another now has its name, or none has: by its inode, since processes under mod_fcgid get no signal. Soon, since
 * what reads the log may leave the old file when one process has made the new one (rsyslog's imfile does). The descriptor keeps its number,
 * so that who writes needs no lock. */
static void look_after_file(void)
{
    int64_t now_ms = clock_monotonic_ms();
    int64_t due_ms = atomic_load_explicit(&sink.look_ms, memory_order_relaxed);

    if (now_ms < due_ms || !atomic_compare_exchange_strong(&sink.look_ms, &due_ms, now_ms + LOOK_EVERY_MS) || is_current())
        return;
    int fd = open_file();
    if (fd < 0)
        return; /* the old one is better than none */
    dup3(fd, sink.fd, O_CLOEXEC);
    close(fd);
}

/* ---- the journal ---- */

/* One entry in the native protocol (https://systemd.io/JOURNAL_NATIVE_PROTOCOL/): a value that holds no line feed stands as it is. */
static bool send_to_journal(struct bytes line, int priority)
{
    char head[64];
    int head_len = snprintf(head, sizeof head, "PRIORITY=%d\nSYSLOG_IDENTIFIER=synchrony\nMESSAGE=", priority);
    struct iovec parts[] = { { head, (size_t)head_len }, { (char *)line.p, line.len } };
    const struct msghdr message = {
        .msg_name = &sink.journal, .msg_namelen = sizeof sink.journal, .msg_iov = parts, .msg_iovlen = 2
    };

    return sendmsg(sink.fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0;
}

static void open_journal(const char *path)
{
    sink.journal.sun_family = AF_UNIX;
    snprintf(sink.journal.sun_path, sizeof sink.journal.sun_path, "%s", path);
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd >= 0)
        sink.fd = fd;
    else
        sink.journal.sun_family = AF_UNSPEC;
}

/* ---- any ---- */

static bool is_path(const char *target)
{
    return *target == '/' && strlen(target) < sizeof sink.path;
}

void log_sink_open(const char *target)
{
    struct stat opened;

    if (strcmp(target, JOURNAL) == 0)
        open_journal(JOURNAL_SOCKET);
    else if (strncmp(target, JOURNAL ":", sizeof JOURNAL) == 0)
        open_journal(target + sizeof JOURNAL);
    else if (is_path(target)) {
        memcpy(sink.path, target, strlen(target) + 1);
        int fd = open_file();
        /* While it cannot be opened, standard error stands in for it. */
        sink.fd = fd >= 0 ? fd : fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    }
    sink.is_socket = fstat(sink.fd, &opened) == 0 && S_ISSOCK(opened.st_mode);
}

/* A write to a pipe may block, and whether others let it block is not ours to set; so it is asked first. One line fits what a pipe that
 * is ready takes at once (PIPE_BUF). */
static ssize_t write_or_not(struct bytes line)
{
    struct pollfd ready = { .fd = sink.fd, .events = POLLOUT };

    if (sink.is_socket)
        return send(sink.fd, line.p, line.len, MSG_DONTWAIT | MSG_NOSIGNAL);
    return poll(&ready, 1, 0) == 1 && (ready.revents & POLLOUT) ? write(sink.fd, line.p, line.len) : -1;
}

bool log_sink_write(struct bytes text, int priority)
{
    struct bytes line = { text.p + 1, text.len - 1 };

    if (sink.journal.sun_family == AF_UNIX)
        return send_to_journal(line, priority);
    if (*sink.path)
        look_after_file();
    if (atomic_load_explicit(&sink.is_cut, memory_order_relaxed))
        line = text;
    ssize_t n = write_or_not(line);
    if (n < 0)
        return false;
    atomic_store_explicit(&sink.is_cut, (size_t)n < line.len, memory_order_relaxed);
    return (size_t)n == line.len;
}
