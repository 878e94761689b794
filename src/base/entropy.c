#include "base/entropy.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

static enum status refill(struct entropy *entropy)
{
    /* A signal may cut it short past 256 bytes. */
    for (size_t n = 0; n < sizeof entropy->pool;) {
        ssize_t got = getrandom(entropy->pool + n, sizeof entropy->pool - n, 0);
        if (got < 0 && errno != EINTR)
            return STATUS_INTERNAL;
        n += got > 0 ? (size_t)got : 0;
    }
    entropy->left = sizeof entropy->pool;
    return STATUS_OK;
}

enum status entropy_take(struct entropy *entropy, void *p, size_t len)
{
    if (len > ENTROPY_POOL_BYTES)
        return STATUS_INTERNAL;
    if (entropy->left < len && refill(entropy) != STATUS_OK)
        return STATUS_INTERNAL;
    entropy->left -= len;
    memcpy(p, entropy->pool + entropy->left, len);
    return STATUS_OK;
}
