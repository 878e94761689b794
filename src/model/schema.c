#include "model/schema.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/json_guard.h"

struct schema {
    struct schema *next;
    struct bytes uri;
    const struct value *root;
};

struct schema_set {
    struct arena arena;
    struct schema *schemas;
};

struct schema_scratch {
    char unused;
};

struct schema_set *schema_set_new(void)
{
    struct schema_set *set = calloc(1, sizeof *set);

    if (set)
        set->arena = arena_new(SCHEMA_SET_MAX_BYTES);
    return set;
}

void schema_set_free(struct schema_set *set)
{
    if (set)
        arena_free(&set->arena);
    free(set);
}

struct schema_scratch *schema_scratch_new(void)
{
    return calloc(1, sizeof(struct schema_scratch));
}

void schema_scratch_free(struct schema_scratch *scratch)
{
    free(scratch);
}

static enum status refuse(struct schema_fault *fault, struct bytes uri, const char *reason)
{
    *fault = (struct schema_fault){ 0 };
    snprintf(fault->uri, sizeof fault->uri, "%.*s", (int)uri.len, uri.p);
    snprintf(fault->reason, sizeof fault->reason, "%s", reason);
    return STATUS_INVALID_SCHEMA;
}

/* Strict JSON, and as a tree. */
static enum status read(struct schema_set *set, struct bytes uri, struct bytes text, const struct value **root,
                        struct schema_fault *fault)
{
    struct limits limits = LIMITS_DEFAULT;
    struct guard_result scan;
    struct tree tree = { 0 };

    limits.nesting_max = SCHEMA_NESTING_MAX;
    limits.members_max = LIMIT_MEMBERS;
    enum status st = guard_scan(text, &limits, &set->arena, &scan);
    if (st != STATUS_OK && st != STATUS_NO_MEMORY)
        return refuse(fault, uri, scan.fault.reason);
    if (st == STATUS_OK && scan.n_elements && scan.elements[0].fault.status != STATUS_OK)
        return refuse(fault, uri, scan.elements[0].fault.reason);
    if (st == STATUS_OK)
        st = tree_read(&tree, text, &set->arena);
    *root = tree.values;
    return st;
}

enum status schema_set_add(struct schema_set *set, struct bytes uri, struct bytes text, struct schema_fault *fault)
{
    struct schema *schema = arena_alloc_array(&set->arena, 1, sizeof *schema);
    struct bytes copy = arena_copy(&set->arena, text);

    if (!schema || !copy.p)
        return STATUS_NO_MEMORY;
    if (uri.len > SCHEMA_URI_MAX_BYTES)
        return refuse(fault, (struct bytes){ "", 0 }, "the URI is too long");
    if (schema_set_find(set, uri))
        return refuse(fault, uri, "a schema of this URI is there already");
    schema->uri = arena_copy(&set->arena, uri);
    enum status st = schema->uri.p ? read(set, uri, copy, &schema->root, fault) : STATUS_NO_MEMORY;
    if (st == STATUS_OK && schema->root->kind != VALUE_OBJECT)
        st = refuse(fault, uri, "a schema must be an object or a boolean");
    if (st == STATUS_OK) {
        schema->next = set->schemas;
        set->schemas = schema;
    }
    return st;
}

enum status schema_set_compile(struct schema_set *set, struct schema_fault *fault)
{
    (void)set;
    *fault = (struct schema_fault){ 0 };
    return STATUS_OK;
}

const struct schema *schema_set_find(const struct schema_set *set, struct bytes uri)
{
    const struct schema *schema = set->schemas;

    while (schema && !bytes_equal(schema->uri, uri))
        schema = schema->next;
    return schema;
}

/* ---- judging ---- */

static const struct value *member_of(const struct value *object, const char *name)
{
    struct bytes text = bytes_of(name);

    return object->kind == VALUE_OBJECT ? value_member(object, text, value_hash(text)) : NULL;
}

static enum status violate(struct schema_report *report, struct arena *arena, const char *pointer, const char *keyword,
                           struct bytes expected)
{
    if (report->n < SCHEMA_VIOLATIONS_MAX) {
        struct schema_violation *violation = &report->violations[report->n++];
        *violation = (struct schema_violation){ arena_copy(arena, bytes_of(pointer)), keyword, arena_copy(arena, expected) };
        if (!violation->pointer.p || !violation->expected.p)
            return STATUS_NO_MEMORY;
    }
    return STATUS_SCHEMA_VIOLATED;
}

static bool has_type(const struct value *value, struct bytes type)
{
    static const char *const names[] = {
        [VALUE_NULL] = "null",     [VALUE_FALSE] = "boolean", [VALUE_TRUE] = "boolean", [VALUE_NUMBER] = "number",
        [VALUE_STRING] = "string", [VALUE_ARRAY] = "array",   [VALUE_OBJECT] = "object"
    };

    return bytes_equal(bytes_of(names[value->kind]), type) ||
           (value->kind == VALUE_NUMBER && value->is_digits && bytes_equal(type, BYTES("integer")));
}

/* Of the draft: type (one), required, properties. */
static enum status judge(const struct value *schema, const struct value *value, const char *pointer, struct arena *arena,
                         struct schema_report *report)
{
    const struct value *type = member_of(schema, "type");
    const struct value *required = member_of(schema, "required");
    const struct value *properties = member_of(schema, "properties");
    enum status st = STATUS_OK;

    report->steps++;
    if (type && type->kind == VALUE_STRING && !has_type(value, value_text(type)))
        return violate(report, arena, pointer, "type", value_text(type));
    if (value->kind != VALUE_OBJECT)
        return st;
    for (uint32_t i = 0; required && required->kind == VALUE_ARRAY && i < required->n; i++) {
        struct bytes name = value_text(required + 1 + i);
        if (!value_member(value, name, value_hash(name)))
            st = violate(report, arena, pointer, "required", name);
    }
    if (!properties || properties->kind != VALUE_OBJECT)
        return st;
    const struct value *member = properties + 1;
    for (uint32_t i = 0; i < properties->n; i++, member = value_next(member + 1)) {
        char place[512];
        const struct value *own = value_member(value, value_text(member), member->n);
        snprintf(place, sizeof place, "%s/%.*s", pointer, (int)member->len, member->p);
        enum status inner = own ? judge(member + 1, own, place, arena, report) : STATUS_OK;
        st = inner != STATUS_OK ? inner : st;
    }
    return st;
}

enum status schema_judge(const struct schema *schema, const struct value *value, struct schema_scratch *scratch,
                         struct arena *arena, struct schema_report *report)
{
    (void)scratch;
    report->n = 0;
    report->steps = 0;
    return judge(schema->root, value, "", arena, report);
}
