/* The first pass over a schema: is every keyword one of the draft's, and has it its form? Which names does it give? */
#include <stdio.h>

#include "model/schema_set.h"
#include "model/uri_reference.h"

/* ---- keywords ---- */

static enum status check_dialect(struct schema_set *set, struct schema_place at)
{
    struct bytes fragment;
    struct bytes uri = uri_reference_split(value_text(at.value), &fragment);

    if (bytes_equal(uri, BYTES(SCHEMA_DRAFT07_URI)) && !fragment.len)
        return STATUS_OK;
    return schema_refuse(set, at, "$schema", "only draft-07 is known: " SCHEMA_DRAFT07_URI "#");
}

static enum status check_format(struct schema_set *set, struct schema_place at)
{
    enum format format = format_find(value_text(at.value));

    if (format == FORMAT_UNKNOWN)
        return schema_refuse(set, at, "format", "there is no such format in draft-07");
    if (format == FORMAT_NOT_ASSERTED)
        return schema_refuse(set, at, "format",
                             "this format is not asserted; date-time, date, time, uri, uri-reference, email, hostname, "
                             "ipv4, ipv6, uuid, json-pointer and regex are");
    return STATUS_OK;
}

static enum status check_reference(struct schema_set *set, struct schema_place at)
{
    if (!format_check(FORMAT_URI_REFERENCE, value_text(at.value)))
        return schema_refuse(set, at, "$ref", "a URI reference was expected");
    return STATUS_OK;
}

static enum status check_keyword(struct schema_set *set, struct schema_place at, enum keyword keyword)
{
    const struct value *culprit;
    const char *reason = keyword_check(keyword, at.value, &culprit);

    if (reason)
        return schema_refuse(set, (struct schema_place){ at.document, culprit }, keyword_name(keyword), "%s", reason);
    if (keyword == KEYWORD_SCHEMA)
        return check_dialect(set, at);
    if (keyword == KEYWORD_FORMAT)
        return check_format(set, at);
    return keyword == KEYWORD_REF ? check_reference(set, at) : STATUS_OK;
}

/* The schemas that stand in a keyword's value. */
static enum status scan_held(struct schema_set *set, struct schema_place at, enum keyword_holds holds, const struct bytes *base)
{
    bool is_map = holds == HOLDS_MAP || holds == HOLDS_DEPENDENCIES;
    const struct value *child = at.value + 1 + is_map;
    enum status st = STATUS_OK;

    if (holds == HOLDS_NONE)
        return STATUS_OK;
    if (holds == HOLDS_SCHEMA || (holds == HOLDS_EITHER && at.value->kind != VALUE_ARRAY))
        return schema_scan(set, at, base);
    for (uint32_t i = 0; i < at.value->n && st == STATUS_OK; i++, child = value_next(child) + is_map) {
        if (holds != HOLDS_DEPENDENCIES || child->kind != VALUE_ARRAY)
            st = schema_scan(set, (struct schema_place){ at.document, child }, base);
    }
    return st;
}

static enum status scan_member(struct schema_set *set, struct schema_place name, bool is_reference, const struct bytes *base)
{
    struct schema_place value = { name.document, name.value + 1 };
    enum keyword keyword;
    char made[256];
    const char *reason = keyword_find(value_text(name.value), &keyword, made);

    /* Beside $ref the draft ignores every other keyword. What is only referred to, and what we add to the draft, are none of these. */
    if (is_reference && keyword != KEYWORD_REF && keyword != KEYWORD_DEFINITIONS && keyword != KEYWORD_SENSITIVE)
        return STATUS_OK;
    if (reason) {
        char cut[64];
        snprintf(cut, sizeof cut, "%.*s", (int)name.value->len, name.value->p);
        return schema_refuse(set, name, cut, "%s", reason);
    }
    enum status st = check_keyword(set, value, keyword);
    return st == STATUS_OK ? scan_held(set, value, keyword_holds(keyword), base) : st;
}

enum status schema_scan(struct schema_set *set, struct schema_place at, const struct bytes *base)
{
    bool is_reference = schema_member(at.value, KEYWORD_REF) != NULL;
    const struct value *name = at.value + 1;
    const struct value *id = schema_member(at.value, KEYWORD_ID);
    enum status st = STATUS_OK;

    if (schema_site(at)->base)
        return STATUS_OK;
    if (at.value->kind != VALUE_OBJECT) {
        schema_site(at)->base = base;
        return STATUS_OK;
    }
    if (!is_reference && id)
        st = check_keyword(set, (struct schema_place){ at.document, id }, KEYWORD_ID);
    if (!is_reference && st == STATUS_OK)
        st = schema_identify(set, at, &base);
    schema_site(at)->base = base;
    for (uint32_t i = 0; i < at.value->n && st == STATUS_OK; i++, name = value_next(name + 1))
        st = scan_member(set, (struct schema_place){ at.document, name }, is_reference, base);
    return st;
}

enum status schema_document_scan(struct schema_set *set, const struct schema_document *document)
{
    struct schema_place root = { document, document->tree.values };
    enum status st = schema_name(set, root, document->uri, BYTES(""), "");

    return st == STATUS_OK ? schema_scan(set, root, &document->uri) : st;
}
