#include "base/entropy.h"

#include <errno.h>
#include <sys/random.h>

enum status entropy_fill(void *p, size_t len)
{
    ssize_t got;

    do
        got = getrandom(p, len, 0);
    while (got < 0 && errno == EINTR);
    return got == (ssize_t)len ? STATUS_OK : STATUS_INTERNAL;
}
