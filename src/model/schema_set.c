#include "model/schema_set.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "model/json_guard.h"
#include "model/uri_reference.h"

struct schema_set *schema_set_new(void)
{
    struct schema_set *set = calloc(1, sizeof *set);

    if (set) {
        set->arena = arena_new(SCHEMA_SET_MAX_BYTES);
        set->end = &set->documents;
        set->done_end = &set->done;
    }
    return set;
}

void schema_set_free(struct schema_set *set)
{
    if (!set)
        return;
    for (struct schema_owned_pattern *owned = set->patterns; owned; owned = owned->next)
        pattern_free(owned->pattern);
    arena_free(&set->arena);
    free(set);
}

/* ---- faults ---- */

static void put_text(char *to, size_t capacity, struct bytes text)
{
    struct bytes cut = utf8_cut(text, capacity - 1);

    if (cut.len)
        memcpy(to, cut.p, cut.len);
    to[cut.len] = '\0';
}

static enum status refuse_whole(struct schema_set *set, struct bytes uri, const char *reason)
{
    *set->fault = (struct schema_fault){ 0 };
    put_text(set->fault->uri, sizeof set->fault->uri, uri);
    put_text(set->fault->reason, sizeof set->fault->reason, bytes_of(reason));
    return STATUS_INVALID_SCHEMA;
}

enum status schema_refuse(struct schema_set *set, struct schema_place at, const char *keyword, const char *format, ...)
{
    struct schema_fault *fault = set->fault;
    char reason[1024];
    va_list args;

    va_start(args, format);
    vsnprintf(reason, sizeof reason, format, args);
    va_end(args);
    (void)refuse_whole(set, at.document->uri, reason);
    put_text(fault->keyword, sizeof fault->keyword, bytes_of(keyword));
    value_pointer(at.document->tree.values, at.value, fault->pointer, sizeof fault->pointer);
    return STATUS_INVALID_SCHEMA;
}

/* ---- adding ---- */

static enum status read_strictly(struct schema_set *set, struct schema_document *document, struct bytes text)
{
    struct limits limits = LIMITS_DEFAULT;
    struct guard_result scan;
    char reason[256];

    limits.nesting_max = SCHEMA_NESTING_MAX;
    limits.members_max = LIMIT_MEMBERS;
    enum status st = guard_scan(text, &limits, &set->arena, &scan);
    const struct guard_fault *fault = &scan.fault;
    for (size_t i = 0; st == STATUS_OK && i < scan.n_elements && i < limits.batch_max_events; i++) {
        if (scan.elements[i].fault.status != STATUS_OK && fault->status == STATUS_OK)
            fault = &scan.elements[i].fault;
    }
    if (st == STATUS_NO_MEMORY || (st == STATUS_OK && fault->status == STATUS_OK))
        return st == STATUS_OK ? tree_read(&document->tree, text, &set->arena) : st;
    snprintf(reason, sizeof reason, "%s at byte %zu", fault->reason, fault->offset);
    return refuse_whole(set, document->uri, reason);
}

static enum status check_whole(struct schema_set *set, struct schema_document *document)
{
    enum value_kind kind = (enum value_kind)document->tree.values->kind;
    struct schema_place root = { document, document->tree.values };

    if (kind != VALUE_OBJECT && kind != VALUE_TRUE && kind != VALUE_FALSE)
        return schema_refuse(set, root, "", "a schema, that is an object or a boolean, was expected");
    document->sites = arena_alloc_array(&set->arena, document->tree.n, sizeof *document->sites);
    return document->sites ? STATUS_OK : STATUS_NO_MEMORY;
}

enum status schema_document_add(struct schema_set *set, struct bytes uri, struct bytes text)
{
    struct schema_document *document = arena_alloc_array(&set->arena, 1, sizeof *document);
    struct bytes copy = arena_copy(&set->arena, text);

    if (!document || !copy.p)
        return STATUS_NO_MEMORY;
    document->uri = arena_copy(&set->arena, uri);
    enum status st = document->uri.p ? read_strictly(set, document, copy) : STATUS_NO_MEMORY;
    if (st == STATUS_OK)
        st = check_whole(set, document);
    if (st == STATUS_OK) {
        *set->end = document;
        set->end = &document->next;
    }
    return st;
}

static struct schema_document *document_find(const struct schema_set *set, struct bytes uri)
{
    struct schema_document *document = set->documents;

    while (document && !bytes_equal(document->uri, uri))
        document = document->next;
    return document;
}

enum status schema_set_add(struct schema_set *set, struct bytes uri, struct bytes text, struct schema_fault *fault)
{
    struct bytes fragment;
    struct bytes whole = uri_reference_split(uri, &fragment);

    set->fault = fault;
    if (uri.len > SCHEMA_URI_MAX_BYTES || fragment.p || !uri_reference_is_absolute(whole) || !format_check(FORMAT_URI, uri))
        return refuse_whole(set, uri, "an absolute URI without a fragment was expected as the name of a schema");
    if (document_find(set, uri))
        return refuse_whole(set, uri, "a schema of this URI is there already");
    if (text.len > SCHEMA_TEXT_MAX_BYTES)
        return refuse_whole(set, uri, "the schema is too large");
    return schema_document_add(set, uri, text);
}

const struct schema *schema_set_find(const struct schema_set *set, struct bytes uri)
{
    const struct schema_document *document = document_find(set, uri);

    return document ? document->schema : NULL;
}
