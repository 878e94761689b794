#include "samples.h"

#include <stdio.h>
#include <stdlib.h>

enum { FIRST_CAPACITY = 65536 };

void samples_add(struct samples *samples, uint64_t value)
{
    if (samples->n == samples->capacity) {
        samples->capacity = samples->capacity ? samples->capacity * 2 : FIRST_CAPACITY;
        samples->values = realloc(samples->values, samples->capacity * sizeof *samples->values);
        if (!samples->values) {
            fprintf(stderr, "load: out of memory\n");
            exit(1);
        }
    }
    samples->values[samples->n++] = value;
}

static int compare(const void *left, const void *right)
{
    uint64_t a = *(const uint64_t *)left;
    uint64_t b = *(const uint64_t *)right;

    return (a > b) - (a < b);
}

void samples_sort(struct samples *samples)
{
    if (samples->n)
        qsort(samples->values, samples->n, sizeof *samples->values, compare);
}

uint64_t samples_percentile(const struct samples *samples, double fraction)
{
    double rank = fraction * (double)samples->n;
    size_t i = (size_t)rank;

    if ((double)i < rank)
        i++;
    return samples->values[i ? i - 1 : 0];
}
