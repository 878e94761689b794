/* The generic cell rate algorithm (ITU-T I.371, annex A, as virtual scheduling): a rate and a burst, kept in one number.
 *
 * The number is the theoretical arrival time (TAT): when what was admitted so far will have been paid for. One that has passed says that
 * the whole burst is there again, so it can be forgotten. Pure: time comes in. */
#ifndef SYNCHRONY_MODEL_GCRA_H
#define SYNCHRONY_MODEL_GCRA_H

#include <stdbool.h>
#include <stdint.h>

struct gcra {
    uint64_t interval_ns; /* between two events at the rate; 0: no limit */
    uint64_t burst;       /* events at once; interval_ns * burst < 2^63 */
};

struct gcra_verdict {
    bool is_admitted;
    uint64_t tat_ns;    /* the new one; the old one where it is not admitted */
    uint64_t wait_ns;   /* until as many will be admitted; UINT64_MAX: never, they are more than the burst */
    uint64_t remaining; /* events that would be admitted now, behind these */
};

/* Asks for n events, 1 ≤ n, at now_ns. A TAT that lies farther ahead than the burst reaches (of a plan that was larger, of a damaged
 * file) counts as the farthest. */
struct gcra_verdict gcra_ask(const struct gcra *gcra, uint64_t tat_ns, uint64_t now_ns, uint64_t n);

#endif
