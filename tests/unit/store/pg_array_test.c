#include "store/pg_array.h"

#include "store/pg_value.h"
#include "tests/unit/unit.h"

/* dimensions, flags, element type, length, lower bound; each a word in network order */
#define HEAD(type, n) "\0\0\0\1\0\0\0\0" type n "\0\0\0\1"
#define TYPE_TEXT "\0\0\0\x19"
#define TYPE_TIMESTAMPTZ "\0\0\x04\xa0"
#define TYPE_UUID "\0\0\x0b\x86"
#define TYPE_JSONB "\0\0\x0e\xda"

Test(pg_array, text_to_the_byte)
{
    struct buf buf = buf_new(1024);

    pg_array_begin(&buf, PG_TEXT, 3);
    pg_array_add_text(&buf, BYTES("ab"));
    pg_array_add_text(&buf, BYTES(""));
    pg_array_add_text(&buf, BYTES("\"{\\,\xc3\xa4"));
    EXPECT_BYTES(__LINE__, buf_bytes(&buf),
                 BYTES(HEAD(TYPE_TEXT, "\0\0\0\3") "\0\0\0\2ab"
                                                   "\0\0\0\0"
                                                   "\0\0\0\6\"{\\,\xc3\xa4"));
    buf_free(&buf);
}

Test(pg_array, uuid_to_the_byte)
{
    struct buf buf = buf_new(1024);
    struct uuid uuid;

    cr_assert(uuid_parse(BYTES("00010203-0405-0607-0809-0a0b0c0d0eff"), &uuid));
    pg_array_begin(&buf, PG_UUID, 1);
    pg_array_add_uuid(&buf, &uuid);
    EXPECT_BYTES(__LINE__, buf_bytes(&buf),
                 BYTES(HEAD(TYPE_UUID, "\0\0\0\1") "\0\0\0\x10"
                                                   "\0\1\2\3\4\5\6\7\x08\x09\x0a\x0b\x0c\x0d\x0e\xff"));
    buf_free(&buf);
}

Test(pg_array, jsonb_to_the_byte)
{
    struct buf buf = buf_new(1024);

    pg_array_begin(&buf, PG_JSONB, 2);
    pg_array_add_jsonb(&buf, BYTES("{\"a\":1}"));
    pg_array_add_jsonb(&buf, BYTES("{}"));
    EXPECT_BYTES(__LINE__, buf_bytes(&buf),
                 BYTES(HEAD(TYPE_JSONB, "\0\0\0\2") "\0\0\0\x08\1{\"a\":1}"
                                                    "\0\0\0\3\1{}"));
    buf_free(&buf);
}

Test(pg_array, length_of_many_elements)
{
    struct buf buf = buf_new(1024);

    pg_array_begin(&buf, PG_TEXT, 0x01020304);
    EXPECT_BYTES(__LINE__, buf_bytes(&buf), BYTES(HEAD(TYPE_TEXT, "\1\2\3\4")));
    buf_free(&buf);
}

/* Microseconds since 2000-01-01, a signed word of eight bytes. */
Test(pg_array, timestamptz_to_the_byte_and_back)
{
    static const struct {
        int line;
        int64_t us;
        struct bytes want;
    } cases[] = {
        { __LINE__, 946684800000000, TEXT("\0\0\0\0\0\0\0\0") },
        { __LINE__, 946684800000001, TEXT("\0\0\0\0\0\0\0\1") },
        { __LINE__, 946684799999999, TEXT("\xff\xff\xff\xff\xff\xff\xff\xff") },
        { __LINE__, 0, TEXT("\xff\xfc\xa2\xfe\xc4\xc8\x20\x00") },
        { __LINE__, 946684800000000 + 0x0102030405060708, TEXT("\1\2\3\4\5\6\7\x08") },
        { __LINE__, -62167219200000000, TEXT("\xff\x1f\xc6\x3d\x1b\xb1\x20\x00") }, /* year 0000 */
        { __LINE__, 253402300799999999, TEXT("\x03\x80\xe7\x0b\x91\x3b\x7f\xff") }, /* the end of 9999 */
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct buf buf = buf_new(1024);
        int64_t us = 0;
        pg_array_begin(&buf, PG_TIMESTAMPTZ, 1);
        pg_array_add_timestamptz(&buf, cases[i].us);
        struct bytes all = buf_bytes(&buf);
        cr_assert_eq(all.len, 32);
        EXPECT_BYTES(cases[i].line, ((struct bytes){ all.p, 24 }), BYTES(HEAD(TYPE_TIMESTAMPTZ, "\0\0\0\1") "\0\0\0\x08"));
        EXPECT_BYTES(cases[i].line, ((struct bytes){ all.p + 24, 8 }), cases[i].want);
        EXPECT(cases[i].line, pg_timestamptz_read((struct bytes){ all.p + 24, 8 }, &us));
        EXPECT_INT(cases[i].line, us, cases[i].us);
        buf_free(&buf);
    }
}

Test(pg_array, past_the_ceiling_fails_at_every_ceiling)
{
    for (size_t ceiling = 0; ceiling <= 34; ceiling++) {
        struct buf buf = buf_new(ceiling);
        pg_array_begin(&buf, PG_TEXT, 2);
        pg_array_add_text(&buf, BYTES("abc"));
        pg_array_add_text(&buf, BYTES("def"));
        EXPECT_INT((int)ceiling, buf.failed, ceiling < 34);
        buf_free(&buf);
    }
}
