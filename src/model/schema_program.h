/* What schemas are compiled to: per schema, what it asks of each kind of value. Private to model/schema.
 *
 * Everything lies in the arena of its set and never changes once the set is compiled. */
#ifndef SYNCHRONY_MODEL_SCHEMA_PROGRAM_H
#define SYNCHRONY_MODEL_SCHEMA_PROGRAM_H

#include "model/decimal.h"
#include "model/format.h"
#include "model/pattern.h"
#include "model/schema.h"
#include "model/tree.h"

struct schema_list {
    const struct schema **schemas;
    uint32_t n;
};

/* A set of names, each with what belongs to it: open addressing, half empty at the least. */
struct schema_slot {
    struct bytes name; /* absent: the slot is free */
    uint32_t hash;
    bool is_required;
    const struct schema *schema; /* of the property of that name; NULL: none */
};

struct schema_names {
    struct schema_slot *slots;
    uint32_t mask;  /* slots - 1 */
    size_t max_len; /* of a name; 0 where there is none */
};

/* enum, const. */
struct schema_values {
    struct schema_names strings;
    const struct value **others;
    uint32_t n_others;
    const struct value *listed; /* the value of the keyword, to be told */
    bool is_const;
};

enum schema_bound_kind {
    BOUND_MINIMUM,
    BOUND_EXCLUSIVE_MINIMUM,
    BOUND_MAXIMUM,
    BOUND_EXCLUSIVE_MAXIMUM,
    BOUND_MULTIPLE_OF,
    BOUND_COUNT
};

struct schema_bound {
    struct decimal decimal;
    int64_t integer;  /* the same, where has_integer */
    bool has_integer; /* below 10^18 */
    enum schema_bound_kind kind;
    const struct value *own; /* as it stands in the schema */
};

struct schema_number {
    struct schema_bound bounds[BOUND_COUNT];
    size_t n;
    bool are_integers; /* each of them has_integer */
};

struct schema_string {
    size_t min; /* characters */
    size_t max;
    const struct pattern *pattern; /* NULL: none */
    struct bytes pattern_text;
    enum format format; /* FORMAT_COUNT: none */
    struct bytes format_name;
};

struct schema_array {
    size_t min;
    size_t max;
    bool is_unique;
    struct schema_list tuple;      /* of the first elements */
    const struct schema *further;  /* of all elements behind them; NULL: none */
    bool further_are_additional;   /* it comes from additionalItems */
    const struct schema *contains; /* NULL: none */
};

struct schema_pattern {
    const struct pattern *pattern;
    const struct schema *schema;
};

struct schema_dependency {
    struct bytes name;
    uint32_t hash;
    const struct schema *schema; /* NULL: names */
    const struct value *names;   /* array of strings */
};

struct schema_object {
    size_t min;
    size_t max;
    struct schema_names names; /* of properties and required */
    uint32_t n_required;
    uint32_t n_patterns;
    uint32_t n_dependencies;
    const struct schema_pattern *patterns;
    const struct schema *additional; /* NULL: none */
    const struct schema *property_names;
    const struct schema_dependency *dependencies;
    const struct value *required; /* to be told; NULL: none */
};

/* Schemas that judge the same value. */
struct schema_combination {
    struct schema_list all_of;
    struct schema_list any_of;
    struct schema_list one_of;
    const struct schema * not ;
    const struct schema *if_; /* NULL where neither then nor else stands beside it */
    const struct schema *then_;
    const struct schema *else_;
};

/* Where a schema stands in its text. */
struct schema_document;
struct schema_place {
    const struct schema_document *document;
    const struct value *value;
};

enum { TYPE_INTEGER = 1 << 7, TYPES_ALL = 0x7f };

struct schema {
    uint8_t types;     /* 1 << enum value_kind of what is accepted; TYPE_INTEGER: numbers without a fraction */
    bool is_false;     /* the schema false */
    bool is_sensitive; /* x-sensitive */
    uint8_t height;    /* of schemas that judge one value inside each other; 0: not counted yet */
    const struct schema_values *constant;
    const struct schema_values *enumeration;
    const struct schema_number *number; /* NULL, as below: nothing is asked of this kind */
    const struct schema_string *string;
    const struct schema_array *array;
    const struct schema_object *object;
    const struct schema_combination *combination;
    struct schema_place place;
};

/* The slot of that name, or NULL. */
static inline const struct schema_slot *schema_names_find(const struct schema_names *names, struct bytes name, uint32_t hash)
{
    if (!names->slots)
        return NULL;
    for (uint32_t i = hash & names->mask;; i = (i + 1) & names->mask) {
        const struct schema_slot *slot = &names->slots[i];
        if (!slot->name.p)
            return NULL;
        if (slot->hash == hash && slot->name.len == name.len && text_same(slot->name.p, name.p, name.len))
            return slot;
    }
}

/* The draft's own schema. */
#define SCHEMA_DRAFT07_URI "http://json-schema.org/draft-07/schema"
struct bytes schema_draft07_text(void);

#endif
