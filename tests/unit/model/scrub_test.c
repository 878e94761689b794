#include "model/scrub.h"

#include "tests/unit/unit.h"

#define CARD "4111111111111111"
#define IBAN "DE89370400440532013000"

static const struct limits limits = LIMITS_DEFAULT;
static const struct scrub masking = { .cards = SCRUB_MASK, .ibans = SCRUB_MASK };
static const struct scrub rejecting = { .cards = SCRUB_REJECT, .ibans = SCRUB_REJECT };

/* Scrubs a copy whose memory ends with the text. The result is in the arena, or the copy, which is freed: *unchanged says which. */
static enum status scrubbed(const struct scrub *scrub, struct bytes text, struct arena *arena, struct bytes *result,
                            struct scrub_report *report)
{
    char *copy = exact_copy(text);
    struct bytes own = { copy, text.len };
    struct scrubber scrubber = { .scrub = scrub };
    enum status st = scrub_text(&scrubber, arena, &own, report);

    *result = own.p == copy ? text : own;
    scrubber_free(&scrubber);
    free(copy);
    return st;
}

static bool is_faultless(struct bytes text, struct arena *arena)
{
    struct guard_result result;
    enum status st = guard_scan(text, &limits, arena, &result);

    for (size_t i = 0; st == STATUS_OK && i < result.n_elements; i++)
        st = result.elements[i].fault.status;
    return st == STATUS_OK;
}

/* want NULL: the text stays as it is. */
static const struct {
    int line;
    const char *text;
    const char *want;
} cases[] = {
    { __LINE__, "{}", NULL },
    { __LINE__, "{\"a\":\"b\",\"n\":1.10,\"l\":[true,null,-0.0e1]}", NULL },
    /* values */
    { __LINE__, "{\"a\":\"" CARD "\"}", "{\"a\":\"*card*\"}" },
    { __LINE__, "{\"a\" : \"x " CARD " y\" , \"b\": 1.10 }", "{\"a\" : \"x *card* y\" , \"b\": 1.10 }" },
    { __LINE__, "{\"a\":\"4111 1111-1111 1111\",\"b\":\"" IBAN "\"}", "{\"a\":\"*card*\",\"b\":\"*iban*\"}" },
    { __LINE__, "{\"a\":\"" CARD " " IBAN "\"}", "{\"a\":\"*card* *iban*\"}" },
    { __LINE__, "{\"a\":\"de89 3704 0044 0532 0130 00\"}", "{\"a\":\"*iban*\"}" },
    { __LINE__, "{\"a\":\"RO05BTRLRONCRT0V12345601, BG87 FINV 9150 10BG N0AB CD\"}",
      "{\"a\":\"*iban*, *iban*\"}" }, /* few digits in a row */
    { __LINE__, "{\"a\":{\"b\":[1,[\"" CARD "\",{\"c\":\"" CARD "\"}]]}}", "{\"a\":{\"b\":[1,[\"*card*\",{\"c\":\"*card*\"}]]}}" },
    { __LINE__, "\"" CARD "\"", "\"*card*\"" },
    { __LINE__, "[\"" CARD "\"]", "[\"*card*\"]" },
    /* escapes */
    { __LINE__, "{\"a\":\"\\u0034111111111111111\"}", "{\"a\":\"*card*\"}" },
    { __LINE__, "{\"a\":\"4111\\u00201111\\t1111\\u00a01111\\n\"}", "{\"a\":\"*card*\\n\"}" },
    { __LINE__,
      "{\"a\":"
      "\"\\u0034\\u0031\\u0031\\u0031\\u0031\\u0031\\u0031\\u0031\\u0031\\u0031\\u0031\\u0031\\u0031\\u0031\\u0031\\u0031\"}",
      "{\"a\":\"*card*\"}" },
    { __LINE__, "{\"a\":\"\\\"" CARD "\\\"\"}", "{\"a\":\"\\\"*card*\\\"\"}" },
    { __LINE__, "{\"a\":\"{\\\"pan\\\":\\\"" CARD "\\\"}\"}", "{\"a\":\"{\\\"pan\\\":\\\"*card*\\\"}\"}" },
    { __LINE__, "{\"a\":\"\\ud83d\\ude00" CARD "\\ud83d\\ude00\"}", "{\"a\":\"\\ud83d\\ude00*card*\\ud83d\\ude00\"}" },
    { __LINE__, "{\"a\":\"\\u0044E89370400440532013000\"}", "{\"a\":\"*iban*\"}" },
    { __LINE__,
      "{\"a\":\"4111\xc2\xa0"
      "1111\xc2\xa0"
      "1111\xc2\xa0"
      "1111\"}",
      "{\"a\":\"*card*\"}" },
    /* URLs */
    { __LINE__, "{\"u\":\"https://x.example/p?n=" CARD "&m=1\"}", "{\"u\":\"https://x.example/p?n=*card*&m=1\"}" },
    { __LINE__, "{\"u\":\"https://x.example/" CARD "/p\"}", "{\"u\":\"https://x.example/*card*/p\"}" },
    { __LINE__, "{\"u\":\"?n=4111+1111+1111+1111&m=1\"}", "{\"u\":\"?n=*card*&m=1\"}" },
    { __LINE__, "{\"u\":\"?n=4111%201111%201111%201111&m=%20\"}", "{\"u\":\"?n=*card*&m=%20\"}" },
    { __LINE__, "{\"u\":\"?n=4111%C2%A01111%c2%a01111%2D1111\"}", "{\"u\":\"?n=*card*\"}" },
    { __LINE__, "{\"u\":\"?j=%7B%22n%22%3A%224111111111111111%22%7D\"}", "{\"u\":\"?j=%7B%22n%22%3A%22*card*%22%7D\"}" },
    { __LINE__, "{\"u\":\"?n=%34%31%31%31111111111111\"}", "{\"u\":\"?n=*card*\"}" },
    { __LINE__, "{\"u\":\"?next=%2Fp%3Fn%3D4111%25201111%25201111%25201111\"}", "{\"u\":\"?next=%2Fp%3Fn%3D*card*\"}" },
    { __LINE__, "{\"u\":\"?i=%3DDE89370400440532013000\"}", "{\"u\":\"?i=%3D*iban*\"}" },
    { __LINE__, "{\"u\":\"?i=DE89+3704+0044+0532+0130+00\"}", "{\"u\":\"?i=*iban*\"}" },
    { __LINE__, "{\"u\":\"#n=" CARD "\"}", "{\"u\":\"#n=*card*\"}" },
    { __LINE__, "{\"u\":\"?x=%zz%4\",\"v\":\"100%\"}", NULL },
    { __LINE__, "{\"u\":\"?x=%ff%fe " CARD "\"}", "{\"u\":\"?x=%ff%fe *card*\"}" },
    /* names */
    { __LINE__, "{\"" CARD "\":1}", "{\"*card*\":1}" },
    { __LINE__, "{\"a " CARD " b\" : {\"" IBAN "\":[]}}", "{\"a *card* b\" : {\"*iban*\":[]}}" },
    { __LINE__, "{\"" CARD "\":1,\"5555555555554444\":2,\"4012888888881881\":{\"" CARD "\":3}}",
      "{\"*card*\":1,\"*card**2\":2,\"*card**3\":{\"*card*\":3}}" },
    { __LINE__, "{\"" CARD "\":1,\"*card*\":2,\"x\":{\"*card**2\":0}}", "{\"*card**2\":1,\"*card*\":2,\"x\":{\"*card**2\":0}}" },
    { __LINE__, "{\"" CARD "\":1,\"\\u002acard*\":2,\"*card**2\":3}", "{\"*card**3\":1,\"\\u002acard*\":2,\"*card**2\":3}" },
    { __LINE__, "{\"l\":[\"" CARD "\",\"" CARD "\"]}", "{\"l\":[\"*card*\",\"*card*\"]}" },
    /* numbers */
    { __LINE__, "{\"a\":" CARD "}", "{\"a\":\"*card*\"}" },
    { __LINE__, "{\"a\":-" CARD " ,\"b\":[" CARD ",1]}", "{\"a\":\"*card*\" ,\"b\":[\"*card*\",1]}" },
    { __LINE__, "{\"a\":" CARD ".0,\"b\":" CARD ".000}", "{\"a\":\"*card*\",\"b\":\"*card*\"}" },
    { __LINE__, "{\"a\":4.111111111111111e15,\"b\":4.111111111111111E+15}", "{\"a\":\"*card*\",\"b\":\"*card*\"}" },
    { __LINE__, "{\"a\":41111111111111110e-1}", NULL },                        /* nobody writes so */
    { __LINE__, "{\"a\":\"%41 tel:+4222222222222&t=+4222222222222\"}", NULL }, /* telephone numbers */
    { __LINE__, "{\"a\":\"n+4222222222222\"}", "{\"a\":\"n+*card*\"}" },
    /* its plus escaped, and what stands before it */
    { __LINE__, "{\"u\":\"?t=%2B4222222222222&t=%2b4222222222222\"}", NULL },
    { __LINE__, "{\"u\":\"?next=%2Fp%3Ft%3D%2B4222222222222&n=%2Fp%3Ft%3D%252B4222222222222\"}", NULL },
    { __LINE__, "{\"u\":\"?next=%2Fp%3Ft%3D+4222222222222&n=tel%253A%25252B4222222222222\"}", NULL },
    { __LINE__, "{\"u\":\"%2B4222222222222\",\"v\":\"%2B%2B4222222222222\",\"w\":\" %2B4222222222222\"}", NULL },
    { __LINE__, "{\"a\":\"\\u002b4222222222222\",\"b\":\"{\\\"t\\\":\\\"\\\\u002B4222222222222\\\"}\"}", NULL },
    { __LINE__, "{\"a\":\"t=\\\\u003d\\\\u002b4222222222222 &#43;4222222222222 &#x2B;4222222222222,&plus;4222222222222\"}", NULL },
    /* behind a letter or digit it is a blank, and before more or fewer digits no telephone number's */
    { __LINE__, "{\"u\":\"?q=visa%2B4222222222222&r=visa%252b4222222222222\"}", "{\"u\":\"?q=visa%2B*card*&r=visa%252b*card*\"}" },
    { __LINE__, "{\"u\":\"?q=%61%2B4222222222222&r=a%26%2B4222222222222\"}", "{\"u\":\"?q=%61%2B*card*&r=a%26%2B4222222222222\"}" },
    { __LINE__, "{\"u\":\"?q=\\\\u0061\\\\u002b4222222222222 x&#43;4222222222222\"}",
      "{\"u\":\"?q=\\\\u0061\\\\u002b*card* x&#43;*card*\"}" },
    { __LINE__, "{\"u\":\"?q=%2B" CARD "&r=%2B4111%2B1111%2B1111%2B1111&s=%3D%2B378282246310005\"}",
      "{\"u\":\"?q=%2B*card*&r=%2B*card*&s=%3D%2B*card*\"}" },
    { __LINE__, "{\"u\":\"%B4222222222222 25%2D4222222222222\"}", "{\"u\":\"%B*card* 25%2D*card*\"}" },
    /* JSON within a string, with escapes of its own */
    { __LINE__, "{\"a\":\"{\\\"n\\\":\\\"4111\\\\u00a01111\\\\t1111\\\\u20091111\\\"}\"}",
      "{\"a\":\"{\\\"n\\\":\\\"*card*\\\"}\"}" },
    { __LINE__, "{\"a\":\"\\\\u0034111111111111111 \\\\\\\\u0034111111111111111\"}", "{\"a\":\"*card* *card*\"}" },
    { __LINE__, "{\"a\":\"DE89\\\\u00a03704\\\\u00a00044\\\\u00a00532\\\\u00a00130\\\\u00a000\"}", "{\"a\":\"*iban*\"}" },
    { __LINE__, "{\"a\":\"C:\\\\4111\\\\1111\\\\1111\\\\1111\\\\temp\\\\u00\"}", NULL }, /* no escapes */
    { __LINE__, "{\"u\":\"%20+4222222222222 %3D+4222222222222\"}", NULL },
    /* full-width digits */
    { __LINE__, "{\"a\":\"\xef\xbc\x94\xef\xbc\x91\xef\xbc\x91\xef\xbc\x91 1111 1111 1111\"}", "{\"a\":\"*card*\"}" },
    { __LINE__, "{\"a\":\"\\uff14111 1111 1111 111\\uFF11\",\"b\":\"?%EF%BC%94111111111111111&\"}",
      "{\"a\":\"*card*\",\"b\":\"?*card*&\"}" },
    { __LINE__, "{\"a\":\"\xef\xbc\x8c\xef\xbc\x94\xef\xbc\x94\xef\xbb\xbf\xef\xbf\xbd\"}", NULL },
    { __LINE__, "{\"a\":\"DE\xef\xbc\x98\xef\xbc\x99 3704 0044 0532 0130 00 \xef\xbc\x91\"}", "{\"a\":\"*iban* \xef\xbc\x91\"}" },
    { __LINE__, "{\"a\":43e11,\"b\":43e00000000000011}", NULL },
    { __LINE__, "{\"a\":0.4111111111111111,\"b\":" CARD ".5,\"c\":4111111111111112}", NULL },
    { __LINE__, "{\"a\":1795354496789,\"b\":1795354496789001}", NULL },
    { __LINE__, CARD, "\"*card*\"" },
    /* what is no card stays */
    { __LINE__, "{\"session_id\":\"41111111-1111-1111-9111-111111111111\",\"t\":\"2026-11-22T19:09:51.123456Z\"}", NULL },
};

Test(scrub, what_is_found_is_masked_and_all_else_stays)
{
    struct arena arena = arena_new(1024 * 1024);

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct bytes text = bytes_of(cases[i].text), got, again;
        struct bytes want = bytes_of(cases[i].want ? cases[i].want : cases[i].text);
        struct scrub_report report;
        EXPECT_STATUS(cases[i].line, scrubbed(&masking, text, &arena, &got, &report), STATUS_OK);
        EXPECT_BYTES(cases[i].line, got, want);
        EXPECT(cases[i].line, (got.p == text.p) == !cases[i].want);
        EXPECT(cases[i].line, is_faultless(got, &arena));
        EXPECT_INT(cases[i].line, report.counts[SCRUB_CARDS] + report.counts[SCRUB_IBANS] > 0, cases[i].want != NULL);
        /* Once is enough. */
        EXPECT_STATUS(cases[i].line, scrubbed(&masking, got, &arena, &again, NULL), STATUS_OK);
        EXPECT(cases[i].line, again.p == got.p);
        arena_reset(&arena);
    }
    arena_free(&arena);
}

Test(scrub, rules_that_are_off_find_nothing)
{
    static const struct scrub off = { 0 }, cards = { .cards = SCRUB_MASK };
    struct arena arena = arena_new(1024 * 1024);
    struct bytes got;

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        cr_expect_eq(scrubbed(&off, bytes_of(cases[i].text), &arena, &got, NULL), STATUS_OK);
        EXPECT_TEXT(cases[i].line, got.p, cases[i].text);
    }
    cr_expect_eq(scrubbed(&cards, BYTES("[\"" CARD "\",\"" IBAN "\"]"), &arena, &got, NULL), STATUS_OK);
    EXPECT_BYTES(__LINE__, got, BYTES("[\"*card*\",\"" IBAN "\"]"));
    arena_free(&arena);
}

Test(scrub, event_is_refused_with_rule_and_place_and_never_the_value)
{
    static const struct {
        int line;
        const char *text;
        unsigned rule;
        const char *pointer;
    } refused[] = {
        { __LINE__, "{\"a\":\"" CARD "\"}", SCRUB_CARDS, "/a" },
        { __LINE__, "{\"a\":" CARD "}", SCRUB_CARDS, "/a" },
        { __LINE__, "{\"a\":\"" IBAN "\"}", SCRUB_IBANS, "/a" },
        { __LINE__, "{\"x\":{},\"a\":[1,[],{\"b/~\\u002f\":[0,\"" CARD "\"]}]}", SCRUB_CARDS, "/a/2/b~1~0~1/1" },
        { __LINE__, "{\"" CARD "\":1}", SCRUB_CARDS, "/*card*" },
        { __LINE__, "{\"a\":{\"x " CARD "\":\"" IBAN "\"}}", SCRUB_CARDS, "/a/x *card*" },
    };
    struct arena arena = arena_new(1024 * 1024);

    for (size_t i = 0; i < COUNT_OF(refused); i++) {
        struct scrub_report report;
        struct bytes got;
        EXPECT_STATUS(refused[i].line, scrubbed(&rejecting, bytes_of(refused[i].text), &arena, &got, &report), STATUS_SENSITIVE);
        EXPECT_INT(refused[i].line, report.refused_by, refused[i].rule);
        EXPECT_BYTES(refused[i].line, report.pointer, bytes_of(refused[i].pointer));
    }
    arena_free(&arena);
}

Test(scrub, parameters_that_are_not_listed_are_cut_out_of_page_url)
{
    static const struct bytes names[] = { BYTES("a"), BYTES("utm_*"), BYTES("b c") };
    static const struct scrub listed = { .cards = SCRUB_MASK, .parameters = names, .n_parameters = COUNT_OF(names) };
    static const struct bytes nothing[] = { BYTES("") };
    static const struct scrub none = { .parameters = nothing, .n_parameters = 1 };
    static const struct {
        int line;
        const char *url;
        const char *want; /* NULL: as it is */
        const char *bare; /* with nothing listed; NULL: as want */
    } urls[] = {
        { __LINE__, "https://x.example/p", NULL, NULL },
        { __LINE__, "https://x.example/p?", NULL, NULL },
        { __LINE__, "https://x.example/p?a=1", NULL, "https://x.example/p" },
        { __LINE__, "https://x.example/p?a=1&x=2", "https://x.example/p?a=1", "https://x.example/p" },
        { __LINE__, "https://x.example/p?x=2&a=1", "https://x.example/p?a=1", "https://x.example/p" },
        { __LINE__, "p?x=2&a=1&y&utm_source=s;z=1;utm_=2&A=3", "p?a=1&utm_source=s;utm_=2", "p" },
        { __LINE__, "p?x=2\\u0026a=1\\u0026y", "p?a=1", "p" },
        { __LINE__, "p?%61=1&b+c=2&b%20c=3&ab=4", "p?%61=1&b+c=2&b%20c=3", "p" },
        { __LINE__, "p?x=1", "p", NULL },
        { __LINE__, "p?x=1#part", "p#part", NULL },
        { __LINE__, "p?a=1#part", NULL, "p#part" },
        { __LINE__, "p#part", NULL, NULL },
        { __LINE__, "p#access_token=t&a=1", "p#a=1", "p" },
        { __LINE__, "p#access_token=t", "p", NULL },
        { __LINE__, "p?a=0#/route?x=1&a=2", "p?a=0#/route?a=2", "p#/route" },
        { __LINE__, "p#x=1&utm_a?a=1&a=2", "p#a=2", "p" }, /* what is left is read as it was */
        { __LINE__, "p?x=1&utm_a?a=1&a=2", "p?utm_a?a=1&a=2", "p" },
        { __LINE__, "p?a=" CARD "&x=" CARD, "p?a=*card*", "p" },
        { __LINE__, "", NULL, NULL },
        { __LINE__, "?", NULL, NULL },
        { __LINE__, "#", NULL, NULL },
    };
    struct arena arena = arena_new(1024 * 1024);

    for (size_t i = 0; i < COUNT_OF(urls); i++) {
        const char *wants[] = { urls[i].want ? urls[i].want : urls[i].url, urls[i].bare };
        for (size_t n = 0; n < 2; n++) {
            struct buf text = buf_new(1024), want = buf_new(1024);
            struct bytes got;
            buf_add_format(&text, "{\"x\":{\"page_url\":\"p?x=1\"},\"pa\\u0067e_url\":\"%s\",\"u\":\"p?x=1\"}", urls[i].url);
            buf_add_format(&want, "{\"x\":{\"page_url\":\"p?x=1\"},\"pa\\u0067e_url\":\"%s\",\"u\":\"p?x=1\"}",
                           wants[n] ? wants[n] : wants[0]);
            EXPECT_STATUS(urls[i].line, scrubbed(n ? &none : &listed, buf_bytes(&text), &arena, &got, NULL), STATUS_OK);
            EXPECT_BYTES(urls[i].line, got, buf_bytes(&want));
            buf_free(&text);
            buf_free(&want);
        }
    }
    arena_free(&arena);
}

Test(scrub, text_that_is_no_json_is_read_no_further_than_it_goes)
{
    static const char *const texts[] = {
        "",
        "\"",
        "\"\\",
        "{\"a",
        "{\"" CARD,
        "{\"" CARD "\\",
        "{\"" CARD "\\u00",
        "}" CARD,
        "]]" CARD,
        "[[" CARD,
        "-",
        "\"" CARD "\\ud83d\\",
        "\"4111%201111%2",
        CARD "e",
        "{\"" CARD "\":1",
        "{\"a\":1,\"" CARD "\"}",
    };
    struct arena arena = arena_new(1024 * 1024);
    struct bytes got;

    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        enum status st = scrubbed(&masking, bytes_of(texts[i]), &arena, &got, NULL);
        cr_expect(st == STATUS_OK || st == STATUS_INTERNAL, "%s", texts[i]);
    }
    arena_free(&arena);
}

/* ---- properties ---- */

static uint32_t random_state = 1;

static uint32_t random_below(uint32_t n)
{
    random_state = random_state * 1664525 + 1013904223;
    return (random_state >> 8) % n;
}

static void add_random_string(struct buf *to)
{
    static const char *const pieces[] = {
        CARD,
        "5555 5555 5555 4444",
        "3782-822463-10005",
        IBAN,
        "gb29 nwbk 6016 1331 9268 19",
        "4111%201111%201111%201111",
        "4",
        "11",
        "1111",
        " ",
        "-",
        ".",
        "%20",
        "%",
        "\\u0034",
        "\\\"",
        "\\u00a0",
        "\xc2\xa0",
        "x",
        "abc",
        "550e8400-e29b-41d4-a716-446655440000",
        "1795354496789",
        "=",
        "&",
        "*card*",
        "\xf0\x9f\x98\x80",
        "DE89",
        "%25",
    };

    buf_add_text(to, "\"");
    for (uint32_t n = random_below(6); n; n--)
        buf_add_text(to, pieces[random_below(COUNT_OF(pieces))]);
    buf_add_text(to, "\"");
}

static void add_random_value(struct buf *to, uint32_t depth)
{
    static const char *const words[] = {
        "1.10", "true", CARD, "-0", "1795354496789", "4.111111111111111e15", "null", "[ ]", "{ }"
    };
    uint32_t kind = random_below(depth < 4 ? 4 : 2);

    if (kind == 0) {
        add_random_string(to);
    } else if (kind == 1) {
        buf_add_text(to, words[random_below(COUNT_OF(words))]);
    } else {
        buf_add_text(to, kind == 2 ? "[" : "{");
        for (uint32_t n = random_below(5), i = 0; i < n; i++) {
            buf_add_text(to, i ? " ," : "");
            if (kind == 3) {
                add_random_string(to);
                buf_add_text(to, ": ");
            }
            add_random_value(to, depth + 1);
        }
        buf_add_text(to, kind == 2 ? "]" : "}");
    }
}

/* Cuts what stands before the next mask, or number of a name, off text, and that too. */
static struct bytes cut_piece(struct bytes *text)
{
    static const struct bytes masks[] = { BYTES("card*"), BYTES("iban*") };
    struct bytes piece;

    (void)bytes_cut(text, '*', &piece);
    for (size_t i = 0; text->p && i < COUNT_OF(masks); i++) {
        if (bytes_begins_with(*text, masks[i])) {
            text->p += masks[i].len;
            text->len -= masks[i].len;
        }
    }
    return piece;
}

/* Stands all that is between the masks in the text too, in that order? */
static bool is_kept_in_order(struct bytes text, struct bytes scrubbed)
{
    while (scrubbed.p) {
        struct bytes piece =
            bytes_trim(cut_piece(&scrubbed), "0123456789\""); /* of a name's number, the quotes of a number's mask */
        const char *at = memmem(text.p, text.len, piece.p, piece.len);
        if (!at)
            return false;
        text.len -= (size_t)(at - text.p) + piece.len;
        text.p = at + piece.len;
    }
    return true;
}

Test(scrub, scrubbed_is_valid_and_clean_and_else_the_same)
{
    struct arena arena = arena_new(4 * 1024 * 1024);
    unsigned changed = 0;

    for (int i = 0; i < 5000; i++) {
        struct buf text = buf_new(64 * 1024);
        struct bytes got, again;
        add_random_value(&text, 0);
        if (is_faultless(buf_bytes(&text), &arena)) {
            cr_assert_eq(scrubbed(&masking, buf_bytes(&text), &arena, &got, NULL), STATUS_OK);
            cr_assert(is_faultless(got, &arena), "%s became %.*s", text.p, (int)got.len, got.p);
            cr_assert_eq(scrubbed(&masking, got, &arena, &again, NULL), STATUS_OK);
            cr_assert(again.p == got.p, "%s became %.*s, then %s", text.p, (int)got.len, got.p, again.p);
            cr_assert(is_kept_in_order(buf_bytes(&text), got), "%s became %.*s", text.p, (int)got.len, got.p);
            changed += got.p != text.p;
        }
        buf_free(&text);
        arena_reset(&arena);
    }
    cr_expect(changed > 1000, "%u", changed);
    arena_free(&arena);
}

Test(scrub, many_names_that_are_masked_take_no_time)
{
    struct arena arena = arena_new(4 * 1024 * 1024);
    struct buf text = buf_new(64 * 1024);
    struct bytes got;

    for (int i = 0; i < 1000; i++)
        buf_add_format(&text, "%s\"4111 1111 1111 1111 x%d\"", i ? ":1," : "{", i / 2);
    buf_add_text(&text, ":1}");
    EXPECT_STATUS(__LINE__, scrubbed(&masking, buf_bytes(&text), &arena, &got, NULL), STATUS_OK);
    cr_expect(memmem(got.p, got.len, "*card* x499*501\":1}", 19), "%.*s", (int)got.len, got.p);
    buf_free(&text);
    arena_free(&arena);
}

/* ---- patterns ---- */

Test(scrub, patterns_are_found_wherever_cards_are)
{
    static const struct {
        int line;
        const char *text;
        const char *want; /* NULL: as it is */
    } texts[] = {
        { __LINE__, "{\"a\":\"KD-12345678 and KD-87654321\"}", "{\"a\":\"*customer* and *customer*\"}" },
        { __LINE__, "{\"KD-12345678\":1,\"KD-12345679\":2}", "{\"*customer*\":1,\"*customer**2\":2}" },
        { __LINE__, "{\"u\":\"?c=%4bD-12345678&x=\\u004bD-12345678\"}", "{\"u\":\"?c=*customer*&x=*customer*\"}" },
        { __LINE__, "{\"n\":7712345678,\"m\":77123456789}", "{\"n\":\"*number*\",\"m\":77123456789}" },
        { __LINE__, "{\"a\":\"KD-12345678 " CARD "\"}", "{\"a\":\"*customer* *card*\"}" },
        { __LINE__,
          "{\"a\":\"stra\xc3\x9f"
          "e 1\"}",
          "{\"a\":\"*street*\"}" },
        { __LINE__, "{\"a\":\"kd-12345678 KD-1234567\",\"b\":\"\"}", NULL },
        { __LINE__, "{\"a\":\"never\"}", NULL },
    };
    static const char *const expressions[] = {
        "customer:mask:KD-[0-9]{8}",
        "number:mask:^77[0-9]{8}$",
        "street:mask:stra(\xc3\x9f|ss)e \\d+",
        "unused:off:never",
    };
    struct scrub_pattern patterns[COUNT_OF(expressions)];
    const struct scrub scrub = { .cards = SCRUB_MASK, .patterns = patterns, .n_patterns = COUNT_OF(patterns) };
    struct arena arena = arena_new(1024 * 1024);
    struct problem problem;

    for (size_t i = 0; i < COUNT_OF(patterns); i++)
        cr_assert_eq(scrub_pattern_read(bytes_of(expressions[i]), &patterns[i], &problem), STATUS_OK);
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        struct bytes got, again;
        EXPECT_STATUS(texts[i].line, scrubbed(&scrub, bytes_of(texts[i].text), &arena, &got, NULL), STATUS_OK);
        EXPECT_BYTES(texts[i].line, got, bytes_of(texts[i].want ? texts[i].want : texts[i].text));
        EXPECT_STATUS(texts[i].line, scrubbed(&scrub, got, &arena, &again, NULL), STATUS_OK);
        EXPECT(texts[i].line, again.p == got.p);
    }
    patterns[0].action = SCRUB_REJECT;
    struct scrub_report report;
    struct bytes got;
    EXPECT_STATUS(__LINE__, scrubbed(&scrub, BYTES("{\"KD-12345678\":{\"a\":\"KD-12345678\"}}"), &arena, &got, &report),
                  STATUS_SENSITIVE);
    EXPECT_TEXT(__LINE__, scrub_rule_name(&scrub, report.refused_by), "customer");
    EXPECT_BYTES(__LINE__, report.pointer, BYTES("/*customer*"));
    for (size_t i = 0; i < COUNT_OF(patterns); i++)
        scrub_pattern_free(&patterns[i]);
    arena_free(&arena);
}

Test(scrub, pattern_that_costs_too_much_masks_all_of_the_string)
{
    struct scrub_pattern pattern;
    const struct scrub scrub = { .patterns = &pattern, .n_patterns = 1 };
    struct arena arena = arena_new(1024 * 1024);
    struct problem problem;
    char *as = repeated('a', 40);
    struct buf text = buf_new(1024);
    struct bytes got;

    cr_assert_eq(scrub_pattern_read(BYTES("slow:mask:^(a+)+(a+)+(a+)+$"), &pattern, &problem), STATUS_OK);
    buf_add_format(&text, "[\"%s!\",\"b\"]", as);
    EXPECT_STATUS(__LINE__, scrubbed(&scrub, buf_bytes(&text), &arena, &got, NULL), STATUS_OK);
    EXPECT_BYTES(__LINE__, got, BYTES("[\"*slow*\",\"b\"]"));
    buf_free(&text);
    free(as);
    scrub_pattern_free(&pattern);
    arena_free(&arena);
}

/* Two patterns that find each other's masks would go on for ever. */
Test(scrub, what_does_not_come_to_rest_is_masked_as_a_whole)
{
    struct scrub_pattern patterns[2];
    const struct scrub scrub = { .patterns = patterns, .n_patterns = 2 };
    struct arena arena = arena_new(1024 * 1024);
    struct problem problem;
    struct bytes got;

    cr_assert_eq(scrub_pattern_read(BYTES("aa:mask:bb"), &patterns[0], &problem), STATUS_OK);
    cr_assert_eq(scrub_pattern_read(BYTES("bb:mask:aa"), &patterns[1], &problem), STATUS_OK);
    EXPECT_STATUS(__LINE__, scrubbed(&scrub, BYTES("[\"x aa y\",\"b\"]"), &arena, &got, NULL), STATUS_OK);
    EXPECT_BYTES(__LINE__, got, BYTES("[\"*bb*\",\"b\"]"));
    for (size_t i = 0; i < COUNT_OF(patterns); i++)
        scrub_pattern_free(&patterns[i]);
    arena_free(&arena);
}

Test(scrub, pattern_that_is_none_is_told_why)
{
    static const struct {
        int line;
        const char *text;
        const char *want;
    } faults[] = {
        { __LINE__, "", "a pattern is NAME:ACTION:EXPRESSION, got ''" },
        { __LINE__, "a:mask", "a pattern is NAME:ACTION:EXPRESSION, got 'a'" },
        { __LINE__, "A b:mask:x", "a name has 1 to 32 of a-z, 0-9, _ and -, got 'A b'" },
        { __LINE__, "a:hide:x", "a: the action must be one of off, mask, reject, got 'hide'" },
        { __LINE__, "a:mask:x*", "a matches the empty text" },
        { __LINE__, "a:mask:", "a matches the empty text" },
        { __LINE__, "ab:mask:[a-z]b", "ab matches its own mask, *ab*" },
        { __LINE__, "a:mask:_id$", "a matches the name of the member session_id" },
        { __LINE__, "b:off:p.ge", "b matches the name of the member page_url" },
    };

    for (size_t i = 0; i < COUNT_OF(faults); i++) {
        struct scrub_pattern pattern;
        struct problem problem = { 0 };
        EXPECT_STATUS(faults[i].line, scrub_pattern_read(bytes_of(faults[i].text), &pattern, &problem), STATUS_CONFIG);
        EXPECT_TEXT(faults[i].line, problem.details, faults[i].want);
    }
    struct scrub_pattern pattern;
    struct problem problem = { 0 };
    EXPECT_STATUS(__LINE__, scrub_pattern_read(BYTES("a:mask:(x"), &pattern, &problem), STATUS_CONFIG);
    EXPECT(__LINE__, strstr(problem.details, " at byte "));
}

/* What makes an event the same when it is sent again, where that is its form. */
Test(scrub, patterns_leave_identity_and_time_alone)
{
    static const struct {
        int line;
        const char *text;
        const char *want; /* NULL: as it is */
    } texts[] = {
        { __LINE__, "{\"event_id\":\"12345678-7b64-4e0f-9c1d-000000000005\",\"timestamp\":\"1980-11-22T13:34:56.789Z\"}", NULL },
        { __LINE__, "{\"event_id\":\"12345678\",\"timestamp\":\"1980-11-22\"}",
          "{\"event_id\":\"*customer*\",\"timestamp\":\"*birth*\"}" },
        { __LINE__, "{\"timestamp\":\"2026-11-22T13:34:56.0000000000000012345678Z\"}",
          "{\"timestamp\":\"2026-11-22T13:34:56.*customer**customer*345678Z\"}" },
        { __LINE__, "{\"x\":{\"timestamp\":\"1980-11-22T13:34:56Z\"}}", "{\"x\":{\"timestamp\":\"*birth*T13:34:56Z\"}}" },
        { __LINE__, "[\"1980-11-22T13:34:56Z\"]", "[\"*birth*T13:34:56Z\"]" },
        { __LINE__, "{\"session_id\":\"12345678-7b64-4e0f-9c1d-000000000005\"}",
          "{\"session_id\":\"*customer*-7b64-4e0f-9c1d-*customer*0005\"}" },
    };
    struct scrub_pattern patterns[2];
    const struct scrub scrub = { .cards = SCRUB_MASK, .patterns = patterns, .n_patterns = 2 };
    struct arena arena = arena_new(1024 * 1024);
    struct problem problem;
    struct bytes got;

    cr_assert_eq(scrub_pattern_read(BYTES("customer:mask:[0-9]{8}"), &patterns[0], &problem), STATUS_OK);
    cr_assert_eq(scrub_pattern_read(BYTES("birth:mask:19[0-9]{2}-[0-9]{2}-[0-9]{2}"), &patterns[1], &problem), STATUS_OK);
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        EXPECT_STATUS(texts[i].line, scrubbed(&scrub, bytes_of(texts[i].text), &arena, &got, NULL), STATUS_OK);
        EXPECT_BYTES(texts[i].line, got, bytes_of(texts[i].want ? texts[i].want : texts[i].text));
    }
    for (size_t i = 0; i < COUNT_OF(patterns); i++)
        scrub_pattern_free(&patterns[i]);
    arena_free(&arena);
}
