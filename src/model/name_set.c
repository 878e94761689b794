#include "model/name_set.h"

enum { FIRST_CAPACITY = 64 };

bool name_set_has(const struct name_set *set, const struct name_scope *scope, struct name name)
{
    for (uint32_t i = scope->first; i < set->n; i++) {
        const struct name *other = &set->names[i];
        if (other->hash == name.hash && other->len == name.len && text_same(other->p, name.p, name.len))
            return true;
    }
    return false;
}

bool name_set_grow(struct name_set *set)
{
    uint32_t capacity = set->capacity ? set->capacity * 2 : FIRST_CAPACITY;
    struct name *grown = arena_alloc(set->arena, capacity * sizeof *grown);

    if (!grown)
        return false;
    if (set->n)
        memcpy(grown, set->names, set->n * sizeof *grown);
    set->names = grown;
    set->capacity = capacity;
    return true;
}
