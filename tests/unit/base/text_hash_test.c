#include "base/text_hash.h"

#include "tests/unit/unit.h"

/* Each byte counts, at every length and place, and nothing behind the text does. */
Test(text_hash, tells_texts_apart_by_each_byte)
{
    for (size_t len = 1; len <= 40; len++) {
        char *model = repeated('a', len);
        char *text = exact_copy((struct bytes){ model, len });
        char *other = exact_copy((struct bytes){ model, len });
        for (size_t i = 0; i < len; i++) {
            other[i] = 'b';
            cr_expect_not(text_same(text, other, len), "byte %zu of %zu", i, len);
            cr_expect_neq(text_hash((struct bytes){ text, len }), text_hash((struct bytes){ other, len }), "byte %zu of %zu", i,
                          len);
            other[i] = 'a';
        }
        cr_expect(text_same(text, other, len), "%zu bytes", len);
        cr_expect_eq(text_hash((struct bytes){ text, len }), text_hash((struct bytes){ other, len }), "%zu bytes", len);
        free(model);
        free(text);
        free(other);
    }
}

Test(text_hash, length_counts)
{
    static const char zeros[40];

    for (size_t len = 1; len < sizeof zeros; len++)
        cr_expect_neq(text_hash((struct bytes){ zeros, len }), text_hash((struct bytes){ zeros, len - 1 }), "%zu bytes", len);
}
