#include "base/arena.h"

#include <stdalign.h>

#include "tests/unit/failing.h"
#include "tests/unit/unit.h"

enum { UNIT = alignof(max_align_t) };

Test(arena, gives_aligned_memory_that_does_not_overlap)
{
    static const size_t sizes[] = { 1, 16, 17, 4096, 32 * 1024, 1, 32 * 1024 + 1, 100000, 3 };
    struct arena arena = arena_new(1024 * 1024);
    unsigned char *p[COUNT_OF(sizes)];

    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        p[i] = arena_alloc(&arena, sizes[i]);
        cr_assert_not_null(p[i]);
        EXPECT_INT((int)i, (uintptr_t)p[i] % UNIT, 0);
        memset(p[i], (int)i, sizes[i]);
    }
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        for (size_t at = 0; at < sizes[i]; at++)
            cr_assert_eq(p[i][at], i, "allocation %zu, byte %zu", i, at);
    }
    arena_free(&arena);
}

Test(arena, hands_out_its_ceiling_and_no_more)
{
    struct arena arena = arena_new(10 * UNIT);

    cr_expect_null(arena_alloc(&arena, 10 * UNIT + 1));
    cr_expect_not_null(arena_alloc(&arena, 9 * UNIT));
    cr_expect_null(arena_alloc(&arena, UNIT + 1));
    cr_expect_not_null(arena_alloc(&arena, UNIT));
    cr_expect_null(arena_alloc(&arena, 1));
    EXPECT_INT(__LINE__, arena.used_bytes, 10 * UNIT);
    arena_free(&arena);
}

Test(arena, counts_what_alignment_takes)
{
    struct arena arena = arena_new(4 * UNIT);

    for (int i = 0; i < 4; i++)
        cr_expect_not_null(arena_alloc(&arena, 1));
    cr_expect_null(arena_alloc(&arena, 1));
    arena_free(&arena);
}

Test(arena, of_no_ceiling_gives_nothing)
{
    struct arena arena = arena_new(0);

    cr_expect_null(arena_alloc(&arena, 1));
    cr_expect_null(arena_copy(&arena, BYTES("")).p);
    cr_expect_null(arena.block);
    arena_free(&arena);
}

Test(arena, refuses_sizes_that_overflow)
{
    static const size_t sizes[] = { SIZE_MAX, SIZE_MAX - 1, SIZE_MAX - UNIT, SIZE_MAX - UNIT + 1, SIZE_MAX - 2 * UNIT };
    struct arena arena = arena_new(SIZE_MAX);

    for (size_t i = 0; i < COUNT_OF(sizes); i++)
        cr_expect_null(arena_alloc(&arena, sizes[i]), "size %zu", sizes[i]);
    cr_expect_null(arena_alloc_array(&arena, SIZE_MAX / 8, 9));
    cr_expect_null(arena_alloc_array(&arena, 9, SIZE_MAX / 8));
    cr_expect_null(arena_copy(&arena, (struct bytes){ "", SIZE_MAX }).p);
    arena_free(&arena);
}

Test(arena, clears_arrays)
{
    struct arena arena = arena_new(4096);
    unsigned char *p = arena_alloc(&arena, 100);

    memset(p, 0xff, 100);
    arena_reset(&arena);
    p = arena_alloc_array(&arena, 10, 10);
    for (int i = 0; i < 100; i++)
        EXPECT_INT(i, p[i], 0);
    arena_free(&arena);
}

Test(arena, array_of_nothing_is_memory)
{
    struct arena arena = arena_new(4096);

    cr_expect_not_null(arena_alloc_array(&arena, 0, 8));
    cr_expect_not_null(arena_alloc_array(&arena, 8, 0));
    arena_free(&arena);
}

Test(arena, copies_with_a_nul_behind)
{
    struct arena arena = arena_new(4096);
    struct bytes text = BYTES("a\0b");
    struct bytes copy = arena_copy(&arena, text);

    EXPECT_BYTES(__LINE__, copy, text);
    cr_expect_neq(copy.p, text.p);
    EXPECT_INT(__LINE__, copy.p[copy.len], '\0');
    EXPECT_BYTES(__LINE__, arena_copy(&arena, BYTES("")), BYTES(""));
    EXPECT_BYTES(__LINE__, arena_copy(&arena, (struct bytes){ 0 }), BYTES(""));
    arena_free(&arena);
}

Test(arena, gives_its_ceiling_again_after_reset)
{
    struct arena arena = arena_new(1024 * 1024);

    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < 1024; i++)
            cr_assert_not_null(arena_alloc(&arena, 1024), "round %d, allocation %d", round, i);
        cr_assert_null(arena_alloc(&arena, 1));
        arena_reset(&arena);
        EXPECT_INT(round, arena.used_bytes, 0);
    }
    arena_free(&arena);
}

Test(arena, keeps_one_small_block_over_a_reset)
{
    struct arena arena = arena_new(1024 * 1024);
    void *small = arena_alloc(&arena, 1);

    cr_assert_not_null(arena_alloc(&arena, 100000));
    arena_reset(&arena);
    cr_expect_eq(arena_alloc(&arena, 1), small);
    arena_free(&arena);
}

Test(arena, returns_large_blocks_at_reset)
{
    struct arena arena = arena_new(1024 * 1024);

    cr_assert_not_null(arena_alloc(&arena, 100000));
    arena_reset(&arena);
    cr_expect_null(arena.block);
    arena_free(&arena);
}

Test(arena, may_be_used_after_free)
{
    struct arena arena = arena_new(4 * UNIT);

    cr_assert_not_null(arena_alloc(&arena, 4 * UNIT));
    arena_free(&arena);
    cr_expect_not_null(arena_alloc(&arena, 4 * UNIT));
    arena_free(&arena);
    arena_free(&arena);
}

Test(arena, without_memory_gives_nothing_and_stays_whole)
{
    struct arena arena = arena_new(1024 * 1024);
    void *before = arena_alloc(&arena, 16);

    memset(before, 'x', 16);
    failing_begin(1);
    cr_expect_null(arena_alloc(&arena, 64 * 1024));
    cr_expect(failing_end());
    EXPECT_INT(__LINE__, arena.used_bytes, 16);
    EXPECT_BYTES(__LINE__, ((struct bytes){ before, 16 }), BYTES("xxxxxxxxxxxxxxxx"));
    cr_expect_not_null(arena_alloc(&arena, 64 * 1024));
    arena_free(&arena);
}
