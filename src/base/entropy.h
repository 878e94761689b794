/* Random bytes from the kernel (getrandom(2)), fetched some at a time so that small needs cost no system call each. */
#ifndef SYNCHRONY_BASE_ENTROPY_H
#define SYNCHRONY_BASE_ENTROPY_H

#include <stddef.h>

#include "base/status.h"

enum { ENTROPY_POOL_BYTES = 1024 }; /* for a batch of 100 events */

/* Unpredictable bytes that were fetched and not given out yet. Starts as { 0 }; used by one thread; never to be carried over a fork. */
struct entropy {
    size_t left;
    unsigned char pool[ENTROPY_POOL_BYTES];
};

/* Fills p with len bytes that nobody else gets, len ≤ ENTROPY_POOL_BYTES. Returns STATUS_INTERNAL when the kernel has none to give. */
enum status entropy_take(struct entropy *entropy, void *p, size_t len) MUST_USE;

#endif
