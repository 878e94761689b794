/* What the fuzz targets share. A target is one file with one LLVMFuzzerTestOneInput: clang's libFuzzer calls it with inputs of its making
 * (tests/fuzz/run), replay.c with those of tests/fuzz/corpus (make check). A finding ends the process. */
#ifndef SYNCHRONY_TESTS_FUZZ_H
#define SYNCHRONY_TESTS_FUZZ_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What has to hold whatever the input is. */
#define MUST(condition)                                                                    \
    do {                                                                                   \
        if (!(condition)) {                                                                \
            fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #condition); \
            abort();                                                                       \
        }                                                                                  \
    } while (0)

static inline struct bytes fuzz_input(const uint8_t *data, size_t size)
{
    return (struct bytes){ (const char *)data, size };
}

/* A copy with a NUL behind it, to be freed. */
static inline char *fuzz_copy(struct bytes text)
{
    char *copy = malloc(text.len + 1);

    MUST(copy);
    if (text.len)
        memcpy(copy, text.p, text.len);
    copy[text.len] = '\0';
    return copy;
}

#endif
