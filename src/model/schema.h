/* JSON Schema draft-07: schemas are compiled once, as a set whose members may refer to each other, and then judge values.
 *
 * All of the draft's core and validation vocabulary. Numbers are compared exactly, lengths count characters. `format` asserts date-time,
 * date, time, uri, uri-reference, email, hostname, ipv4, ipv6, uuid, json-pointer and regex. Nothing is fetched: a $ref leads to a schema
 * of the set or to the draft's own metaschema, http://json-schema.org/draft-07/schema#. A schema that could not be kept to the letter is
 * refused when it is added or compiled: an unknown draft, a keyword of another draft that asserts something, an unknown format, a keyword
 * that is nearly one of the draft's, a $ref that leads nowhere or in a circle. Other unknown keywords are annotations, as the draft says;
 * "x-sensitive": true keeps lengths and kinds of a value out of what is said about it.
 *
 * A compiled set never changes: any number of threads may judge by it at once. Left to others: which schema judges what, and where schemas
 * are kept (app/catalogue). */
#ifndef SYNCHRONY_MODEL_SCHEMA_H
#define SYNCHRONY_MODEL_SCHEMA_H

#include "base/arena.h"
#include "base/bytes.h"
#include "model/tree.h"

enum {
    SCHEMA_TEXT_MAX_BYTES = 256 * 1024,      /* of one schema */
    SCHEMA_SET_MAX_BYTES = 64 * 1024 * 1024, /* memory of a set, texts and programs */
    SCHEMA_URI_MAX_BYTES = 1024,
    SCHEMA_NESTING_MAX = 64,       /* of a schema's text */
    SCHEMA_VIOLATIONS_MAX = 16,    /* that are told */
    SCHEMA_DEPTH_MAX = 200,        /* schemas inside each other while a value is judged */
    SCHEMA_COSTLY_MATCHES_MAX = 2, /* patterns may take together what so many matches up to their own limit take */
    SCHEMA_STEPS_MAX = 200000      /* schemas applied, members looked at, values compared, four for a pattern */
};

struct schema_set;
struct schema; /* a schema of a set, compiled */

/* Why a schema is refused. */
struct schema_fault {
    char uri[SCHEMA_URI_MAX_BYTES + 1]; /* of which schema, as it was added */
    char pointer[512];                  /* JSON Pointer of the place in its text; "" is the whole of it */
    char keyword[64];                   /* at fault; empty where it is none */
    char reason[256];                   /* a clause for people */
};

/* Returns NULL without memory. */
struct schema_set *schema_set_new(void);
void schema_set_free(struct schema_set *set);

/* Adds a schema, whose text is copied. uri, absolute and without a fragment, is what others refer to it by, beside its own $id, and what
 * its relative references are resolved against where it has none.
 * Returns STATUS_INVALID_SCHEMA with fault set (no JSON, no schema, the uri is in the set already), or STATUS_NO_MEMORY; the set is then
 * as it was before. */
enum status schema_set_add(struct schema_set *set, struct bytes uri, struct bytes text, struct schema_fault *fault) MUST_USE;

/* Compiles all schemas of the set; once, after which nothing can be added.
 * Returns STATUS_INVALID_SCHEMA with the first fault, or STATUS_NO_MEMORY; the set is then good for schema_set_free alone. */
enum status schema_set_compile(struct schema_set *set, struct schema_fault *fault) MUST_USE;

/* The schema that was added with that uri, or NULL. It lives as long as the set, and judges once the set is compiled. */
const struct schema *schema_set_find(const struct schema_set *set, struct bytes uri);

/* A violation of propertyNames has the pointer of the member whose name it is. */
struct schema_violation {
    struct bytes pointer;  /* JSON Pointer of the value that is at fault; names in it are cut to 64 bytes, the whole to 512 */
    const char *keyword;   /* static; "false" where that stands for a schema, "" where work is given up between two keywords */
    struct bytes expected; /* a clause: what was expected, and of which kind or length the value is. Never the value */
};

/* What one thread judges with. Returns NULL without memory. */
struct schema_scratch;
struct schema_scratch *schema_scratch_new(void);
void schema_scratch_free(struct schema_scratch *scratch);

/* What is found in one value. Its texts are in the arena. */
struct schema_report {
    struct schema_violation violations[SCHEMA_VIOLATIONS_MAX];
    size_t n;     /* set; more may be wrong than that */
    size_t steps; /* taken */
};

/* Judges a value, as tree_read made it of a text that json_guard passed without a fault.
 *
 * arena   allocates on a violation, and for uniqueItems of long arrays; else not at all.
 * report  its n and steps are always set.
 * Returns STATUS_SCHEMA_VIOLATED with one violation or more; STATUS_SCHEMA_TOO_COSTLY where a verdict would take more than
 * SCHEMA_STEPS_MAX steps, SCHEMA_DEPTH_MAX levels or a pattern's match limit: its last violation then says at which value and keyword;
 * STATUS_NO_MEMORY. */
enum status schema_judge(const struct schema *schema, const struct value *value, struct schema_scratch *scratch,
                         struct arena *arena, struct schema_report *report) MUST_USE;

#endif
