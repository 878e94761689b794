/* What one schema asks, from its keywords. Private to model/schema. */
#ifndef SYNCHRONY_MODEL_SCHEMA_BUILD_H
#define SYNCHRONY_MODEL_SCHEMA_BUILD_H

#include "model/schema_set.h"

struct schema_build {
    struct schema_set *set;
    struct schema_place at;
    struct schema *schema;                    /* to be filled in */
    const struct value *given[KEYWORD_COUNT]; /* the value of each keyword that stands there */
};

enum status schema_build(struct schema_build *build) MUST_USE;

/* The schema at a place, or at what it refers to: filled in by now, or later. (schema_compile.c) */
enum status schema_at(struct schema_set *set, struct schema_place place, const struct schema **schema) MUST_USE;

#endif
