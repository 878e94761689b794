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

/* Is there a reason to look on? */
static bool goes_on(const struct schema_run *run, bool fits)
{
    return fits || schema_run_tells(run);
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
    if (value->kind == VALUE_STRING) {
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

/* ---- numbers ---- */

static bool order_is_right(enum schema_bound_kind kind, int order)
{
    switch (kind) {
    case BOUND_MINIMUM:
        return order >= 0;
    case BOUND_EXCLUSIVE_MINIMUM:
        return order > 0;
    case BOUND_MAXIMUM:
        return order <= 0;
    case BOUND_EXCLUSIVE_MAXIMUM:
        return order < 0;
    case BOUND_MULTIPLE_OF:
    case BOUND_COUNT:
        break;
    }
    return false;
}

static bool integer_is_right(const struct schema_bound *bound, int64_t integer)
{
    if (bound->kind == BOUND_MULTIPLE_OF)
        return integer % bound->integer == 0;
    return order_is_right(bound->kind, (integer > bound->integer) - (integer < bound->integer));
}

static bool decimal_is_right(const struct schema_bound *bound, const struct decimal *decimal)
{
    if (bound->kind == BOUND_MULTIPLE_OF)
        return decimal_is_multiple(decimal, &bound->decimal);
    return order_is_right(bound->kind, decimal_compare(decimal, &bound->decimal));
}

static bool tell_bound(struct schema_run *run, const struct schema_bound *bound, const struct value *value)
{
    static const struct {
        const char *keyword;
        const char *relation;
    } texts[] = {
        [BOUND_MINIMUM] = { "minimum", "at least" },
        [BOUND_EXCLUSIVE_MINIMUM] = { "exclusiveMinimum", "more than" },
        [BOUND_MAXIMUM] = { "maximum", "at most" },
        [BOUND_EXCLUSIVE_MAXIMUM] = { "exclusiveMaximum", "less than" },
        [BOUND_MULTIPLE_OF] = { "multipleOf", "a multiple of" },
    };
    _Static_assert(sizeof texts / sizeof texts[0] == BOUND_COUNT, "a text for each bound");
    struct bytes own = value_text(bound->own);

    return schema_violate(run, value, texts[bound->kind].keyword, "%s %.*s", texts[bound->kind].relation, (int)own.len, own.p);
}

static bool judge_number(struct schema_run *run, const struct schema_number *number, const struct value *value)
{
    struct decimal decimal;
    int64_t integer;
    bool has_integer = value_integer(value, &integer);
    bool has_decimal = (!has_integer || !number->are_integers) && decimal_read(value_text(value), &decimal);
    bool fits = true;

    for (size_t i = 0; i < number->n && goes_on(run, fits); i++) {
        const struct schema_bound *bound = &number->bounds[i];
        bool is_right =
            has_integer && bound->has_integer ? integer_is_right(bound, integer) : has_decimal && decimal_is_right(bound, &decimal);
        if (!is_right)
            fits = tell_bound(run, bound, value);
    }
    return fits;
}

/* ---- strings ---- */

/* Does the pattern match? Otherwise, or where that costs too much, false. */
static bool matches(struct schema_run *run, const struct pattern *pattern, const struct value *string, const char *keyword)
{
    if (!schema_take(run, 4 + string->len / 16, string, keyword))
        return false;
    enum pattern_outcome outcome = pattern_match(pattern, run->scratch, value_text(string));
    if (outcome == PATTERN_TOO_COSTLY)
        return schema_give_up(run, string, keyword);
    return outcome == PATTERN_MATCH;
}

static bool judge_length(struct schema_run *run, const struct schema_string *string, const struct value *value)
{
    size_t n = value_characters(value);

    if (n < string->min)
        return schema_violate_count(run, value, "minLength", "at least", string->min, "character", n);
    return n <= string->max || schema_violate_count(run, value, "maxLength", "at most", string->max, "character", n);
}

static bool judge_string(struct schema_run *run, const struct schema_string *string, const struct value *value)
{
    bool fits = judge_length(run, string, value);

    if (string->pattern && goes_on(run, fits) && !matches(run, string->pattern, value, "pattern"))
        fits = schema_violate(run, value, "pattern", "a match of the pattern %.*s", (int)string->pattern_text.len,
                              string->pattern_text.p);
    if (string->format < FORMAT_COUNT && goes_on(run, fits)) {
        if (!schema_take(run, 1 + value->len / 64, value, "format"))
            return false;
        if (!format_check(string->format, value_text(value)))
            fits = schema_violate(run, value, "format", "the format %.*s", (int)string->format_name.len, string->format_name.p);
    }
    return fits;
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

    for (uint32_t i = 0; i < value->n && goes_on(run, fits); i++, element = value_next(element)) {
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
    if ((array->further || array->tuple.n) && goes_on(run, fits))
        fits &= judge_elements(run, array, value);
    if (array->contains && goes_on(run, fits))
        fits &= judge_contains(run, array->contains, value);
    if (array->is_unique && goes_on(run, fits))
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

    for (uint32_t i = 0; i < object->n_patterns && goes_on(run, fits); i++) {
        if (!matches(run, object->patterns[i].pattern, name, "patternProperties"))
            continue;
        is_known = true;
        fits &= apply_to_child(run, object->patterns[i].schema, name + 1, "patternProperties", "member");
    }
    if (!is_known && object->additional && goes_on(run, fits))
        fits &= apply_to_child(run, object->additional, name + 1, "additionalProperties", "member");
    if (object->property_names && goes_on(run, fits))
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

    for (uint32_t i = 0; i < value->n && goes_on(run, fits); i++, name = value_next(name + 1)) {
        const struct schema_slot *slot = schema_names_find(&object->names, value_text(name), name->n);
        n_required += slot && slot->is_required;
        fits &= judge_member(run, object, slot, name);
    }
    if (n_required < object->n_required && goes_on(run, fits))
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
    for (uint32_t i = 0; i < dependency->names->n && goes_on(run, fits); i++) {
        struct bytes name = value_text(dependency->names + 1 + i);
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
    if (value->n > object->max && goes_on(run, fits))
        fits = schema_violate_count(run, value, "maxProperties", "at most", object->max, "member", value->n);
    if (goes_on(run, fits))
        fits &= judge_members(run, object, value);
    for (uint32_t i = 0; i < object->n_dependencies && goes_on(run, fits); i++) {
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

    for (uint32_t i = 0; i < combination->all_of.n && goes_on(run, fits); i++)
        fits &= apply(run, combination->all_of.schemas[i], value);
    if (combination->any_of.n && goes_on(run, fits))
        fits &= judge_any(run, &combination->any_of, value);
    if (combination->one_of.n && goes_on(run, fits))
        fits &= judge_one(run, &combination->one_of, value);
    if (combination->not &&goes_on(run, fits) && (probe(run, combination->not, value) || run->broken != STATUS_OK))
        fits = schema_violate(run, value, "not", "not to fit the schema of not");
    if (combination->if_ && goes_on(run, fits))
        fits &= judge_condition(run, combination, value);
    return fits;
}

/* ---- one schema ---- */

static bool judge_kind(struct schema_run *run, const struct schema *schema, const struct value *value)
{
    switch ((enum value_kind)value->kind) {
    case VALUE_NUMBER:
        return !schema->number || judge_number(run, schema->number, value);
    case VALUE_STRING:
        return !schema->string || judge_string(run, schema->string, value);
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
    if (schema->enumeration && goes_on(run, fits))
        fits &= judge_values(run, schema->enumeration, value, "enum");
    if (goes_on(run, fits))
        fits &= judge_kind(run, schema, value);
    if (schema->combination && goes_on(run, fits))
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
