#include "base/entropy.h"

#include "tests/unit/unit.h"

Test(entropy, fills_all_that_was_asked_for_and_no_more)
{
    struct entropy entropy = { 0 };

    for (size_t len = 0; len <= ENTROPY_POOL_BYTES; len += len < 32 ? 1 : 31) {
        unsigned char seen[ENTROPY_POOL_BYTES] = { 0 };
        unsigned char *p = malloc(len + 1);
        /* Each byte is other than 0 within forty draws, but for one chance in 2^320. */
        for (int draw = 0; draw < 40; draw++) {
            p[len] = 0xa5;
            EXPECT_STATUS((int)len, entropy_take(&entropy, p, len), STATUS_OK);
            EXPECT_INT((int)len, p[len], 0xa5);
            for (size_t i = 0; i < len; i++)
                seen[i] |= p[i];
        }
        for (size_t i = 0; i < len; i++)
            cr_expect_neq(seen[i], 0, "byte %zu of %zu is always 0", i, len);
        free(p);
    }
}

Test(entropy, gives_no_bytes_twice)
{
    enum { DRAWS = 400, BYTES_EACH = 10 };
    struct entropy entropy = { 0 };
    unsigned char drawn[DRAWS][BYTES_EACH];

    for (int i = 0; i < DRAWS; i++)
        cr_assert_eq(entropy_take(&entropy, drawn[i], BYTES_EACH), STATUS_OK);
    for (int i = 0; i < DRAWS; i++) {
        for (int j = 0; j < i; j++)
            cr_assert_arr_neq(drawn[i], drawn[j], BYTES_EACH, "draws %d and %d are the same", i, j);
    }
}

Test(entropy, refuses_more_than_its_pool)
{
    struct entropy entropy = { 0 };
    unsigned char p[ENTROPY_POOL_BYTES + 1];

    EXPECT_STATUS(__LINE__, entropy_take(&entropy, p, sizeof p), STATUS_INTERNAL);
}
