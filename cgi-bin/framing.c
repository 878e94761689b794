#include "cgi-bin/framing.h"

enum { HEADER_BYTES = 8, VERSION_1 = 1, TYPE_ABORT = 2, TYPE_STDIN = 5 };

/* A record's header: version, type, request id (2), content length (2), padding length, reserved. */
bool framing_is_whole(struct bytes data)
{
    const unsigned char *p = (const unsigned char *)data.p;

    for (size_t at = 0; data.len - at >= HEADER_BYTES;) {
        size_t content = (size_t)p[at + 4] << 8 | p[at + 5];
        size_t record = HEADER_BYTES + content + p[at + 6];
        unsigned type = p[at + 1];
        if (p[at] != VERSION_1 || type == TYPE_ABORT || (type == TYPE_STDIN && content == 0))
            return true;
        if (record > data.len - at)
            return false;
        at += record;
    }
    return false;
}
