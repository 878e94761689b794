#include "model/json_guard.h"

#include <stdio.h>

#include "model/json_document.h"
#include "tests/unit/failing.h"
#include "tests/unit/unit.h"

enum { ARENA_BYTES = 64 * 1024 * 1024 };

static const struct limits defaults = LIMITS_DEFAULT;

/* A scan of a copy that ends where the text ends. */
struct scanned {
    struct arena arena;
    struct guard_result result;
    enum status st;
    char *copy;
    size_t len;
};

static struct scanned scan_limited(struct bytes text, const struct limits *limits)
{
    struct scanned scanned = { .arena = arena_new(ARENA_BYTES), .copy = exact_copy(text), .len = text.len };

    scanned.st = guard_scan((struct bytes){ scanned.copy, text.len }, limits, &scanned.arena, &scanned.result);
    return scanned;
}

static struct scanned scan(struct bytes text)
{
    return scan_limited(text, &defaults);
}

static void scanned_free(struct scanned *scanned)
{
    arena_free(&scanned->arena);
    free(scanned->copy);
}

static struct bytes span_text(const struct scanned *scanned, struct guard_span span)
{
    return (struct bytes){ scanned->copy + span.begin, span.end - span.begin };
}

/* count times piece, between head and tail. To be freed. */
static struct bytes woven(const char *head, const char *piece, size_t count, const char *tail)
{
    struct buf buf = buf_new(16 * 1024 * 1024);

    buf_add_text(&buf, head);
    for (size_t i = 0; i < count; i++)
        buf_add_text(&buf, piece);
    buf_add_text(&buf, tail);
    cr_assert_not(buf.failed);
    return buf_bytes(&buf);
}

/* ---- the grammar ---- */

Test(json_guard, accepts_every_production)
{
    static const struct {
        int line;
        struct bytes text;
        bool is_array;
        size_t n_elements;
        size_t n_values;
    } cases[] = {
        /* values, each as a whole text (RFC 8259, section 2) */
        { __LINE__, TEXT("null"), false, 1, 1 },
        { __LINE__, TEXT("true"), false, 1, 1 },
        { __LINE__, TEXT("false"), false, 1, 1 },
        { __LINE__, TEXT("0"), false, 1, 1 },
        { __LINE__, TEXT("\"\""), false, 1, 1 },
        { __LINE__, TEXT("{}"), false, 1, 1 },
        { __LINE__, TEXT("[]"), true, 0, 1 },
        /* white space, everywhere it may stand */
        { __LINE__, TEXT(" \t\n\rnull \t\n\r"), false, 1, 1 },
        { __LINE__, TEXT(" [ ] "), true, 0, 1 },
        { __LINE__, TEXT(" { } "), false, 1, 1 },
        { __LINE__, TEXT("\n[\t1\r, 2 \n]\t"), true, 2, 3 },
        { __LINE__, TEXT("\n{\t\"a\"\r: 2 \n,\t\"b\"\n:\n3\n}\t"), false, 1, 3 },
        /* objects and arrays */
        { __LINE__, TEXT("{\"a\":1}"), false, 1, 2 },
        { __LINE__, TEXT("{\"a\":1,\"b\":2,\"c\":3}"), false, 1, 4 },
        { __LINE__, TEXT("{\"\":1}"), false, 1, 2 },
        { __LINE__, TEXT("{\"a\":{},\"b\":[],\"c\":\"\",\"d\":null,\"e\":-1}"), false, 1, 6 },
        { __LINE__, TEXT("[1]"), true, 1, 2 },
        { __LINE__, TEXT("[1,\"a\",null,true,false,{},[]]"), true, 7, 8 },
        { __LINE__, TEXT("[[[[]]]]"), true, 1, 4 },
        { __LINE__, TEXT("[{\"a\":[{\"b\":[]}]},{}]"), true, 2, 6 },
        { __LINE__, TEXT("{\"a\":[1,2]}"), false, 1, 4 },
        /* strings */
        { __LINE__, TEXT("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\""), false, 1, 1 },
        { __LINE__, TEXT("\"\\u0001\\u001f\\u0041\\u00e4\\u20AC\\uffff\""), false, 1, 1 },
        { __LINE__, TEXT("\"\\ud83d\\ude00\""), false, 1, 1 },
        { __LINE__, TEXT("\"\\uD800\\uDC00\\uDBFF\\uDFFF\""), false, 1, 1 },
        { __LINE__, TEXT("\"/\x7f '\""), false, 1, 1 },
        { __LINE__, TEXT("\"\xc2\x80\xdf\xbf\xe0\xa0\x80\xef\xbf\xbf\xf0\x90\x80\x80\xf4\x8f\xbf\xbf\""), false, 1, 1 },
        { __LINE__, TEXT("\"\xef\xbb\xbf\""), false, 1, 1 }, /* U+FEFF within a string is a character */
        { __LINE__, TEXT("\"{}[]:,null\""), false, 1, 1 },
        /* numbers */
        { __LINE__, TEXT("-0"), false, 1, 1 },
        { __LINE__, TEXT("1234567890"), false, 1, 1 },
        { __LINE__, TEXT("-1"), false, 1, 1 },
        { __LINE__, TEXT("0.0"), false, 1, 1 },
        { __LINE__, TEXT("-0.5"), false, 1, 1 },
        { __LINE__, TEXT("1.10"), false, 1, 1 },
        { __LINE__, TEXT("1e5"), false, 1, 1 },
        { __LINE__, TEXT("1E5"), false, 1, 1 },
        { __LINE__, TEXT("1e+5"), false, 1, 1 },
        { __LINE__, TEXT("1E-5"), false, 1, 1 },
        { __LINE__, TEXT("-1.5e-05"), false, 1, 1 },
        { __LINE__, TEXT("0e0"), false, 1, 1 },
        { __LINE__, TEXT("[0,-0,0.1,1e1]"), true, 4, 5 },
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct scanned scanned = scan(cases[i].text);
        EXPECT_STATUS(cases[i].line, scanned.st, STATUS_OK);
        EXPECT_STATUS(cases[i].line, scanned.result.fault.status, STATUS_OK);
        EXPECT_INT(cases[i].line, scanned.result.is_array, cases[i].is_array);
        EXPECT_INT(cases[i].line, scanned.result.n_elements, cases[i].n_elements);
        EXPECT_INT(cases[i].line, scanned.result.n_values, cases[i].n_values);
        for (size_t element = 0; scanned.st == STATUS_OK && element < scanned.result.n_elements; element++)
            EXPECT_STATUS(cases[i].line, scanned.result.elements[element].fault.status, STATUS_OK);
        scanned_free(&scanned);
    }
}

Test(json_guard, refuses_what_is_no_json_at_the_byte_at_fault)
{
    static const struct {
        int line;
        struct bytes text;
        size_t offset;
        const char *reason; /* what it begins with */
    } cases[] = {
        /* nothing, or too little */
        { __LINE__, TEXT(""), 0, "a value was expected" },
        { __LINE__, TEXT(" \n"), 2, "a value was expected" },
        { __LINE__, TEXT("{"), 1, "a member name or \"}\"" },
        { __LINE__, TEXT("["), 1, "a value or \"]\"" },
        { __LINE__, TEXT("[1"), 2, "\",\" or \"]\"" },
        { __LINE__, TEXT("[1,"), 3, "a value was expected" },
        { __LINE__, TEXT("{\"a\""), 4, "\":\" was expected" },
        { __LINE__, TEXT("{\"a\":"), 5, "a value was expected" },
        { __LINE__, TEXT("{\"a\":1"), 6, "\",\" or \"}\"" },
        { __LINE__, TEXT("{\"a\":1,"), 7, "a member name was expected" },
        { __LINE__, TEXT("[[]"), 3, "\",\" or \"]\"" },
        { __LINE__, TEXT("{\"a\":{}"), 7, "\",\" or \"}\"" },
        /* too much */
        { __LINE__, TEXT("null null"), 5, "nothing may follow" },
        { __LINE__, TEXT("{}{}"), 2, "nothing may follow" },
        { __LINE__, TEXT("[]]"), 2, "nothing may follow" },
        { __LINE__, TEXT("{}}"), 2, "nothing may follow" },
        { __LINE__, TEXT("[] ,"), 3, "nothing may follow" },
        { __LINE__, TEXT("1 2"), 2, "nothing may follow" },
        { __LINE__, TEXT("{}\0"), 2, "nothing may follow" },
        { __LINE__, TEXT("\"\"\"\""), 2, "nothing may follow" },
        /* the wrong thing in the right place */
        { __LINE__, TEXT("]"), 0, "a value was expected" },
        { __LINE__, TEXT("}"), 0, "a value was expected" },
        { __LINE__, TEXT(":"), 0, "a value was expected" },
        { __LINE__, TEXT(","), 0, "a value was expected" },
        { __LINE__, TEXT("[,1]"), 1, "a value or \"]\"" },
        { __LINE__, TEXT("[1,]"), 3, "a value was expected" },
        { __LINE__, TEXT("[1,,2]"), 3, "a value was expected" },
        { __LINE__, TEXT("[1 2]"), 3, "\",\" or \"]\"" },
        { __LINE__, TEXT("[1:2]"), 2, "\",\" or \"]\"" },
        { __LINE__, TEXT("[1}"), 2, "\",\" or \"]\"" },
        { __LINE__, TEXT("[}"), 1, "a value or \"]\"" },
        { __LINE__, TEXT("{]"), 1, "a member name or \"}\"" },
        { __LINE__, TEXT("{,}"), 1, "a member name or \"}\"" },
        { __LINE__, TEXT("{1:2}"), 1, "a member name or \"}\"" },
        { __LINE__, TEXT("{a:1}"), 1, "a member name or \"}\"" },
        { __LINE__, TEXT("{null:1}"), 1, "a member name or \"}\"" },
        { __LINE__, TEXT("{\"a\":1,}"), 7, "a member name was expected" },
        { __LINE__, TEXT("{\"a\":1,,\"b\":2}"), 7, "a member name was expected" },
        { __LINE__, TEXT("{\"a\",1}"), 4, "\":\" was expected" },
        { __LINE__, TEXT("{\"a\"}"), 4, "\":\" was expected" },
        { __LINE__, TEXT("{\"a\" 1}"), 5, "\":\" was expected" },
        { __LINE__, TEXT("{\"a\"::1}"), 5, "a value was expected" },
        { __LINE__, TEXT("{\"a\":}"), 5, "a value was expected" },
        { __LINE__, TEXT("{\"a\":1 \"b\":2}"), 7, "\",\" or \"}\"" },
        { __LINE__, TEXT("{\"a\":1]"), 6, "\",\" or \"}\"" },
        { __LINE__, TEXT("{\"a\":1:2}"), 6, "\",\" or \"}\"" },
        /* what others than RFC 8259 allow */
        { __LINE__, TEXT("\xef\xbb\xbf{}"), 0, "a value was expected" }, /* byte order mark */
        { __LINE__, TEXT("\xff\xfe{\0}\0"), 0, "a value was expected" },
        { __LINE__, TEXT("\0"), 0, "a value was expected" },
        { __LINE__, TEXT("\v1"), 0, "a value was expected" },
        { __LINE__, TEXT("\f1"), 0, "a value was expected" },
        { __LINE__,
          TEXT("\xc2\xa0"
               "1"),
          0, "a value was expected" },
        { __LINE__,
          TEXT("\xe2\x80\xa8"
               "1"),
          0, "a value was expected" },
        { __LINE__, TEXT("// a\n1"), 0, "a value was expected" },
        { __LINE__, TEXT("[1/**/]"), 2, "\",\" or \"]\"" },
        { __LINE__, TEXT("[1#\n]"), 2, "\",\" or \"]\"" },
        { __LINE__, TEXT("'a'"), 0, "a value was expected" },
        { __LINE__, TEXT("{'a':1}"), 1, "a member name or \"}\"" },
        { __LINE__, TEXT("NaN"), 0, "a value was expected" },
        { __LINE__, TEXT("[Infinity]"), 1, "a value or \"]\"" },
        { __LINE__, TEXT("-Infinity"), 0, "not a number" },
        { __LINE__, TEXT("undefined"), 0, "a value was expected" },
        { __LINE__, TEXT("`a`"), 0, "a value was expected" },
        /* words */
        { __LINE__, TEXT("nul"), 0, "a value was expected" },
        { __LINE__, TEXT("n"), 0, "a value was expected" },
        { __LINE__, TEXT("tru"), 0, "a value was expected" },
        { __LINE__, TEXT("fals"), 0, "a value was expected" },
        { __LINE__, TEXT("True"), 0, "a value was expected" },
        { __LINE__, TEXT("NULL"), 0, "a value was expected" },
        { __LINE__, TEXT("[tru,1]"), 1, "a value was expected" },
        { __LINE__, TEXT("nulll"), 4, "nothing may follow" },
        { __LINE__, TEXT("[truefalse]"), 5, "\",\" or \"]\"" },
        { __LINE__, TEXT("tr\0ue"), 0, "a value was expected" },
        /* numbers: at their beginning, or behind what is one */
        { __LINE__, TEXT("-"), 0, "not a number" },
        { __LINE__, TEXT("[-]"), 1, "not a number" },
        { __LINE__, TEXT("--1"), 0, "not a number" },
        { __LINE__, TEXT("+1"), 0, "a value was expected" },
        { __LINE__, TEXT(".5"), 0, "a value was expected" },
        { __LINE__, TEXT("-.5"), 0, "not a number" },
        { __LINE__, TEXT("2."), 0, "not a number" },
        { __LINE__, TEXT("[ 2.]"), 2, "not a number" },
        { __LINE__, TEXT("2.e1"), 0, "not a number" },
        { __LINE__, TEXT("00"), 0, "not a number" },
        { __LINE__, TEXT("01"), 0, "not a number" },
        { __LINE__, TEXT("-01"), 0, "not a number" },
        { __LINE__, TEXT("-00.1"), 0, "not a number" },
        { __LINE__, TEXT("012345678901234567890"), 0, "not a number" },
        { __LINE__, TEXT("1e"), 0, "not a number" },
        { __LINE__, TEXT("1e+"), 0, "not a number" },
        { __LINE__, TEXT("1e-"), 0, "not a number" },
        { __LINE__, TEXT("1E+-1"), 0, "not a number" },
        { __LINE__, TEXT("1ee1"), 0, "not a number" },
        { __LINE__, TEXT("1.5.5"), 3, "nothing may follow" },
        { __LINE__, TEXT("1e1.5"), 3, "nothing may follow" },
        { __LINE__, TEXT("1-1"), 1, "nothing may follow" },
        { __LINE__, TEXT("0x1F"), 1, "nothing may follow" },
        { __LINE__, TEXT("1a"), 1, "nothing may follow" },
        { __LINE__, TEXT("1_000"), 1, "nothing may follow" },
        { __LINE__, TEXT("1,5"), 1, "nothing may follow" },
        { __LINE__, TEXT("[1\0]"), 2, "\",\" or \"]\"" },
        { __LINE__, TEXT("\xef\xbc\x91"), 0, "a value was expected" }, /* U+FF11, a digit one of full width */
        /* strings */
        { __LINE__, TEXT("\""), 1, "the string does not end" },
        { __LINE__, TEXT("\"abcdefgh"), 9, "the string does not end" },
        { __LINE__, TEXT("{\"a"), 3, "the string does not end" },
        { __LINE__, TEXT("\"\\\""), 3, "the string does not end" },
        { __LINE__, TEXT("\"a\nb\""), 2, "a control character must be escaped" },
        { __LINE__, TEXT("\"\0\""), 1, "a control character must be escaped" },
        { __LINE__, TEXT("\"\x1f\""), 1, "a control character must be escaped" },
        { __LINE__, TEXT("\"\t\""), 1, "a control character must be escaped" },
        { __LINE__, TEXT("{\"a\rb\":1}"), 3, "a control character must be escaped" },
        { __LINE__, TEXT("\"\\"), 1, "no such escape" },
        { __LINE__, TEXT("\"\\x41\""), 1, "no such escape" },
        { __LINE__, TEXT("\"a\\'\""), 2, "no such escape" },
        { __LINE__, TEXT("\"\\0\""), 1, "no such escape" },
        { __LINE__, TEXT("\"\\\0\""), 1, "no such escape" },
        { __LINE__, TEXT("\"\\U0041\""), 1, "no such escape" },
        { __LINE__, TEXT("\"\\N\""), 1, "no such escape" },
        { __LINE__, TEXT("\"\\v\""), 1, "no such escape" },
        { __LINE__, TEXT("\"\\\n\""), 1, "no such escape" },
        { __LINE__, TEXT("\"\\\xc3\xa4\""), 1, "no such escape" },
        { __LINE__, TEXT("\"\\u\""), 1, "four hexadecimal digits" },
        { __LINE__, TEXT("\"\\u004\""), 1, "four hexadecimal digits" },
        { __LINE__, TEXT("\"\\u00g1\""), 1, "four hexadecimal digits" },
        { __LINE__, TEXT("\"\\u-041\""), 1, "four hexadecimal digits" },
        { __LINE__, TEXT("\"\\u 041\""), 1, "four hexadecimal digits" },
        { __LINE__, TEXT("\"\\u00:1\""), 1, "four hexadecimal digits" }, /* beside the digits and letters */
        { __LINE__, TEXT("\"\\u00/1\""), 1, "four hexadecimal digits" },
        { __LINE__, TEXT("\"\\u00@1\""), 1, "four hexadecimal digits" },
        { __LINE__, TEXT("\"\\u00G1\""), 1, "four hexadecimal digits" },
        { __LINE__, TEXT("\"\\u00`1\""), 1, "four hexadecimal digits" },
        { __LINE__,
          TEXT("\"\\u00\x11"
               "1\""),
          1, "four hexadecimal digits" },
        { __LINE__, TEXT("\"\\u{41}\""), 1, "four hexadecimal digits" },
        { __LINE__, TEXT("\"\\u004"), 1, "four hexadecimal digits" },
        { __LINE__, TEXT("\"\\ud83d\\u00\""), 7, "four hexadecimal digits" },
        { __LINE__, TEXT("\"\\ud83d\\x\""), 7, "no such escape" },
        { __LINE__, TEXT("{\"\\u00g1\":1}"), 2, "four hexadecimal digits" },
        /* UTF-8: at the first byte of the sequence */
        { __LINE__, TEXT("\"\xff\""), 1, "not valid UTF-8" },
        { __LINE__, TEXT("\"abc\x80\""), 4, "not valid UTF-8" },
        { __LINE__, TEXT("\"abcdefgh\xc3\""), 9, "not valid UTF-8" },
        { __LINE__, TEXT("\"\xc3\xa4\xe2\x82\""), 3, "not valid UTF-8" },
        { __LINE__, TEXT("\"\xf0\x9f\x98\""), 1, "not valid UTF-8" },
        { __LINE__, TEXT("\"\xc0\xaf\""), 1, "not valid UTF-8" }, /* overlong */
        { __LINE__, TEXT("\"\xe0\x80\xaf\""), 1, "not valid UTF-8" },
        { __LINE__, TEXT("\"\xf0\x80\x80\xaf\""), 1, "not valid UTF-8" },
        { __LINE__, TEXT("\"\xed\xa0\x80\""), 1, "not valid UTF-8" }, /* a surrogate */
        { __LINE__, TEXT("\"\xed\xa0\xbd\xed\xb8\x80\""), 1, "not valid UTF-8" },
        { __LINE__, TEXT("\"\xf4\x90\x80\x80\""), 1, "not valid UTF-8" }, /* past U+10FFFF */
        { __LINE__, TEXT("\"\xfc\x80\x80\x80\x80\x80\""), 1, "not valid UTF-8" },
        { __LINE__, TEXT("{\"\xff\":1}"), 2, "not valid UTF-8" },
        { __LINE__, TEXT("{\"a\":\"\xe4\"}"), 6, "not valid UTF-8" }, /* Latin-1 */
        { __LINE__, TEXT("\xff"), 0, "a value was expected" },
        { __LINE__, TEXT("[\xc3\xa4]"), 1, "a value or \"]\"" },
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct scanned scanned = scan(cases[i].text);
        EXPECT_STATUS(cases[i].line, scanned.st, STATUS_INVALID_JSON);
        EXPECT_STATUS(cases[i].line, scanned.result.fault.status, STATUS_INVALID_JSON);
        EXPECT_INT(cases[i].line, scanned.result.fault.offset, cases[i].offset);
        if (scanned.result.fault.reason)
            cr_expect(bytes_begins_with(bytes_of(scanned.result.fault.reason), bytes_of(cases[i].reason)),
                      "line %d: the reason is: %s", cases[i].line, scanned.result.fault.reason);
        scanned_free(&scanned);
    }
}

Test(json_guard, absent_text_is_no_json)
{
    struct arena arena = arena_new(ARENA_BYTES);
    struct guard_result result;

    EXPECT_STATUS(__LINE__, guard_scan((struct bytes){ 0 }, &defaults, &arena, &result), STATUS_INVALID_JSON);
    EXPECT_INT(__LINE__, result.fault.offset, 0);
    arena_free(&arena);
}

/* Plain runs are skipped eight bytes at a time: each byte that ends one, at each place of two such words. */
Test(json_guard, every_byte_at_every_place_of_a_string)
{
    for (size_t len = 0; len <= 17; len++) {
        for (size_t place = 0; place < len; place++) {
            for (int c = 0; c < 0x80; c++) {
                char text[32] = "\"";
                memset(text + 1, 'a', len);
                text[1 + len] = '"';
                text[1 + place] = (char)c;
                struct scanned scanned = scan((struct bytes){ text, len + 2 });
                enum status want = c < 0x20 || c == '"' ? STATUS_INVALID_JSON : STATUS_OK;
                size_t offset = c == '"' ? place + 2 : place + 1;
                if (c == '\\') /* what follows it is "a", or the quote at the end */
                    want = STATUS_INVALID_JSON, offset = place + 1 < len ? place + 1 : len + 2;
                cr_expect(scanned.st == want && (want == STATUS_OK || scanned.result.fault.offset == offset),
                          "byte %d at %zu of %zu: %s at %zu", c, place, len, status_info(scanned.st)->code,
                          scanned.result.fault.offset);
                scanned_free(&scanned);
            }
        }
    }
}

/* ---- an independent reading of the grammar ---- */

/* Reads RFC 8259 by recursive descent, and says at which byte it came to an end: knows nothing of limits, UTF-8 or what is stored. */
struct reading {
    const char *p;
    size_t len;
    size_t at;
};

static int peek(const struct reading *r)
{
    return r->at < r->len ? (unsigned char)r->p[r->at] : -1;
}

static void skip_space(struct reading *r)
{
    while (peek(r) == ' ' || peek(r) == '\t' || peek(r) == '\n' || peek(r) == '\r')
        r->at++;
}

static bool is_digit(int c)
{
    return c >= '0' && c <= '9';
}

static bool is_hex(int c)
{
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static bool read_string(struct reading *r)
{
    for (r->at++;;) {
        int c = peek(r);
        if (c == '"') {
            r->at++;
            return true;
        }
        if (c < 0x20)
            return false;
        if (c != '\\') {
            r->at++;
            continue;
        }
        int kind = r->at + 1 < r->len ? (unsigned char)r->p[r->at + 1] : -1;
        if (kind == 'u') {
            for (size_t i = 2; i < 6; i++) {
                if (r->at + i >= r->len || !is_hex((unsigned char)r->p[r->at + i]))
                    return false;
            }
            r->at += 6;
        } else if (kind == '"' || kind == '\\' || kind == '/' || kind == 'b' || kind == 'f' || kind == 'n' || kind == 'r' ||
                   kind == 't') {
            r->at += 2;
        } else {
            return false;
        }
    }
}

static bool read_number(struct reading *r)
{
    size_t begin = r->at;
    bool good;

    if (peek(r) == '-')
        r->at++;
    good = is_digit(peek(r));
    if (peek(r) == '0') {
        r->at++;
        good = !is_digit(peek(r));
    }
    while (good && is_digit(peek(r)))
        r->at++;
    if (good && peek(r) == '.') {
        r->at++;
        good = is_digit(peek(r));
        while (is_digit(peek(r)))
            r->at++;
    }
    if (good && (peek(r) == 'e' || peek(r) == 'E')) {
        r->at++;
        if (peek(r) == '+' || peek(r) == '-')
            r->at++;
        good = is_digit(peek(r));
        while (is_digit(peek(r)))
            r->at++;
    }
    if (!good)
        r->at = begin;
    return good;
}

static bool read_word(struct reading *r, const char *word)
{
    if (!bytes_begins_with((struct bytes){ r->p + r->at, r->len - r->at }, bytes_of(word)))
        return false;
    r->at += strlen(word);
    return true;
}

static bool read_value(struct reading *r);

static bool read_member(struct reading *r)
{
    if (peek(r) != '"' || !read_string(r))
        return false;
    skip_space(r);
    if (peek(r) != ':')
        return false;
    r->at++;
    return read_value(r);
}

static bool read_list(struct reading *r, char end, bool (*read_item)(struct reading *r))
{
    r->at++;
    skip_space(r);
    if (peek(r) == end) {
        r->at++;
        return true;
    }
    for (;;) {
        skip_space(r);
        if (!read_item(r))
            return false;
        skip_space(r);
        if (peek(r) == end) {
            r->at++;
            return true;
        }
        if (peek(r) != ',')
            return false;
        r->at++;
    }
}

static bool read_value(struct reading *r)
{
    skip_space(r);
    switch (peek(r)) {
    case '{':
        return read_list(r, '}', read_member);
    case '[':
        return read_list(r, ']', read_value);
    case '"':
        return read_string(r);
    case 't':
        return read_word(r, "true");
    case 'f':
        return read_word(r, "false");
    case 'n':
        return read_word(r, "null");
    default:
        return read_number(r);
    }
}

static bool read_text(struct reading *r)
{
    if (!read_value(r))
        return false;
    skip_space(r);
    return r->at == r->len;
}

struct space {
    const char *head;
    const char *letters;
    size_t len;
    const char *tail;
};

static void compare_readings(struct bytes text, struct arena *arena)
{
    struct reading reading = { text.p, text.len, 0 };
    struct guard_result result;
    bool good = read_text(&reading);
    enum status st = guard_scan(text, &defaults, arena, &result);

    cr_assert_eq(st, good ? STATUS_OK : STATUS_INVALID_JSON, "'%.*s' is %s to the guard", (int)text.len, text.p,
                 status_info(st)->code);
    if (!good)
        cr_assert_eq(result.fault.offset, reading.at, "'%.*s': the guard stops at %zu, not %zu", (int)text.len, text.p,
                     result.fault.offset, reading.at);
    arena_reset(arena);
}

/* Every text of the letters, of each length up to len. */
static void compare_in(const struct space *space)
{
    struct arena arena = arena_new(ARENA_BYTES);
    size_t n_letters = strlen(space->letters), head_len = strlen(space->head), tail_len = strlen(space->tail);

    for (size_t len = 0; len <= space->len; len++) {
        size_t total = 1;
        char *text = malloc(head_len + len + tail_len);
        for (size_t i = 0; i < len; i++)
            total *= n_letters;
        memcpy(text, space->head, head_len);
        memcpy(text + head_len + len, space->tail, tail_len);
        for (size_t number = 0; number < total; number++) {
            size_t rest = number;
            for (size_t i = 0; i < len; i++, rest /= n_letters)
                text[head_len + i] = space->letters[rest % n_letters];
            compare_readings((struct bytes){ text, head_len + len + tail_len }, &arena);
        }
        free(text);
    }
    arena_free(&arena);
}

static const struct space structures[] = {
    { "", "{}[]:,\"a1 ", 5, "" },
    { "{\"a\":", "{}[]:,\"b1", 4, "" },
    { "{\"a\":1", "{}[]:,\"b1", 4, "}" },
    { "[{", "{}[]:,\"b1", 4, "}]" },
    { "[1,", "{}[]:,\"b1", 4, "]" },
    { "[[1],", "{}[]:,\"b1", 4, "" },
    { "{\"a\":{\"b\":[]", "{}[]:,\"b1", 4, "}" },
};

static const struct space words_and_numbers[] = {
    { "", "-+.eE019 ", 5, "" },  { "[", "-+.eE019 ", 4, "]" }, { "{\"a\":", "-+.eE019,", 4, "}" },
    { "1.", "-+.eE019", 4, "" }, { "-1e", "-+.eE019", 4, "" }, { "", "truefalsn", 5, "" },
};

static const struct space strings[] = {
    { "\"", "\\\"uab0/\n", 5, "" },
    { "\"\\u", "09afAFg\"", 5, "" },
    { "{\"", "\\\"u0n:1}", 5, "" },
    { "\"abcdef", "\\\"u0na\x01", 4, "" },
};

Test(json_guard, agrees_with_the_grammar_on_all_short_structures)
{
    for (size_t i = 0; i < COUNT_OF(structures); i++)
        compare_in(&structures[i]);
}

Test(json_guard, agrees_with_the_grammar_on_all_short_words_and_numbers)
{
    for (size_t i = 0; i < COUNT_OF(words_and_numbers); i++)
        compare_in(&words_and_numbers[i]);
}

Test(json_guard, agrees_with_the_grammar_on_all_short_strings)
{
    for (size_t i = 0; i < COUNT_OF(strings); i++)
        compare_in(&strings[i]);
}

/* ---- where things stand ---- */

Test(json_guard, notes_each_element_and_its_key_members)
{
    static const struct {
        int line;
        struct bytes text;
        size_t n; /* elements */
        struct {
            size_t begin;
            const char *text;
            struct {
                size_t begin;
                const char *text; /* NULL: none */
            } members[GUARD_MEMBER_COUNT];
        } elements[3];
    } cases[] = {
        { __LINE__, TEXT(" null "), 1, { { 1, "null", { { 0, NULL }, { 0, NULL } } } } },
        { __LINE__, TEXT("-1.5e3"), 1, { { 0, "-1.5e3", { { 0, NULL }, { 0, NULL } } } } },
        { __LINE__, TEXT("\"event_type\""), 1, { { 0, "\"event_type\"", { { 0, NULL }, { 0, NULL } } } } },
        { __LINE__, TEXT(" { } "), 1, { { 1, "{ }", { { 0, NULL }, { 0, NULL } } } } },
        { __LINE__,
          TEXT("[ 1 ,\"a\", [2,3] ]"),
          3,
          { { 2, "1", { { 0, NULL }, { 0, NULL } } },
            { 5, "\"a\"", { { 0, NULL }, { 0, NULL } } },
            { 10, "[2,3]", { { 0, NULL }, { 0, NULL } } } } },
        { __LINE__,
          TEXT("{\"event_type\":\"x\"}"),
          1,
          { { 0, "{\"event_type\":\"x\"}", { { 1, "\"event_type\":\"x\"" }, { 0, NULL } } } } },
        { __LINE__,
          TEXT("{\"session_id\":\"x\"}"),
          1,
          { { 0, "{\"session_id\":\"x\"}", { { 0, NULL }, { 1, "\"session_id\":\"x\"" } } } } },
        { __LINE__,
          TEXT("{ \"a\" : 1 , \"session_id\" : \"s\" , \"event_type\"\n:\t\"e\" } "),
          1,
          { { 0,
              "{ \"a\" : 1 , \"session_id\" : \"s\" , \"event_type\"\n:\t\"e\" }",
              { { 33, "\"event_type\"\n:\t\"e\"" }, { 12, "\"session_id\" : \"s\"" } } } } },
        /* of any kind, to the end of the value */
        { __LINE__,
          TEXT("{\"event_type\":{\"a\":[1]},\"session_id\":[{}] ,\"b\":0}"),
          1,
          { { 0,
              "{\"event_type\":{\"a\":[1]},\"session_id\":[{}] ,\"b\":0}",
              { { 1, "\"event_type\":{\"a\":[1]}" }, { 24, "\"session_id\":[{}]" } } } } },
        { __LINE__,
          TEXT("{\"event_type\":null,\"session_id\":-0.5e1}"),
          1,
          { { 0,
              "{\"event_type\":null,\"session_id\":-0.5e1}",
              { { 1, "\"event_type\":null" }, { 19, "\"session_id\":-0.5e1" } } } } },
        /* under their names with escapes */
        { __LINE__,
          TEXT("{\"\\u0065vent_type\":1,\"session\\u005Fid\":2}"),
          1,
          { { 0,
              "{\"\\u0065vent_type\":1,\"session\\u005Fid\":2}",
              { { 1, "\"\\u0065vent_type\":1" }, { 21, "\"session\\u005Fid\":2" } } } } },
        /* not those of nested objects, nor names that only resemble them */
        { __LINE__,
          TEXT("{\"a\":{\"event_type\":1},\"session_id\":{\"session_id\":2}}"),
          1,
          { { 0,
              "{\"a\":{\"event_type\":1},\"session_id\":{\"session_id\":2}}",
              { { 0, NULL }, { 22, "\"session_id\":{\"session_id\":2}" } } } } },
        { __LINE__,
          TEXT("{\"event_typ\":1,\"event_types\":2,\"EVENT_TYPE\":3,\"\":4,\" session_id\":5}"),
          1,
          { { 0,
              "{\"event_typ\":1,\"event_types\":2,\"EVENT_TYPE\":3,\"\":4,\" session_id\":5}",
              { { 0, NULL }, { 0, NULL } } } } },
        { __LINE__,
          TEXT("{\"a\":\"event_type\",\"b\":[\"session_id\"]}"),
          1,
          { { 0, "{\"a\":\"event_type\",\"b\":[\"session_id\"]}", { { 0, NULL }, { 0, NULL } } } } },
        /* of each element its own */
        { __LINE__,
          TEXT("[{\"event_type\":1},{},{\"session_id\":2}]"),
          3,
          { { 1, "{\"event_type\":1}", { { 2, "\"event_type\":1" }, { 0, NULL } } },
            { 18, "{}", { { 0, NULL }, { 0, NULL } } },
            { 21, "{\"session_id\":2}", { { 0, NULL }, { 22, "\"session_id\":2" } } } } },
        /* an object in an array in an array is no event */
        { __LINE__, TEXT("[[{\"event_type\":1}]]"), 1, { { 1, "[{\"event_type\":1}]", { { 0, NULL }, { 0, NULL } } } } },
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct scanned scanned = scan(cases[i].text);
        EXPECT_STATUS(cases[i].line, scanned.st, STATUS_OK);
        EXPECT_INT(cases[i].line, scanned.result.n_elements, cases[i].n);
        for (size_t e = 0; scanned.st == STATUS_OK && e < cases[i].n && e < scanned.result.n_elements; e++) {
            const struct guard_element *element = &scanned.result.elements[e];
            EXPECT_INT(cases[i].line, element->text.begin, cases[i].elements[e].begin);
            EXPECT_BYTES(cases[i].line, span_text(&scanned, element->text), bytes_of(cases[i].elements[e].text));
            for (size_t m = 0; m < GUARD_MEMBER_COUNT; m++) {
                const char *want = cases[i].elements[e].members[m].text;
                EXPECT_INT(cases[i].line, element->members[m].begin, cases[i].elements[e].members[m].begin);
                EXPECT_BYTES(cases[i].line, span_text(&scanned, element->members[m]), bytes_of(want ? want : ""));
            }
        }
        scanned_free(&scanned);
    }
}

/* The members that have a meaning, and where their values begin. */
Test(json_guard, notes_every_member_with_a_meaning)
{
    static const struct {
        const char *name;
        enum guard_member member;
    } names[] = {
        { "event_type", GUARD_EVENT_TYPE }, { "session_id", GUARD_SESSION_ID }, { "event_id", GUARD_EVENT_ID },
        { "timestamp", GUARD_TIMESTAMP },   { "page_url", GUARD_PAGE_URL },
    };
    static const char *const values[] = { "\"x\"", "\"\"", "null", "true", "-1.5", "[1,{\"event_id\":2}]", "{\"timestamp\":[]}",
                                          "{}" };
    static const char *const spaces[] = { "", " \n" };

    for (size_t n = 0; n < COUNT_OF(names); n++) {
        for (size_t v = 0; v < COUNT_OF(values) * COUNT_OF(spaces); v++) {
            const char *value = values[v / COUNT_OF(spaces)], *space = spaces[v % COUNT_OF(spaces)];
            struct buf buf = buf_new(1024);
            buf_add_format(&buf, "[0, {\"a\":[]%s,%s", space, space);
            size_t begin = buf.len;
            buf_add_format(&buf, "\"%s\"%s:%s", names[n].name, space, space);
            size_t value_begin = buf.len;
            buf_add_text(&buf, value);
            size_t end = buf.len;
            buf_add_format(&buf, "%s,\"b\":0}]", space);
            struct scanned scanned = scan(buf_bytes(&buf));
            cr_assert_eq(scanned.st, STATUS_OK, "%s", buf.p);
            for (int m = 0; m < GUARD_MEMBER_COUNT; m++) {
                const struct guard_element *element = &scanned.result.elements[1];
                bool is_there = m == (int)names[n].member;
                cr_expect_eq(element->members[m].begin, is_there ? begin : 0, "%s, member %d", buf.p, m);
                cr_expect_eq(element->members[m].end, is_there ? end : 0, "%s, member %d", buf.p, m);
                cr_expect_eq(element->values[m], is_there ? value_begin : 0, "%s, member %d", buf.p, m);
            }
            scanned_free(&scanned);
            buf_free(&buf);
        }
    }
}

Test(json_guard, notes_a_thousand_elements)
{
    struct bytes text = woven("[", "{\"event_type\":\"e\",\"session_id\":\"s\"}, ", 999, "7]");
    struct scanned scanned = scan(text);

    cr_assert_eq(scanned.st, STATUS_OK);
    cr_assert_eq(scanned.result.n_elements, 1000);
    for (size_t i = 0; i < 999; i++) {
        const struct guard_element *element = &scanned.result.elements[i];
        EXPECT_BYTES((int)i, span_text(&scanned, element->text), BYTES("{\"event_type\":\"e\",\"session_id\":\"s\"}"));
        EXPECT_BYTES((int)i, span_text(&scanned, element->members[GUARD_SESSION_ID]), BYTES("\"session_id\":\"s\""));
    }
    EXPECT_BYTES(999, span_text(&scanned, scanned.result.elements[999].text), BYTES("7"));
    scanned_free(&scanned);
    free((char *)text.p);
}

/* ---- what cannot be stored ---- */

/* A text whose element, alone or the second of three, has a fault at an offset within it; STATUS_OK: has none. */
struct soft_case {
    int line;
    struct bytes element;
    enum status status;
    size_t offset;
};

static void expect_fault(int line, const struct guard_element *element, enum status status, size_t offset)
{
    EXPECT_STATUS(line, element->fault.status, status);
    EXPECT_INT(line, element->fault.offset, status == STATUS_OK ? 0 : offset);
    EXPECT(line, (element->fault.reason != NULL) == (status != STATUS_OK));
}

static void judge_soft_case(const struct soft_case *c, const struct limits *limits)
{
    static const struct bytes before = BYTES("[{\"a\":1}, "), after = BYTES(",{\"a\":1}]");
    bool is_array = c->element.p[0] == '[';
    struct buf buf = buf_new(1024 * 1024);
    struct scanned alone = scan_limited(c->element, limits);

    EXPECT_STATUS(c->line, alone.st, STATUS_OK);
    if (alone.st == STATUS_OK && !is_array)
        expect_fault(c->line, &alone.result.elements[0], c->status, c->offset);
    scanned_free(&alone);

    buf_add(&buf, before);
    buf_add(&buf, c->element);
    buf_add(&buf, after);
    struct scanned batch = scan_limited(buf_bytes(&buf), limits);
    EXPECT_STATUS(c->line, batch.st, STATUS_OK);
    EXPECT_STATUS(c->line, batch.result.fault.status, STATUS_OK);
    if (batch.st == STATUS_OK) {
        EXPECT_INT(c->line, batch.result.n_elements, 3);
        expect_fault(c->line, &batch.result.elements[0], STATUS_OK, 0);
        expect_fault(c->line, &batch.result.elements[1], c->status, before.len + c->offset);
        expect_fault(c->line, &batch.result.elements[2], STATUS_OK, 0);
    }
    scanned_free(&batch);
    buf_free(&buf);
}

#define GOOD(text_)                         \
    {                                       \
        __LINE__, TEXT(text_), STATUS_OK, 0 \
    }
#define BAD(text_, offset_)                                    \
    {                                                          \
        __LINE__, TEXT(text_), STATUS_UNREPRESENTABLE, offset_ \
    }
#define PAST_LIMIT(text_, offset_)                   \
    {                                                \
        __LINE__, TEXT(text_), STATUS_LIMIT, offset_ \
    }

Test(json_guard, blames_an_element_for_what_no_text_column_holds)
{
    static const struct soft_case cases[] = {
        BAD("\"\\u0000\"", 1),
        BAD("{\"a\":\"b\\u0000c\"}", 7),
        BAD("{\"\\u0000\":1}", 2),
        BAD("{\"a\":[{\"b\":\"\\u0000\"}]}", 12),
        GOOD("\"\\\\u0000\""),
        GOOD("\"\\u0001\\u000f\\u00f0\\u0f00\\uf000\""),
        /* surrogates */
        BAD("\"\\ud800\"", 1),
        BAD("\"\\udfff\"", 1),
        BAD("\"\\uDBFF\"", 1),
        BAD("\"a\\udc00b\"", 2),
        BAD("\"\\ud83dx\"", 1),
        BAD("\"\\ud83d\\n\"", 1),
        BAD("\"\\ud83d\\\\ude00\"", 1),
        BAD("\"\\ud83d\\u0041\"", 1),
        BAD("\"\\ud83d\\ud83d\\ude00\"", 1), /* the first of the three is alone */
        BAD("\"\\ude00\\ud83d\"", 1),
        BAD("\"\\ud83d\\ue000\"", 1),
        BAD("\"\\ud83d\\udbff\"", 1),
        BAD("\"\\ud83d\\ude00\\ud83d\"", 13),
        BAD("{\"\\ud800\":1}", 2),
        BAD("{\"\\ud800\":1,\"\\ud800\":2}", 2),
        GOOD("\"\\ud7ff\\ue000\""),
        GOOD("\"\\ud83d\\ude00\\uD83D\\uDE00\""),
        /* the first fault stands */
        BAD("{\"a\":\"\\u0000\",\"a\":1}", 6),
        BAD("{\"a\":1,\"a\":\"\\u0000\"}", 7),
        BAD("[\"\\u0000\",1e999]", 2),
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++)
        judge_soft_case(&cases[i], &defaults);
}

Test(json_guard, blames_an_element_for_a_name_that_stands_twice)
{
    static const struct soft_case cases[] = {
        BAD("{\"a\":1,\"a\":2}", 7),
        BAD("{\"a\":1,\"a\":1}", 7),
        BAD("{\"a\":1, \"b\":2 ,\"a\" :3}", 15),
        BAD("{\"\":1,\"\":2}", 6),
        BAD("{\"a\":{\"b\":1,\"b\":2}}", 12),
        BAD("{\"a\":[{},{\"b\":1,\"b\":2}]}", 16),
        BAD("{\"a\":{\"b\":1},\"b\":2,\"a\":3}", 19),
        BAD("{\"a\":{\"b\":{\"c\":1},\"b\":1}}", 18),
        BAD("{\"event_type\":1,\"event_type\":2}", 16),
        /* through escapes */
        BAD("{\"event_type\":1,\"\\u0065vent_type\":2}", 16),
        BAD("{\"\\u0065vent_type\":1,\"event_type\":2}", 21),
        BAD("{\"\\u0065\":1,\"\\u0065\":2}", 12),
        BAD("{\"\\u004a\":1,\"\\u004A\":2}", 12),
        BAD("{\"a/b\":1,\"a\\/b\":2}", 9),
        BAD("{\"\\n\":1,\"\\u000a\":2}", 8),
        BAD("{\"\\\"\":1,\"\\u0022\":2}", 8),
        BAD("{\"\\\\\":1,\"\\u005c\":2}", 8),
        BAD("{\"\\b\\f\\r\\t\":1,\"\\u0008\\u000c\\u000d\\u0009\":2}", 14),
        BAD("{\"\xc3\xa4\":1,\"\\u00e4\":2}", 8),
        BAD("{\"\xe2\x82\xac\":1,\"\\u20ac\":2}", 9),
        BAD("{\"\xf0\x9f\x98\x80\":1,\"\\ud83d\\ude00\":2}", 10),
        BAD("{\"\xf0\x90\x80\x80\":1,\"\\ud800\\udc00\":2}", 10),
        BAD("{\"\xf4\x8f\xbf\xbf\":1,\"\\udbff\\udfff\":2}", 10),
        BAD("{\"abcdefgh\":1,\"\\u0061bcdefgh\":2}", 14),
        BAD("{\"abcdefghijklmnopq\":1,\"abcdefghijklmnop\\u0071\":2}", 23),
        /* what is not the same name */
        GOOD("{\"a\":1,\"A\":2}"),
        GOOD("{\"a\":1,\"aa\":2,\"\":3,\" a\":4,\"a \":5}"),
        GOOD("{\"\xc3\xa4\":1,\"a\xcc\x88\":2}"), /* composed and decomposed */
        GOOD("{\"a\":1,\"\\\\u0061\":2}"),
        GOOD("{\"abcdefgh\":1,\"abcdefg\":2,\"abcdefghi\":3}"),
        GOOD("{\"a\":{\"a\":{\"a\":1}}}"),
        GOOD("{\"a\":{\"b\":1},\"b\":{\"a\":1}}"),
        GOOD("{\"a\":\"a\",\"b\":\"a\"}"),
        GOOD("{\"a\":[{\"b\":1},{\"b\":1}]}"),
        GOOD("{\"a\":{\"x\":1,\"y\":2},\"b\":{\"x\":1,\"y\":2}}"),
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++)
        judge_soft_case(&cases[i], &defaults);
}

/* Names of every length up to 40 that differ in one byte, at every place; and then the same once more. */
Test(json_guard, tells_names_apart_by_each_byte)
{
    for (size_t len = 1; len <= 40; len++) {
        for (size_t place = 0; place < len; place++) {
            char *name = repeated('a', len);
            struct buf buf = buf_new(4096);
            buf_add_format(&buf, "{\"%s\":1,", name);
            name[place] = 'b';
            buf_add_format(&buf, "\"%s\":1", name);
            size_t twice_at = buf.len + 1;
            struct buf twice = buf_new(4096);
            buf_add_format(&twice, "%s,\"%s\":1}", buf.p, name);
            buf_add_text(&buf, "}");
            struct scanned different = scan(buf_bytes(&buf));
            struct scanned same = scan(buf_bytes(&twice));
            cr_assert(different.st == STATUS_OK && same.st == STATUS_OK);
            expect_fault(__LINE__, &different.result.elements[0], STATUS_OK, 0);
            expect_fault(__LINE__, &same.result.elements[0], STATUS_UNREPRESENTABLE, twice_at);
            scanned_free(&different);
            scanned_free(&same);
            buf_free(&twice);
            buf_free(&buf);
            free(name);
        }
    }
}

#define DIGITS_10 "1234567890"
#define ZEROS_10 "0000000000"
#define TEN(text) text text text text text text text text text text
#define ZEROS_100 TEN(ZEROS_10)
#define ZEROS_1000 TEN(ZEROS_100)
#define ZEROS_16380                                                                                                            \
    TEN(ZEROS_1000)                                                                                                            \
    ZEROS_1000 ZEROS_1000 ZEROS_1000 ZEROS_1000 ZEROS_1000 ZEROS_1000 ZEROS_100 ZEROS_100 ZEROS_100 ZEROS_10 ZEROS_10 ZEROS_10 \
        ZEROS_10 ZEROS_10 ZEROS_10 ZEROS_10 ZEROS_10

Test(json_guard, blames_an_element_for_a_number_out_of_range)
{
    static const struct soft_case cases[] = {
        /* integers: −2⁶³ … 2⁶⁴−1 */
        GOOD("0"),
        GOOD("-0"),
        GOOD("9223372036854775807"),
        GOOD("9223372036854775808"),
        GOOD("18446744073709551615"),
        BAD("18446744073709551616", 0),
        BAD("18446744073709551620", 0),
        BAD("20000000000000000000", 0),
        BAD("100000000000000000000", 0),
        GOOD("-9223372036854775807"),
        GOOD("-9223372036854775808"),
        BAD("-9223372036854775809", 0),
        BAD("-10000000000000000000", 0),
        BAD("-18446744073709551615", 0),
        GOOD("9999999999999999999"),
        BAD("99999999999999999999", 0),
        BAD("{\"a\":18446744073709551616}", 5),
        BAD("{\"a\":[1, -9223372036854775809 ]}", 9),
        /* the exponent as written */
        GOOD("1e308"),
        GOOD("1E+308"),
        GOOD("1e-308"),
        GOOD("1e0308"),
        GOOD("1e0000000000000000000000000000000000000000001"),
        BAD("1e309", 0),
        BAD("-1e309", 0),
        BAD("1e-309", 0),
        BAD("1e+309", 0),
        BAD("1e99999", 0),
        BAD("1e100000", 0),
        BAD("1e2147483648", 0),
        BAD("1e4294967297", 0),
        BAD("1e18446744073709551617", 0),
        BAD("1e-18446744073709551617", 0),
        BAD("1e99999999999999999999999999999999999999999999999999", 0),
        BAD("0e309", 0),
        BAD("0.0e-309", 0),
        GOOD("0e308"),
        GOOD("0.000e-308"),
        /* and in scientific notation */
        GOOD("9.99e308"),
        BAD("10e308", 0),
        BAD("10.0e308", 0),
        GOOD("10e307"),
        GOOD("123.456e306"),
        BAD("123.456e307", 0),
        BAD("0.1e-308", 0),
        GOOD("0.1e-307"),
        GOOD("0.00001e-303"),
        BAD("0.00001e-304", 0),
        GOOD("0.1e308"),
        GOOD("0.01e308"),
        BAD("-0.01e-307", 0),
        /* 40 significant digits */
        GOOD(DIGITS_10 DIGITS_10 DIGITS_10 "123456789.0"),
        GOOD("-" DIGITS_10 DIGITS_10 DIGITS_10 "123456789.0e1"),
        BAD(DIGITS_10 DIGITS_10 DIGITS_10 "1234567890.0", 0),
        GOOD("1." DIGITS_10 DIGITS_10 DIGITS_10 "123456789"),
        BAD("1." DIGITS_10 DIGITS_10 DIGITS_10 "1234567890", 0),
        GOOD("0." DIGITS_10 DIGITS_10 DIGITS_10 DIGITS_10),
        BAD("0." DIGITS_10 DIGITS_10 DIGITS_10 DIGITS_10 "1", 0),
        GOOD("0.0000000000" DIGITS_10 DIGITS_10 DIGITS_10 DIGITS_10),
        BAD("0.0000000000" DIGITS_10 DIGITS_10 DIGITS_10 DIGITS_10 "0", 0), /* zeros at the end are kept, so they count */
        GOOD("1.000000000000000000000000000000000000000"),
        BAD("1.0000000000000000000000000000000000000000", 0),
        GOOD(DIGITS_10 DIGITS_10 DIGITS_10 DIGITS_10 "e0"),
        BAD(DIGITS_10 DIGITS_10 DIGITS_10 DIGITS_10 "1e0", 0),
        BAD("{\"a\":1." ZEROS_100 "}", 5),
        GOOD("0." ZEROS_100 ZEROS_100 ZEROS_100 "00000001"),    /* 10^-308 */
        BAD("0." ZEROS_100 ZEROS_100 ZEROS_100 "000000001", 0), /* 10^-309 */
        /* nothing, in as many digits as PostgreSQL keeps, and in one more; the exponent moves the point */
        GOOD("0." ZEROS_16380 "000"),
        BAD("0." ZEROS_16380 "0000", 0),
        GOOD("-0." ZEROS_16380 "0000e1"),
        BAD("-0." ZEROS_16380 "000e-1", 0),
        GOOD("0." ZEROS_16380 "00e-1"),
        BAD("0." ZEROS_16380 "000e-308", 0),
        GOOD("0." ZEROS_100 ZEROS_100 ZEROS_100 ZEROS_100 "1e308"), /* 10^-93 */
        BAD("0." ZEROS_100 ZEROS_100 ZEROS_100 ZEROS_100 ZEROS_100 ZEROS_100 ZEROS_100 "1e308", 0),
        GOOD("0." ZEROS_100 ZEROS_100 ZEROS_100 ZEROS_100 ZEROS_100 ZEROS_100 ZEROS_100), /* nothing but zero */
        BAD("1" ZEROS_100 ".0", 0),
        BAD("1" ZEROS_100, 0),
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++)
        judge_soft_case(&cases[i], &defaults);
}

/* ---- limits ---- */

Test(json_guard, blames_an_element_for_nesting_past_the_limit)
{
    static const struct soft_case cases[] = {
        GOOD("{}"),
        GOOD("{\"a\":[1]}"),
        GOOD("{\"a\":[{}]}"),
        GOOD("{\"a\":[{}],\"b\":[{}],\"c\":{\"d\":[]}}"),
        PAST_LIMIT("{\"a\":[{\"b\":{}}]}", 11),
        PAST_LIMIT("{\"a\":[{\"b\":[]}]}", 11),
        PAST_LIMIT("{\"a\":[[[1]]]}", 7),
        PAST_LIMIT("{\"a\":[[[[[[]]]]]]}", 7),
        PAST_LIMIT("[[[[]]]]", 3), /* within an array of events */
        GOOD("[[[1,2]]]"),
    };
    struct limits limits = defaults;

    limits.nesting_max = 3;
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        judge_soft_case(&cases[i], &limits);
}

Test(json_guard, array_of_events_is_no_level_of_theirs)
{
    struct limits limits = defaults;
    struct scanned scanned;

    limits.nesting_max = 1;
    scanned = scan_limited(BYTES("[{},{},1]"), &limits);
    EXPECT_STATUS(__LINE__, scanned.st, STATUS_OK);
    for (size_t i = 0; i < 3; i++)
        expect_fault(__LINE__, &scanned.result.elements[i], STATUS_OK, 0);
    scanned_free(&scanned);
}

Test(json_guard, refuses_more_levels_than_it_can_count)
{
    static const struct {
        int line;
        const char *piece, *end;
        size_t n;
        enum status want;
        size_t offset;
    } cases[] = {
        { __LINE__, "[", "]", LIMIT_NESTING, STATUS_OK, 0 },
        { __LINE__, "[", "]", LIMIT_NESTING + 1, STATUS_LIMIT, LIMIT_NESTING },
        { __LINE__, "[", "]", 100000, STATUS_LIMIT, LIMIT_NESTING },
        { __LINE__, "{\"a\":", "}", LIMIT_NESTING + 1, STATUS_LIMIT, 5 * LIMIT_NESTING },
        { __LINE__, "[{\"a\":", "}]", LIMIT_NESTING / 2, STATUS_INVALID_JSON, 6 * (LIMIT_NESTING / 2) },
        { __LINE__, "[{\"a\":", "}]", LIMIT_NESTING / 2 + 1, STATUS_LIMIT, 6 * (LIMIT_NESTING / 2) },
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct bytes opened = woven("", cases[i].piece, cases[i].n, "");
        struct bytes text = woven(opened.p, cases[i].end, cases[i].n, "");
        struct scanned scanned = scan(text);
        EXPECT_STATUS(cases[i].line, scanned.st, cases[i].want);
        EXPECT_INT(cases[i].line, scanned.result.fault.offset, cases[i].offset);
        scanned_free(&scanned);
        free((char *)text.p);
        free((char *)opened.p);
    }
}

Test(json_guard, blames_an_element_for_members_past_the_limit)
{
    static const struct soft_case cases[] = {
        GOOD("{\"a\":1,\"b\":2,\"c\":3}"),
        PAST_LIMIT("{\"a\":1,\"b\":2,\"c\":3,\"d\":4}", 19),
        PAST_LIMIT("{\"a\":1,\"b\":2,\"c\":3,\"d\":4,\"e\":5}", 19),
        PAST_LIMIT("{\"a\":1,\"b\":2,\"c\":3,\"a\":4}", 19), /* past the limit names are not compared */
        PAST_LIMIT("{\"a\":{\"a\":1,\"b\":2,\"c\":3,\"d\":4}}", 24),
        GOOD("{\"a\":{\"a\":1,\"b\":2,\"c\":3},\"b\":{\"a\":1,\"b\":2,\"c\":3},\"c\":3}"),
        GOOD("{\"a\":[1,2,3,4,5,6]}"),
    };
    struct limits limits = defaults;

    limits.members_max = 3;
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        judge_soft_case(&cases[i], &limits);
}

Test(json_guard, still_notes_key_members_past_the_limit)
{
    struct limits limits = defaults;
    struct scanned scanned;

    limits.members_max = 2;
    scanned = scan_limited(BYTES("{\"a\":1,\"b\":2,\"event_type\":3,\"session_id\":4}"), &limits);
    cr_assert_eq(scanned.st, STATUS_OK);
    expect_fault(__LINE__, &scanned.result.elements[0], STATUS_LIMIT, 13);
    EXPECT_BYTES(__LINE__, span_text(&scanned, scanned.result.elements[0].members[GUARD_EVENT_TYPE]), BYTES("\"event_type\":3"));
    scanned_free(&scanned);
}

Test(json_guard, finds_the_last_of_many_names_twice)
{
    struct limits limits = defaults;
    struct buf buf = buf_new(64 * 1024);
    size_t offset = 0;

    limits.members_max = LIMIT_MEMBERS;
    buf_add_text(&buf, "{");
    for (int i = 0; i < LIMIT_MEMBERS - 1; i++)
        buf_add_format(&buf, "\"m%d\":%d,", i, i);
    offset = buf.len;
    buf_add_format(&buf, "\"m%d\":1}", LIMIT_MEMBERS - 2);
    struct scanned scanned = scan_limited(buf_bytes(&buf), &limits);
    cr_assert_eq(scanned.st, STATUS_OK);
    expect_fault(__LINE__, &scanned.result.elements[0], STATUS_UNREPRESENTABLE, offset);
    scanned_free(&scanned);
    buf_free(&buf);
}

Test(json_guard, refuses_more_values_than_the_limit)
{
    static const struct {
        int line;
        struct bytes text;
        enum status want;
        size_t offset;
    } cases[] = {
        { __LINE__, TEXT("[1,2,3]"), STATUS_OK, 0 },
        { __LINE__, TEXT("[1,2,3,4]"), STATUS_LIMIT, 7 },
        { __LINE__, TEXT("{\"a\":1,\"b\":2,\"c\":3}"), STATUS_OK, 0 }, /* names are no values */
        { __LINE__, TEXT("{\"a\":1,\"b\":2,\"c\":3,\"d\":4}"), STATUS_LIMIT, 23 },
        { __LINE__, TEXT("[[[[]]]]"), STATUS_OK, 0 },
        { __LINE__, TEXT("[[[[[]]]]]"), STATUS_LIMIT, 4 },
        { __LINE__, TEXT("[{},{\"a\":1},{}]"), STATUS_LIMIT, 12 },
        { __LINE__, TEXT("[\"\",true,null,1]"), STATUS_LIMIT, 14 },
    };
    struct limits limits = defaults;

    limits.values_max = 4;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct scanned scanned = scan_limited(cases[i].text, &limits);
        EXPECT_STATUS(cases[i].line, scanned.st, cases[i].want);
        EXPECT_INT(cases[i].line, scanned.result.fault.offset, cases[i].offset);
        scanned_free(&scanned);
    }
}

Test(json_guard, counts_elements_past_the_limit_without_noting_them)
{
    struct limits limits = defaults;
    struct scanned scanned;

    limits.batch_max_events = 2;
    scanned = scan_limited(BYTES("[{\"event_type\":1},2,{\"event_type\":3,\"event_type\":4},1e999,[\"\\u0000\"]]"), &limits);
    EXPECT_STATUS(__LINE__, scanned.st, STATUS_OK);
    EXPECT_INT(__LINE__, scanned.result.n_elements, 5);
    expect_fault(__LINE__, &scanned.result.elements[0], STATUS_OK, 0);
    expect_fault(__LINE__, &scanned.result.elements[1], STATUS_OK, 0);
    EXPECT_BYTES(__LINE__, span_text(&scanned, scanned.result.elements[1].text), BYTES("2"));
    scanned_free(&scanned);
}

Test(json_guard, refuses_no_json_past_the_limit_of_elements_too)
{
    struct limits limits = defaults;
    struct scanned scanned;

    limits.batch_max_events = 1;
    scanned = scan_limited(BYTES("[1,2,3"), &limits);
    EXPECT_STATUS(__LINE__, scanned.st, STATUS_INVALID_JSON);
    EXPECT_INT(__LINE__, scanned.result.fault.offset, 6);
    scanned_free(&scanned);
}

/* ---- broken texts ---- */

#define RICH_EVENT                                                                                               \
    "{\"event_type\":\"cl\\u0069ck\",\"session_id\":\"s-\\ud83d\\ude00\",\"n\":[-0,1.5e+3,18446744073709551615," \
    "{\"a\":null,\"b\":true,\"c\":false,\"\":\"\"}],\"\\u00e4\":\"\\\\\\\"\\/\\b\\f\\n\\r\\t "                   \
    "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\"}"

static const struct bytes rich_texts[] = { TEXT(RICH_EVENT), TEXT("[" RICH_EVENT " , {\"session_id\":\"x\", \"k\":[ ]},7]") };

/* Whatever the text, what the guard says must be true of it. */
static void expect_consistent(const struct scanned *scanned)
{
    const struct guard_result *result = &scanned->result;

    cr_assert_eq(scanned->st, result->fault.status);
    cr_assert_leq(result->fault.offset, scanned->len);
    cr_assert_eq(result->fault.reason != NULL, scanned->st != STATUS_OK);
    for (size_t i = 0; scanned->st == STATUS_OK && i < result->n_elements; i++) {
        const struct guard_element *element = &result->elements[i];
        size_t least = i ? result->elements[i - 1].text.end : 0;
        cr_assert(element->text.begin >= least && element->text.begin < element->text.end && element->text.end <= scanned->len);
        cr_assert(element->fault.status == STATUS_OK || element->fault.status == STATUS_UNREPRESENTABLE ||
                  element->fault.status == STATUS_LIMIT);
        for (size_t m = 0; m < GUARD_MEMBER_COUNT; m++)
            cr_assert(element->members[m].end == element->members[m].begin ||
                      (element->members[m].begin > element->text.begin && element->members[m].end < element->text.end));
    }
}

/* What the guard passes, json-c reads. */
static void expect_readable(const struct scanned *scanned, struct document_reader *reader)
{
    for (size_t i = 0; scanned->st == STATUS_OK && i < scanned->result.n_elements; i++) {
        const struct guard_element *element = &scanned->result.elements[i];
        struct bytes text = span_text(scanned, element->text);
        struct document *document;
        if (element->fault.status != STATUS_OK || (text.p[0] != '{' && text.p[0] != '['))
            continue;
        char *copy = exact_copy(text);
        enum status st = document_read(reader, (struct bytes){ copy, text.len }, &document);
        cr_assert_eq(st, STATUS_OK, "the guard passes what json-c does not: %.*s", (int)text.len, text.p);
        document_free(document);
        free(copy);
    }
}

Test(json_guard, passes_the_rich_texts)
{
    struct document_reader *reader = document_reader_new();

    for (size_t i = 0; i < COUNT_OF(rich_texts); i++) {
        struct scanned scanned = scan(rich_texts[i]);
        EXPECT_STATUS((int)i, scanned.st, STATUS_OK);
        EXPECT_STATUS((int)i, scanned.result.elements[0].fault.status, STATUS_OK);
        expect_consistent(&scanned);
        expect_readable(&scanned, reader);
        scanned_free(&scanned);
    }
    document_reader_free(reader);
}

Test(json_guard, accepts_no_beginning_of_a_text)
{
    for (size_t i = 0; i < COUNT_OF(rich_texts); i++) {
        for (size_t len = 0; len < rich_texts[i].len; len++) {
            struct scanned scanned = scan((struct bytes){ rich_texts[i].p, len });
            cr_expect_eq(scanned.st, STATUS_INVALID_JSON, "text %zu, the first %zu bytes", i, len);
            expect_consistent(&scanned);
            scanned_free(&scanned);
        }
    }
}

Test(json_guard, accepts_no_end_of_a_text)
{
    for (size_t from = 1; from < rich_texts[0].len; from++) {
        struct scanned scanned = scan((struct bytes){ rich_texts[0].p + from, rich_texts[0].len - from });
        cr_expect_eq(scanned.st, STATUS_INVALID_JSON, "from byte %zu", from);
        expect_consistent(&scanned);
        scanned_free(&scanned);
    }
}

/* Each byte of a text replaced by each other: what is then passed, json-c reads; nothing is read past the end. */
static void mutate(struct bytes text)
{
    struct document_reader *reader = document_reader_new();
    struct scanned scanned = { .arena = arena_new(ARENA_BYTES), .copy = exact_copy(text), .len = text.len };

    for (size_t at = 0; at < text.len; at++) {
        for (int c = 0; c < 256; c++) {
            scanned.copy[at] = (char)c;
            scanned.st = guard_scan((struct bytes){ scanned.copy, text.len }, &defaults, &scanned.arena, &scanned.result);
            expect_consistent(&scanned);
            expect_readable(&scanned, reader);
            arena_reset(&scanned.arena);
        }
        scanned.copy[at] = text.p[at];
    }
    scanned_free(&scanned);
    document_reader_free(reader);
}

Test(json_guard, is_stricter_than_json_c_on_every_changed_byte_of_an_event)
{
    mutate(rich_texts[0]);
}

Test(json_guard, is_stricter_than_json_c_on_every_changed_byte_of_a_batch)
{
    mutate(rich_texts[1]);
}

/* Each byte left out, and each put in twice. */
Test(json_guard, is_stricter_than_json_c_on_lost_and_doubled_bytes)
{
    struct document_reader *reader = document_reader_new();
    struct bytes text = rich_texts[1];

    for (size_t at = 0; at < text.len; at++) {
        for (size_t times = 0; times <= 2; times += 2) {
            struct buf buf = buf_new(4096);
            buf_add(&buf, (struct bytes){ text.p, at });
            for (size_t i = 0; i < times; i++)
                buf_add(&buf, (struct bytes){ text.p + at, 1 });
            buf_add(&buf, (struct bytes){ text.p + at + 1, text.len - at - 1 });
            struct scanned scanned = scan(buf_bytes(&buf));
            expect_consistent(&scanned);
            expect_readable(&scanned, reader);
            scanned_free(&scanned);
            buf_free(&buf);
        }
    }
    document_reader_free(reader);
}

/* ---- memory ---- */

/* A batch with many elements, names and names with escapes: each needs memory. To be freed. */
static struct bytes greedy_text(void)
{
    struct buf buf = buf_new(64 * 1024);

    buf_add_text(&buf, "[0");
    for (int i = 0; i < 20; i++)
        buf_add_text(&buf, ",{\"\\u0061\":1}");
    buf_add_text(&buf, ",{");
    for (int i = 0; i < 130; i++)
        buf_add_format(&buf, "\"m%d\":{\"\\u006d%d\":0},", i, i);
    buf_add_text(&buf, "\"z\":1}]");
    cr_assert_not(buf.failed);
    return buf_bytes(&buf);
}

/* The ceiling of the arena goes up step by step until the scan succeeds. */
Test(json_guard, at_the_ceiling_of_memory_says_so_at_every_step)
{
    struct bytes text = greedy_text();
    size_t ceiling = 0;
    enum status st;

    do {
        struct arena arena = arena_new(ceiling);
        struct guard_result result;
        st = guard_scan(text, &defaults, &arena, &result);
        if (st != STATUS_OK) {
            EXPECT_STATUS((int)ceiling, st, STATUS_NO_MEMORY);
            EXPECT_STATUS((int)ceiling, result.fault.status, STATUS_NO_MEMORY);
        }
        arena_free(&arena);
        ceiling += 16;
    } while (st != STATUS_OK && ceiling < 1024 * 1024);
    EXPECT_STATUS(__LINE__, st, STATUS_OK);
    cr_expect_gt(ceiling, 1000);
    free((char *)text.p);
}

Test(json_guard, without_memory_says_so_at_every_allocation)
{
    struct bytes text = woven("[", "{\"event_type\":{\"\\u0061\":1},\"session_id\":2}, ", 990, "7]");
    bool failed;
    int nth = 1;

    do {
        struct arena arena = arena_new(ARENA_BYTES);
        struct guard_result result;
        failing_begin(nth++);
        enum status st = guard_scan(text, &defaults, &arena, &result);
        failed = failing_end();
        EXPECT_STATUS(nth, st, failed ? STATUS_NO_MEMORY : STATUS_OK);
        arena_free(&arena);
    } while (failed);
    cr_expect_gt(nth, 3);
    free((char *)text.p);
}
