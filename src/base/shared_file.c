#include "base/shared_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"

enum { PATH_MAX_BYTES = 512, ATTEMPTS = 3 };

/* Names this run of the kernel. */
static bool read_boot_id(char boot_id[40])
{
    int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
    ssize_t len = fd < 0 ? -1 : read(fd, boot_id, 39);

    if (fd >= 0)
        close(fd);
    if (len <= 0)
        return false;
    memset(boot_id + len, 0, 40 - (size_t)len);
    return true;
}

static void *map(int fd, size_t size_bytes)
{
    void *memory = mmap(NULL, size_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

    return memory == MAP_FAILED ? NULL : memory;
}

/* Is what lies there ours to use? */
static bool is_usable(const struct shared_file_header *header, const struct shared_file_header *wanted)
{
    return header->is_ready == 1 && header->version == wanted->version && header->size_bytes == wanted->size_bytes &&
           memcmp(header->boot_id, wanted->boot_id, sizeof header->boot_id) == 0;
}

/* With the file locked. *memory stays NULL where the file is not to be used. */
static bool map_or_make(int fd, const struct shared_file_header *wanted, void (*init)(void *memory), void **memory)
{
    struct stat file;

    if (fstat(fd, &file) != 0)
        return false;
    bool is_new = file.st_size == 0;
    /* Room for all of it now: a full file system would kill whoever touches a page later. */
    if (is_new && (errno = posix_fallocate(fd, 0, (off_t)wanted->size_bytes)) != 0)
        return false;
    if (!is_new && (uint64_t)file.st_size != wanted->size_bytes)
        return true;
    struct shared_file_header *header = map(fd, wanted->size_bytes);
    if (!header)
        return false;
    if (is_new) {
        *header = *wanted;
        init(header);
        header->is_ready = 1;
    }
    if (is_usable(header, wanted))
        *memory = header;
    else
        munmap(header, wanted->size_bytes);
    return true;
}

/* One attempt. Returns false when the system refuses something. */
static bool attempt(const char *path, const struct shared_file_header *wanted, void (*init)(void *memory), void **memory)
{
    struct stat opened, named;
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

    if (fd < 0)
        return false;
    bool done = flock(fd, LOCK_EX) == 0 && fstat(fd, &opened) == 0;
    if (done && (opened.st_uid != geteuid() || (opened.st_mode & (S_IRWXG | S_IRWXO)))) {
        errno = EPERM; /* another's: it could read what is shared, or make it up */
        done = false;
    }
    /* Another process may have put a new file in its place while this one waited. */
    bool current = done && stat(path, &named) == 0 && opened.st_ino == named.st_ino;
    if (current)
        done = map_or_make(fd, wanted, init, memory);
    if (current && done && !*memory) {
        LOG(WARN, "shared file is damaged, of another version or from before the last boot: made anew",
            log_text("file.path", bytes_of(path)));
        done = unlink(path) == 0;
    }
    flock(fd, LOCK_UN); /* closing would not do: the mapping keeps the open file */
    close(fd);
    return done;
}

enum status shared_file_map(const char *directory, const char *name, uint32_t version, size_t size_bytes,
                            void (*init)(void *memory), void **memory)
{
    struct shared_file_header wanted = { .size_bytes = size_bytes, .version = version };
    char path[PATH_MAX_BYTES];
    bool goes_on = read_boot_id(wanted.boot_id);

    *memory = NULL;
    goes_on &= snprintf(path, sizeof path, "%s/%s", directory, name) < (int)sizeof path;
    for (int i = 0; i < ATTEMPTS && goes_on && !*memory; i++)
        goes_on = attempt(path, &wanted, init, memory);
    if (*memory)
        return STATUS_OK;
    LOG(ERROR, "shared file cannot be used", log_text("file.path", bytes_of(path)),
        log_text("error.message", bytes_of(strerror(errno))));
    return STATUS_INTERNAL;
}
