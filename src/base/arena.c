#include "base/arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { SMALL_BLOCK_BYTES = 32 * 1024 };

struct arena_block {
    struct arena_block *older;
    size_t size_bytes;
    size_t used_bytes;
    alignas(max_align_t) char memory[];
};

struct arena arena_new(size_t ceiling)
{
    /* No object is larger than PTRDIFF_MAX bytes. Within that, no sum below overflows. */
    return (struct arena){ .ceiling = ceiling < PTRDIFF_MAX ? ceiling : PTRDIFF_MAX };
}

void arena_free(struct arena *arena)
{
    while (arena->block) {
        struct arena_block *older = arena->block->older;
        free(arena->block);
        arena->block = older;
    }
    arena->used_bytes = 0;
}

void arena_reset(struct arena *arena)
{
    struct arena_block *keep = NULL;

    for (struct arena_block *block = arena->block, *older; block; block = older) {
        older = block->older;
        if (!keep && block->size_bytes == SMALL_BLOCK_BYTES)
            keep = block;
        else
            free(block);
    }
    if (keep) {
        keep->older = NULL;
        keep->used_bytes = 0;
    }
    arena->block = keep;
    arena->used_bytes = 0;
}

static struct arena_block *block_with_room(struct arena *arena, size_t size)
{
    struct arena_block *block = arena->block;

    if (block && size <= block->size_bytes - block->used_bytes)
        return block;

    size_t size_bytes = size > SMALL_BLOCK_BYTES ? size : SMALL_BLOCK_BYTES;
    block = malloc(sizeof *block + size_bytes);
    if (!block)
        return NULL;
    *block = (struct arena_block){ .older = arena->block, .size_bytes = size_bytes };
    arena->block = block;
    return block;
}

void *arena_alloc(struct arena *arena, size_t size)
{
    const size_t step = alignof(max_align_t);

    if (size > arena->ceiling)
        return NULL;
    size = (size + step - 1) / step * step;
    if (size > arena->ceiling - arena->used_bytes)
        return NULL;

    struct arena_block *block = block_with_room(arena, size);
    if (!block)
        return NULL;
    void *p = block->memory + block->used_bytes;
    block->used_bytes += size;
    arena->used_bytes += size;
    return p;
}

void *arena_alloc_array(struct arena *arena, size_t n, size_t size)
{
    if (size && n > SIZE_MAX / size)
        return NULL;

    void *p = arena_alloc(arena, n * size);
    return p ? memset(p, 0, n * size) : NULL;
}

struct bytes arena_copy(struct arena *arena, struct bytes text)
{
    char *p = text.len < SIZE_MAX ? arena_alloc(arena, text.len + 1) : NULL;

    if (!p)
        return (struct bytes){ 0 };
    if (text.len)
        memcpy(p, text.p, text.len);
    p[text.len] = '\0';
    return (struct bytes){ p, text.len };
}
