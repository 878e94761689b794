#include "base/write_all.h"

#include <errno.h>
#include <unistd.h>

bool write_all(int fd, struct bytes bytes)
{
    while (bytes.len) {
        ssize_t n = write(fd, bytes.p, bytes.len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        bytes.p += n;
        bytes.len -= (size_t)n;
    }
    return true;
}
