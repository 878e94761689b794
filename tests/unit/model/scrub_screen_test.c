#include "model/scrub_screen.h"

#include "model/card_number.h"
#include "model/iban.h"
#include "model/scrub_view.h"
#include "tests/unit/unit.h"

#define EVENT                                                                                                                    \
    "{\"event_type\":\"page_view\",\"session_id\":\"17156075-7b64-4e0f-9c1d-000000000005\",\"timestamp\":\"2026-11-22T13:34:56." \
    "789Z\","                                                                                                                    \
    "\"page_url\":\"https://www.bank.example/accounts/000000/overview?from=menu\",\"t\":1795354496789,\"us\":1795354496789001,"  \
    "\"user_agent\":\"Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0\",\"x\":[0.35123456789012345,"      \
    "\"%C3%A4%20%2F\",\"\\u00e4\\n\\\"\"],\"sha\":\"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\"}"

Test(scrub_screen, event_without_a_number_is_let_go)
{
    cr_expect(!scrub_screen(BYTES(EVENT)));
    cr_expect(!scrub_screen(BYTES("")));
}

/* Wherever in a text it stands. */
Test(scrub_screen, number_is_seen_at_every_place)
{
    static const char *const numbers[] = {
        "4111111111111111",
        "4222222222222",
        "4111 1111 1111 1111",
        "4111-1111-1111-1111",
        "4111 - 1111 - 1111 - 1111",
        "4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1",
        "4111\xc2\xa0"
        "1111\xc2\xa0"
        "1111\xc2\xa0"
        "1111",
        "4111\xe2\x80\xaf"
        "1111\xe2\x80\xaf"
        "1111\xe2\x80\xaf"
        "1111",
        "4111%201111%201111%201111",
        "4111%C2%A01111%C2%A01111%C2%A01111",
        "4111%E2%80%AF1111%E2%80%AF1111%E2%80%AF1111",
        "4111%25201111%25201111%25201111",
        "4111\\u00a01111\\u00a01111\\u00a01111",
        "\\u00344111111111111111",
        "%34111111111111111",
        "%224111111111111111%22",
        "\\u00224111111111111111",
        "1%124111111111111111",
        "4.111.111.111.111.111",
        "4.111111111111111e15",
        "378282246310005",
        "DE89370400440532013000",
        "de89 3704 0044 0532 0130 00",
        "MT84MALT011000012345MTLCAST001S",
        "LC55HEMM000100010012001200023015",
        "NO93 8601 1117 947",
        "DE89%203704%200044%200532%200130%2000",
        "\\u0044E89370400440532013000",
        "%12411111911\\11+\\1\\1",
        "RO05 BTRL RONC RT0V 1234 5601",
        "RO05BTRLRONCRT0V12345601",
        "MT84MALT0110%2000012345MTLCAST001S",
        "GB29NWBK\\u00a0601613\\u00a031926819",
        "BG87FINV915010BGN0ABCD",
        "kw21%20cbku%20abcd%20efgh%20ijkl%20mnop%20qrst%20uv",
    };

    for (size_t n = 0; n < COUNT_OF(numbers); n++) {
        for (size_t before = 0; before < 70; before++) {
            for (size_t behind = 0; behind < 40; behind += 13) {
                struct buf text = buf_new(256);
                for (size_t i = 0; i < before + behind; i++)
                    buf_add_text(&text, i == before ? "" : "x");
                struct buf whole = buf_new(512);
                buf_add(&whole, (struct bytes){ text.p, before ? before - 1 : 0 });
                buf_add_text(&whole, before ? "," : "");
                buf_add_text(&whole, numbers[n]);
                buf_add_text(&whole, behind ? "," : "");
                buf_add(&whole, (struct bytes){ text.p, behind ? behind - 1 : 0 });
                char *copy = exact_copy(buf_bytes(&whole));
                cr_expect(scrub_screen((struct bytes){ copy, whole.len }), "%s", whole.p);
                free(copy);
                buf_free(&text);
                buf_free(&whole);
            }
        }
    }
}

static bool holds_number(struct bytes text)
{
    struct scrub_view view = { 0 };
    struct span found;
    bool is_found = false;

    cr_assert_eq(scrub_view_open(&view, text), STATUS_OK);
    do {
        size_t from = 0;
        scrub_view_fold_digits(&view);
        is_found = card_number_next(scrub_view_text(&view), &from, &found);
        from = 0;
        is_found = is_found || iban_next(scrub_view_text(&view), &from, &found);
    } while (!is_found && scrub_view_decode(&view));
    scrub_view_free(&view);
    return is_found;
}

Test(scrub_screen, nothing_that_is_let_go_holds_a_number)
{
    static const char *const pieces[] = { "4",       "5",        "1",        "11",     "111",      "1111",     "2222",
                                          "0",       "0005",     "3782",     "822463", "DE89",     "3704",     "0044",
                                          "4405",    "32013000", "GB29NWBK", "601613", "31926819", " ",        "-",
                                          ".",       "%20",      "+",        "x",      "\\u00a0",  "\xc2\xa0", "%C2%A0",
                                          "\\u0031", "%31",      "%2520",    "\"",     ",",        "4444",     "5555" };
    uint32_t state = 7;
    unsigned n_found = 0;

    for (int i = 0; i < 40000; i++) {
        struct buf text = buf_new(512);
        for (int n = 0; n < 12; n++) {
            state = state * 1664525 + 1013904223;
            buf_add_text(&text, pieces[(state >> 10) % COUNT_OF(pieces)]);
        }
        bool holds = holds_number(buf_bytes(&text));
        n_found += holds;
        cr_assert(!holds || scrub_screen(buf_bytes(&text)), "%s", text.p);
        buf_free(&text);
    }
    cr_expect(n_found > 100, "%u", n_found);
}

Test(scrub_screen, long_runs_of_escapes_take_no_time)
{
    size_t len = 1024 * 1024;
    char *text = repeated('\\', len);

    cr_expect(!scrub_screen((struct bytes){ text, len }));
    free(text);
}
