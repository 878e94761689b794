/* A number for a text: for names of files and tables that no stranger fills. Not for what clients choose. */
#ifndef SYNCHRONY_BASE_HASH_H
#define SYNCHRONY_BASE_HASH_H

#include <stdint.h>

#include "base/bytes.h"

/* FNV-1a (Fowler, Noll, Vo), 64 bits. This one goes on from the hash of what stands before text. */
static inline uint64_t hash_fnv1a_on(uint64_t hash, struct bytes text)
{
    for (size_t i = 0; i < text.len; i++)
        hash = (hash ^ (unsigned char)text.p[i]) * 0x100000001b3u;
    return hash;
}

static inline uint64_t hash_fnv1a(struct bytes text)
{
    return hash_fnv1a_on(0xcbf29ce484222325u, text);
}

#endif
