/* Sixteen bytes looked at in one step, with the compiler's vectors: comparisons and sums of them are written as those of numbers. */
#ifndef SYNCHRONY_BASE_BYTE_VECTOR_H
#define SYNCHRONY_BASE_BYTE_VECTOR_H

#include <string.h>

enum { BYTE_VECTOR_BYTES = 16 };

typedef unsigned char byte_vector __attribute__((vector_size(BYTE_VECTOR_BYTES)));

/* A bit for each byte, the first in the lowest, where its highest bit is set; of a comparison: where it holds. */
static inline unsigned byte_vector_bits(byte_vector vector)
{
#ifdef __SSE2__
    typedef char sse_vector __attribute__((vector_size(BYTE_VECTOR_BYTES)));
    return (unsigned)__builtin_ia32_pmovmskb128((sse_vector)vector);
#else
    unsigned bits = 0;
    for (unsigned i = 0; i < BYTE_VECTOR_BYTES; i++)
        bits |= (unsigned)(vector[i] >> 7) << i;
    return bits;
#endif
}

static inline byte_vector byte_vector_at(const char *p)
{
    byte_vector vector;

    memcpy(&vector, p, sizeof vector);
    return vector;
}

#endif
