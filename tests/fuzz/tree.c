/* tree against json-c: a text that json_guard passes is the same tree to both; any other is read without a step behind its end. */
#include <json-c/json.h>

#include "model/json_guard.h"
#include "model/tree.h"
#include "tests/fuzz/fuzz.h"

static void compare(const struct value *value, struct json_object *want);

static void compare_members(const struct value *object, struct json_object *want)
{
    const struct value *name = object + 1;

    MUST(object->n == (uint32_t)json_object_object_length(want));
    for (uint32_t i = 0; i < object->n; i++, name = value_next(name + 1)) {
        char *copy = fuzz_copy(value_text(name));
        struct json_object *member = NULL;
        MUST(name->kind == VALUE_STRING && name->n == text_hash(value_text(name)));
        MUST(value_member(object, value_text(name), name->n) == name + 1);
        MUST(json_object_object_get_ex(want, copy, &member));
        compare(name + 1, member);
        free(copy);
    }
}

static void compare_elements(const struct value *array, struct json_object *want)
{
    const struct value *element = array + 1;

    MUST(array->n == json_object_array_length(want));
    for (uint32_t i = 0; i < array->n; i++, element = value_next(element))
        compare(element, json_object_array_get_idx(want, i));
}

static void compare(const struct value *value, struct json_object *want)
{
    static const enum json_type kinds[] = {
        [VALUE_NULL] = json_type_null,     [VALUE_FALSE] = json_type_boolean, [VALUE_TRUE] = json_type_boolean,
        [VALUE_NUMBER] = json_type_double, [VALUE_STRING] = json_type_string, [VALUE_ARRAY] = json_type_array,
        [VALUE_OBJECT] = json_type_object
    };
    enum json_type kind = json_object_get_type(want);

    MUST(kinds[value->kind] == (kind == json_type_int ? json_type_double : kind));
    if (kind == json_type_boolean)
        MUST(json_object_get_boolean(want) == (value->kind == VALUE_TRUE));
    if (kind == json_type_string)
        MUST(bytes_equal(value_text(value),
                         (struct bytes){ json_object_get_string(want), (size_t)json_object_get_string_len(want) }));
    if (kind == json_type_int)
        MUST(value->is_digits);
    if (kind == json_type_array)
        compare_elements(value, want);
    if (kind == json_type_object)
        compare_members(value, want);
}

static struct json_object *parse(struct bytes text)
{
    struct json_tokener *tokener = json_tokener_new_ex(LIMIT_NESTING + 2);
    char *copy = fuzz_copy(text);

    MUST(tokener);
    struct json_object *root = json_tokener_parse_ex(tokener, copy, (int)text.len + 1);
    MUST(json_tokener_get_error(tokener) == json_tokener_success);
    free(copy);
    json_tokener_free(tokener);
    return root;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct limits limits = LIMITS_DEFAULT;
    struct bytes text = fuzz_input(data, size);
    struct arena arena = arena_new(16 * 1024 * 1024);
    struct guard_result scan;
    struct tree tree = { 0 };

    limits.batch_max_events = 0;
    enum status st = guard_scan(text, &limits, &arena, &scan);
    enum status read = tree_read(&tree, text, &arena);
    MUST(st != STATUS_OK || read == STATUS_OK);
    if (st == STATUS_OK && guard_scan(text, &(struct limits)LIMITS_DEFAULT, &arena, &scan) == STATUS_OK &&
        (!scan.n_elements || (!scan.is_array && scan.elements[0].fault.status == STATUS_OK))) {
        struct json_object *root = parse(text);
        compare(tree.values, root);
        for (size_t i = 0; i < tree.n; i++) {
            char pointer[64];
            MUST(value_pointer(tree.values, &tree.values[i], pointer, sizeof pointer) < sizeof pointer);
        }
        json_object_put(root);
    }
    arena_free(&arena);
    return 0;
}
