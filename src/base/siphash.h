/* A hash that nobody can aim without its key: SipHash-2-4 (Aumasson and Bernstein, "SipHash: a fast short-input PRF", 2012). For tables
 * whose keys a client may choose. */
#ifndef SYNCHRONY_BASE_SIPHASH_H
#define SYNCHRONY_BASE_SIPHASH_H

#include <stdint.h>

#include "base/bytes.h"

struct siphash_key {
    uint64_t words[2]; /* random */
};

uint64_t siphash(const struct siphash_key *key, struct bytes text);

#endif
