#include "base/entropy.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

static enum status refill(struct entropy *entropy)
{
    ssize_t got;

    do
        got = getrandom(entropy->pool, sizeof entropy->pool, 0);
    while (got < 0 && errno == EINTR);
    if (got != (ssize_t)sizeof entropy->pool)
        return STATUS_INTERNAL;
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
