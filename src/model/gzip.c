#include "model/gzip.h"

#include <libdeflate.h>

/* struct gunzip is libdeflate's decompressor under another name: the casts stay in this file. */

struct gunzip *gunzip_new(void)
{
    return (struct gunzip *)libdeflate_alloc_decompressor();
}

void gunzip_free(struct gunzip *gunzip)
{
    if (gunzip)
        libdeflate_free_decompressor((struct libdeflate_decompressor *)gunzip);
}

static enum status status_of(enum libdeflate_result result)
{
    switch (result) {
    case LIBDEFLATE_SUCCESS:
        return STATUS_OK;
    case LIBDEFLATE_INSUFFICIENT_SPACE:
        return STATUS_TOO_LARGE;
    case LIBDEFLATE_BAD_DATA:
    case LIBDEFLATE_SHORT_OUTPUT:
        return STATUS_INVALID_ENCODING;
    }
    return STATUS_INTERNAL;
}

/* The last four bytes of a member say how long its text is, modulo 2^32 (RFC 1952, section 2.3.1). For a single member that is all that is
 * needed; where it turns out to be too little, there is more than one, or it lies. */
static size_t announced_length(struct bytes data)
{
    size_t len = 0;

    for (size_t i = 0; i < 4 && i < data.len; i++)
        len = len << 8 | (unsigned char)data.p[data.len - 1 - i];
    return len;
}

static enum status decompress(struct gunzip *gunzip, struct bytes data, char *to, size_t capacity, size_t *len)
{
    *len = 0;
    do {
        size_t taken = 0, given = 0;
        enum libdeflate_result result = libdeflate_gzip_decompress_ex((struct libdeflate_decompressor *)gunzip, data.p, data.len,
                                                                      to + *len, capacity - *len, &taken, &given);
        if (result != LIBDEFLATE_SUCCESS)
            return status_of(result);
        data.p += taken;
        data.len -= taken;
        *len += given;
    } while (data.len);
    return STATUS_OK;
}

enum status gunzip_text(struct gunzip *gunzip, struct bytes data, size_t max_bytes, struct arena *arena, struct bytes *text)
{
    size_t capacity = announced_length(data);
    enum status st = STATUS_TOO_LARGE;

    if (capacity > max_bytes)
        capacity = max_bytes;
    for (;;) {
        char *to = arena_alloc(arena, capacity + 1);
        size_t len;
        if (!to)
            return STATUS_NO_MEMORY;
        st = decompress(gunzip, data, to, capacity, &len);
        if (st == STATUS_OK) {
            to[len] = '\0';
            *text = (struct bytes){ to, len };
        }
        if (st != STATUS_TOO_LARGE || capacity == max_bytes)
            return st;
        capacity = max_bytes;
    }
}
