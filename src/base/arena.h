/* Memory of one request: many small allocations, one release.
 *
 * Has a ceiling like every buffer. Left to others: memory that outlives a request (malloc with a free of its own). */
#ifndef SYNCHRONY_BASE_ARENA_H
#define SYNCHRONY_BASE_ARENA_H

#include <stddef.h>

#include "base/bytes.h"

struct arena_block;

struct arena {
    struct arena_block *block; /* newest first; owned */
    size_t used_bytes;         /* handed out since the last reset */
    size_t ceiling;            /* greatest used_bytes */
};

/* An arena that hands out at most ceiling bytes between two resets. Allocates nothing. */
struct arena arena_new(size_t ceiling);
void arena_free(struct arena *arena);

/* Takes back all that was handed out. Keeps one small block for the next request and returns the rest to the system. */
void arena_reset(struct arena *arena);

/* size bytes, aligned for any type, not cleared; NULL past the ceiling or without memory. Valid until the next reset. */
void *arena_alloc(struct arena *arena, size_t size) MUST_USE;

/* The same for n things of size each, cleared; NULL also where the product overflows. */
void *arena_alloc_array(struct arena *arena, size_t n, size_t size) MUST_USE;

/* A copy of text with a NUL behind it; the absent value where memory fails. */
struct bytes arena_copy(struct arena *arena, struct bytes text) MUST_USE;

#endif
