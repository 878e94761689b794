#include "model/uuid.h"

#include "tests/unit/unit.h"

Test(uuid, reads_and_writes_the_hyphenated_form)
{
    static const struct {
        int line;
        const char *text;
        const char *written; /* NULL: refused */
    } cases[] = {
        { __LINE__, "00000000-0000-0000-0000-000000000000", "00000000-0000-0000-0000-000000000000" },
        { __LINE__, "ffffffff-ffff-ffff-ffff-ffffffffffff", "ffffffff-ffff-ffff-ffff-ffffffffffff" },
        { __LINE__, "01234567-89ab-cdef-0123-456789abcdef", "01234567-89ab-cdef-0123-456789abcdef" },
        { __LINE__, "01234567-89AB-CDEF-0123-456789ABCDEF", "01234567-89ab-cdef-0123-456789abcdef" },
        { __LINE__, "01234567-89Ab-cDeF-0123-456789aBcDeF", "01234567-89ab-cdef-0123-456789abcdef" },
        { __LINE__, "", NULL },
        { __LINE__, "01234567-89ab-cdef-0123-456789abcde", NULL },
        { __LINE__, "01234567-89ab-cdef-0123-456789abcdef0", NULL },
        { __LINE__, "0123456789abcdef0123456789abcdef", NULL },
        { __LINE__, "{1234567-89ab-cdef-0123-456789abcde}", NULL },
        { __LINE__, "0123456-789ab-cdef-0123-456789abcdef", NULL },
        { __LINE__, "01234567+89ab-cdef-0123-456789abcdef", NULL },
        { __LINE__, "01234567-89ab-cdef-0123-456789abcdeg", NULL },
        { __LINE__, "g1234567-89ab-cdef-0123-456789abcdef", NULL },
        { __LINE__, "0123456/-89ab-cdef-0123-456789abcdef", NULL }, /* beside the digits and letters */
        { __LINE__, "0123456:-89ab-cdef-0123-456789abcdef", NULL },
        { __LINE__, "0123456@-89ab-cdef-0123-456789abcdef", NULL },
        { __LINE__, "0123456G-89ab-cdef-0123-456789abcdef", NULL },
        { __LINE__, "0123456`-89ab-cdef-0123-456789abcdef", NULL },
        { __LINE__, "0123456\xb1-89ab-cdef-0123-456789abcdef", NULL },
        { __LINE__, " 1234567-89ab-cdef-0123-456789abcdef", NULL },
        { __LINE__, "-1234567-89ab-cdef-0123-456789abcdef", NULL },
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct bytes text = bytes_of(cases[i].text);
        char *copy = exact_copy(text);
        char written[UUID_TEXT_BYTES + 1] = "untouched";
        struct uuid uuid;
        bool read = uuid_parse((struct bytes){ copy, text.len }, &uuid);
        EXPECT_INT(cases[i].line, read, cases[i].written != NULL);
        if (read) {
            uuid_format(&uuid, written);
            EXPECT_TEXT(cases[i].line, written, cases[i].written);
        }
        free(copy);
    }
}

Test(uuid, octets_are_in_network_order)
{
    struct uuid uuid;

    cr_assert(uuid_parse(BYTES("00010203-0405-0607-0809-0a0b0c0d0e0f"), &uuid));
    for (int i = 0; i < 16; i++)
        EXPECT_INT(i, uuid.octets[i], i);
}

Test(uuid, refusal_leaves_the_target_untouched)
{
    struct uuid uuid = { .octets = { 1, 2, 3 } };
    struct uuid before = uuid;

    cr_assert_not(uuid_parse(BYTES("ffffffff-ffff-ffff-ffff-fffffffffffg"), &uuid));
    cr_expect_arr_eq(uuid.octets, before.octets, sizeof uuid.octets);
}

Test(uuid, every_octet_survives_a_round_trip)
{
    for (int value = 0; value < 256; value++) {
        struct uuid uuid, again;
        char text[UUID_TEXT_BYTES + 1];
        for (int i = 0; i < 16; i++)
            uuid.octets[i] = (unsigned char)(value + i * 17);
        uuid_format(&uuid, text);
        cr_assert(uuid_parse(bytes_of(text), &again), "%s", text);
        cr_expect_arr_eq(again.octets, uuid.octets, sizeof uuid.octets, "%s", text);
    }
}

/* The example of RFC 9562, appendix A.6. */
Test(uuid, v7_is_made_as_the_standard_has_it)
{
    static const unsigned char random[UUID_RANDOM_BYTES] = { 0x0c, 0xc3, 0x18, 0xc4, 0xdc, 0x0c, 0x0c, 0x07, 0x39, 0x8f };
    struct uuid uuid = uuid_v7(1645557742000000, random);
    char text[UUID_TEXT_BYTES + 1];

    uuid_format(&uuid, text);
    EXPECT_TEXT(__LINE__, text, "017f22e2-79b0-7cc3-98c4-dc0c0c07398f");
}

Test(uuid, v7_has_version_and_variant_whatever_the_random_bytes)
{
    for (int value = 0; value < 256; value++) {
        unsigned char random[UUID_RANDOM_BYTES];
        memset(random, value, sizeof random);
        struct uuid uuid = uuid_v7(1795168800000000, random);
        EXPECT_INT(value, uuid.octets[6] >> 4, 7);
        EXPECT_INT(value, uuid.octets[6] & 0x0f, value & 0x0f);
        EXPECT_INT(value, uuid.octets[8] >> 6, 2);
        EXPECT_INT(value, uuid.octets[8] & 0x3f, value & 0x3f);
        EXPECT_INT(value, uuid.octets[15], value);
    }
}

Test(uuid, v7_carries_its_time_in_whole_milliseconds)
{
    static const unsigned char random[UUID_RANDOM_BYTES] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };
    static const struct {
        int line;
        int64_t now_us;
        int64_t want_us;
    } cases[] = {
        { __LINE__, 0, 0 },
        { __LINE__, 999, 0 },
        { __LINE__, 1000, 1000 },
        { __LINE__, 1795168800123456, 1795168800123000 },
        { __LINE__, ((INT64_C(1) << 48) - 1) * 1000, ((INT64_C(1) << 48) - 1) * 1000 },
        { __LINE__, ((INT64_C(1) << 48) - 1) * 1000 + 999, ((INT64_C(1) << 48) - 1) * 1000 },
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct uuid uuid = uuid_v7(cases[i].now_us, random);
        int64_t us = -1;
        EXPECT(cases[i].line, uuid_v7_time(&uuid, &us));
        EXPECT_INT(cases[i].line, us, cases[i].want_us);
    }
}

Test(uuid, only_version_7_of_the_standard_variant_carries_a_time)
{
    static const struct {
        int line;
        const char *text;
        bool want;
    } cases[] = {
        { __LINE__, "017f22e2-79b0-7cc3-98c4-dc0c0c07398f", true },
        { __LINE__, "017f22e2-79b0-7cc3-88c4-dc0c0c07398f", true },
        { __LINE__, "017f22e2-79b0-7cc3-b8c4-dc0c0c07398f", true },
        { __LINE__, "017f22e2-79b0-7cc3-78c4-dc0c0c07398f", false }, /* another variant */
        { __LINE__, "017f22e2-79b0-7cc3-c8c4-dc0c0c07398f", false },
        { __LINE__, "017f22e2-79b0-6cc3-98c4-dc0c0c07398f", false },
        { __LINE__, "017f22e2-79b0-8cc3-98c4-dc0c0c07398f", false },
        { __LINE__, "017f22e2-79b0-4cc3-98c4-dc0c0c07398f", false },
        { __LINE__, "00000000-0000-0000-0000-000000000000", false },
        { __LINE__, "ffffffff-ffff-ffff-ffff-ffffffffffff", false },
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct uuid uuid;
        int64_t us = 4711;
        cr_assert(uuid_parse(bytes_of(cases[i].text), &uuid));
        EXPECT_INT(cases[i].line, uuid_v7_time(&uuid, &us), cases[i].want);
        EXPECT_INT(cases[i].line, us, cases[i].want ? 1645557742000000 : 4711);
    }
}
