/* A file that one process of a host rewrites and all of them read: what one has asked of a database, for the others and for the next start.
 *
 * The one that leads holds the lock of a file beside it; when it ends, however it does, another can lead. The file is replaced as a whole:
 * who reads meets the former or the new one, after a crash of the host, too. A file that another user made, or could read, is none of ours.
 * Left to others: what is in it, whether it is whole, and when it is written. */
#ifndef SYNCHRONY_BASE_HOST_FILE_H
#define SYNCHRONY_BASE_HOST_FILE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "base/bytes.h"
#include "base/status.h"

enum { HOST_FILE_PATH_BYTES = 512 };

struct host_file {
    char path[HOST_FILE_PATH_BYTES]; /* "": there is none, and each process is on its own */
    int lock_fd;                     /* held by who leads; -1: not this process */
};

/* Names the file DIRECTORY/NAME.HASH, where the hash is that of scope: what it is about, so that those who share a directory and mean
 * different things do not meet. directory "": there is none. To be closed in any case. Returns STATUS_CONFIG where the path is too long. */
enum status host_file_open(struct host_file *file, const char *directory, const char *name, struct bytes scope) MUST_USE;

/* Gives up the lead. */
void host_file_close(struct host_file *file);

/* Takes the lead, if no other process has it. Who can have no file to lock leads, too: it asks for itself. Returns whether it leads. */
bool host_file_lead(struct host_file *file);

/* Does this process lead? */
bool host_file_is_led(const struct host_file *file);

/* Puts a new file in the place of the former, once all of its n pieces are on disk; mode 0600; by one process at a time. Returns
 * STATUS_UNAVAILABLE, errno telling why, where that cannot be: the former then stays, and nothing else is left. */
enum status host_file_replace(const char *path, const struct bytes *pieces, size_t n) MUST_USE;

/* Opens a file for reading and says what it is. Returns STATUS_NOT_FOUND; STATUS_CONFLICT for a file that is none of ours, or no file. *fd
 * is the caller's to close on STATUS_OK. */
enum status host_file_read_begin(const char *path, int *fd, struct stat *found) MUST_USE;

/* Reads len bytes from offset on; returns whether there were as many. */
bool host_file_read(int fd, size_t offset, void *to, size_t len);

/* When it was written, in microseconds since 1970. */
int64_t host_file_written_us(const struct stat *found);

#endif
