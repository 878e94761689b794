/* Scrubs one value of an event: the content of a string, or a number. Left to others: finding the values (scrub). */
#ifndef SYNCHRONY_MODEL_SCRUB_VALUE_H
#define SYNCHRONY_MODEL_SCRUB_VALUE_H

#include "model/scrub.h"
#include "model/scrub_view.h"

struct scrub_finding;

/* What the values of one text share. */
struct scrub_work {
    const struct scrub *scrub;
    struct scrubber *scrubber;
    size_t ceiling; /* bytes that a scrubbed string may have */
    unsigned counts[SCRUB_RULES];
    unsigned refused_by; /* on STATUS_SENSITIVE */
    bool has_no_numbers; /* scrub_screen has said so of the whole text */
    bool only_masks;     /* what would be refused is masked: it is for a message */
    bool refuses_all;    /* what would be masked is refused: it is a key */
    struct scrub_view view;
    struct scrub_finding *findings; /* owned */
    size_t n_findings;
    size_t findings_capacity;
    struct buf contents[2]; /* the string as it is, and as it becomes */
};

struct scrub_work scrub_work_begin(struct scrubber *scrubber, size_t ceiling);
void scrub_work_end(struct scrub_work *work);

/* Can it be told without reading it that no rule, that for parameters aside, finds anything in a JSON text, or in what stands between a
 * string's quotes? */
bool scrub_is_clean(const struct scrubber *scrubber, struct bytes text);

/* content  what stands between a string's quotes; where something is found it becomes what shall stand there, borrowed until the next call.
 * Returns STATUS_SENSITIVE, STATUS_NO_MEMORY. */
enum status scrub_string(struct scrub_work *work, struct bytes *content) MUST_USE;

/* Cuts the parameters that are not on the list out of a URL, likewise. */
enum status scrub_url(struct scrub_work *work, struct bytes *content) MUST_USE;

/* number: a JSON number; where something is found it becomes the string, with its quotes. Whole numbers are looked
 * at, however written. */
enum status scrub_number(struct scrub_work *work, struct bytes *number) MUST_USE;

/* A buffer that content does not lie in. */
struct buf *scrub_work_buffer(struct scrub_work *work, struct bytes content);

/* Appends the mask of a rule. */
void scrub_mask(const struct scrub *scrub, unsigned rule, struct buf *to);

#endif
