#include "model/api_key.h"

#include "tests/unit/unit.h"

static void make(unsigned char fill, char text[API_KEY_BYTES + 1])
{
    unsigned char random[API_KEY_RANDOM_BYTES];

    memset(random, fill, sizeof random);
    api_key_make(random, text);
}

Test(api_key, that_is_made_has_a_form_and_a_checksum)
{
    static const struct {
        int line;
        unsigned char fill;
        const char *want; /* computed independently: base 62 by division, zlib's crc32 */
    } cases[] = {
        { __LINE__, 0x00, "syk_0000000000000000000000000000000000000000000472rzI" },
        { __LINE__, 0xff, "syk_yhjskwdA6OZ1AL1YmHWZWm8LLG7HjnuCA2j5rOw8Xp11NMJIq" },
        { __LINE__, 0x5a, "syk_LQNUGZHT5u543eF8cvF8tKdPlcVkNSYQAq1KIqZ6f743obDfF" },
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char text[API_KEY_BYTES + 1];
        make(cases[i].fill, text);
        EXPECT_TEXT(cases[i].line, text, cases[i].want);
        EXPECT(cases[i].line, api_key_is_formed(bytes_of(text)));
    }
}

Test(api_key, with_one_character_changed_is_none)
{
    char text[API_KEY_BYTES + 1];

    make(0x5a, text);
    for (size_t i = 0; i < API_KEY_BYTES; i++) {
        char kept = text[i];
        text[i] = kept == 'x' ? 'y' : 'x';
        cr_expect(!api_key_is_formed(bytes_of(text)), "character %zu", i);
        text[i] = '-';
        cr_expect(!api_key_is_formed(bytes_of(text)), "character %zu", i);
        text[i] = '\0';
        cr_expect(!api_key_is_formed((struct bytes){ text, API_KEY_BYTES }), "character %zu", i);
        text[i] = kept;
    }
    EXPECT(__LINE__, !api_key_is_formed((struct bytes){ text, API_KEY_BYTES - 1 }));
    EXPECT(__LINE__, !api_key_is_formed((struct bytes){ 0 }));
    EXPECT(__LINE__, !api_key_is_formed(BYTES("")));
    EXPECT(__LINE__, api_key_is_formed(bytes_of(text)));
}

/* FIPS 180-4's own example. */
Test(api_key, digest_is_sha_256)
{
    static const unsigned char want[] = { 0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea, 0x41, 0x41, 0x40,
                                          0xde, 0x5d, 0xae, 0x22, 0x23, 0xb0, 0x03, 0x61, 0xa3, 0x96, 0x17,
                                          0x7a, 0x9c, 0xb4, 0x10, 0xff, 0x61, 0xf2, 0x00, 0x15, 0xad };
    struct api_key_digest digest = api_key_digest_of(BYTES("abc")), other = digest;

    cr_expect_arr_eq(digest.octets, want, sizeof want);
    EXPECT(__LINE__, api_key_digest_equal(&digest, &other));
    other.octets[31] ^= 1;
    EXPECT(__LINE__, !api_key_digest_equal(&digest, &other));
}

Test(api_key, scopes_have_names)
{
    api_scopes scopes = 0;

    for (unsigned i = 0; i < API_SCOPE_COUNT; i++) {
        EXPECT(__LINE__, api_scopes_add(&scopes, bytes_of(api_scope_name((enum api_scope)i))));
        EXPECT(__LINE__, scopes == (2u << i) - 1);
    }
    EXPECT(__LINE__, !api_scopes_add(&scopes, BYTES("")));
    EXPECT(__LINE__, !api_scopes_add(&scopes, BYTES("Read")));
    EXPECT(__LINE__, !api_scopes_add(&scopes, BYTES("reader")));
}
