#include "base/bytes.h"

#include <stdint.h>

#include "tests/unit/failing.h"
#include "tests/unit/unit.h"

/* ---- views ---- */

Test(bytes, of_a_c_string)
{
    EXPECT_BYTES(__LINE__, bytes_of("abc"), BYTES("abc"));
    EXPECT_BYTES(__LINE__, bytes_of(""), BYTES(""));
    EXPECT_BYTES(__LINE__, bytes_of(NULL), ((struct bytes){ 0 }));
}

Test(bytes, compare_as_unsigned_and_prefix_first)
{
    static const struct {
        int line;
        struct bytes a, b;
        int sign;
    } cases[] = {
        { __LINE__, TEXT(""), TEXT(""), 0 },
        { __LINE__, ABSENT, TEXT(""), 0 },
        { __LINE__, ABSENT, ABSENT, 0 },
        { __LINE__, ABSENT, TEXT("a"), -1 },
        { __LINE__, TEXT("a"), TEXT("a"), 0 },
        { __LINE__, TEXT("a"), TEXT("b"), -1 },
        { __LINE__, TEXT("a"), TEXT("ab"), -1 },
        { __LINE__, TEXT("b"), TEXT("ab"), 1 },
        { __LINE__, TEXT("Z"), TEXT("a"), -1 },
        { __LINE__, TEXT("z"), TEXT("\xc3\xa4"), -1 }, /* bytes past ASCII are greater, not negative */
        { __LINE__, TEXT("a\0b"), TEXT("a\0c"), -1 },
        { __LINE__, TEXT("a"), TEXT("a\0"), -1 },
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        int there = bytes_compare(cases[i].a, cases[i].b);
        int back = bytes_compare(cases[i].b, cases[i].a);
        EXPECT_INT(cases[i].line, (there > 0) - (there < 0), cases[i].sign);
        EXPECT_INT(cases[i].line, (back > 0) - (back < 0), -cases[i].sign);
        EXPECT_INT(cases[i].line, bytes_equal(cases[i].a, cases[i].b), cases[i].sign == 0);
    }
}

Test(bytes, equal_nocase_folds_ascii_alone)
{
    static const struct {
        int line;
        struct bytes a, b;
        bool want;
    } cases[] = {
        { __LINE__, TEXT("Charset"), TEXT("cHARSET"), true },
        { __LINE__, TEXT(""), ABSENT, true },
        { __LINE__, TEXT("a"), TEXT("ab"), false },
        { __LINE__, TEXT("a"), TEXT("b"), false },
        { __LINE__, TEXT("@"), TEXT("`"), false }, /* 0x20 apart, and no letters */
        { __LINE__, TEXT("["), TEXT("{"), false },
        { __LINE__, TEXT("\xc3\x84"), TEXT("\xc3\xa4"), false },
        { __LINE__, TEXT("a\0b"), TEXT("A\0B"), true },
        { __LINE__, TEXT("a\0b"), TEXT("a\0c"), false }, /* what stands behind a NUL counts */
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        EXPECT_INT(cases[i].line, bytes_equal_nocase(cases[i].a, cases[i].b), cases[i].want);
        EXPECT_INT(cases[i].line, bytes_equal_nocase(cases[i].b, cases[i].a), cases[i].want);
    }
}

Test(bytes, begins_with)
{
    static const struct {
        int line;
        struct bytes text, prefix;
        bool want;
    } cases[] = {
        { __LINE__, TEXT("abc"), TEXT("ab"), true },    { __LINE__, TEXT("abc"), TEXT("abc"), true },
        { __LINE__, TEXT("abc"), TEXT("abcd"), false }, { __LINE__, TEXT("abc"), TEXT("b"), false },
        { __LINE__, TEXT("abc"), TEXT(""), true },      { __LINE__, ABSENT, TEXT(""), true },
        { __LINE__, ABSENT, TEXT("a"), false },         { __LINE__, TEXT("a"), ABSENT, true },
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++)
        EXPECT_INT(cases[i].line, bytes_begins_with(cases[i].text, cases[i].prefix), cases[i].want);
}

Test(bytes, trim_takes_the_set_from_both_ends)
{
    static const struct {
        int line;
        struct bytes text;
        const char *set;
        struct bytes want;
    } cases[] = {
        { __LINE__, TEXT(" \ta b\t "), " \t", TEXT("a b") },
        { __LINE__, TEXT("ab"), " \t", TEXT("ab") },
        { __LINE__, TEXT("   "), " ", TEXT("") },
        { __LINE__, TEXT(""), " ", TEXT("") },
        { __LINE__, ABSENT, " ", ABSENT },
        { __LINE__, TEXT(" a"), "", TEXT(" a") },
        { __LINE__, TEXT("\0a\0"), " ", TEXT("\0a\0") }, /* the NUL that ends a set is none of it */
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++)
        EXPECT_BYTES(cases[i].line, bytes_trim(cases[i].text, cases[i].set), cases[i].want);
}

Test(bytes, cut_gives_each_piece_once)
{
    static const struct {
        int line;
        struct bytes text;
        size_t n;
        struct bytes pieces[4];
    } cases[] = {
        { __LINE__, ABSENT, 0, { ABSENT } },
        { __LINE__, TEXT(""), 1, { TEXT("") } },
        { __LINE__, TEXT("a"), 1, { TEXT("a") } },
        { __LINE__, TEXT("a;b"), 2, { TEXT("a"), TEXT("b") } },
        { __LINE__, TEXT(";"), 2, { TEXT(""), TEXT("") } },
        { __LINE__, TEXT("a;"), 2, { TEXT("a"), TEXT("") } },
        { __LINE__, TEXT("a;;b;c"), 4, { TEXT("a"), TEXT(""), TEXT("b"), TEXT("c") } },
        { __LINE__, TEXT("a\0;b"), 2, { TEXT("a\0"), TEXT("b") } },
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct bytes rest = cases[i].text;
        struct bytes head;
        size_t n = 0;
        while (n < COUNT_OF(cases[i].pieces) && bytes_cut(&rest, ';', &head)) {
            EXPECT_BYTES(cases[i].line, head, cases[i].pieces[n]);
            n++;
        }
        EXPECT_INT(cases[i].line, n, cases[i].n);
        EXPECT(cases[i].line, n == COUNT_OF(cases[i].pieces) || !bytes_cut(&rest, ';', &head));
    }
}

Test(bytes, to_size_takes_digits_up_to_max)
{
    static const struct {
        int line;
        struct bytes text;
        size_t max;
        bool want;
        size_t value;
    } cases[] = {
        { __LINE__, TEXT("0"), 0, true, 0 },
        { __LINE__, TEXT("1"), 0, false, 0 },
        { __LINE__, TEXT("9"), 5, false, 0 },
        { __LINE__, TEXT("007"), 7, true, 7 },
        { __LINE__, TEXT("100"), 100, true, 100 },
        { __LINE__, TEXT("101"), 100, false, 0 },
        { __LINE__, TEXT("110"), 105, false, 0 },
        { __LINE__, TEXT("18446744073709551615"), SIZE_MAX, true, SIZE_MAX },
        { __LINE__, TEXT("18446744073709551616"), SIZE_MAX, false, 0 },
        { __LINE__, TEXT("99999999999999999999"), SIZE_MAX, false, 0 },
        { __LINE__, TEXT("000000000000000000000000000001"), SIZE_MAX, true, 1 },
        { __LINE__, ABSENT, 9, false, 0 },
        { __LINE__, TEXT(""), 9, false, 0 },
        { __LINE__, TEXT("-1"), 9, false, 0 },
        { __LINE__, TEXT("+1"), 9, false, 0 },
        { __LINE__, TEXT(" 1"), 9, false, 0 },
        { __LINE__, TEXT("1 "), 9, false, 0 },
        { __LINE__, TEXT("1\0"), 9, false, 0 },
        { __LINE__, TEXT("1."), 9, false, 0 },
        { __LINE__, TEXT("0x1"), 9, false, 0 },
        { __LINE__, TEXT("\xb1"), 9, false, 0 }, /* '1' with the high bit set */
        { __LINE__, TEXT(":"), 99, false, 0 },   /* the one behind '9' */
        { __LINE__, TEXT("/"), 99, false, 0 },
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        size_t value = 4711;
        EXPECT_INT(cases[i].line, bytes_to_size(cases[i].text, cases[i].max, &value), cases[i].want);
        EXPECT_INT(cases[i].line, value, cases[i].want ? cases[i].value : 4711);
    }
}

/* ---- the growing buffer ---- */

Test(buf, is_empty_at_birth)
{
    struct buf buf = buf_new(10);

    EXPECT_BYTES(__LINE__, buf_bytes(&buf), BYTES(""));
    cr_expect_null(buf.p);
    cr_expect_not(buf.failed);
    buf_free(&buf);
}

Test(buf, appends_and_ends_with_a_nul)
{
    struct buf buf = buf_new(1000);

    buf_add(&buf, BYTES("a\0b"));
    buf_add_text(&buf, "-");
    buf_add_format(&buf, "%d/%s", 42, "x");
    buf_add(&buf, (struct bytes){ 0 });
    EXPECT_BYTES(__LINE__, buf_bytes(&buf), BYTES("a\0b-42/x"));
    EXPECT_INT(__LINE__, buf.p[buf.len], '\0');
    cr_expect_not(buf.failed);
    buf_free(&buf);
}

Test(buf, grows_to_its_ceiling_and_not_past_it)
{
    for (size_t ceiling = 0; ceiling < 1100; ceiling += ceiling < 10 ? 1 : 97) {
        struct buf buf = buf_new(ceiling);
        for (size_t i = 0; i < ceiling; i++)
            buf_add(&buf, (struct bytes){ &"0123456789"[i % 10], 1 });
        EXPECT_INT((int)ceiling, buf.failed, false);
        EXPECT_INT((int)ceiling, buf.len, ceiling);
        buf_add(&buf, BYTES(""));
        EXPECT_INT((int)ceiling, buf.failed, false);
        buf_add(&buf, BYTES("x"));
        EXPECT_INT((int)ceiling, buf.failed, true);
        EXPECT_INT((int)ceiling, buf.len, ceiling);
        buf_free(&buf);
    }
}

Test(buf, what_does_not_fit_is_not_appended_in_part)
{
    struct buf buf = buf_new(5);

    buf_add_text(&buf, "abc");
    buf_add_text(&buf, "def");
    EXPECT_BYTES(__LINE__, buf_bytes(&buf), BYTES("abc"));
    cr_expect(buf.failed);
    buf_free(&buf);
}

Test(buf, stays_failed_until_reset)
{
    struct buf buf = buf_new(3);

    buf_add_text(&buf, "abcd");
    buf_add_text(&buf, "a");
    buf_add_format(&buf, "%d", 1);
    cr_expect(buf.failed);
    cr_expect_null(buf_room(&buf, 0));
    EXPECT_BYTES(__LINE__, buf_bytes(&buf), BYTES(""));
    buf_reset(&buf);
    buf_add_text(&buf, "abc");
    EXPECT_BYTES(__LINE__, buf_bytes(&buf), BYTES("abc"));
    cr_expect_not(buf.failed);
    buf_free(&buf);
}

Test(buf, format_past_the_ceiling_fails)
{
    struct buf buf = buf_new(4);

    buf_add_format(&buf, "%s", "abcde");
    cr_expect(buf.failed);
    EXPECT_INT(__LINE__, buf.len, 0);
    buf_reset(&buf);
    buf_add_format(&buf, "%s", "abcd");
    EXPECT_BYTES(__LINE__, buf_bytes(&buf), BYTES("abcd"));
    buf_free(&buf);
}

Test(buf, room_is_written_by_the_caller)
{
    struct buf buf = buf_new(300);
    char *room;

    buf_add_text(&buf, "ab");
    room = buf_room(&buf, 298);
    cr_assert_not_null(room);
    memset(room, 'x', 298);
    EXPECT_INT(__LINE__, buf.len, 2);
    buf_grown(&buf, 1);
    EXPECT_BYTES(__LINE__, buf_bytes(&buf), BYTES("abx"));
    cr_expect_null(buf_room(&buf, 298));
    cr_expect(buf.failed);
    buf_free(&buf);
}

Test(buf, of_any_ceiling_may_be_the_greatest_size)
{
    struct buf buf = buf_new(SIZE_MAX);

    buf_add_text(&buf, "abc");
    EXPECT_BYTES(__LINE__, buf_bytes(&buf), BYTES("abc"));
    cr_expect_null(buf_room(&buf, SIZE_MAX - 3));
    cr_expect(buf.failed);
    buf_free(&buf);
}

Test(buf, may_be_used_after_free)
{
    struct buf buf = buf_new(3);

    buf_add_text(&buf, "abc");
    buf_free(&buf);
    EXPECT_BYTES(__LINE__, buf_bytes(&buf), BYTES(""));
    buf_add_text(&buf, "abc");
    EXPECT_BYTES(__LINE__, buf_bytes(&buf), BYTES("abc"));
    buf_free(&buf);
    buf_free(&buf);
}

Test(buf, json_escapes_what_a_string_may_not_hold)
{
    static const struct {
        int line;
        struct bytes text;
        struct bytes want;
    } cases[] = {
        { __LINE__, TEXT(""), TEXT("\"\"") },
        { __LINE__, ABSENT, TEXT("\"\"") },
        { __LINE__, TEXT("plain"), TEXT("\"plain\"") },
        { __LINE__, TEXT("\""), TEXT("\"\\\"\"") },
        { __LINE__, TEXT("\\"), TEXT("\"\\\\\"") },
        { __LINE__, TEXT("/"), TEXT("\"/\"") },
        { __LINE__, TEXT("\b\t\n\f\r"), TEXT("\"\\b\\t\\n\\f\\r\"") },
        { __LINE__, TEXT("\0\x01\x0b\x1f"), TEXT("\"\\u0000\\u0001\\u000b\\u001f\"") },
        { __LINE__, TEXT(" \x7e\x7f"), TEXT("\" ~\\u007f\"") },
        { __LINE__, TEXT("\xc3\xa4\xf0\x9f\x98\x80"), TEXT("\"\xc3\xa4\xf0\x9f\x98\x80\"") },
        { __LINE__, TEXT("\xff"), TEXT("\"\xff\"") }, /* passed on */
        { __LINE__, TEXT("a\nb\"c"), TEXT("\"a\\nb\\\"c\"") },
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct buf buf = buf_new(100);
        buf_add_json(&buf, cases[i].text);
        EXPECT_BYTES(cases[i].line, buf_bytes(&buf), cases[i].want);
        buf_free(&buf);
    }
}

Test(buf, json_of_each_byte_holds_no_control_character)
{
    for (int c = 0; c < 256; c++) {
        char byte = (char)c;
        struct buf buf = buf_new(100);
        buf_add_json(&buf, (struct bytes){ &byte, 1 });
        for (size_t i = 0; i < buf.len; i++)
            cr_expect((unsigned char)buf.p[i] >= 0x20 && buf.p[i] != 0x7f, "byte %d", c);
        cr_expect(buf.len >= 3 && buf.p[0] == '"' && buf.p[buf.len - 1] == '"', "byte %d", c);
        buf_free(&buf);
    }
}

Test(buf, json_past_the_ceiling_fails_at_every_ceiling)
{
    struct bytes text = BYTES("a\n\x01\"b");
    struct bytes want = BYTES("\"a\\n\\u0001\\\"b\"");

    for (size_t ceiling = 0; ceiling <= want.len; ceiling++) {
        struct buf buf = buf_new(ceiling);
        buf_add_json(&buf, text);
        EXPECT_INT((int)ceiling, buf.failed, ceiling < want.len);
        EXPECT((int)ceiling, buf.len <= ceiling);
        buf_free(&buf);
    }
}

/* Each growth of the buffer fails in turn; what it held stays. */
Test(buf, without_memory_fails_and_keeps_its_content)
{
    bool failed;
    int nth = 1;

    do {
        struct buf buf = buf_new(64 * 1024);
        failing_begin(nth++);
        for (int i = 0; i < 1000; i++)
            buf_add_format(&buf, "%03d,", i);
        failed = failing_end();
        EXPECT_INT(nth, buf.failed, failed);
        EXPECT(nth, buf.len % 4 == 0 && (failed ? buf.len < 4000 : buf.len == 4000));
        EXPECT(nth, bytes_begins_with(BYTES("000,001,002,003"), (struct bytes){ buf.p, buf.len < 15 ? buf.len : 15 }));
        buf_free(&buf);
    } while (failed);
    cr_expect_gt(nth, 3);
}

Test(bytes, reads_hexadecimal_digits)
{
    static const struct {
        int line;
        const char *text;
        size_t at, n;
        bool want;
        unsigned value;
    } cases[] = {
        { __LINE__, "2B", 0, 2, true, 0x2b },     { __LINE__, "%2b", 1, 2, true, 0x2b },
        { __LINE__, "u00aFx", 1, 4, true, 0xaf }, { __LINE__, "ffffffff", 0, 8, true, 0xffffffff },
        { __LINE__, "2", 0, 2, false, 0 },        { __LINE__, "%2", 1, 2, false, 0 },
        { __LINE__, "2B", 2, 1, false, 0 },       { __LINE__, "2B", 3, 1, false, 0 },
        { __LINE__, "2g", 0, 2, false, 0 },       { __LINE__, "2G", 0, 2, false, 0 },
        { __LINE__, "2/", 0, 2, false, 0 },       { __LINE__, "2:", 0, 2, false, 0 },
        { __LINE__, "2@", 0, 2, false, 0 },       { __LINE__, "2`", 0, 2, false, 0 },
        { __LINE__, "+2", 0, 2, false, 0 },       { __LINE__, "2\xc1", 0, 2, false, 0 },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        unsigned value = 1;
        EXPECT(cases[i].line, bytes_read_hex(bytes_of(cases[i].text), cases[i].at, cases[i].n, &value) == cases[i].want);
        EXPECT(cases[i].line, !cases[i].want || value == cases[i].value);
    }
}
