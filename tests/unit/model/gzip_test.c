#include "model/gzip.h"

#include <libdeflate.h>

#include "tests/unit/unit.h"

enum { ARENA_BYTES = 16 * 1024 * 1024 };

/* One gzip member. To be freed. */
static struct bytes packed(struct bytes text)
{
    struct libdeflate_compressor *compressor = libdeflate_alloc_compressor(6);
    size_t bound = libdeflate_gzip_compress_bound(compressor, text.len);
    char *p = malloc(bound);
    size_t len = libdeflate_gzip_compress(compressor, text.p, text.len, p, bound);

    cr_assert_gt(len, 0);
    libdeflate_free_compressor(compressor);
    return (struct bytes){ p, len };
}

static enum status unpack(struct bytes data, size_t max_bytes, struct arena *arena, struct bytes *text)
{
    struct gunzip *gunzip = gunzip_new();
    char *copy = exact_copy(data);
    enum status st = gunzip_text(gunzip, (struct bytes){ copy, data.len }, max_bytes, arena, text);

    free(copy);
    gunzip_free(gunzip);
    return st;
}

/* What gzip(1) makes of "hello\n". */
static const struct bytes hello =
    TEXT("\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\xcb\x48\xcd\xc9\xc9\xe7\x02\x00\x20\x30\x3a\x36\x06\x00\x00\x00");

Test(gzip, unpacks_what_gzip_makes)
{
    struct arena arena = arena_new(ARENA_BYTES);
    struct bytes text;

    EXPECT_STATUS(__LINE__, unpack(hello, 100, &arena, &text), STATUS_OK);
    EXPECT_BYTES(__LINE__, text, BYTES("hello\n"));
    arena_free(&arena);
}

Test(gzip, ceiling_holds_for_every_length)
{
    static const size_t lens[] = { 0, 1, 2, 1000, 65535, 65536, 100000 };

    for (size_t i = 0; i < COUNT_OF(lens); i++) {
        char *letters = repeated('x', lens[i]);
        struct bytes data = packed((struct bytes){ letters, lens[i] });
        const size_t ceilings[] = { lens[i] ? lens[i] - 1 : 0, lens[i], lens[i] + 1, 1000000 };
        for (size_t c = 0; c < COUNT_OF(ceilings); c++) {
            struct arena arena = arena_new(ARENA_BYTES);
            struct bytes text = { 0 };
            bool fits = ceilings[c] >= lens[i];
            EXPECT_STATUS((int)lens[i], unpack(data, ceilings[c], &arena, &text), fits ? STATUS_OK : STATUS_TOO_LARGE);
            if (fits)
                EXPECT((int)lens[i], text.p && bytes_equal(text, (struct bytes){ letters, lens[i] }));
            EXPECT((int)lens[i], arena.used_bytes <= 2 * ceilings[c] + 64); /* a bomb costs no more */
            arena_free(&arena);
        }
        free((char *)data.p);
        free(letters);
    }
}

Test(gzip, members_in_a_row_are_one_text)
{
    struct bytes large = packed(BYTES("a text that is a good deal longer than the last member says: aaaaaaaaaaaaaaaaaaaaaa"));
    struct buf data = buf_new(4096);
    struct arena arena = arena_new(ARENA_BYTES);
    struct bytes text;

    buf_add(&data, hello);
    buf_add(&data, large);
    buf_add(&data, hello);
    EXPECT_STATUS(__LINE__, unpack(buf_bytes(&data), 4096, &arena, &text), STATUS_OK);
    EXPECT_BYTES(__LINE__, text,
                 BYTES("hello\na text that is a good deal longer than the last member says: aaaaaaaaaaaaaaaaaaaaaahello\n"));
    EXPECT_STATUS(__LINE__, unpack(buf_bytes(&data), text.len - 1, &arena, &text), STATUS_TOO_LARGE);
    arena_free(&arena);
    buf_free(&data);
    free((char *)large.p);
}

Test(gzip, refuses_what_is_no_gzip)
{
    static const struct {
        int line;
        struct bytes data;
    } cases[] = {
        { __LINE__, TEXT("") },
        { __LINE__, TEXT("{}") },
        { __LINE__, TEXT("\x1f\x8b") },
        { __LINE__, TEXT("\x1f\x8b\x08") },
        { __LINE__, TEXT("{\"event_type\":\"a\",\"session_id\":\"b\"}") },
        { __LINE__, TEXT("\x78\x9c\xcb\x48\xcd\xc9\xc9\xe7\x02\x00\x08\x4b\x02\x1f") }, /* zlib */
        { __LINE__,
          TEXT("\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\xcb\x48\xcd\xc9\xc9\xe7\x02\x00\x20\x30\x3a\x36\x06\x00\x00\x00{}") },
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct arena arena = arena_new(ARENA_BYTES);
        struct bytes text = { 0 };
        EXPECT_STATUS(cases[i].line, unpack(cases[i].data, 4096, &arena, &text), STATUS_INVALID_ENCODING);
        arena_free(&arena);
    }
}

Test(gzip, accepts_no_beginning_of_a_member)
{
    for (size_t len = 0; len < hello.len; len++) {
        struct arena arena = arena_new(ARENA_BYTES);
        struct bytes text = { 0 };
        cr_expect_eq(unpack((struct bytes){ hello.p, len }, 4096, &arena, &text), STATUS_INVALID_ENCODING, "the first %zu bytes",
                     len);
        arena_free(&arena);
    }
}

/* The check sum and the length at its end tell a damaged member; the header has bytes of no account. */
Test(gzip, accepts_no_member_with_a_damaged_bit_in_its_data)
{
    for (size_t at = 10; at < hello.len; at++) {
        for (int bit = 0; bit < (at == 17 ? 2 : 8); bit++) { /* six bits pad the last byte before the check sum */
            struct arena arena = arena_new(ARENA_BYTES);
            struct bytes text = { 0 };
            char damaged[64];
            memcpy(damaged, hello.p, hello.len);
            damaged[at] = (char)(damaged[at] ^ 1 << bit);
            enum status st = unpack((struct bytes){ damaged, hello.len }, 4096, &arena, &text);
            cr_expect(st == STATUS_INVALID_ENCODING, "byte %zu, bit %d: %s", at, bit, status_info(st)->code);
            arena_free(&arena);
        }
    }
}

Test(gzip, decompressor_serves_again_after_an_error)
{
    struct gunzip *gunzip = gunzip_new();
    struct arena arena = arena_new(ARENA_BYTES);
    struct bytes text;

    for (int round = 0; round < 3; round++) {
        EXPECT_STATUS(round, gunzip_text(gunzip, BYTES("nonsense"), 4096, &arena, &text), STATUS_INVALID_ENCODING);
        EXPECT_STATUS(round, gunzip_text(gunzip, hello, 4096, &arena, &text), STATUS_OK);
        EXPECT_BYTES(round, text, BYTES("hello\n"));
    }
    arena_free(&arena);
    gunzip_free(gunzip);
}

Test(gzip, without_memory_says_so_at_every_step)
{
    struct buf data = buf_new(4096);
    struct bytes text;
    size_t ceiling = 0;
    enum status st;

    buf_add(&data, hello);
    buf_add(&data, hello); /* needs a second attempt */
    do {
        struct arena arena = arena_new(ceiling);
        st = unpack(buf_bytes(&data), 1000, &arena, &text);
        if (st != STATUS_OK)
            EXPECT_STATUS((int)ceiling, st, STATUS_NO_MEMORY);
        arena_free(&arena);
        ceiling += 16;
    } while (st != STATUS_OK && ceiling < 4096);
    EXPECT_STATUS(__LINE__, st, STATUS_OK);
    cr_expect_gt(ceiling, 1000);
    buf_free(&data);
}

Test(gzip, free_takes_null)
{
    gunzip_free(NULL);
}
