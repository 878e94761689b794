#include "base/crypto.h"

#include "tests/unit/unit.h"

/* FIPS 180-2, appendix B, and the empty text. */
Test(crypto, sha256_of_known_texts)
{
    static const struct {
        int line;
        struct bytes text;
        unsigned char first[4];
    } cases[] = {
        { __LINE__, TEXT(""), { 0xe3, 0xb0, 0xc4, 0x42 } },
        { __LINE__, TEXT("abc"), { 0xba, 0x78, 0x16, 0xbf } },
        { __LINE__, TEXT("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"), { 0x24, 0x8d, 0x6a, 0x61 } },
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        unsigned char digest[SHA256_BYTES];
        crypto_sha256(cases[i].text, digest);
        EXPECT(cases[i].line, memcmp(digest, cases[i].first, sizeof cases[i].first) == 0);
    }
}

Test(crypto, equal_and_wiped)
{
    char a[] = "abc", b[] = "abd";

    cr_expect(crypto_equal(a, "abc", 3));
    cr_expect(!crypto_equal(a, b, 3));
    cr_expect(crypto_equal(a, b, 2));
    crypto_wipe(a, sizeof a);
    cr_expect(memcmp(a, "\0\0\0\0", 4) == 0);
}
