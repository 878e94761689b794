/* One judgement under way. Private to model/schema. */
#ifndef SYNCHRONY_MODEL_SCHEMA_RUN_H
#define SYNCHRONY_MODEL_SCHEMA_RUN_H

#include "model/schema_program.h"

struct schema_run {
    const struct value *root;
    struct arena *arena;
    struct pattern_scratch *scratch;
    struct schema_report *report;
    size_t steps; /* that are left */
    unsigned depth;
    unsigned probing;   /* schemas that are only tried: what they find is not told */
    unsigned names;     /* schemas around it that judge a name, not a value */
    unsigned sensitive; /* schemas around the value that are marked x-sensitive */
    enum status broken; /* STATUS_OK; else why there will be no verdict */
};

/* Is what is wrong to be told, so that one looks on after the first fault? */
static inline bool schema_run_tells(const struct schema_run *run)
{
    return !run->probing && run->report->n < SCHEMA_VIOLATIONS_MAX && run->broken == STATUS_OK;
}

/* Is there a reason to look on? */
static inline bool schema_run_goes_on(const struct schema_run *run, bool fits)
{
    return fits || schema_run_tells(run);
}

/* Each notes a violation, unless schemas are only tried, and returns false.
 *
 * The text tells what the schema says, and of the value nothing but what _got adds: which is left out where the schema is sensitive. */
bool schema_violate(struct schema_run *run, const struct value *value, const char *keyword, const char *format, ...)
    PRINTF_LIKE(4, 5);
bool schema_violate_count(struct schema_run *run, const struct value *value, const char *keyword, const char *relation,
                          size_t limit, const char *unit, size_t got);
bool schema_violate_type(struct schema_run *run, const struct value *value, unsigned types);
bool schema_violate_values(struct schema_run *run, const struct value *value, const struct schema_values *values,
                           const char *keyword);

/* Ends the judgement: it would cost too much. Returns false. */
bool schema_give_up(struct schema_run *run, const struct value *value, const char *keyword);

/* Takes n steps, or gives up. */
static inline bool schema_take(struct schema_run *run, size_t n, const struct value *value, const char *keyword)
{
    if (n > run->steps)
        return schema_give_up(run, value, keyword);
    run->steps -= n;
    return true;
}

bool schema_judge_number(struct schema_run *run, const struct schema_number *number, const struct value *value);
bool schema_judge_string(struct schema_run *run, const struct schema_string *string, const struct value *value);

/* Does the pattern match? Otherwise, or where that costs too much, false. */
bool schema_matches(struct schema_run *run, const struct pattern *pattern, const struct value *string, const char *keyword);

/* Are the two values equal as JSON has it: numbers by value, objects without order? Gives up like everything here. */
bool schema_equal(struct schema_run *run, const struct value *a, const struct value *b, const char *keyword);

/* Do all elements differ? */
bool schema_elements_differ(struct schema_run *run, const struct value *array);

#endif
