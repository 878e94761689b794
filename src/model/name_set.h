/* The names of the members of objects that are open inside each other: does one stand twice in its object? Names are compared decoded, and
 * borrowed until their object is closed. In line, since it is asked for each name of each event. */
#ifndef SYNCHRONY_MODEL_NAME_SET_H
#define SYNCHRONY_MODEL_NAME_SET_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/text_hash.h"

struct name {
    uint32_t hash;
    uint32_t len;
    const char *p;
};

/* Starts with its arena alone. */
struct name_set {
    struct arena *arena;
    struct name *names; /* of all open objects, the innermost last */
    uint32_t n;
    uint32_t capacity;
};

/* An object's part of the set. */
struct name_scope {
    uint32_t first; /* index of its first name */
    uint64_t seen;  /* a bit for each hash, modulo 64, of its names: where there is none, none is the same */
};

enum name_finding { NAME_NEW, NAME_TWICE, NAME_NO_MEMORY };

static inline struct name_scope name_set_open(const struct name_set *set)
{
    return (struct name_scope){ .first = set->n };
}

/* Forgets the names of the innermost object. */
static inline void name_set_close(struct name_set *set, const struct name_scope *scope)
{
    set->n = scope->first;
}

bool name_set_has(const struct name_set *set, const struct name_scope *scope, struct name name);
bool name_set_grow(struct name_set *set) MUST_USE;

/* Adds a name to the innermost object, of at most UINT32_MAX bytes. */
static inline enum name_finding name_set_add(struct name_set *set, struct name_scope *scope, struct bytes text)
{
    struct name name = { text_hash(text), (uint32_t)text.len, text.p };
    uint64_t bit = UINT64_C(1) << (name.hash & 63);
    bool is_twice = (scope->seen & bit) && name_set_has(set, scope, name);

    if (set->n == set->capacity && !name_set_grow(set))
        return NAME_NO_MEMORY;
    scope->seen |= bit;
    set->names[set->n++] = name;
    return is_twice ? NAME_TWICE : NAME_NEW;
}

#endif
