#include "app/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/write_all.h"

enum { PIECE_BYTES = 32 * 1024 };

enum status spool_open(struct spool *spool, const char *const *folders, size_t n)
{
    spool->fd = -1;
    for (size_t i = 0; i < n && spool->fd < 0; i++) {
        if (*folders[i])
            spool->fd = open(folders[i], O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    }
    if (spool->fd >= 0)
        return STATUS_OK;
    LOG(ERROR, "a large page cannot be kept", log_text("error.message", bytes_of(strerror(errno))));
    return STATUS_UNAVAILABLE;
}

void spool_close(struct spool *spool)
{
    if (spool->fd >= 0)
        close(spool->fd);
    spool->fd = -1;
}

enum status spool_write(void *context, struct bytes bytes)
{
    const struct spool *spool = context;

    if (write_all(spool->fd, bytes))
        return STATUS_OK;
    LOG(ERROR, "a large page cannot be kept", log_text("error.message", bytes_of(strerror(errno))));
    return STATUS_UNAVAILABLE;
}

enum status spool_send(const struct spool *spool, struct http_response *response)
{
    char piece[PIECE_BYTES];
    off_t at = 0;
    ssize_t n;

    while ((n = pread(spool->fd, piece, sizeof piece, at)) != 0) {
        if (n < 0 && errno == EINTR)
            continue;
        enum status st = n < 0 ? STATUS_INTERNAL : http_response_write(response, (struct bytes){ piece, (size_t)n });
        if (st != STATUS_OK)
            return st;
        at += n;
    }
    return STATUS_OK;
}
