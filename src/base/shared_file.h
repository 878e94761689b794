/* A file in the run directory that unrelated processes of one host map to share state (mmap(2)).
 *
 * Made anew when it is missing, damaged, of another version, or from before the last boot: what it holds (locks above all) has a meaning
 * only while the kernel that it was made under runs. Left to others: what is in it. */
#ifndef SYNCHRONY_BASE_SHARED_FILE_H
#define SYNCHRONY_BASE_SHARED_FILE_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

/* What such a file begins with; the first member of the user's struct. */
struct shared_file_header {
    char boot_id[40];
    uint64_t size_bytes;
    uint32_t version;  /* of the user's struct: to be raised with every change of it */
    uint32_t is_ready; /* set last */
};

/* Maps the file directory/name of size_bytes, mode 0600. Where it is made anew, init is called once on the cleared memory, while every
 * other process waits.
 * Returns STATUS_INTERNAL, with a line in the log, when the directory or the file cannot be used, or the file is another user's. */
enum status shared_file_map(const char *directory, const char *name, uint32_t version, size_t size_bytes,
                            void (*init)(void *memory), void **memory) MUST_USE;

#endif
