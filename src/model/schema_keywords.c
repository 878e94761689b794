#include "model/schema_keywords.h"

#include <stdio.h>
#include <string.h>

#include "model/decimal.h"
#include "model/limits.h"

typedef const char *form(const struct value *value, const struct value **culprit);

static bool is_schema(const struct value *value)
{
    return value->kind == VALUE_OBJECT || value->kind == VALUE_TRUE || value->kind == VALUE_FALSE;
}

static const char *any(const struct value *value, const struct value **culprit)
{
    (void)value;
    (void)culprit;
    return NULL;
}

static const char *boolean(const struct value *value, const struct value **culprit)
{
    (void)culprit;
    return value->kind == VALUE_TRUE || value->kind == VALUE_FALSE ? NULL : "true or false was expected";
}

static const char *text(const struct value *value, const struct value **culprit)
{
    (void)culprit;
    return value->kind == VALUE_STRING ? NULL : "a string was expected";
}

static const char *schema(const struct value *value, const struct value **culprit)
{
    (void)culprit;
    return is_schema(value) ? NULL : "a schema, that is an object or a boolean, was expected";
}

static const char *number(const struct value *value, const struct value **culprit)
{
    struct decimal decimal;

    (void)culprit;
    return value->kind == VALUE_NUMBER && decimal_read(value_text(value), &decimal) ? NULL : "a number was expected";
}

static const char *positive(const struct value *value, const struct value **culprit)
{
    struct decimal decimal;

    (void)culprit;
    if (value->kind == VALUE_NUMBER && decimal_read(value_text(value), &decimal) && decimal.n_digits && !decimal.negative)
        return NULL;
    return "a number greater than 0 was expected";
}

static const char *count(const struct value *value, const struct value **culprit)
{
    struct decimal decimal;

    (void)culprit;
    if (value->kind == VALUE_NUMBER && decimal_read(value_text(value), &decimal) && !decimal.negative &&
        decimal_is_integer(&decimal))
        return NULL;
    return "an integer of 0 or more was expected";
}

static const char *schemas(const struct value *value, const struct value **culprit)
{
    const struct value *element = value + 1;

    if (value->kind != VALUE_ARRAY || !value->n)
        return "an array of at least one schema was expected";
    for (uint32_t i = 0; i < value->n; i++, element = value_next(element)) {
        if (!is_schema(element)) {
            *culprit = element;
            return schema(element, culprit);
        }
    }
    return NULL;
}

static const char *schema_or_schemas(const struct value *value, const struct value **culprit)
{
    return is_schema(value) ? NULL : schemas(value, culprit);
}

static const char *schema_map(const struct value *value, const struct value **culprit)
{
    const struct value *name = value + 1;

    if (value->kind != VALUE_OBJECT)
        return "an object whose members are schemas was expected";
    for (uint32_t i = 0; i < value->n; i++, name = value_next(name + 1)) {
        if (!is_schema(name + 1)) {
            *culprit = name + 1;
            return schema(name + 1, culprit);
        }
    }
    return NULL;
}

/* Unique strings, compared each with each: no object has more members than these may be. */
static const char *names(const struct value *value, const struct value **culprit)
{
    if (value->kind != VALUE_ARRAY)
        return "an array of strings was expected";
    if (value->n > LIMIT_MEMBERS)
        return "fewer names were expected: no object has as many members";
    for (uint32_t i = 0; i < value->n; i++) {
        const struct value *element = value + 1 + i;
        *culprit = element;
        if (element->kind != VALUE_STRING)
            return "a string was expected";
        for (uint32_t k = 0; k < i; k++) {
            if (bytes_equal(value_text(value + 1 + k), value_text(element)))
                return "the name stands twice in the list";
        }
    }
    *culprit = value;
    return NULL;
}

static const char *dependencies(const struct value *value, const struct value **culprit)
{
    const struct value *name = value + 1;
    const char *reason = NULL;

    if (value->kind != VALUE_OBJECT)
        return "an object whose members are schemas or arrays of names was expected";
    for (uint32_t i = 0; i < value->n && !reason; i++, name = value_next(name + 1)) {
        *culprit = name + 1;
        if (!is_schema(name + 1))
            reason = names(name + 1, culprit);
    }
    return reason;
}

static const char *array(const struct value *value, const struct value **culprit)
{
    (void)culprit;
    return value->kind == VALUE_ARRAY ? NULL : "an array was expected";
}

static bool is_type(const struct value *value)
{
    static const struct bytes types[] = { BYTES("null"),   BYTES("boolean"), BYTES("object"), BYTES("array"),
                                          BYTES("number"), BYTES("string"),  BYTES("integer") };

    for (size_t i = 0; value->kind == VALUE_STRING && i < sizeof types / sizeof types[0]; i++) {
        if (bytes_equal(value_text(value), types[i]))
            return true;
    }
    return false;
}

static const char *type(const struct value *value, const struct value **culprit)
{
    static const char reason[] = "one of array, boolean, integer, null, number, object, string was expected";
    const char *list = NULL;

    if (value->kind != VALUE_ARRAY)
        return is_type(value) ? NULL : reason;
    for (uint32_t i = 0; i < value->n && i < 8; i++) {
        *culprit = value + 1 + i;
        if ((value + 1 + i)->span != 1 || !is_type(value + 1 + i))
            return reason;
    }
    *culprit = value;
    list = value->n ? names(value, culprit) : "at least one type was expected";
    return list;
}

static const struct {
    struct bytes name;
    form *form;
    enum keyword_holds holds;
} rows[] = {
    [KEYWORD_ADDITIONAL_ITEMS] = { BYTES("additionalItems"), schema, HOLDS_SCHEMA },
    [KEYWORD_ADDITIONAL_PROPERTIES] = { BYTES("additionalProperties"), schema, HOLDS_SCHEMA },
    [KEYWORD_ALL_OF] = { BYTES("allOf"), schemas, HOLDS_ARRAY },
    [KEYWORD_ANY_OF] = { BYTES("anyOf"), schemas, HOLDS_ARRAY },
    [KEYWORD_CONST] = { BYTES("const"), any, HOLDS_NONE },
    [KEYWORD_CONTAINS] = { BYTES("contains"), schema, HOLDS_SCHEMA },
    [KEYWORD_DEFINITIONS] = { BYTES("definitions"), schema_map, HOLDS_MAP },
    [KEYWORD_DEPENDENCIES] = { BYTES("dependencies"), dependencies, HOLDS_DEPENDENCIES },
    [KEYWORD_ELSE] = { BYTES("else"), schema, HOLDS_SCHEMA },
    [KEYWORD_ENUM] = { BYTES("enum"), array, HOLDS_NONE },
    [KEYWORD_EXCLUSIVE_MAXIMUM] = { BYTES("exclusiveMaximum"), number, HOLDS_NONE },
    [KEYWORD_EXCLUSIVE_MINIMUM] = { BYTES("exclusiveMinimum"), number, HOLDS_NONE },
    [KEYWORD_FORMAT] = { BYTES("format"), text, HOLDS_NONE },
    [KEYWORD_ID] = { BYTES("$id"), text, HOLDS_NONE },
    [KEYWORD_IF] = { BYTES("if"), schema, HOLDS_SCHEMA },
    [KEYWORD_ITEMS] = { BYTES("items"), schema_or_schemas, HOLDS_EITHER },
    [KEYWORD_MAXIMUM] = { BYTES("maximum"), number, HOLDS_NONE },
    [KEYWORD_MAX_ITEMS] = { BYTES("maxItems"), count, HOLDS_NONE },
    [KEYWORD_MAX_LENGTH] = { BYTES("maxLength"), count, HOLDS_NONE },
    [KEYWORD_MAX_PROPERTIES] = { BYTES("maxProperties"), count, HOLDS_NONE },
    [KEYWORD_MINIMUM] = { BYTES("minimum"), number, HOLDS_NONE },
    [KEYWORD_MIN_ITEMS] = { BYTES("minItems"), count, HOLDS_NONE },
    [KEYWORD_MIN_LENGTH] = { BYTES("minLength"), count, HOLDS_NONE },
    [KEYWORD_MIN_PROPERTIES] = { BYTES("minProperties"), count, HOLDS_NONE },
    [KEYWORD_MULTIPLE_OF] = { BYTES("multipleOf"), positive, HOLDS_NONE },
    [KEYWORD_NOT] = { BYTES("not"), schema, HOLDS_SCHEMA },
    [KEYWORD_ONE_OF] = { BYTES("oneOf"), schemas, HOLDS_ARRAY },
    [KEYWORD_PATTERN] = { BYTES("pattern"), text, HOLDS_NONE },
    [KEYWORD_PATTERN_PROPERTIES] = { BYTES("patternProperties"), schema_map, HOLDS_MAP },
    [KEYWORD_PROPERTIES] = { BYTES("properties"), schema_map, HOLDS_MAP },
    [KEYWORD_PROPERTY_NAMES] = { BYTES("propertyNames"), schema, HOLDS_SCHEMA },
    [KEYWORD_REF] = { BYTES("$ref"), text, HOLDS_NONE },
    [KEYWORD_REQUIRED] = { BYTES("required"), names, HOLDS_NONE },
    [KEYWORD_SCHEMA] = { BYTES("$schema"), text, HOLDS_NONE },
    [KEYWORD_SENSITIVE] = { BYTES("x-sensitive"), boolean, HOLDS_NONE },
    [KEYWORD_THEN] = { BYTES("then"), schema, HOLDS_SCHEMA },
    [KEYWORD_TYPE] = { BYTES("type"), type, HOLDS_NONE },
    [KEYWORD_UNIQUE_ITEMS] = { BYTES("uniqueItems"), boolean, HOLDS_NONE },
};
_Static_assert(sizeof rows / sizeof rows[0] == KEYWORD_COUNT, "a row for each keyword");

/* Annotations of the draft, and what often stands beside them: never taken for a keyword that is misspelt. */
static const struct bytes annotations[] = {
    BYTES("$comment"),        BYTES("title"),    BYTES("description"), BYTES("default"),
    BYTES("examples"),        BYTES("readOnly"), BYTES("writeOnly"),   BYTES("contentMediaType"),
    BYTES("contentEncoding"), BYTES("example"),  BYTES("deprecated"),  BYTES("contentSchema"),
};

/* Keywords of other drafts and tools that decide about values. To ignore them, as the draft would, breaks what their author promises. */
static const struct {
    struct bytes name;
    const char *reason;
} refused[] = {
    { BYTES("$anchor"), "is of draft 2019-09; write \"$id\": \"#name\"" },
    { BYTES("$defs"), "is of draft 2019-09; write definitions" },
    { BYTES("$dynamicAnchor"), "is of draft 2020-12" },
    { BYTES("$dynamicRef"), "is of draft 2020-12" },
    { BYTES("$recursiveAnchor"), "is of draft 2019-09" },
    { BYTES("$recursiveRef"), "is of draft 2019-09; write \"$ref\": \"#\"" },
    { BYTES("$vocabulary"), "is of draft 2019-09" },
    { BYTES("dependentRequired"), "is of draft 2019-09; write dependencies" },
    { BYTES("dependentSchemas"), "is of draft 2019-09; write dependencies" },
    { BYTES("maxContains"), "is of draft 2019-09" },
    { BYTES("minContains"), "is of draft 2019-09" },
    { BYTES("unevaluatedItems"), "is of draft 2019-09; write additionalItems" },
    { BYTES("unevaluatedProperties"), "is of draft 2019-09; write additionalProperties" },
    { BYTES("prefixItems"), "is of draft 2020-12; write items with an array" },
    { BYTES("id"), "is of draft-04; write $id" },
    { BYTES("extends"), "is of draft-03; write allOf" },
    { BYTES("disallow"), "is of draft-03; write not" },
    { BYTES("divisibleBy"), "is of draft-03; write multipleOf" },
    { BYTES("nullable"), "is of OpenAPI; write \"type\": [\"null\", \"string\"]" },
    { BYTES("discriminator"), "is of OpenAPI" },
    { BYTES("formatMaximum"), "is of ajv" },
    { BYTES("formatMinimum"), "is of ajv" },
    { BYTES("formatExclusiveMaximum"), "is of ajv" },
    { BYTES("formatExclusiveMinimum"), "is of ajv" },
    { BYTES("instanceof"), "is of ajv" },
    { BYTES("patternRequired"), "is of ajv" },
    { BYTES("typeof"), "is of ajv" },
};

const char *keyword_name(enum keyword keyword)
{
    return keyword < KEYWORD_COUNT ? rows[keyword].name.p : "";
}

enum keyword_holds keyword_holds(enum keyword keyword)
{
    return keyword < KEYWORD_COUNT ? rows[keyword].holds : HOLDS_NONE;
}

const char *keyword_check(enum keyword keyword, const struct value *value, const struct value **culprit)
{
    *culprit = value;
    return keyword < KEYWORD_COUNT ? rows[keyword].form(value, culprit) : NULL;
}

/* ---- names that are nearly one ---- */

/* How many bytes stand alike at the beginning. */
static size_t alike(struct bytes a, struct bytes b)
{
    size_t n = 0;

    while (n < a.len && n < b.len && a.p[n] == b.p[n])
        n++;
    return n;
}

static struct bytes behind(struct bytes text, size_t n)
{
    return (struct bytes){ text.p + n, text.len - n };
}

/* Is it the other with one letter too many, too few, changed, or two that changed places? Or with others in capitals? */
static bool is_nearly(struct bytes name, struct bytes keyword)
{
    size_t n = alike(name, keyword);
    struct bytes a = behind(name, n), b = behind(keyword, n);

    if (bytes_equal_nocase(name, keyword))
        return true;
    if (keyword.len < 5 || name.len + 1 < keyword.len || name.len > keyword.len + 1)
        return false;
    if (a.len > b.len)
        return bytes_equal(behind(a, 1), b);
    if (a.len < b.len)
        return bytes_equal(a, behind(b, 1));
    if (bytes_equal(behind(a, 1), behind(b, 1)))
        return true;
    return a.len > 1 && a.p[0] == b.p[1] && a.p[1] == b.p[0] && bytes_equal(behind(a, 2), behind(b, 2));
}

const char *keyword_find(struct bytes name, enum keyword *keyword, char reason[256])
{
    *keyword = KEYWORD_ANNOTATION;
    for (size_t i = 0; i < KEYWORD_COUNT; i++) {
        if (bytes_equal(name, rows[i].name)) {
            *keyword = (enum keyword)i;
            return NULL;
        }
    }
    for (size_t i = 0; i < sizeof annotations / sizeof annotations[0]; i++) {
        if (bytes_equal(name, annotations[i]))
            return NULL;
    }
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        if (bytes_equal(name, refused[i].name))
            return refused[i].reason;
    }
    for (size_t i = 0; i < KEYWORD_COUNT && !bytes_begins_with(name, BYTES("x-")); i++) {
        if (is_nearly(name, rows[i].name)) {
            snprintf(reason, 256, "is no keyword of draft-07: %s is meant? An annotation's name may begin with x-", rows[i].name.p);
            return reason;
        }
    }
    return NULL;
}
