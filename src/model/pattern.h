/* Regular expressions as JSON Schema has them (ECMA-262, unanchored, by code points), matched at a bounded cost. The only door to PCRE2.
 *
 * What is accepted is ECMA-262's grammar with the u flag, and beside it what people write and every browser takes without that flag:
 * an escaped punctuation mark, and "]", "}" and a "{" that begins no quantifier as themselves. \d, \w and \b are those of ASCII, \s is
 * ECMA-262's white space, $ is the end of the text alone. An escaped letter that ECMA-262 does not know (\Z, \a, \Q) is refused, never
 * taken for something else. A lookbehind must have a fixed length. */
#ifndef SYNCHRONY_MODEL_PATTERN_H
#define SYNCHRONY_MODEL_PATTERN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/bytes.h"
#include "base/status.h"
#include "model/span.h"

enum { PATTERN_MAX_BYTES = 4096 };

struct pattern;         /* compiled; never changes, so that any number of threads may match with it */
struct pattern_scratch; /* what one thread matches with */

/* Why a pattern is refused. */
struct pattern_fault {
    size_t offset;    /* in bytes, from where it cannot be read on; 0 where the whole is at fault */
    char reason[120]; /* a clause such as "a group is not closed" */
};

enum pattern_outcome {
    PATTERN_MATCH,
    PATTERN_NO_MATCH,
    PATTERN_TOO_COSTLY /* it was given up, unknown whether it matches; also for want of memory */
};

/* Compiles text, at most PATTERN_MAX_BYTES. *pattern is the caller's to free.
 *
 * Returns STATUS_UNPROCESSABLE, *fault written, where it is no pattern, or too large a one; STATUS_NO_MEMORY. */
enum status pattern_new(struct bytes text, struct pattern **pattern, struct pattern_fault *fault) MUST_USE;
void pattern_free(struct pattern *pattern);

/* NULL without memory. */
struct pattern_scratch *pattern_scratch_new(void);
void pattern_scratch_free(struct pattern_scratch *scratch);

/* From now on all matches with scratch together may cost what that many of the most costly ones do; then they are given up. Without this
 * call each is bounded alone. */
void pattern_allow(struct pattern_scratch *scratch, size_t matches);

/* Does pattern match anywhere in text, which must be valid UTF-8? Takes some twenty milliseconds at the very most, whatever the two are:
 * a search that has to try a repetition at each of more than 5,000 characters is given up. */
enum pattern_outcome pattern_match(const struct pattern *pattern, struct pattern_scratch *scratch, struct bytes text) MUST_USE;

/* The same, where: the first match that begins at or behind from, which is no byte within a character. *found may be empty. */
enum pattern_outcome pattern_find(const struct pattern *pattern, struct pattern_scratch *scratch, struct bytes text, size_t from,
                                  struct span *found) MUST_USE;

/* Would pattern_new accept it? (The format "regex".) */
bool pattern_is_valid(struct bytes text);

#endif
