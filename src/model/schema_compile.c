/* The second pass: from the text of each schema to what it asks. Schemas that refer to each other are filled in one after the other, so
 * that no chain of references is deep for us. */
#include <stdio.h>
#include <string.h>

#include "model/schema_build.h"
#include "model/schema_set.h"

enum { REFERENCES_MAX = 64, HEIGHT_MAX = 64, HEIGHT_BEING_COUNTED = UINT8_MAX };

/* Is it a reference and nothing else? One that is marked is a schema of its own. */
static const struct value *plain_reference(const struct value *value)
{
    return schema_member(value, KEYWORD_SENSITIVE) ? NULL : schema_member(value, KEYWORD_REF);
}

enum status schema_at(struct schema_set *set, struct schema_place place, const struct schema **schema)
{
    struct schema_place at = place;
    const struct value *ref;
    enum status st = STATUS_OK;

    for (int n = 0; st == STATUS_OK && (ref = plain_reference(at.value)); n++) {
        if (n == REFERENCES_MAX)
            return schema_refuse(set, place, "$ref", "the reference leads in a circle, or through more than %d others",
                                 REFERENCES_MAX);
        st = schema_refer(set, at, ref, &at);
    }
    if (st != STATUS_OK)
        return st;
    struct schema_site *site = schema_site(at);
    if (!site->schema) {
        struct schema_task *task = arena_alloc(&set->arena, sizeof *task);
        site->schema = arena_alloc_array(&set->arena, 1, sizeof *site->schema);
        if (!site->schema || !task)
            return STATUS_NO_MEMORY;
        *task = (struct schema_task){ set->tasks, at, site->schema };
        set->tasks = task;
        site->schema->place = at;
    }
    *schema = site->schema;
    return STATUS_OK;
}

static enum status fill(struct schema_set *set, const struct schema_task *task)
{
    struct schema_build build = { .set = set, .at = task->place, .schema = task->schema };
    const struct value *value = task->place.value;
    const struct value *name = value + 1;
    enum keyword keyword;
    char reason[256];

    build.schema->types = TYPES_ALL;
    if (value->kind == VALUE_FALSE) {
        build.schema->types = 0;
        build.schema->is_false = true;
    }
    if (value->kind != VALUE_OBJECT)
        return STATUS_OK;
    for (uint32_t i = 0; i < value->n; i++, name = value_next(name + 1)) {
        if (!keyword_find(value_text(name), &keyword, reason) && keyword < KEYWORD_COUNT)
            build.given[keyword] = name + 1;
    }
    return schema_build(&build);
}

/* ---- schemas that judge one value inside each other ---- */

static enum status count_height(struct schema_set *set, struct schema *schema, unsigned depth);

static enum status count_one(struct schema_set *set, const struct schema *child, unsigned depth, unsigned *height)
{
    struct schema *schema = (struct schema *)child; /* while the set is compiled nobody else holds it */
    enum status st = schema ? count_height(set, schema, depth + 1) : STATUS_OK;

    if (st == STATUS_OK && schema && schema->height > *height)
        *height = schema->height;
    return st;
}

static enum status count_list(struct schema_set *set, const struct schema_list *list, unsigned depth, unsigned *height)
{
    enum status st = STATUS_OK;

    for (uint32_t i = 0; i < list->n && st == STATUS_OK; i++)
        st = count_one(set, list->schemas[i], depth, height);
    return st;
}

static enum status count_combination(struct schema_set *set, const struct schema_combination *combination, unsigned depth,
                                     unsigned *height)
{
    const struct schema *ones[] = { combination->not, combination->if_, combination->then_, combination->else_ };
    const struct schema_list *lists[] = { &combination->all_of, &combination->any_of, &combination->one_of };
    enum status st = STATUS_OK;

    for (size_t i = 0; i < sizeof lists / sizeof lists[0] && st == STATUS_OK; i++)
        st = count_list(set, lists[i], depth, height);
    for (size_t i = 0; i < sizeof ones / sizeof ones[0] && st == STATUS_OK; i++)
        st = count_one(set, ones[i], depth, height);
    return st;
}

/* Refuses what would apply itself to the same value without end, and bounds how deep the judge goes before it steps down into a value. */
static enum status count_height(struct schema_set *set, struct schema *schema, unsigned depth)
{
    unsigned height = 0;
    enum status st = STATUS_OK;

    if (schema->height == HEIGHT_BEING_COUNTED)
        return schema_refuse(set, schema->place, "$ref", "the schema applies itself to the same value without end");
    if (schema->height)
        return STATUS_OK;
    if (depth == HEIGHT_MAX)
        return schema_refuse(set, schema->place, "", "more than %d schemas judge one value inside each other", HEIGHT_MAX);
    schema->height = HEIGHT_BEING_COUNTED;
    if (schema->combination)
        st = count_combination(set, schema->combination, depth, &height);
    for (uint32_t i = 0; schema->object && i < schema->object->n_dependencies && st == STATUS_OK; i++)
        st = count_one(set, schema->object->dependencies[i].schema, depth, &height);
    if (st == STATUS_OK && height >= HEIGHT_MAX)
        st = schema_refuse(set, schema->place, "", "more than %d schemas judge one value inside each other", HEIGHT_MAX);
    schema->height = (uint8_t)(height + 1);
    return st;
}

static enum status fill_waiting(struct schema_set *set)
{
    enum status st = STATUS_OK;

    while (set->tasks && st == STATUS_OK) {
        struct schema_task *task = set->tasks;
        set->tasks = task->next;
        task->next = NULL;
        *set->done_end = task;
        set->done_end = &task->next;
        st = fill(set, task);
    }
    return st;
}

/* Every schema that stands in the document, also one that nothing refers to: what is wrong with it is to be known. */
static enum status compile_document(struct schema_set *set, struct schema_document *document)
{
    const struct schema *schema;
    enum status st = STATUS_OK;

    for (size_t i = 0; i < document->tree.n && st == STATUS_OK; i++) {
        struct schema_place place = { document, &document->tree.values[i] };
        if (!schema_site(place)->base)
            continue;
        st = schema_at(set, place, &schema);
        if (st == STATUS_OK)
            st = fill_waiting(set);
        if (st == STATUS_OK && i == 0)
            document->schema = schema;
    }
    return st;
}

enum status schema_set_compile(struct schema_set *set, struct schema_fault *fault)
{
    enum status st = STATUS_OK;

    set->fault = fault;
    for (struct schema_document *document = set->documents; document && st == STATUS_OK; document = document->next)
        st = schema_document_scan(set, document);
    for (struct schema_document *document = set->documents; document && st == STATUS_OK; document = document->next)
        st = compile_document(set, document);
    for (const struct schema_task *task = set->done; task && st == STATUS_OK; task = task->next)
        st = count_height(set, task->schema, 0);
    set->fault = NULL;
    return st;
}
