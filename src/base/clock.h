/* The two clocks. Only the outermost callers read them: what is pure takes a time as an argument. */
#ifndef SYNCHRONY_BASE_CLOCK_H
#define SYNCHRONY_BASE_CLOCK_H

#include <stdint.h>
#include <time.h>

/* Microseconds since 1970-01-01T00:00:00Z, without leap seconds (CLOCK_REALTIME). May be set back by an administrator. */
int64_t clock_now_us(void);

/* Milliseconds since some fixed point; never goes back (CLOCK_MONOTONIC). For deadlines and durations. */
int64_t clock_monotonic_ms(void);

/* The same in nanoseconds. */
int64_t clock_monotonic_ns(void);

/* The point ms from now on the clock that never goes back (CLOCK_MONOTONIC), for the calls that wait until a point. */
struct timespec clock_monotonic_in(int ms);

#endif
