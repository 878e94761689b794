#include "base/siphash.h"

#include "tests/unit/unit.h"

/* Of the authors' reference implementation: the key is 00 01 … 0f, the text 00 01 … of that length. */
Test(siphash, gives_the_vectors_of_its_authors)
{
    static const struct {
        int line;
        size_t len;
        uint64_t want;
    } cases[] = {
        { __LINE__, 0, 0x726fdb47dd0e0e31u }, { __LINE__, 1, 0x74f839c593dc67fdu },  { __LINE__, 7, 0xab0200f58b01d137u },
        { __LINE__, 8, 0x93f5f5799a932462u }, { __LINE__, 15, 0xa129ca6149be45e5u }, { __LINE__, 63, 0x958a324ceb064572u },
    };
    const struct siphash_key key = { { 0x0706050403020100u, 0x0f0e0d0c0b0a0908u } };
    char text[64];

    for (size_t i = 0; i < sizeof text; i++)
        text[i] = (char)i;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char *copy = exact_copy((struct bytes){ text, cases[i].len });
        EXPECT(cases[i].line, siphash(&key, (struct bytes){ copy, cases[i].len }) == cases[i].want);
        free(copy);
    }
}
