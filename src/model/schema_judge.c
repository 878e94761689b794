/* A compiled schema and a value: does it fit? */
#include <stdlib.h>

#include "model/schema_run.h"

static bool apply(struct schema_run *run, const struct schema *schema, const struct value *value);

/* Does it fit, when nothing is told? */
static bool probe(struct schema_run *run, const struct schema *schema, const struct value *value)
{
    run->probing++;
    bool fits = apply(run, schema, value);
    run->probing--;
    return fits;
}

/* ---- any kind ---- */

static bool is_integer(const struct value *number)
{
    struct decimal decimal;

    return number->is_digits || (decimal_read(value_text(number), &decimal) && decimal_is_integer(&decimal));
}

static bool has_type(const struct schema *schema, const struct value *value)
{
    return schema->types >> value->kind & 1 || (value->kind == VALUE_NUMBER && schema->types & TYPE_INTEGER && is_integer(value));
}

static bool judge_values(struct schema_run *run, const struct schema_values *values, const struct value *value, const char *keyword)
{
    if (value->kind == VALUE_STRING && value->len <= values->strings.max_len) {
        struct bytes text = value_text(value);
        if (schema_names_find(&values->strings, text, text_hash(text)))
            return true;
    }
    for (uint32_t i = 0; i < values->n_others && value->kind != VALUE_STRING; i++) {
        if (!schema_take(run, 1, value, keyword))
            return false;
        if (schema_equal(run, values->others[i], value, keyword))
            return true;
    }
    return run->broken == STATUS_OK && schema_violate_values(run, value, values, keyword);
}

/* ---- arrays ---- */

/* false as the schema of something: what is at fault is that the thing is there. */
static bool apply_to_child(struct schema_run *run, const struct schema *schema, const struct value *value, const char *keyword,
                           const char *what)
{
    return schema->is_false ? schema_violate(run, value, keyword, "no such %s", what) : apply(run, schema, value);
}

static bool judge_elements(struct schema_run *run, const struct schema_array *array, const struct value *value)
{
    const struct value *element = value + 1;
    bool fits = true;

    for (uint32_t i = 0; i < value->n && schema_run_goes_on(run, fits); i++, element = value_next(element)) {
        if (i < array->tuple.n)
            fits &= apply_to_child(run, array->tuple.schemas[i], element, "items", "element");
        else if (array->further)
            fits &= apply_to_child(run, array->further, element, array->further_are_additional ? "additionalItems" : "items",
                                   "element");
        else
            break;
    }
    return fits;
}

static bool judge_contains(struct schema_run *run, const struct schema *schema, const struct value *value)
{
    const struct value *element = value + 1;

    for (uint32_t i = 0; i < value->n && run->broken == STATUS_OK; i++, element = value_next(element)) {
        if (probe(run, schema, element))
            return true;
    }
    return run->broken == STATUS_OK && schema_violate(run, value, "contains", "an element that fits the schema of contains");
}

static bool judge_array(struct schema_run *run, const struct schema_array *array, const struct value *value)
{
    bool fits = true;

    if (value->n < array->min)
        fits = schema_violate_count(run, value, "minItems", "at least", array->min, "element", value->n);
    if (value->n > array->max)
        fits = schema_violate_count(run, value, "maxItems", "at most", array->max, "element", value->n);
    if ((array->further || array->tuple.n) && schema_run_goes_on(run, fits))
        fits &= judge_elements(run, array, value);
    if (array->contains && schema_run_goes_on(run, fits))
        fits &= judge_contains(run, array->contains, value);
    if (array->is_unique && schema_run_goes_on(run, fits))
        fits &= schema_elements_differ(run, value);
    return fits;
}

/* ---- objects ---- */

/* What is wrong is said of the name, not of the value that has the same pointer. */
static bool judge_name(struct schema_run *run, const struct schema *schema, const struct value *name)
{
    run->names++;
    bool fits = apply(run, schema, name);
    run->names--;
    return fits;
}

static bool judge_member(struct schema_run *run, const struct schema_object *object, const struct schema_slot *slot,
                         const struct value *name)
{
    bool is_known = slot && slot->schema;
    bool fits = !is_known || apply_to_child(run, slot->schema, name + 1, "properties", "member");

    for (uint32_t i = 0; i < object->n_patterns && schema_run_goes_on(run, fits); i++) {
        if (!schema_matches(run, object->patterns[i].pattern, name, "patternProperties"))
            continue;
        is_known = true;
        fits &= apply_to_child(run, object->patterns[i].schema, name + 1, "patternProperties", "member");
    }
    if (!is_known && object->additional && schema_run_goes_on(run, fits))
        fits &= apply_to_child(run, object->additional, name + 1, "additionalProperties", "member");
    if (object->property_names && schema_run_goes_on(run, fits))
        fits &= judge_name(run, object->property_names, name);
    return fits;
}

static bool tell_required(struct schema_run *run, const struct schema_object *object, const struct value *value)
{
    for (uint32_t i = 0; i < object->n_required && schema_run_tells(run); i++) {
        struct bytes name = value_text(object->required + 1 + i);
        if (!value_member(value, name, text_hash(name)))
            schema_violate(run, value, "required", "a member \"%.*s\"", (int)name.len, name.p);
    }
    return false;
}

/* No name stands twice in an object, so those that are required need only be counted. */
static bool judge_members(struct schema_run *run, const struct schema_object *object, const struct value *value)
{
    const struct value *name = value + 1;
    uint32_t n_required = 0;
    bool fits = true;

    for (uint32_t i = 0; i < value->n && schema_run_goes_on(run, fits); i++, name = value_next(name + 1)) {
        const struct schema_slot *slot = schema_names_find(&object->names, value_text(name), name->n);
        n_required += slot && slot->is_required;
        fits &= judge_member(run, object, slot, name);
    }
    if (n_required < object->n_required && schema_run_goes_on(run, fits))
        fits = tell_required(run, object, value);
    return fits;
}

static bool judge_dependency(struct schema_run *run, const struct schema_dependency *dependency, const struct value *value)
{
    bool fits = true;

    if (!value_member(value, dependency->name, dependency->hash))
        return true;
    if (dependency->schema)
        return apply(run, dependency->schema, value);
    for (uint32_t i = 0; i < dependency->names->n && schema_run_goes_on(run, fits); i++) {
        struct bytes name = value_text(dependency->names + 1 + i);
        if (!schema_take(run, 1 + value->n / 16, value, "dependencies"))
            return false;
        if (!value_member(value, name, text_hash(name)))
            fits = schema_violate(run, value, "dependencies", "a member \"%.*s\" beside \"%.*s\"", (int)name.len, name.p,
                                  (int)dependency->name.len, dependency->name.p);
    }
    return fits;
}

static bool judge_object(struct schema_run *run, const struct schema_object *object, const struct value *value)
{
    bool fits = schema_take(run, value->n, value, "properties");

    if (fits && value->n < object->min)
        fits = schema_violate_count(run, value, "minProperties", "at least", object->min, "member", value->n);
    if (value->n > object->max && schema_run_goes_on(run, fits))
        fits = schema_violate_count(run, value, "maxProperties", "at most", object->max, "member", value->n);
    if (schema_run_goes_on(run, fits))
        fits &= judge_members(run, object, value);
    for (uint32_t i = 0; i < object->n_dependencies && schema_run_goes_on(run, fits); i++) {
        if (!schema_take(run, 1 + value->n / 16, value, "dependencies"))
            return false;
        fits &= judge_dependency(run, &object->dependencies[i], value);
    }
    return fits;
}

/* ---- schemas that judge the same value ---- */

/* None fits. Where only one of them is for this kind of value, what it finds is what was meant. */
static bool tell_alternatives(struct schema_run *run, const struct schema_list *list, const struct value *value)
{
    const struct schema *meant = NULL;
    unsigned n = 0;

    for (uint32_t i = 0; i < list->n && schema_run_tells(run); i++) {
        if (has_type(list->schemas[i], value)) {
            meant = list->schemas[i];
            n++;
        }
    }
    if (n == 1 && schema_run_tells(run))
        (void)apply(run, meant, value);
    return false;
}

static bool judge_any(struct schema_run *run, const struct schema_list *list, const struct value *value)
{
    for (uint32_t i = 0; i < list->n && run->broken == STATUS_OK; i++) {
        if (probe(run, list->schemas[i], value))
            return true;
    }
    if (run->broken != STATUS_OK)
        return false;
    (void)schema_violate(run, value, "anyOf", "to fit one of %u schemas or more", (unsigned)list->n);
    return tell_alternatives(run, list, value);
}

static bool judge_one(struct schema_run *run, const struct schema_list *list, const struct value *value)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < list->n && n < 2 && run->broken == STATUS_OK; i++)
        n += probe(run, list->schemas[i], value);
    if (run->broken != STATUS_OK || n == 1)
        return n == 1 && run->broken == STATUS_OK;
    (void)schema_violate(run, value, "oneOf", "to fit exactly one of %u schemas, fits %s", (unsigned)list->n,
                         n ? "more than one" : "none");
    return n ? false : tell_alternatives(run, list, value);
}

static bool judge_condition(struct schema_run *run, const struct schema_combination *combination, const struct value *value)
{
    const struct schema *next = probe(run, combination->if_, value) ? combination->then_ : combination->else_;

    return run->broken == STATUS_OK && (!next || apply(run, next, value));
}

static bool judge_combination(struct schema_run *run, const struct schema_combination *combination, const struct value *value)
{
    bool fits = true;

    for (uint32_t i = 0; i < combination->all_of.n && schema_run_goes_on(run, fits); i++)
        fits &= apply(run, combination->all_of.schemas[i], value);
    if (combination->any_of.n && schema_run_goes_on(run, fits))
        fits &= judge_any(run, &combination->any_of, value);
    if (combination->one_of.n && schema_run_goes_on(run, fits))
        fits &= judge_one(run, &combination->one_of, value);
    if (combination->not &&schema_run_goes_on(run, fits) && (probe(run, combination->not, value) || run->broken != STATUS_OK))
        fits = schema_violate(run, value, "not", "not to fit the schema of not");
    if (combination->if_ && schema_run_goes_on(run, fits))
        fits &= judge_condition(run, combination, value);
    return fits;
}

/* ---- one schema ---- */

static bool judge_kind(struct schema_run *run, const struct schema *schema, const struct value *value)
{
    switch ((enum value_kind)value->kind) {
    case VALUE_NUMBER:
        return !schema->number || schema_judge_number(run, schema->number, value);
    case VALUE_STRING:
        return !schema->string || schema_judge_string(run, schema->string, value);
    case VALUE_ARRAY:
        return !schema->array || judge_array(run, schema->array, value);
    case VALUE_OBJECT:
        return !schema->object || judge_object(run, schema->object, value);
    case VALUE_NULL:
    case VALUE_FALSE:
    case VALUE_TRUE:
        break;
    }
    return true;
}

static bool judge(struct schema_run *run, const struct schema *schema, const struct value *value)
{
    bool fits = true;

    if (schema->is_false)
        return schema_violate(run, value, "false", "no value at all");
    if (!has_type(schema, value))
        return schema_violate_type(run, value, schema->types);
    if (schema->constant)
        fits = judge_values(run, schema->constant, value, "const");
    if (schema->enumeration && schema_run_goes_on(run, fits))
        fits &= judge_values(run, schema->enumeration, value, "enum");
    if (schema_run_goes_on(run, fits))
        fits &= judge_kind(run, schema, value);
    if (schema->combination && schema_run_goes_on(run, fits))
        fits &= judge_combination(run, schema->combination, value);
    return fits;
}

static bool apply(struct schema_run *run, const struct schema *schema, const struct value *value)
{
    if (!run->steps || run->depth == SCHEMA_DEPTH_MAX)
        return schema_give_up(run, value, "");
    run->steps--;
    run->depth++;
    run->sensitive += schema->is_sensitive;
    bool fits = judge(run, schema, value);
    run->sensitive -= schema->is_sensitive;
    run->depth--;
    return fits;
}

struct schema_scratch *schema_scratch_new(void)
{
    return (struct schema_scratch *)pattern_scratch_new();
}

void schema_scratch_free(struct schema_scratch *scratch)
{
    pattern_scratch_free((struct pattern_scratch *)scratch);
}

enum status schema_judge(const struct schema *schema, const struct value *value, struct schema_scratch *scratch,
                         struct arena *arena, struct schema_report *report)
{
    struct schema_run run = { .root = value,
                              .arena = arena,
                              .scratch = (struct pattern_scratch *)scratch,
                              .report = report,
                              .steps = SCHEMA_STEPS_MAX,
                              .broken = STATUS_OK };

    report->n = 0;
    pattern_allow(run.scratch, SCHEMA_COSTLY_MATCHES_MAX);
    bool fits = apply(&run, schema, value);
    report->steps = SCHEMA_STEPS_MAX - run.steps;
    if (run.broken != STATUS_OK)
        return run.broken;
    return fits ? STATUS_OK : STATUS_SCHEMA_VIOLATED;
}
