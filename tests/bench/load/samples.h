/* Times, all of them kept, so that percentiles are exact. */
#ifndef BENCH_LOAD_SAMPLES_H
#define BENCH_LOAD_SAMPLES_H

#include <stddef.h>
#include <stdint.h>

struct samples {
    uint64_t *values; /* owned until the process ends */
    size_t n;
    size_t capacity;
};

/* Ends the process without memory. */
void samples_add(struct samples *samples, uint64_t value);

void samples_sort(struct samples *samples);

/* The smallest value that at least this fraction of the values does not exceed. Of sorted values, of which there are some. */
uint64_t samples_percentile(const struct samples *samples, double fraction);

#endif
