#include "model/name_set.h"

#include <stdio.h>

#include "tests/unit/failing.h"
#include "tests/unit/unit.h"

static enum name_finding add(struct name_set *set, struct name_scope *scope, const char *name)
{
    return name_set_add(set, scope, bytes_of(name));
}

Test(name_set, an_object_knows_its_own_names)
{
    struct arena arena = arena_new(1 << 20);
    struct name_set set = { .arena = &arena };
    struct name_scope outer = name_set_open(&set);

    EXPECT_INT(__LINE__, add(&set, &outer, "a"), NAME_NEW);
    EXPECT_INT(__LINE__, add(&set, &outer, ""), NAME_NEW);
    struct name_scope inner = name_set_open(&set);
    EXPECT_INT(__LINE__, add(&set, &inner, "a"), NAME_NEW);
    EXPECT_INT(__LINE__, add(&set, &inner, "b"), NAME_NEW);
    EXPECT_INT(__LINE__, add(&set, &inner, "a"), NAME_TWICE);
    name_set_close(&set, &inner);
    EXPECT_INT(__LINE__, add(&set, &outer, "b"), NAME_NEW);
    EXPECT_INT(__LINE__, add(&set, &outer, "a"), NAME_TWICE);
    EXPECT_INT(__LINE__, add(&set, &outer, ""), NAME_TWICE);
    arena_free(&arena);
}

/* More names than there are bits for their hashes, of every length up to three words. */
Test(name_set, many_names_are_told_apart)
{
    enum { N = 1000, LEN = 24 };
    static char names[N][LEN + 8];
    struct arena arena = arena_new(1 << 20);
    struct name_set set = { .arena = &arena };
    struct name_scope scope = name_set_open(&set);

    for (int i = 0; i < N; i++)
        snprintf(names[i], sizeof names[i], "%0*d", 4 + i % (LEN - 3), i);
    for (int i = 0; i < N; i++)
        cr_expect_eq(add(&set, &scope, names[i]), NAME_NEW, "%s", names[i]);
    for (int i = 0; i < N; i++)
        cr_expect_eq(add(&set, &scope, names[i]), NAME_TWICE, "%s", names[i]);
    arena_free(&arena);
}

Test(name_set, without_memory_says_so)
{
    struct arena arena = arena_new(1 << 20);
    struct name_set set = { .arena = &arena };
    struct name_scope scope = name_set_open(&set);

    failing_begin(1);
    EXPECT_INT(__LINE__, add(&set, &scope, "a"), NAME_NO_MEMORY);
    cr_expect(failing_end());
    EXPECT_INT(__LINE__, add(&set, &scope, "a"), NAME_NEW);
    arena_free(&arena);
}
