#include "base/turns.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "base/shared_file.h"

enum { FILE_VERSION = 1, COUNT_BITS = 32 };

/* The latest second, and below it how many of its turns are taken: changed in one step. */
struct file {
    struct shared_file_header header;
    _Atomic uint64_t word;
};

struct turns {
    struct file *file;
    struct file own; /* where nothing is shared */
};

static void file_init(void *memory)
{
    (void)memory; /* cleared, as it is wanted */
}

enum status turns_open(struct turns **turns, const char *run_directory, const char *name)
{
    struct turns *made = calloc(1, sizeof *made);
    void *memory = NULL;

    *turns = made;
    if (!made)
        return STATUS_NO_MEMORY;
    made->file = &made->own;
    if (*run_directory && shared_file_map(run_directory, name, FILE_VERSION, sizeof(struct file), file_init, &memory) == STATUS_OK)
        made->file = memory;
    return STATUS_OK;
}

void turns_close(struct turns *turns)
{
    if (turns && turns->file != &turns->own)
        munmap(turns->file, sizeof *turns->file);
    free(turns);
}

bool turns_take(struct turns *turns, int64_t second, unsigned per_s)
{
    uint64_t now = (uint64_t)second & UINT32_MAX;
    uint64_t word = atomic_load_explicit(&turns->file->word, memory_order_relaxed);
    uint64_t next;

    do {
        bool is_new = now > word >> COUNT_BITS;
        if ((is_new ? 0 : word & UINT32_MAX) >= per_s)
            return false;
        next = is_new ? now << COUNT_BITS | 1 : word + 1;
    } while (!atomic_compare_exchange_weak_explicit(&turns->file->word, &word, next, memory_order_relaxed, memory_order_relaxed));
    return true;
}
