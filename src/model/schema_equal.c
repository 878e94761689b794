/* Which values are equal. */
#include <string.h>

#include "model/schema_run.h"

static bool numbers_equal(const struct value *a, const struct value *b)
{
    struct decimal left, right;

    if (bytes_equal(value_text(a), value_text(b)))
        return true;
    return decimal_read(value_text(a), &left) && decimal_read(value_text(b), &right) && decimal_equal(&left, &right);
}

static bool arrays_equal(struct schema_run *run, const struct value *a, const struct value *b, const char *keyword)
{
    const struct value *left = a + 1, *right = b + 1;

    if (a->n != b->n)
        return false;
    for (uint32_t i = 0; i < a->n; i++, left = value_next(left), right = value_next(right)) {
        if (!schema_equal(run, left, right, keyword))
            return false;
    }
    return true;
}

static bool objects_equal(struct schema_run *run, const struct value *a, const struct value *b, const char *keyword)
{
    const struct value *name = a + 1;

    if (a->n != b->n)
        return false;
    for (uint32_t i = 0; i < a->n; i++, name = value_next(name + 1)) {
        if (!schema_take(run, 1 + b->n / 16, a, keyword))
            return false;
        const struct value *other = value_member(b, value_text(name), name->n);
        if (!other || !schema_equal(run, name + 1, other, keyword))
            return false;
    }
    return true;
}

bool schema_equal(struct schema_run *run, const struct value *a, const struct value *b, const char *keyword)
{
    bool is_equal = a->kind == b->kind;

    if (!is_equal || a->kind <= VALUE_TRUE)
        return is_equal;
    if (!schema_take(run, 1 + (a->len == b->len ? a->len / 64 : 0), a, keyword))
        return false;
    if (run->depth == SCHEMA_DEPTH_MAX)
        return schema_give_up(run, a, keyword);
    run->depth++;
    if (a->kind == VALUE_NUMBER)
        is_equal = numbers_equal(a, b);
    else if (a->kind == VALUE_STRING)
        is_equal = bytes_equal(value_text(a), value_text(b));
    else if (a->kind == VALUE_ARRAY)
        is_equal = arrays_equal(run, a, b, keyword);
    else
        is_equal = objects_equal(run, a, b, keyword);
    run->depth--;
    return is_equal;
}

/* ---- elements that differ ---- */

/* Equal values have equal hashes. Not recursive: a container's is the sum over all that stands in it, whatever the order. */
static uint32_t hash_of(const struct value *value)
{
    uint32_t sum = 0;

    for (const struct value *part = value, *end = value_next(value); part < end; part++) {
        struct decimal decimal;
        uint32_t hash = (uint32_t)(part->kind + 1) * 0x9e3779b1u;
        if (part->kind == VALUE_STRING)
            hash ^= text_hash(value_text(part));
        else if (part->kind == VALUE_NUMBER && decimal_read(value_text(part), &decimal))
            hash ^= (uint32_t)decimal_hash(&decimal);
        else if (part->kind >= VALUE_ARRAY)
            hash ^= part->n;
        sum += hash * 0x85ebca6bu;
    }
    return sum;
}

struct element {
    const struct value *value; /* NULL: the slot is free */
    uint32_t hash;
    uint32_t index;
};

static bool tell(struct schema_run *run, const struct value *array, uint32_t a, uint32_t b)
{
    return schema_violate(run, array, "uniqueItems", "elements that differ; %u and %u are equal", (unsigned)a, (unsigned)b);
}

/* A few: each with each. */
static bool few_differ(struct schema_run *run, const struct value *array)
{
    const struct value *a = array + 1;

    for (uint32_t i = 0; i + 1 < array->n; i++, a = value_next(a)) {
        const struct value *b = value_next(a);
        for (uint32_t k = i + 1; k < array->n; k++, b = value_next(b)) {
            if (schema_equal(run, a, b, "uniqueItems"))
                return tell(run, array, i, k);
        }
    }
    return run->broken == STATUS_OK;
}

/* Many: by their hashes. */
static bool many_differ(struct schema_run *run, const struct value *array)
{
    const struct value *value = array + 1;
    uint32_t size = 32;

    while (size < 2 * array->n)
        size *= 2;
    struct element *slots = arena_alloc_array(run->arena, size, sizeof *slots);
    if (!slots) {
        run->broken = STATUS_NO_MEMORY;
        return false;
    }
    for (uint32_t i = 0; i < array->n; i++, value = value_next(value)) {
        uint32_t hash = hash_of(value);
        if (!schema_take(run, value->span, value, "uniqueItems"))
            return false;
        uint32_t k = hash & (size - 1);
        for (; slots[k].value; k = (k + 1) & (size - 1)) {
            if (!schema_take(run, 1, value, "uniqueItems"))
                return false;
            if (slots[k].hash == hash && schema_equal(run, slots[k].value, value, "uniqueItems"))
                return tell(run, array, slots[k].index, i);
        }
        slots[k] = (struct element){ value, hash, i };
    }
    return run->broken == STATUS_OK;
}

bool schema_elements_differ(struct schema_run *run, const struct value *array)
{
    return array->n <= 8 ? few_differ(run, array) : many_differ(run, array);
}
