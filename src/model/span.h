/* A piece of a text, by its offsets. */
#ifndef SYNCHRONY_MODEL_SPAN_H
#define SYNCHRONY_MODEL_SPAN_H

#include <stddef.h>

struct span {
    size_t begin;
    size_t end; /* exclusive */
};

#endif
