#include "model/json_document.h"

#include <json-c/json.h>
#include <limits.h>
#include <stdint.h>

#include "model/limits.h"

/* struct document and struct document_reader are json-c's objects under another name: the casts stay in this file. */

struct document_reader *document_reader_new(void)
{
    struct json_tokener *tokener = json_tokener_new_ex(LIMIT_NESTING + 1);

    if (tokener)
        json_tokener_set_flags(tokener, JSON_TOKENER_STRICT);
    return (struct document_reader *)tokener;
}

void document_reader_free(struct document_reader *reader)
{
    if (reader)
        json_tokener_free((struct json_tokener *)reader);
}

enum status document_read(struct document_reader *reader, struct bytes text, struct document **document)
{
    struct json_tokener *tokener = (struct json_tokener *)reader;

    *document = NULL;
    if (text.len > INT_MAX)
        return STATUS_INTERNAL;
    json_tokener_reset(tokener);
    struct json_object *root = json_tokener_parse_ex(tokener, text.p, (int)text.len);
    if (json_tokener_get_error(tokener) != json_tokener_success) {
        json_object_put(root);
        return STATUS_INTERNAL;
    }
    *document = (struct document *)root;
    return STATUS_OK;
}

void document_free(struct document *document)
{
    json_object_put((struct json_object *)document);
}

static enum document_kind kind_of(const struct json_object *value)
{
    switch (json_object_get_type(value)) {
    case json_type_null:
        return DOCUMENT_NULL;
    case json_type_boolean:
        return DOCUMENT_BOOLEAN;
    case json_type_double:
    case json_type_int:
        return DOCUMENT_NUMBER;
    case json_type_string:
        return DOCUMENT_STRING;
    case json_type_array:
        return DOCUMENT_ARRAY;
    case json_type_object:
        return DOCUMENT_OBJECT;
    }
    return DOCUMENT_ABSENT;
}

enum document_kind document_member(const struct document *object, const char *name, struct bytes *text)
{
    struct json_object *value;

    if (!json_object_object_get_ex((const struct json_object *)object, name, &value))
        return DOCUMENT_ABSENT;
    enum document_kind kind = kind_of(value);
    if (kind == DOCUMENT_STRING)
        *text = (struct bytes){ json_object_get_string(value), (size_t)json_object_get_string_len(value) };
    return kind;
}
