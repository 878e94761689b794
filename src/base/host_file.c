#include "base/host_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/write_all.h"

enum { SUFFIX_BYTES = 8, US_PER_S = 1000000, NS_PER_US = 1000 };

/* ---- the lead ---- */

enum status host_file_open(struct host_file *file, const char *directory, const char *name, struct bytes scope)
{
    file->lock_fd = -1;
    *file->path = '\0';
    if (!*directory)
        return STATUS_OK;
    int len = snprintf(file->path, sizeof file->path, "%s/%s.%016llx", directory, name, (unsigned long long)hash_fnv1a(scope));
    return len < (int)sizeof file->path - SUFFIX_BYTES ? STATUS_OK : STATUS_CONFIG;
}

void host_file_close(struct host_file *file)
{
    if (file->lock_fd >= 0)
        close(file->lock_fd);
    file->lock_fd = -1;
}

bool host_file_is_led(const struct host_file *file)
{
    return !*file->path || file->lock_fd >= 0;
}

bool host_file_lead(struct host_file *file)
{
    char path[HOST_FILE_PATH_BYTES + SUFFIX_BYTES];

    if (host_file_is_led(file))
        return true;
    snprintf(path, sizeof path, "%s.lock", file->path);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return true;
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        close(fd);
        return false;
    }
    file->lock_fd = fd;
    return true;
}

/* ---- writing ---- */

static bool write_new(const char *path, const struct bytes *pieces, size_t n)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    bool done = fd >= 0;

    for (size_t i = 0; i < n && done; i++)
        done = write_all(fd, pieces[i]);
    done = done && fdatasync(fd) == 0;
    if (fd >= 0 && close(fd) != 0)
        done = false;
    return done;
}

enum status host_file_replace(const char *path, const struct bytes *pieces, size_t n)
{
    char other[HOST_FILE_PATH_BYTES + SUFFIX_BYTES];

    if (snprintf(other, sizeof other, "%s.new", path) >= (int)sizeof other) {
        errno = ENAMETOOLONG;
        return STATUS_UNAVAILABLE;
    }
    (void)unlink(other); /* what a killed process left */
    if (write_new(other, pieces, n) && rename(other, path) == 0)
        return STATUS_OK;
    int why = errno;
    (void)unlink(other);
    errno = why;
    return STATUS_UNAVAILABLE;
}

/* ---- reading ---- */

enum status host_file_read_begin(const char *path, int *fd, struct stat *found)
{
    *fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (*fd < 0)
        return errno == ENOENT ? STATUS_NOT_FOUND : STATUS_CONFLICT;
    if (fstat(*fd, found) == 0 && S_ISREG(found->st_mode) && found->st_uid == geteuid() && !(found->st_mode & (S_IRWXG | S_IRWXO)))
        return STATUS_OK;
    close(*fd);
    return STATUS_CONFLICT;
}

bool host_file_read(int fd, size_t offset, void *to, size_t len)
{
    for (size_t at = 0; at < len;) {
        ssize_t n = pread(fd, (char *)to + at, len - at, (off_t)(offset + at));
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        at += (size_t)n;
    }
    return true;
}

int64_t host_file_written_us(const struct stat *found)
{
    return (int64_t)found->st_mtim.tv_sec * US_PER_S + found->st_mtim.tv_nsec / NS_PER_US;
}
