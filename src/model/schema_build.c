#include "model/schema_build.h"

#include <string.h>

static void *room(struct schema_build *build, size_t n, size_t size)
{
    return arena_alloc_array(&build->set->arena, n ? n : 1, size);
}

/* ---- schemas inside ---- */

static enum status one(struct schema_build *build, const struct value *value, const struct schema **schema)
{
    if (!value)
        return STATUS_OK;
    return schema_at(build->set, (struct schema_place){ build->at.document, value }, schema);
}

static enum status list(struct schema_build *build, const struct value *array, struct schema_list *to)
{
    enum status st = STATUS_OK;

    if (!array)
        return STATUS_OK;
    to->schemas = room(build, array->n, sizeof(struct schema *));
    if (!to->schemas)
        return STATUS_NO_MEMORY;
    const struct value *element = array + 1;
    for (; to->n < array->n && st == STATUS_OK; element = value_next(element))
        st = one(build, element, &to->schemas[to->n++]);
    return st;
}

/* ---- tables of names ---- */

/* Room for n names in a table that stays half empty. */
static bool names_reserve(struct schema_build *build, struct schema_names *names, size_t n)
{
    uint32_t size = 4;

    while (size < 2 * n)
        size *= 2;
    names->slots = room(build, size, sizeof *names->slots);
    names->mask = size - 1;
    return names->slots != NULL;
}

static struct schema_slot *names_add(struct schema_names *names, struct bytes name)
{
    uint32_t hash = text_hash(name);
    uint32_t i = hash & names->mask;

    while (names->slots[i].name.p && !(names->slots[i].hash == hash && bytes_equal(names->slots[i].name, name)))
        i = (i + 1) & names->mask;
    names->max_len = name.len > names->max_len ? name.len : names->max_len;
    names->slots[i].name = name;
    names->slots[i].hash = hash;
    return &names->slots[i];
}

/* ---- by kind of value ---- */

static unsigned type_bit(struct bytes name)
{
    static const struct {
        struct bytes name;
        unsigned bits;
    } types[] = {
        { BYTES("null"), 1 << VALUE_NULL },     { BYTES("boolean"), 1 << VALUE_FALSE | 1 << VALUE_TRUE },
        { BYTES("number"), 1 << VALUE_NUMBER }, { BYTES("string"), 1 << VALUE_STRING },
        { BYTES("array"), 1 << VALUE_ARRAY },   { BYTES("object"), 1 << VALUE_OBJECT },
        { BYTES("integer"), TYPE_INTEGER },
    };

    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        if (bytes_equal(types[i].name, name))
            return types[i].bits;
    }
    return 0;
}

static enum status build_type(struct schema_build *build)
{
    const struct value *type = build->given[KEYWORD_TYPE];
    unsigned types = 0;

    if (!type)
        return STATUS_OK;
    if (type->kind == VALUE_STRING)
        types = type_bit(value_text(type));
    for (uint32_t i = 0; type->kind == VALUE_ARRAY && i < type->n; i++)
        types |= type_bit(value_text(type + 1 + i));
    build->schema->types = (uint8_t)types;
    return STATUS_OK;
}

static enum status values(struct schema_build *build, const struct value *listed, const struct value *first, uint32_t n,
                          const struct schema_values **to)
{
    struct schema_values *values = room(build, 1, sizeof *values);
    const struct value *value = first;

    if (!values || !names_reserve(build, &values->strings, n))
        return STATUS_NO_MEMORY;
    values->others = room(build, n, sizeof(struct value *));
    if (!values->others)
        return STATUS_NO_MEMORY;
    for (uint32_t i = 0; i < n; i++, value = value_next(value)) {
        if (value->kind == VALUE_STRING)
            (void)names_add(&values->strings, value_text(value));
        else
            values->others[values->n_others++] = value;
    }
    values->listed = listed;
    values->is_const = listed == first;
    *to = values;
    return STATUS_OK;
}

static enum status build_values(struct schema_build *build)
{
    const struct value *listed = build->given[KEYWORD_ENUM], *constant = build->given[KEYWORD_CONST];
    enum status st = STATUS_OK;

    if (listed)
        st = values(build, listed, listed + 1, listed->n, &build->schema->enumeration);
    if (st == STATUS_OK && constant)
        st = values(build, constant, constant, 1, &build->schema->constant);
    return st;
}

static const enum keyword bound_keywords[BOUND_COUNT] = {
    [BOUND_MINIMUM] = KEYWORD_MINIMUM,         [BOUND_EXCLUSIVE_MINIMUM] = KEYWORD_EXCLUSIVE_MINIMUM,
    [BOUND_MAXIMUM] = KEYWORD_MAXIMUM,         [BOUND_EXCLUSIVE_MAXIMUM] = KEYWORD_EXCLUSIVE_MAXIMUM,
    [BOUND_MULTIPLE_OF] = KEYWORD_MULTIPLE_OF,
};

static enum status build_number(struct schema_build *build)
{
    struct schema_number *number = NULL;

    for (size_t i = 0; i < BOUND_COUNT; i++) {
        const struct value *own = build->given[bound_keywords[i]];
        if (!own)
            continue;
        if (!number)
            number = room(build, 1, sizeof *number);
        if (!number)
            return STATUS_NO_MEMORY;
        struct schema_bound *bound = &number->bounds[number->n++];
        bound->own = own;
        bound->kind = (enum schema_bound_kind)i;
        bound->has_integer = value_integer(own, &bound->integer);
        number->are_integers = bound->has_integer && (number->are_integers || number->n == 1);
        if (!decimal_read(value_text(own), &bound->decimal))
            return STATUS_INTERNAL;
    }
    build->schema->number = number;
    return STATUS_OK;
}

/* A count, at most SIZE_MAX: more than that nothing has. */
static size_t count(const struct value *value, size_t otherwise)
{
    struct decimal decimal;
    size_t n = SIZE_MAX;

    if (!value)
        return otherwise;
    if (decimal_read(value_text(value), &decimal))
        (void)decimal_to_size(&decimal, SIZE_MAX, &n);
    return n;
}

static enum status compile_pattern(struct schema_build *build, const struct value *text, const char *keyword,
                                   const struct pattern **pattern)
{
    struct schema_owned_pattern *owned = room(build, 1, sizeof *owned);
    struct schema_place at = { build->at.document, text };
    struct pattern_fault fault;

    if (!owned)
        return STATUS_NO_MEMORY;
    enum status st = pattern_new(value_text(text), &owned->pattern, &fault);
    if (st == STATUS_UNPROCESSABLE)
        return schema_refuse(build->set, at, keyword, "%s at byte %zu of the pattern", fault.reason, fault.offset);
    if (st != STATUS_OK)
        return st;
    owned->next = build->set->patterns;
    build->set->patterns = owned;
    *pattern = owned->pattern;
    return STATUS_OK;
}

static enum status build_string(struct schema_build *build)
{
    const struct value *min = build->given[KEYWORD_MIN_LENGTH], *max = build->given[KEYWORD_MAX_LENGTH];
    const struct value *pattern = build->given[KEYWORD_PATTERN], *format = build->given[KEYWORD_FORMAT];

    if (!min && !max && !pattern && !format)
        return STATUS_OK;
    struct schema_string *string = room(build, 1, sizeof *string);
    if (!string)
        return STATUS_NO_MEMORY;
    string->min = count(min, 0);
    string->max = count(max, SIZE_MAX);
    string->format = format ? format_find(value_text(format)) : FORMAT_COUNT;
    string->format_name = format ? value_text(format) : (struct bytes){ 0 };
    string->pattern_text = pattern ? value_text(pattern) : (struct bytes){ 0 };
    build->schema->string = string;
    return pattern ? compile_pattern(build, pattern, "pattern", &string->pattern) : STATUS_OK;
}

static enum status build_items(struct schema_build *build, struct schema_array *array)
{
    const struct value *items = build->given[KEYWORD_ITEMS];

    if (!items || items->kind != VALUE_ARRAY)
        return one(build, items, &array->further);
    array->further_are_additional = true;
    enum status st = list(build, items, &array->tuple);
    return st == STATUS_OK ? one(build, build->given[KEYWORD_ADDITIONAL_ITEMS], &array->further) : st;
}

static enum status build_array(struct schema_build *build)
{
    const struct value *min = build->given[KEYWORD_MIN_ITEMS], *max = build->given[KEYWORD_MAX_ITEMS];
    const struct value *unique = build->given[KEYWORD_UNIQUE_ITEMS];

    if (!min && !max && !unique && !build->given[KEYWORD_ITEMS] && !build->given[KEYWORD_CONTAINS])
        return STATUS_OK;
    struct schema_array *array = room(build, 1, sizeof *array);
    if (!array)
        return STATUS_NO_MEMORY;
    array->min = count(min, 0);
    array->max = count(max, SIZE_MAX);
    array->is_unique = unique && unique->kind == VALUE_TRUE;
    build->schema->array = array;
    enum status st = build_items(build, array);
    return st == STATUS_OK ? one(build, build->given[KEYWORD_CONTAINS], &array->contains) : st;
}

/* ---- objects ---- */

static enum status build_names(struct schema_build *build, struct schema_object *object)
{
    const struct value *properties = build->given[KEYWORD_PROPERTIES], *required = build->given[KEYWORD_REQUIRED];
    size_t n = (properties ? properties->n : 0) + (required ? required->n : 0);
    enum status st = STATUS_OK;

    if (!n)
        return STATUS_OK;
    if (!names_reserve(build, &object->names, n))
        return STATUS_NO_MEMORY;
    const struct value *name = properties ? properties + 1 : NULL;
    for (uint32_t i = 0; properties && i < properties->n && st == STATUS_OK; i++, name = value_next(name + 1))
        st = one(build, name + 1, &names_add(&object->names, value_text(name))->schema);
    for (uint32_t i = 0; required && i < required->n; i++)
        names_add(&object->names, value_text(required + 1 + i))->is_required = true;
    object->required = required;
    object->n_required = required ? required->n : 0;
    return st;
}

static enum status build_patterns(struct schema_build *build, struct schema_object *object)
{
    const struct value *given = build->given[KEYWORD_PATTERN_PROPERTIES];
    enum status st = STATUS_OK;

    if (!given)
        return STATUS_OK;
    struct schema_pattern *patterns = room(build, given->n, sizeof *patterns);
    const struct value *name = given + 1;
    if (!patterns)
        return STATUS_NO_MEMORY;
    object->patterns = patterns;
    for (; object->n_patterns < given->n && st == STATUS_OK; object->n_patterns++, name = value_next(name + 1)) {
        st = compile_pattern(build, name, "patternProperties", &patterns[object->n_patterns].pattern);
        if (st == STATUS_OK)
            st = one(build, name + 1, &patterns[object->n_patterns].schema);
    }
    return st;
}

static enum status build_dependencies(struct schema_build *build, struct schema_object *object)
{
    const struct value *given = build->given[KEYWORD_DEPENDENCIES];
    enum status st = STATUS_OK;

    if (!given)
        return STATUS_OK;
    struct schema_dependency *dependencies = room(build, given->n, sizeof *dependencies);
    const struct value *name = given + 1;
    if (!dependencies)
        return STATUS_NO_MEMORY;
    object->dependencies = dependencies;
    for (; object->n_dependencies < given->n && st == STATUS_OK; object->n_dependencies++, name = value_next(name + 1)) {
        struct schema_dependency *dependency = &dependencies[object->n_dependencies];
        dependency->name = value_text(name);
        dependency->hash = text_hash(dependency->name);
        if (name[1].kind == VALUE_ARRAY)
            dependency->names = name + 1;
        else
            st = one(build, name + 1, &dependency->schema);
    }
    return st;
}

static enum status build_object(struct schema_build *build)
{
    static const enum keyword keywords[] = { KEYWORD_MIN_PROPERTIES, KEYWORD_MAX_PROPERTIES,     KEYWORD_PROPERTIES,
                                             KEYWORD_REQUIRED,       KEYWORD_PATTERN_PROPERTIES, KEYWORD_ADDITIONAL_PROPERTIES,
                                             KEYWORD_PROPERTY_NAMES, KEYWORD_DEPENDENCIES };
    bool is_asked = false;

    for (size_t i = 0; i < sizeof keywords / sizeof keywords[0]; i++)
        is_asked |= build->given[keywords[i]] != NULL;
    if (!is_asked)
        return STATUS_OK;
    struct schema_object *object = room(build, 1, sizeof *object);
    if (!object)
        return STATUS_NO_MEMORY;
    object->min = count(build->given[KEYWORD_MIN_PROPERTIES], 0);
    object->max = count(build->given[KEYWORD_MAX_PROPERTIES], SIZE_MAX);
    build->schema->object = object;
    enum status st = build_names(build, object);
    if (st == STATUS_OK)
        st = build_patterns(build, object);
    if (st == STATUS_OK)
        st = build_dependencies(build, object);
    if (st == STATUS_OK)
        st = one(build, build->given[KEYWORD_ADDITIONAL_PROPERTIES], &object->additional);
    return st == STATUS_OK ? one(build, build->given[KEYWORD_PROPERTY_NAMES], &object->property_names) : st;
}

/* ---- schemas that judge the same value ---- */

static enum status build_condition(struct schema_build *build, struct schema_combination *combination)
{
    const struct value *if_ = build->given[KEYWORD_IF], *then_ = build->given[KEYWORD_THEN], *else_ = build->given[KEYWORD_ELSE];

    if (!if_ || (!then_ && !else_))
        return STATUS_OK;
    enum status st = one(build, if_, &combination->if_);
    if (st == STATUS_OK)
        st = one(build, then_, &combination->then_);
    return st == STATUS_OK ? one(build, else_, &combination->else_) : st;
}

/* A reference that is marked applies what it refers to. */
static enum status build_reference(struct schema_build *build, struct schema_combination *combination)
{
    struct schema_place target;
    enum status st = schema_refer(build->set, build->at, build->given[KEYWORD_REF], &target);

    combination->all_of.schemas = room(build, 1, sizeof(struct schema *));
    if (!combination->all_of.schemas)
        return STATUS_NO_MEMORY;
    if (st == STATUS_OK)
        st = schema_at(build->set, target, &combination->all_of.schemas[0]);
    combination->all_of.n = 1;
    return st;
}

static enum status build_combination(struct schema_build *build)
{
    static const enum keyword keywords[] = { KEYWORD_ALL_OF, KEYWORD_ANY_OF, KEYWORD_ONE_OF, KEYWORD_NOT, KEYWORD_IF, KEYWORD_REF };
    bool is_asked = false;

    for (size_t i = 0; i < sizeof keywords / sizeof keywords[0]; i++)
        is_asked |= build->given[keywords[i]] != NULL;
    if (!is_asked)
        return STATUS_OK;
    struct schema_combination *combination = room(build, 1, sizeof *combination);
    if (!combination)
        return STATUS_NO_MEMORY;
    build->schema->combination = combination;
    if (build->given[KEYWORD_REF])
        return build_reference(build, combination);
    enum status st = list(build, build->given[KEYWORD_ALL_OF], &combination->all_of);
    if (st == STATUS_OK)
        st = list(build, build->given[KEYWORD_ANY_OF], &combination->any_of);
    if (st == STATUS_OK)
        st = list(build, build->given[KEYWORD_ONE_OF], &combination->one_of);
    if (st == STATUS_OK)
        st = one(build, build->given[KEYWORD_NOT], &combination->not );
    return st == STATUS_OK ? build_condition(build, combination) : st;
}

enum status schema_build(struct schema_build *build)
{
    typedef enum status part(struct schema_build *);
    static part *const parts[] = { build_type, build_values, build_number, build_string, build_array, build_object };
    const struct value *sensitive = build->given[KEYWORD_SENSITIVE];
    enum status st = STATUS_OK;

    build->schema->is_sensitive = sensitive && sensitive->kind == VALUE_TRUE;
    for (size_t i = 0; i < sizeof parts / sizeof parts[0] && st == STATUS_OK && !build->given[KEYWORD_REF]; i++)
        st = parts[i](build);
    return st == STATUS_OK ? build_combination(build) : st;
}
