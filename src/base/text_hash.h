/* Hashes of short texts, such as the names of members, and their comparison: in line, since they are asked for each name of each event.
 *
 * No defence against a client that makes texts collide: who keeps many of a client's texts by them bounds what a collision costs. */
#ifndef SYNCHRONY_BASE_TEXT_HASH_H
#define SYNCHRONY_BASE_TEXT_HASH_H

#include <stdint.h>
#include <string.h>

#include "base/bytes.h"

static inline uint64_t text_hash_word(const char *p)
{
    uint64_t word;

    memcpy(&word, p, sizeof word);
    return word;
}

/* Up to seven bytes in a word, each of them once at least. */
static inline uint64_t text_hash_rest(struct bytes text)
{
    uint32_t low, high;

    if (text.len >= sizeof low) {
        memcpy(&low, text.p, sizeof low);
        memcpy(&high, text.p + text.len - sizeof high, sizeof high);
        return (uint64_t)high << 32 | low;
    }
    if (!text.len)
        return 0;
    return (uint64_t)(unsigned char)text.p[0] << 16 | (uint64_t)(unsigned char)text.p[text.len / 2] << 8 |
           (unsigned char)text.p[text.len - 1];
}

static inline uint32_t text_hash(struct bytes text)
{
    const uint64_t factor = 0x9e3779b97f4a7c15u;
    uint64_t hash = text.len * factor;

    if (text.len < 8)
        return (uint32_t)((hash ^ text_hash_rest(text)) * factor >> 32);
    for (size_t i = 0; i + 8 < text.len; i += 8) {
        hash = (hash ^ text_hash_word(text.p + i)) * factor;
        hash ^= hash >> 32;
    }
    hash = (hash ^ text_hash_word(text.p + text.len - 8)) * factor;
    return (uint32_t)(hash >> 32);
}

/* Are two texts of the same length the same? */
static inline bool text_same(const char *a, const char *b, size_t len)
{
    if (len < 8)
        return text_hash_rest((struct bytes){ a, len }) == text_hash_rest((struct bytes){ b, len });
    for (size_t i = 0; i + 8 < len; i += 8) {
        if (text_hash_word(a + i) != text_hash_word(b + i))
            return false;
    }
    return text_hash_word(a + len - 8) == text_hash_word(b + len - 8);
}

#endif
