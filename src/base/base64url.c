#include "base/base64url.h"

#include <stdint.h>
#include <string.h>

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

void base64url_add(struct buf *buf, struct bytes data)
{
    const unsigned char *p = (const unsigned char *)data.p;

    for (size_t at = 0; at < data.len; at += 3) {
        size_t n = data.len - at < 3 ? data.len - at : 3;
        uint32_t bits = (uint32_t)p[at] << 16 | (n > 1 ? (uint32_t)p[at + 1] << 8 : 0) | (n > 2 ? p[at + 2] : 0);
        const char text[] = { alphabet[bits >> 18], alphabet[bits >> 12 & 63], alphabet[bits >> 6 & 63], alphabet[bits & 63] };
        buf_add(buf, (struct bytes){ text, n + 1 });
    }
}

bool base64url_decode(struct bytes text, char *to, size_t *len)
{
    uint32_t bits = 0;
    unsigned n_bits = 0;

    *len = 0;
    for (size_t i = 0; i < text.len; i++) {
        const char *at = text.p[i] ? strchr(alphabet, text.p[i]) : NULL;
        if (!at)
            return false;
        bits = (bits << 6 | (uint32_t)(at - alphabet)) & 0xffff;
        n_bits += 6;
        if (n_bits >= 8) {
            n_bits -= 8;
            to[(*len)++] = (char)(bits >> n_bits & 0xff);
        }
    }
    return n_bits < 6 && (bits & ((1U << n_bits) - 1)) == 0;
}
