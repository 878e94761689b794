/* ECMA-262's regular expressions in PCRE2's words: each construct is read by ECMA-262's grammar (section 21.2.1) and written so that it
 * means the same. What PCRE2 alone would understand never comes out. Matching is model/pattern's. */
#ifndef SYNCHRONY_MODEL_ECMA_PATTERN_H
#define SYNCHRONY_MODEL_ECMA_PATTERN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/bytes.h"

enum { ECMA_PATTERN_NESTING_MAX = 64, ECMA_PATTERN_REPEAT_MAX = 65535 /* PCRE2's */, ECMA_PATTERN_SHORT_REPEAT = 100 };

struct ecma_pattern {
    struct bytes text;   /* what is to be translated; valid UTF-8 */
    struct buf *to;      /* PCRE2's pattern is appended to it */
    bool repeats_long;   /* result: there is a quantifier without an upper bound, or with one over ECMA_PATTERN_SHORT_REPEAT */
    bool is_anchored;    /* result: each of its alternatives begins with "^" */
    size_t fault_offset; /* result: of the byte that cannot be understood */
    const char *fault;   /* result: why; static */
};

/* Translates pattern->text. Returns false, with the fault, where it is no pattern; what did not fit pattern->to shows there. */
bool ecma_pattern_translate(struct ecma_pattern *pattern);

#endif
