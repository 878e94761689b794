/* A pattern of ECMA-262 on its way to PCRE2's words: where the reading is, and what all who read share. Left to others: each construct
 * (model/ecma_class, model/ecma_group, model/ecma_pattern). */
#ifndef SYNCHRONY_MODEL_ECMA_READING_H
#define SYNCHRONY_MODEL_ECMA_READING_H

#include <stdint.h>

#include "model/ecma_pattern.h"

struct ecma_reading {
    struct ecma_pattern *pattern;
    struct bytes text;
    size_t at;
    struct buf *to;
    bool can_repeat;     /* a quantifier may come next */
    bool has_references; /* groups must be captured */
    unsigned n_groups;   /* that capture, in all of the pattern */
    size_t depth;        /* groups that are open */
    bool is_lookbehind[ECMA_PATTERN_NESTING_MAX];
};

/* Notes the fault. Returns false. */
bool ecma_reading_refuse(struct ecma_reading *reading, size_t offset, const char *reason);

/* The byte so far ahead, or NUL at the end. (A NUL in the text is an ordinary character to all who ask.) */
char ecma_reading_ahead(const struct ecma_reading *reading, size_t n);

/* What has not been read yet. */
struct bytes ecma_reading_rest(const struct ecma_reading *reading);

/* The character at reading->at, which is no escape, of valid UTF-8. */
int32_t ecma_reading_character(struct ecma_reading *reading);

/* The escapes of one character that stand alike in a class and outside; reading->at is on the backslash. Returns false for a fault. */
bool ecma_reading_escape(struct ecma_reading *reading, int32_t *c);

/* Writes a character that stands for itself. */
void ecma_reading_put(struct ecma_reading *reading, int32_t c);

#endif
