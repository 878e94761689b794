/* json_guard against json-c: what the guard passes without a fault json-c reads too, and both see the same elements and members. */
#include <json-c/json.h>

#include "model/json_guard.h"
#include "tests/fuzz/fuzz.h"

static const char *const member_names[GUARD_MEMBER_COUNT] = { [GUARD_EVENT_TYPE] = "event_type",
                                                              [GUARD_SESSION_ID] = "session_id",
                                                              [GUARD_EVENT_ID] = "event_id",
                                                              [GUARD_TIMESTAMP] = "timestamp",
                                                              [GUARD_PAGE_URL] = "page_url" };

/* The value of a text that is one. */
static struct json_object *parse(struct bytes text)
{
    struct json_tokener *tokener = json_tokener_new_ex(LIMIT_NESTING + 2);
    char *copy = fuzz_copy(text);

    MUST(tokener);
    json_tokener_set_flags(tokener, JSON_TOKENER_STRICT);
    struct json_object *root = json_tokener_parse_ex(tokener, copy, (int)text.len + 1);
    MUST(json_tokener_get_error(tokener) == json_tokener_success);
    free(copy);
    json_tokener_free(tokener);
    return root;
}

static struct bytes span(struct bytes text, struct guard_span at)
{
    MUST(at.begin < at.end && at.end <= text.len);
    return (struct bytes){ text.p + at.begin, at.end - at.begin };
}

static void compare(struct bytes text, struct json_object *want)
{
    struct json_object *got = parse(text);

    MUST(json_object_equal(got, want));
    json_object_put(got);
}

static void compare_element(struct bytes text, const struct guard_element *element, struct json_object *want)
{
    compare(span(text, element->text), want);
    for (size_t i = 0; i < GUARD_MEMBER_COUNT; i++) {
        struct json_object *value = NULL;
        bool is_object = json_object_is_type(want, json_type_object);
        bool is_there = is_object && json_object_object_get_ex(want, member_names[i], &value);
        MUST(is_there == (element->members[i].begin < element->members[i].end));
        if (is_there)
            compare(span(text, (struct guard_span){ element->values[i], element->members[i].end }), value);
    }
}

static bool is_clean(const struct guard_result *result, size_t max)
{
    if (result->n_elements > max)
        return false;
    for (size_t i = 0; i < result->n_elements; i++) {
        if (result->elements[i].fault.status != STATUS_OK)
            return false;
    }
    return true;
}

static void scan(struct bytes text, const struct limits *limits)
{
    struct arena arena = arena_new(16 * 1024 * 1024);
    struct guard_result result;
    enum status st = guard_scan(text, limits, &arena, &result);

    MUST(st == STATUS_OK || (result.fault.reason && result.fault.offset <= text.len));
    if (st == STATUS_OK && is_clean(&result, limits->batch_max_events)) {
        struct json_object *root = parse(text);
        MUST(result.is_array == json_object_is_type(root, json_type_array));
        MUST(result.n_elements == (result.is_array ? json_object_array_length(root) : 1));
        for (size_t i = 0; i < result.n_elements; i++)
            compare_element(text, &result.elements[i], result.is_array ? json_object_array_get_idx(root, i) : root);
        json_object_put(root);
    }
    arena_free(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct limits usual = LIMITS_DEFAULT;
    const struct limits narrow = { .batch_max_events = 2, .nesting_max = 2, .members_max = 3, .values_max = 9 };

    scan(fuzz_input(data, size), &usual);
    scan(fuzz_input(data, size), &narrow);
    return 0;
}
