/* A bounded set of names that unrelated processes share in mapped memory: each name has a small number, which it keeps.
 *
 * For label values of metrics that come from outside, such as types of events: however many there are, memory does not grow. Names are
 * added without a lock, by one compare-and-swap each, so a process that is killed at any point leaves nothing half done. All that is
 * lost then is a few bytes of the text. Left to others: which names deserve a place. */
#ifndef SYNCHRONY_BASE_LABELS_H
#define SYNCHRONY_BASE_LABELS_H

#include <stdatomic.h>
#include <stdint.h>

#include "base/bytes.h"

enum { LABEL_MAX_BYTES = 128, LABEL_TEXT_BYTES = 64 * 1024, LABEL_OTHER = 0 };

/* Where the bytes of all names stand. Starts as zeros. */
struct label_texts {
    _Atomic uint32_t used_bytes; /* may run past the end: then there is no room left */
    char bytes[LABEL_TEXT_BYTES];
};

/* One set of names in n places, which start as zeros; its numbers are 1 to n - 1. */
struct label_set {
    _Atomic uint64_t *places;
    size_t n;
    struct label_texts *texts; /* may be shared by several sets */
};

/* The number of name, which is added where it is new. LABEL_OTHER where there is no room, or name is empty or too long. */
unsigned labels_add(const struct label_set *set, struct bytes name);

/* The number of name; LABEL_OTHER where it was never added. */
unsigned labels_find(const struct label_set *set, struct bytes name);

/* The name of a number; absent where there is none. */
struct bytes labels_name(const struct label_set *set, unsigned number);

#endif
