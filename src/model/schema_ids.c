/* Names of schemas, and what references lead to. */
#include <stdint.h>
#include <string.h>

#include "model/schema_set.h"
#include "model/uri_reference.h"

const struct value *schema_member(const struct value *object, enum keyword keyword)
{
    struct bytes name = bytes_of(keyword_name(keyword));

    return object->kind == VALUE_OBJECT ? value_member(object, name, text_hash(name)) : NULL;
}

/* ---- names ---- */

static uint32_t id_hash(struct bytes uri, struct bytes fragment)
{
    return text_hash(uri) * 31 + text_hash(fragment);
}

static struct schema_id *id_find(const struct schema_set *set, struct bytes uri, struct bytes fragment)
{
    uint32_t hash = id_hash(uri, fragment);
    struct schema_id *id = set->ids ? set->ids[hash % SCHEMA_ID_BUCKETS] : NULL;

    while (id && !(id->hash == hash && bytes_equal(id->uri, uri) && bytes_equal(id->fragment, fragment)))
        id = id->next;
    return id;
}

enum status schema_name(struct schema_set *set, struct schema_place at, struct bytes uri, struct bytes fragment,
                        const char *keyword)
{
    const struct schema_id *other = id_find(set, uri, fragment);
    uint32_t hash = id_hash(uri, fragment);

    if (other && other->place.value == at.value)
        return STATUS_OK;
    if (other)
        return schema_refuse(set, at, keyword, "another schema has this name: %.*s", (int)uri.len, uri.p);
    if (!set->ids)
        set->ids = arena_alloc_array(&set->arena, SCHEMA_ID_BUCKETS, sizeof(struct schema_id *));
    struct schema_id *id = arena_alloc(&set->arena, sizeof *id);
    if (!set->ids || !id)
        return STATUS_NO_MEMORY;
    *id = (struct schema_id){ set->ids[hash % SCHEMA_ID_BUCKETS], hash, uri, fragment, at };
    set->ids[hash % SCHEMA_ID_BUCKETS] = id;
    return STATUS_OK;
}

/* A new base, and the name that goes with it. */
static enum status base_change(struct schema_set *set, struct schema_place at, struct bytes uri, const struct bytes **base)
{
    struct bytes *own = arena_alloc(&set->arena, sizeof *own);

    if (!own)
        return STATUS_NO_MEMORY;
    *own = uri_reference_resolve(**base, uri, &set->arena);
    if (!own->p)
        return STATUS_NO_MEMORY;
    if (own->len > SCHEMA_URI_MAX_BYTES)
        return schema_refuse(set, at, "$id", "the URI is too long");
    *base = own;
    return schema_name(set, at, *own, BYTES(""), "$id");
}

/* $id: a URI, "#name", or both. */
enum status schema_identify(struct schema_set *set, struct schema_place at, const struct bytes **base)
{
    const struct value *id = schema_member(at.value, KEYWORD_ID);
    struct bytes fragment;
    enum status st = STATUS_OK;

    if (!id)
        return STATUS_OK;
    struct bytes uri = uri_reference_split(value_text(id), &fragment);
    if (!format_check(FORMAT_URI_REFERENCE, value_text(id)))
        return schema_refuse(set, (struct schema_place){ at.document, id }, "$id", "a URI reference was expected");
    if (fragment.len && fragment.p[0] == '/')
        return schema_refuse(set, (struct schema_place){ at.document, id }, "$id",
                             "a name gives no JSON Pointer: \"#name\" was expected");
    if (uri.len)
        st = base_change(set, at, uri, base);
    if (st == STATUS_OK && fragment.len)
        st = schema_name(set, at, **base, fragment, "$id");
    return st;
}

/* ---- references ---- */

/* The step of a JSON Pointer from value to its member or element of that token; NULL where there is none. */
static const struct value *step(const struct value *value, struct bytes token)
{
    const struct value *child = value + 1;
    size_t index;

    if (value->kind == VALUE_OBJECT)
        return value_member(value, token, text_hash(token));
    if (value->kind != VALUE_ARRAY || (token.len > 1 && token.p[0] == '0') || !bytes_to_size(token, UINT32_MAX, &index) ||
        index >= value->n)
        return NULL;
    while (index--)
        child = value_next(child);
    return child;
}

/* "~1" is a slash, "~0" a tilde; in place. */
static struct bytes unescape(char *token, size_t len)
{
    size_t to = 0;

    for (size_t from = 0; from < len; from++) {
        token[to] = token[from];
        if (token[from] == '~' && from + 1 < len && (token[from + 1] == '0' || token[from + 1] == '1'))
            token[to] = token[++from] == '0' ? '~' : '/';
        to++;
    }
    return (struct bytes){ token, to };
}

/* Follows a JSON Pointer below place, and notes the innermost base on the way. NULL where it leads nowhere. */
static const struct value *follow(struct schema_place place, struct bytes pointer, char *room, const struct bytes **base)
{
    struct bytes token;

    (void)bytes_cut(&pointer, '/', &token);
    while (place.value && bytes_cut(&pointer, '/', &token)) {
        if (token.len)
            memcpy(room, token.p, token.len);
        place.value = step(place.value, unescape(room, token.len));
        if (place.value && schema_site(place)->base)
            *base = schema_site(place)->base;
    }
    return place.value;
}

/* The schema that has this URI as a whole. The draft's own is there once somebody asks for it. */
static enum status whole(struct schema_set *set, struct bytes uri, const struct schema_id **id)
{
    *id = id_find(set, uri, BYTES(""));
    if (*id || !bytes_equal(uri, BYTES(SCHEMA_DRAFT07_URI)))
        return STATUS_OK;
    enum status st = schema_document_add(set, uri, schema_draft07_text());
    for (const struct schema_document *document = set->documents; document && st == STATUS_OK; document = document->next)
        st = document->next ? STATUS_OK : schema_document_scan(set, document); /* the last */
    *id = st == STATUS_OK ? id_find(set, uri, BYTES("")) : NULL;
    return st;
}

/* Where a fragment, decoded, leads to from its schema. */
static enum status locate(struct schema_set *set, const struct schema_id *id, struct bytes fragment, struct schema_place *target)
{
    const struct bytes *base = schema_site(id->place)->base;

    *target = id->place;
    if (fragment.len && fragment.p[0] == '/') {
        char *room = arena_alloc(&set->arena, fragment.len);
        if (!room)
            return STATUS_NO_MEMORY;
        target->value = follow(id->place, fragment, room, &base);
    } else if (fragment.len) {
        const struct schema_id *named = id_find(set, id->uri, fragment);
        target->value = named ? named->place.value : NULL;
        target->document = named ? named->place.document : target->document;
    }
    if (!target->value)
        return STATUS_OK;
    bool is_schema = target->value->kind == VALUE_OBJECT || target->value->kind == VALUE_TRUE || target->value->kind == VALUE_FALSE;
    if (!is_schema)
        target->value = NULL;
    return is_schema ? schema_scan(set, *target, base) : STATUS_OK;
}

enum status schema_refer(struct schema_set *set, struct schema_place from, const struct value *ref, struct schema_place *target)
{
    struct schema_place at = { from.document, ref };
    struct bytes fragment;
    struct bytes path = uri_reference_split(value_text(ref), &fragment);
    struct bytes uri = uri_reference_resolve(*schema_site(from)->base, path, &set->arena);
    char *decoded = arena_alloc(&set->arena, fragment.len + 1);
    const struct schema_id *id = NULL;

    if (!uri.p || !decoded)
        return STATUS_NO_MEMORY;
    size_t len = uri_reference_decode(fragment, decoded);
    enum status st = whole(set, uri, &id);
    if (st != STATUS_OK)
        return st;
    if (!id)
        return schema_refuse(set, at, "$ref", "no schema of the set has the URI %.*s", (int)(uri.len < 160 ? uri.len : 160), uri.p);
    st = len == SIZE_MAX ? STATUS_OK : locate(set, id, (struct bytes){ decoded, len }, target);
    if (st == STATUS_OK && (len == SIZE_MAX || !target->value))
        return schema_refuse(set, at, "$ref", "it leads to no schema");
    return st;
}
