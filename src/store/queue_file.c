#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "store/queue_private.h"

enum { LOCK_POLL_MS = 2, NAMES_PER_SECOND = 100, ROOM_PER_RESERVE = 2 };

/* What SQLite puts beside the file. The last may be left by a crash before the first commit. */
static const char *const companions[] = { "-wal", "-shm", "-journal" };
enum { N_COMPANIONS = sizeof companions / sizeof companions[0] };

/* ---- failures ---- */

enum status queue_system_failed(struct queue *queue, const char *what)
{
    int error = errno;

    snprintf(queue->message, sizeof queue->message, "%s: %s", what, strerror(error));
    switch (error) {
    case ENOSPC:
    case EDQUOT:
        queue->lacks_room = true;
        return STATUS_NO_ROOM;
    case EACCES:
    case EPERM:
    case EROFS:
    case ENOENT:
    case ENOTDIR:
    case EISDIR:
    case ELOOP:
        return STATUS_NOT_SET_UP;
    case ENOMEM:
        return STATUS_NO_MEMORY;
    default:
        return STATUS_UNAVAILABLE;
    }
}

/* directory/name, which queue_open has found short enough. */
static void path_of(const struct queue *queue, const char *name, char path[QUEUE_PATH_BYTES])
{
    snprintf(path, QUEUE_PATH_BYTES, "%.*s/%s", QUEUE_PATH_BYTES - 64, queue->directory, name);
}

/* What was made or renamed is there after a crash, too. */
static enum status sync_directory(struct queue *queue)
{
    int fd = open(queue->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool done = fd >= 0 && fsync(fd) == 0;
    enum status st = done ? STATUS_OK : queue_system_failed(queue, "directory");

    if (fd >= 0)
        close(fd);
    return st;
}

/* ---- locks ---- */

/* Opens or makes a file that is ours alone, whatever the umask. */
static int open_own(const char *path)
{
    struct stat file;
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

    if (fd < 0)
        return -1;
    if (fstat(fd, &file) == 0 && file.st_uid == geteuid() && ((file.st_mode & 0777) == 0600 || fchmod(fd, 0600) == 0))
        return fd;
    close(fd);
    errno = EPERM; /* another's: it could take our locks, or be told what is ours */
    return -1;
}

/* Locks of open files: unlike those of processes (which SQLite has to live with) they hold between handles of one process, and closing
 * another descriptor of the file does not end them. */
static bool try_lock(int fd, enum queue_lock lock)
{
    struct flock byte = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = lock, .l_len = 1 };

    return fcntl(fd, F_OFD_SETLK, &byte) == 0;
}

static bool is_same_file(int fd, const char *path)
{
    struct stat opened, named;

    return fstat(fd, &opened) == 0 && stat(path, &named) == 0 && opened.st_ino == named.st_ino && opened.st_dev == named.st_dev;
}

enum status queue_lock(struct queue *queue, enum queue_lock lock, int timeout_ms, int *fd)
{
    int64_t until_ms = clock_monotonic_ms() + timeout_ms;
    char path[QUEUE_PATH_BYTES];

    path_of(queue, "queue.lock", path);
    for (;;) {
        *fd = open_own(path);
        if (*fd < 0)
            return queue_system_failed(queue, "queue.lock");
        bool is_locked = try_lock(*fd, lock);
        int error = errno;
        if (is_locked && is_same_file(*fd, path)) /* somebody may have removed it */
            return STATUS_OK;
        close(*fd);
        *fd = QUEUE_UNLOCKED;
        errno = error;
        if (!is_locked && errno != EAGAIN && errno != EACCES)
            return queue_system_failed(queue, "queue.lock");
        if (clock_monotonic_ms() >= until_ms) {
            snprintf(queue->message, sizeof queue->message, "queue.lock: held by another");
            return STATUS_BUSY;
        }
        poll(NULL, 0, LOCK_POLL_MS);
    }
}

/* ---- setting aside ---- */

/* A name beside the file that neither it nor its companions would take from another. */
static enum status choose_name(struct queue *queue, char name[QUEUE_PATH_BYTES])
{
    time_t seconds = (time_t)(clock_now_us() / 1000000);
    struct tm utc;
    char stamp[32];

    gmtime_r(&seconds, &utc);
    strftime(stamp, sizeof stamp, "%Y%m%dT%H%M%SZ", &utc);
    for (int i = 0; i < NAMES_PER_SECOND; i++) {
        bool is_free = true;
        for (int j = -1; j < N_COMPANIONS && is_free; j++) {
            struct stat file;
            char taken[QUEUE_PATH_BYTES];
            snprintf(taken, sizeof taken, "%.*s.corrupt-%s.%d%s", QUEUE_PATH_BYTES - 60, queue->path, stamp, i,
                     j < 0 ? "" : companions[j]);
            is_free = lstat(taken, &file) != 0;
        }
        if (is_free) {
            snprintf(name, QUEUE_PATH_BYTES, "%.*s.corrupt-%s.%d", QUEUE_PATH_BYTES - 60, queue->path, stamp, i);
            return STATUS_OK;
        }
    }
    errno = EEXIST;
    return queue_system_failed(queue, "setting aside");
}

/* Renames what SQLite has put beside the file. */
static enum status rename_companions(struct queue *queue, const char *to)
{
    for (int i = 0; i < N_COMPANIONS; i++) {
        char old[QUEUE_PATH_BYTES + 16], new[QUEUE_PATH_BYTES + 16];
        snprintf(old, sizeof old, "%s%s", queue->path, companions[i]);
        snprintf(new, sizeof new, "%s%s", to, companions[i]);
        if (rename(old, new) != 0 && errno != ENOENT)
            return queue_system_failed(queue, "setting aside");
    }
    return sync_directory(queue);
}

/* The file first: as long as it has its name, nobody begins a new one that would take the old one's log for its own. What a crash leaves
 * between two renames, queue_file_prepare finds. */
static enum status set_aside(struct queue *queue)
{
    char to[QUEUE_PATH_BYTES];
    enum status st = choose_name(queue, to);

    if (st == STATUS_OK && rename(queue->path, to) != 0 && errno != ENOENT)
        st = queue_system_failed(queue, "setting aside");
    if (st == STATUS_OK)
        st = rename_companions(queue, to);
    if (st == STATUS_OK) {
        LOG(ERROR, "the durable queue is damaged: it is set aside and a new one begun", log_text("file.path", bytes_of(to)));
        memcpy(queue->wreck, to, sizeof queue->wreck);
    }
    return st;
}

static bool has_content(const struct queue *queue, const char *companion)
{
    struct stat file;
    char path[QUEUE_PATH_BYTES + 16];

    snprintf(path, sizeof path, "%s%s", queue->path, companion);
    return lstat(path, &file) == 0 && file.st_size > 0;
}

enum status queue_file_set_aside(struct queue *queue)
{
    int fd;
    enum status st = queue_lock(queue, QUEUE_LOCK_FILES, queue->options.busy_timeout_ms, &fd);

    if (st != STATUS_OK)
        return st;
    if (queue_file_is_current(queue)) { /* else another process was first */
        st = set_aside(queue);
        (void)!ftruncate(fd, 0); /* no file is the queue's now: see was_ours */
    }
    close(fd);
    return st;
}

/* ---- the file ---- */

bool queue_file_is_current(const struct queue *queue)
{
    struct stat file;

    return stat(queue->path, &file) == 0 && file.st_ino == queue->inode && file.st_dev == queue->device;
}

/* Nobody has the new file open: closing a descriptor of one that is open would end SQLite's locks in this process. */
static enum status create(struct queue *queue)
{
    int fd = open(queue->path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);

    if (fd < 0)
        return queue_system_failed(queue, "queue.db");
    bool done = fchmod(fd, 0600) == 0;
    close(fd);
    return done ? sync_directory(queue) : queue_system_failed(queue, "queue.db");
}

/* A log without the file that it belongs to, or beside an empty one, holds records that SQLite would discard. */
static bool has_lost_its_file(const struct queue *queue, bool exists, const struct stat *file)
{
    return (!exists || file->st_size == 0) && (has_content(queue, "-wal") || (!exists && has_content(queue, "-journal")));
}

static enum status accept(struct queue *queue, const struct stat *file)
{
    if (!S_ISREG(file->st_mode) || file->st_uid != geteuid()) {
        errno = EPERM;
        return queue_system_failed(queue, "queue.db is no file of this user");
    }
    if (file->st_mode & (S_IRWXG | S_IRWXO) && chmod(queue->path, file->st_mode & S_IRWXU) != 0)
        return queue_system_failed(queue, "queue.db");
    queue->device = file->st_dev;
    queue->inode = file->st_ino;
    return STATUS_OK;
}

/* The lock's file says which file is the queue's: so a handle whose file is gone can tell whether one of us has set it aside. */
enum { IDENTITY_BYTES = 48 };

static void write_identity(const struct stat *file, char identity[IDENTITY_BYTES])
{
    snprintf(identity, IDENTITY_BYTES, "%ju:%ju\n", (uintmax_t)file->st_dev, (uintmax_t)file->st_ino);
}

/* What cannot be written here costs a line in the log, later. */
static void note_identity(int lock_fd, const struct stat *file)
{
    char identity[IDENTITY_BYTES];

    write_identity(file, identity);
    size_t len = strlen(identity);
    if (pwrite(lock_fd, identity, len, 0) == (ssize_t)len)
        (void)!ftruncate(lock_fd, (off_t)len);
}

static bool is_noted(int lock_fd, const struct stat *file)
{
    char identity[IDENTITY_BYTES], noted[IDENTITY_BYTES] = { 0 };

    write_identity(file, identity);
    return pread(lock_fd, noted, sizeof noted - 1, 0) > 0 && strcmp(noted, identity) == 0;
}

/* Has one of us put the file there, or taken the one away that was? */
static bool was_ours(int lock_fd, const struct stat *file)
{
    struct stat lock;

    return file ? is_noted(lock_fd, file) : fstat(lock_fd, &lock) == 0 && lock.st_size == 0;
}

/* Somebody else has removed or replaced the file while this handle had it open. What stands beside it is the old file's, and mapped by who
 * has that open still: beside the new one SQLite would cut it, which kills them. */
static enum status leave_companions(struct queue *queue)
{
    char to[QUEUE_PATH_BYTES];
    enum status st = choose_name(queue, to);

    if (st == STATUS_OK)
        st = rename_companions(queue, to);
    if (st == STATUS_OK)
        LOG(ERROR, "the durable queue was removed or replaced while in use: what it held is lost, or in its log",
            log_text("file.path", bytes_of(to)));
    return st;
}

enum status queue_file_prepare(struct queue *queue, int lock_fd)
{
    enum status st = STATUS_OK;
    struct stat file = { 0 };
    bool exists = lstat(queue->path, &file) == 0;
    bool is_ours = exists && file.st_ino == queue->inode && file.st_dev == queue->device;

    if (!exists && errno != ENOENT)
        return queue_system_failed(queue, "queue.db");
    if (queue->inode && !is_ours && !was_ours(lock_fd, exists ? &file : NULL))
        st = leave_companions(queue);
    if (st != STATUS_OK)
        return st;
    if (has_lost_its_file(queue, exists, &file)) {
        st = set_aside(queue);
        exists = false;
    }
    if (st == STATUS_OK && !exists) {
        st = create(queue);
        if (st == STATUS_OK && lstat(queue->path, &file) != 0)
            st = queue_system_failed(queue, "queue.db");
        if (st == STATUS_OK)
            queue_reserve_make(queue);
    }
    if (st == STATUS_OK)
        st = accept(queue, &file);
    if (st == STATUS_OK)
        note_identity(lock_fd, &file);
    return st;
}

/* ---- the reserve ---- */

void queue_reserve_make(const struct queue *queue)
{
    struct statvfs disk;
    struct stat file;
    char path[QUEUE_PATH_BYTES];
    const size_t size_bytes = queue->options.reserve_bytes;

    path_of(queue, "queue.reserve", path);
    if (!size_bytes || (stat(path, &file) == 0 && (size_t)file.st_size >= size_bytes))
        return;
    if (statvfs(queue->directory, &disk) != 0 || disk.f_bavail < ROOM_PER_RESERVE * size_bytes / disk.f_frsize)
        return;
    int fd = open_own(path);
    if (fd < 0)
        return;
    /* Half a reserve would look like one: of what fails nothing stays. */
    if (posix_fallocate(fd, 0, (off_t)size_bytes) != 0)
        (void)!ftruncate(fd, 0);
    close(fd);
}

bool queue_reserve_give_up(const struct queue *queue)
{
    struct stat file;
    char path[QUEUE_PATH_BYTES];

    path_of(queue, "queue.reserve", path);
    if (lstat(path, &file) != 0 || file.st_size == 0 || truncate(path, 0) != 0)
        return false;
    LOG(WARN, "the disk is full: the reserve of the durable queue is given up", log_text("file.path", bytes_of(path)));
    return true;
}
