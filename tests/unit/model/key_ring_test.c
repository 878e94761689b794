#include "model/key_ring.h"

#include <stdio.h>

#include "tests/unit/unit.h"

enum { N = 50 };

struct name {
    char digit[32];
    char id[32];
};

static struct name name_of(size_t i)
{
    struct name name;

    snprintf(name.digit, sizeof name.digit, "%zu", i);
    snprintf(name.id, sizeof name.id, "syk_%08zu", i);
    return name;
}

static struct key_ring *ring_of(size_t n)
{
    struct key_grant grants[N];
    struct key_ring *ring;

    for (size_t i = 0; i < n; i++) {
        struct name name = name_of(i);
        grants[i] = (struct key_grant){
            .digest = api_key_digest_of(bytes_of(name.digit)),
            .scopes = (api_scopes)i % 16,
            .rate = { .interval_ns = 1000 + i, .burst = i },
            .daily_quota = i * 3,
            .expires_us = (int64_t)i * 7,
            .origins = i % 2 ? BYTES("https://a.example\nhttps://b.example") : BYTES(""),
            .event_types = i % 3 ? BYTES("click") : BYTES(""),
        };
        memcpy(grants[i].id, name.id, API_KEY_ID_BYTES);
    }
    cr_assert_eq(key_ring_new(grants, n, 12345, &ring), STATUS_OK);
    return ring;
}

static void expect_all(const struct key_ring *ring, size_t n)
{
    EXPECT(__LINE__, key_ring_length(ring) == n && key_ring_read_at_us(ring) == 12345);
    for (size_t i = 0; i < n; i++) {
        struct name name = name_of(i);
        struct key_grant grant;
        struct api_key_digest digest = api_key_digest_of(bytes_of(name.digit));
        cr_assert(key_ring_find(ring, &digest, &grant));
        EXPECT_TEXT(__LINE__, grant.id, name.id);
        EXPECT(__LINE__, grant.scopes == i % 16 && grant.rate.interval_ns == 1000 + i && grant.rate.burst == i &&
                             grant.daily_quota == i * 3 && grant.expires_us == (int64_t)i * 7);
        EXPECT_BYTES(__LINE__, grant.origins, i % 2 ? BYTES("https://a.example\nhttps://b.example") : BYTES(""));
        EXPECT_BYTES(__LINE__, grant.event_types, i % 3 ? BYTES("click") : BYTES(""));
    }
}

Test(key_ring, finds_each_of_its_keys_and_no_other)
{
    static const size_t lengths[] = { 0, 1, 2, N };
    const struct api_key_digest stranger = api_key_digest_of(BYTES("stranger"));

    for (size_t i = 0; i < COUNT_OF(lengths); i++) {
        struct key_ring *ring = ring_of(lengths[i]);
        struct key_grant grant;
        expect_all(ring, lengths[i]);
        EXPECT(__LINE__, !key_ring_find(ring, &stranger, &grant));
        key_ring_free(ring);
    }
}

Test(key_ring, comes_back_from_its_bytes)
{
    struct key_ring *ring = ring_of(N), *copy;

    EXPECT_STATUS(__LINE__, key_ring_parse(key_ring_bytes(ring), &copy), STATUS_OK);
    key_ring_free(ring);
    expect_all(copy, N);
    key_ring_free(copy);
}

Test(key_ring, that_is_damaged_or_cut_is_none)
{
    struct key_ring *ring = ring_of(3), *copy;
    struct bytes bytes = key_ring_bytes(ring);
    char *text = exact_copy(bytes);

    for (size_t i = 0; i < bytes.len; i++) {
        text[i] ^= 1;
        cr_expect_eq(key_ring_parse((struct bytes){ text, bytes.len }, &copy), STATUS_CONFLICT, "byte %zu", i);
        text[i] ^= 1;
    }
    for (size_t len = 0; len < bytes.len; len++)
        cr_expect_eq(key_ring_parse((struct bytes){ text, len }, &copy), STATUS_CONFLICT, "cut to %zu", len);
    free(text);
    key_ring_free(ring);
}

Test(key_ring, of_too_many_keys_is_refused)
{
    struct key_ring *ring;

    EXPECT_STATUS(__LINE__, key_ring_new(NULL, KEY_RING_MAX_KEYS + 1, 0, &ring), STATUS_NO_MEMORY);
    cr_expect_null(ring);
}

Test(key_ring, list_has_its_lines)
{
    static const struct {
        int line;
        const char *list;
        const char *text;
        bool want;
    } cases[] = {
        { __LINE__, "", "a", false },        { __LINE__, "", "", false },      { __LINE__, "a", "a", true },
        { __LINE__, "a\nb", "b", true },     { __LINE__, "a\nb", "c", false }, { __LINE__, "ab", "a", false },
        { __LINE__, "a\nb", "a\nb", false },
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++)
        EXPECT(cases[i].line, key_list_has(bytes_of(cases[i].list), bytes_of(cases[i].text)) == cases[i].want);
}
