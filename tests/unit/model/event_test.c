#include "model/event.h"

#include <stdio.h>

#include "tests/unit/unit.h"

enum { ARENA_BYTES = 16 * 1024 * 1024 };

static const struct limits defaults = LIMITS_DEFAULT;

/* One event, from text to fields. */
struct decoded {
    struct arena arena;
    struct document_reader *reader;
    char *copy;
    struct event event;
    struct problem problem;
    enum status st;
};

static struct decoded decode_limited(struct bytes text, const struct limits *limits)
{
    struct decoded decoded = { .arena = arena_new(ARENA_BYTES), .reader = document_reader_new(), .copy = exact_copy(text) };
    struct bytes copy = { decoded.copy, text.len };
    struct guard_result result;

    cr_assert_eq(guard_scan(copy, limits, &decoded.arena, &result), STATUS_OK, "%.*s", (int)text.len, text.p);
    cr_assert_eq(result.elements[0].fault.status, STATUS_OK, "%.*s", (int)text.len, text.p);
    decoded.st = event_decode(copy, &result.elements[0], limits, decoded.reader, &decoded.arena, &decoded.event, &decoded.problem);
    return decoded;
}

static struct decoded decode(struct bytes text)
{
    return decode_limited(text, &defaults);
}

static void decoded_free(struct decoded *decoded)
{
    document_reader_free(decoded->reader);
    arena_free(&decoded->arena);
    free(decoded->copy);
}

/* ---- properties ---- */

#define KEYS(e, s) TEXT(e), TEXT(s)

Test(event, properties_are_all_other_members_as_posted)
{
    static const struct {
        int line;
        struct bytes text;
        struct bytes event_type, session_id;
        struct bytes properties;
    } cases[] = {
        { __LINE__, TEXT("{\"event_type\":\"e\",\"session_id\":\"s\"}"), KEYS("e", "s"), TEXT("{}") },
        { __LINE__, TEXT("{\"session_id\":\"s\",\"event_type\":\"e\"}"), KEYS("e", "s"), TEXT("{}") },
        { __LINE__, TEXT("{\n \"event_type\" : \"e\" ,\r\n\t\"session_id\"\t:\t\"s\" \n}"), KEYS("e", "s"), TEXT("{}") },
        /* one other member, in each place */
        { __LINE__, TEXT("{\"a\":1,\"event_type\":\"e\",\"session_id\":\"s\"}"), KEYS("e", "s"), TEXT("{\"a\":1}") },
        { __LINE__, TEXT("{\"event_type\":\"e\",\"a\":1,\"session_id\":\"s\"}"), KEYS("e", "s"), TEXT("{\"a\":1}") },
        { __LINE__, TEXT("{\"event_type\":\"e\",\"session_id\":\"s\",\"a\":1}"), KEYS("e", "s"), TEXT("{\"a\":1}") },
        { __LINE__, TEXT("{\"a\":1,\"session_id\":\"s\",\"event_type\":\"e\"}"), KEYS("e", "s"), TEXT("{\"a\":1}") },
        { __LINE__, TEXT("{\"session_id\":\"s\",\"a\":1,\"event_type\":\"e\"}"), KEYS("e", "s"), TEXT("{\"a\":1}") },
        { __LINE__, TEXT("{\"session_id\":\"s\",\"event_type\":\"e\",\"a\":1}"), KEYS("e", "s"), TEXT("{\"a\":1}") },
        /* others on every side */
        { __LINE__, TEXT("{\"a\":1,\"event_type\":\"e\",\"b\":2,\"session_id\":\"s\",\"c\":3}"), KEYS("e", "s"),
          TEXT("{\"a\":1,\"b\":2,\"c\":3}") },
        { __LINE__, TEXT("{\"a\":1,\"session_id\":\"s\",\"event_type\":\"e\",\"c\":3}"), KEYS("e", "s"),
          TEXT("{\"a\":1,\"c\":3}") },
        { __LINE__, TEXT("{\"event_type\":\"e\",\"a\":1,\"b\":2,\"session_id\":\"s\"}"), KEYS("e", "s"),
          TEXT("{\"a\":1,\"b\":2}") },
        /* white space goes at the seams and stays within */
        { __LINE__, TEXT("{ \"a\" : 1 ,\t\"event_type\":\"e\"\n, \"b\" :\r\n[ 1 , 2 ] , \"session_id\" : \"s\" , \"c\" : { } }"),
          KEYS("e", "s"), TEXT("{\"a\" : 1,\"b\" :\r\n[ 1 , 2 ],\"c\" : { }}") },
        { __LINE__, TEXT("{\"a\" : 1 , \"b\" : 2,\"event_type\":\"e\",\"session_id\":\"s\"}"), KEYS("e", "s"),
          TEXT("{\"a\" : 1 , \"b\" : 2}") },
        /* values that end or begin with what is cut at the seams */
        { __LINE__, TEXT("{\"a\":\", \",\"event_type\":\"e\",\"session_id\":\"s\",\" ,\":\"\"}"), KEYS("e", "s"),
          TEXT("{\"a\":\", \",\" ,\":\"\"}") },
        /* byte for byte: numbers, escapes, UTF-8 */
        { __LINE__, TEXT("{\"n\":1.10,\"event_type\":\"e\",\"m\":18446744073709551615,\"session_id\":\"s\",\"x\":-0.0E+01}"),
          KEYS("e", "s"), TEXT("{\"n\":1.10,\"m\":18446744073709551615,\"x\":-0.0E+01}") },
        { __LINE__, TEXT("{\"event_type\":\"e\",\"\\u0061\":\"\\/\\u00E4\xc3\xa4\",\"session_id\":\"s\"}"), KEYS("e", "s"),
          TEXT("{\"\\u0061\":\"\\/\\u00E4\xc3\xa4\"}") },
        { __LINE__,
          TEXT("{\"event_type\":\"e\",\"session_id\":\"s\",\"o\":{\"event_type\":\"x\",\"session_id\":[\"event_type\"]}}"),
          KEYS("e", "s"), TEXT("{\"o\":{\"event_type\":\"x\",\"session_id\":[\"event_type\"]}}") },
        { __LINE__, TEXT("{\"event_type\":\"e\",\"session_id\":\"s\",\"\":null,\"event_types\":0}"), KEYS("e", "s"),
          TEXT("{\"\":null,\"event_types\":0}") },
        /* members with a meaning are kept as posted too */
        { __LINE__, TEXT("{\"event_id\":\"X\",\"event_type\":\"e\",\"timestamp\":5,\"session_id\":\"s\",\"page_url\":null}"),
          KEYS("e", "s"), TEXT("{\"event_id\":\"X\",\"timestamp\":5,\"page_url\":null}") },
        /* key members under names and with values that have escapes */
        { __LINE__, TEXT("{\"a\":1,\"\\u0065vent_type\":\"\\u0065\\/\\ud83d\\ude00\",\"session\\u005fid\":\"\\\"s\\\\\"}"),
          KEYS("e/\xf0\x9f\x98\x80", "\"s\\"), TEXT("{\"a\":1}") },
        /* in the middle of a text */
        { __LINE__, TEXT(" \n[ {\"session_id\":\"s\",\"a\":1 , \"event_type\":\"e\"} ,{},7]"), KEYS("e", "s"), TEXT("{\"a\":1}") },
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct decoded decoded = decode(cases[i].text);
        EXPECT_STATUS(cases[i].line, decoded.st, STATUS_OK);
        EXPECT_BYTES(cases[i].line, decoded.event.event_type, cases[i].event_type);
        EXPECT_BYTES(cases[i].line, decoded.event.session_id, cases[i].session_id);
        EXPECT_BYTES(cases[i].line, decoded.event.properties, cases[i].properties);
        EXPECT_TEXT(cases[i].line, decoded.problem.details, "");
        EXPECT(cases[i].line, !decoded.problem.pointer);
        decoded_free(&decoded);
    }
}

/* The two key members and two others in all 24 orders, with each white space at each seam. */
Test(event, properties_in_every_order_and_with_every_white_space)
{
    static const char *const members[] = { "\"event_type\":\"e\"", "\"session_id\":\"s\"", "\"a\":[1 , 2]", "\"b\":\"x\"" };
    static const char *const spaces[] = { "", " ", "\n\t\r ", "  " };

    for (int order = 0; order < 256; order++) {
        int at[] = { order & 3, order >> 2 & 3, order >> 4 & 3, order >> 6 & 3 };
        if (((1 << at[0]) | (1 << at[1]) | (1 << at[2]) | (1 << at[3])) != 15)
            continue;
        for (size_t s = 0; s < COUNT_OF(spaces) * COUNT_OF(spaces); s++) {
            struct buf text = buf_new(1024);
            struct buf want = buf_new(1024);
            const char *before = spaces[s % COUNT_OF(spaces)], *behind = spaces[s / COUNT_OF(spaces)];
            size_t others = 0;
            bool split = false; /* another member stands between the two others, so that the seam is ours */
            buf_add_text(&text, "{");
            buf_add_text(&want, "{");
            for (int i = 0; i < 4; i++) {
                buf_add_format(&text, "%s%s%s%s", i ? "," : "", before, members[at[i]], behind);
                if (at[i] < 2) {
                    split |= others == 1;
                    continue;
                }
                if (others++ && split)
                    buf_add_text(&want, ",");
                else if (others > 1)
                    buf_add_format(&want, "%s,%s", behind, before);
                buf_add_text(&want, members[at[i]]);
            }
            buf_add_text(&text, "}");
            buf_add_text(&want, "}");
            struct decoded decoded = decode(buf_bytes(&text));
            cr_expect_eq(decoded.st, STATUS_OK, "%s", text.p);
            cr_expect(bytes_equal(decoded.event.properties, buf_bytes(&want)), "%s gives %.*s, not %s", text.p,
                      (int)decoded.event.properties.len, decoded.event.properties.p, want.p);
            decoded_free(&decoded);
            buf_free(&want);
            buf_free(&text);
        }
    }
}

/* ---- the key ---- */

Test(event, key_that_is_no_key_is_refused_and_named)
{
    static const struct {
        int line;
        struct bytes text;
        enum status want;
        const char *pointer;
        const char *details;
    } cases[] = {
        { __LINE__, TEXT("{}"), STATUS_MISSING_FIELDS, "/event_type", "" },
        { __LINE__, TEXT("{\"session_id\":\"s\"}"), STATUS_MISSING_FIELDS, "/event_type", "" },
        { __LINE__, TEXT("{\"event_type\":\"e\"}"), STATUS_MISSING_FIELDS, "/session_id", "" },
        { __LINE__, TEXT("{\"Event_Type\":\"e\",\"session_id\":\"s\"}"), STATUS_MISSING_FIELDS, "/event_type", "" },
        { __LINE__, TEXT("{\"a\":{\"event_type\":\"e\",\"session_id\":\"s\"}}"), STATUS_MISSING_FIELDS, "/event_type", "" },
        /* absence is told before anything else */
        { __LINE__, TEXT("{\"event_type\":5}"), STATUS_MISSING_FIELDS, "/session_id", "" },
        { __LINE__, TEXT("{\"session_id\":\"\"}"), STATUS_MISSING_FIELDS, "/event_type", "" },
        { __LINE__, TEXT("{\"event_type\":null,\"session_id\":\"s\"}"), STATUS_INVALID_EVENT, "/event_type",
          "event_type must be a string" },
        { __LINE__, TEXT("{\"event_type\":true,\"session_id\":\"s\"}"), STATUS_INVALID_EVENT, "/event_type",
          "event_type must be a string" },
        { __LINE__, TEXT("{\"event_type\":1,\"session_id\":\"s\"}"), STATUS_INVALID_EVENT, "/event_type",
          "event_type must be a string" },
        { __LINE__, TEXT("{\"event_type\":[\"e\"],\"session_id\":\"s\"}"), STATUS_INVALID_EVENT, "/event_type",
          "event_type must be a string" },
        { __LINE__, TEXT("{\"event_type\":\"e\",\"session_id\":12345}"), STATUS_INVALID_EVENT, "/session_id",
          "session_id must be a string" },
        { __LINE__, TEXT("{\"event_type\":\"e\",\"session_id\":{}}"), STATUS_INVALID_EVENT, "/session_id",
          "session_id must be a string" },
        { __LINE__, TEXT("{\"event_type\":\"\",\"session_id\":\"s\"}"), STATUS_INVALID_EVENT, "/event_type",
          "event_type must not be empty" },
        { __LINE__, TEXT("{\"event_type\":\"e\",\"session_id\":\"\"}"), STATUS_INVALID_EVENT, "/session_id",
          "session_id must not be empty" },
        { __LINE__, TEXT("{\"event_type\":\"\\n\",\"session_id\":\"s\"}"), STATUS_INVALID_EVENT, "/event_type",
          "event_type must not hold control characters" },
        { __LINE__, TEXT("{\"event_type\":\"e\",\"session_id\":\"a\\u007f\"}"), STATUS_INVALID_EVENT, "/session_id",
          "session_id must not hold control characters" },
        { __LINE__, TEXT("{\"event_type\":\"e\",\"session_id\":\"a\x7f\"}"), STATUS_INVALID_EVENT, "/session_id",
          "session_id must not hold control characters" },
        { __LINE__, TEXT("{\"event_type\":\"e\",\"session_id\":\"\\u0085\"}"), STATUS_INVALID_EVENT, "/session_id",
          "session_id must not hold control characters" },
        { __LINE__, TEXT("{\"event_type\":\"\xc2\x9f\",\"session_id\":\"s\"}"), STATUS_INVALID_EVENT, "/event_type",
          "event_type must not hold control characters" },
        /* the first that is wrong is named */
        { __LINE__, TEXT("{\"session_id\":1,\"event_type\":2}"), STATUS_INVALID_EVENT, "/event_type",
          "event_type must be a string" },
        /* what is no object */
        { __LINE__, TEXT("5"), STATUS_INVALID_EVENT, NULL, "an event must be a JSON object" },
        { __LINE__, TEXT("\"{}\""), STATUS_INVALID_EVENT, NULL, "an event must be a JSON object" },
        { __LINE__, TEXT("null"), STATUS_INVALID_EVENT, NULL, "an event must be a JSON object" },
        { __LINE__, TEXT("[[]]"), STATUS_INVALID_EVENT, NULL, "an event must be a JSON object" },
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct decoded decoded = decode(cases[i].text);
        EXPECT_STATUS(cases[i].line, decoded.st, cases[i].want);
        EXPECT_TEXT(cases[i].line, decoded.problem.pointer, cases[i].pointer);
        EXPECT_TEXT(cases[i].line, decoded.problem.details, cases[i].details);
        decoded_free(&decoded);
    }
}

/* The limit counts bytes of the decoded value, however it was written. */
Test(event, key_is_measured_in_decoded_bytes)
{
    static const struct {
        int line;
        const char *piece;
        size_t piece_bytes; /* decoded */
    } cases[] = {
        { __LINE__, "a", 1 },        { __LINE__, "\\u0061", 1 },          { __LINE__, "\\/", 1 },
        { __LINE__, "\xc3\xa4", 2 }, { __LINE__, "\\u00e4", 2 },          { __LINE__, "\xe2\x82\xac", 3 },
        { __LINE__, "\\u20ac", 3 },  { __LINE__, "\xf0\x9f\x98\x80", 4 }, { __LINE__, "\\ud83d\\ude00", 4 },
    };
    struct limits limits = defaults;

    limits.event_type_max_bytes = 12;
    limits.session_id_max_bytes = 24;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        for (int member = 0; member < 2; member++) {
            const char *name = member ? "session_id" : "event_type";
            size_t max = member ? limits.session_id_max_bytes : limits.event_type_max_bytes;
            for (size_t over = 0; over <= 1; over++) {
                struct buf text = buf_new(4096);
                char details[100];
                buf_add_format(&text, "{\"%s\":\"x\",\"%s\":\"", member ? "event_type" : "session_id", name);
                for (size_t n = 0; n < max / cases[i].piece_bytes; n++)
                    buf_add_text(&text, cases[i].piece);
                buf_add_text(&text, over ? "z\"}" : "\"}");
                struct decoded decoded = decode_limited(buf_bytes(&text), &limits);
                snprintf(details, sizeof details, "%s must have at most %zu bytes, has %zu", name, max, max + 1);
                EXPECT_STATUS(cases[i].line, decoded.st, over ? STATUS_INVALID_EVENT : STATUS_OK);
                EXPECT_TEXT(cases[i].line, decoded.problem.details, over ? details : "");
                if (!over)
                    EXPECT_INT(cases[i].line, (member ? decoded.event.session_id : decoded.event.event_type).len, max);
                decoded_free(&decoded);
                buf_free(&text);
            }
        }
    }
}

Test(event, defaults_of_the_key_are_128_and_256_bytes)
{
    static const struct {
        int line;
        size_t event_type, session_id;
        enum status want;
    } cases[] = {
        { __LINE__, 1, 1, STATUS_OK },
        { __LINE__, 128, 256, STATUS_OK },
        { __LINE__, 129, 256, STATUS_INVALID_EVENT },
        { __LINE__, 128, 257, STATUS_INVALID_EVENT },
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char *event_type = repeated('e', cases[i].event_type), *session_id = repeated('s', cases[i].session_id);
        struct buf text = buf_new(4096);
        buf_add_format(&text, "{\"event_type\":\"%s\",\"session_id\":\"%s\"}", event_type, session_id);
        struct decoded decoded = decode(buf_bytes(&text));
        EXPECT_STATUS(cases[i].line, decoded.st, cases[i].want);
        decoded_free(&decoded);
        buf_free(&text);
        free(session_id);
        free(event_type);
    }
}

Test(event, key_outlives_the_text)
{
    struct decoded decoded = decode(BYTES("{\"event_type\":\"e\",\"session_id\":\"s\",\"a\":1}"));

    memset(decoded.copy, 'x', 10);
    EXPECT_BYTES(__LINE__, decoded.event.event_type, BYTES("e"));
    EXPECT_BYTES(__LINE__, decoded.event.session_id, BYTES("s"));
    decoded_free(&decoded);
}

/* ---- size ---- */

Test(event, larger_than_its_limit_is_too_large)
{
    struct limits limits = defaults;
    struct bytes text = BYTES("  {\"event_type\":\"e\",\"session_id\":\"s\"}\n\n\n");

    limits.event_max_bytes = text.len - 5; /* the white space around it is no part of it */
    struct decoded fits = decode_limited(text, &limits);
    EXPECT_STATUS(__LINE__, fits.st, STATUS_OK);
    decoded_free(&fits);

    limits.event_max_bytes--;
    struct decoded over = decode_limited(text, &limits);
    EXPECT_STATUS(__LINE__, over.st, STATUS_TOO_LARGE);
    EXPECT_TEXT(__LINE__, over.problem.details, "an event must have at most 34 bytes, has 35");
    decoded_free(&over);
}

Test(event, page_url_has_a_limit_where_it_is_a_string)
{
    static const struct {
        int line;
        const char *head, *tail; /* around 2,048 letters */
        enum status want;
    } cases[] = {
        { __LINE__, "\"", "\"", STATUS_OK },
        { __LINE__, "\"", "x\"", STATUS_INVALID_EVENT },
        { __LINE__, "[\"", "x\"]", STATUS_OK }, /* a member like any other */
        { __LINE__, "{\"page_url\":\"", "x\"}", STATUS_OK },
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char *letters = repeated('u', 2048);
        struct buf text = buf_new(4096);
        buf_add_format(&text, "{\"event_type\":\"e\",\"session_id\":\"s\",\"page_url\":%s%s%s}", cases[i].head, letters,
                       cases[i].tail);
        struct decoded decoded = decode(buf_bytes(&text));
        EXPECT_STATUS(cases[i].line, decoded.st, cases[i].want);
        EXPECT_TEXT(cases[i].line, decoded.problem.pointer, cases[i].want == STATUS_OK ? NULL : "/page_url");
        EXPECT_TEXT(cases[i].line, decoded.problem.details,
                    cases[i].want == STATUS_OK ? "" : "page_url must have at most 2048 bytes, has 2049");
        decoded_free(&decoded);
        buf_free(&text);
        free(letters);
    }
}

/* ---- identity and time ---- */

#define EVENT_WITH(members) TEXT("{\"event_type\":\"e\",\"session_id\":\"s\"" members "}")
#define UUID_4 "\"11111111-2222-4333-8444-555555555555\""
#define UUID_7 "\"017f22e2-79b0-7cc3-98c4-dc0c0c07398f\"" /* 1645557742000 ms */

Test(event, identity_and_time_come_from_the_client_where_they_are_valid)
{
    static const struct {
        int line;
        struct bytes text;
        const char *event_id; /* NULL: none */
        bool has_occurred_at;
        int64_t occurred_at_us;
    } cases[] = {
        { __LINE__, EVENT_WITH(""), NULL, false, 0 },
        { __LINE__, EVENT_WITH(",\"event_id\":" UUID_4), "11111111-2222-4333-8444-555555555555", false, 0 },
        { __LINE__, EVENT_WITH(",\"event_id\":\"AAAAAAAA-BBBB-CCCC-DDDD-EEEEEEEEEEEE\""), "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee",
          false, 0 },
        { __LINE__, EVENT_WITH(",\"event_id\":\"00000000-0000-0000-0000-000000000000\""), "00000000-0000-0000-0000-000000000000",
          false, 0 },
        { __LINE__, EVENT_WITH(",\"event_id\":" UUID_7), "017f22e2-79b0-7cc3-98c4-dc0c0c07398f", true, 1645557742000000 },
        { __LINE__, EVENT_WITH(",\"timestamp\":\"2026-11-20T10:00:00Z\""), NULL, true, 1795168800000000 },
        /* the time stamp wins over the identifier's */
        { __LINE__, EVENT_WITH(",\"event_id\":" UUID_7 ",\"timestamp\":\"2026-11-20T10:00:00Z\""),
          "017f22e2-79b0-7cc3-98c4-dc0c0c07398f", true, 1795168800000000 },
        { __LINE__, EVENT_WITH(",\"timestamp\":\"2026-11-20T10:00:00Z\",\"event_id\":" UUID_7),
          "017f22e2-79b0-7cc3-98c4-dc0c0c07398f", true, 1795168800000000 },
        { __LINE__, EVENT_WITH(",\"event_id\":" UUID_4 ",\"timestamp\":\"2026-11-20T10:00:00Z\""),
          "11111111-2222-4333-8444-555555555555", true, 1795168800000000 },
        /* unless it is none */
        { __LINE__, EVENT_WITH(",\"event_id\":" UUID_7 ",\"timestamp\":\"yesterday\""), "017f22e2-79b0-7cc3-98c4-dc0c0c07398f",
          true, 1645557742000000 },
        { __LINE__, EVENT_WITH(",\"event_id\":" UUID_7 ",\"timestamp\":1795168800"), "017f22e2-79b0-7cc3-98c4-dc0c0c07398f", true,
          1645557742000000 },
        { __LINE__, EVENT_WITH(",\"event_id\":" UUID_4 ",\"timestamp\":\"2026-11-20T10:00:00\""),
          "11111111-2222-4333-8444-555555555555", false, 0 },
        /* what is no identifier is a member like any other */
        { __LINE__, EVENT_WITH(",\"event_id\":\"17\""), NULL, false, 0 },
        { __LINE__, EVENT_WITH(",\"event_id\":17"), NULL, false, 0 },
        { __LINE__, EVENT_WITH(",\"event_id\":null"), NULL, false, 0 },
        { __LINE__, EVENT_WITH(",\"event_id\":[" UUID_4 "]"), NULL, false, 0 },
        { __LINE__, EVENT_WITH(",\"event_id\":\"017f22e2-79b0-7cc3-98c4-dc0c0c07398\",\"timestamp\":\"2026-11-20T10:00:00Z\""),
          NULL, true, 1795168800000000 },
        { __LINE__, EVENT_WITH(",\"o\":{\"event_id\":" UUID_4 ",\"timestamp\":\"2026-11-20T10:00:00Z\"}"), NULL, false, 0 },
        { __LINE__, EVENT_WITH(",\"event_\\u0069d\":" UUID_4), "11111111-2222-4333-8444-555555555555", false, 0 },
        { __LINE__, EVENT_WITH(",\"timestamp\":\"2026-11-20T10:00:00\\u005a\""), NULL, true, 1795168800000000 },
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char written[UUID_TEXT_BYTES + 1];
        struct decoded decoded = decode(cases[i].text);
        EXPECT_STATUS(cases[i].line, decoded.st, STATUS_OK);
        EXPECT_INT(cases[i].line, decoded.event.has_event_id, cases[i].event_id != NULL);
        if (cases[i].event_id) {
            uuid_format(&decoded.event.event_id, written);
            EXPECT_TEXT(cases[i].line, written, cases[i].event_id);
        }
        EXPECT_INT(cases[i].line, decoded.event.has_occurred_at, cases[i].has_occurred_at);
        if (cases[i].has_occurred_at)
            EXPECT_INT(cases[i].line, decoded.event.occurred_at_us, cases[i].occurred_at_us);
        decoded_free(&decoded);
    }
}

static const unsigned char random_bytes[UUID_RANDOM_BYTES] = { 0x0c, 0xc3, 0x18, 0xc4, 0xdc, 0x0c, 0x0c, 0x07, 0x39, 0x8f };

Test(event, accept_fills_in_what_the_client_left_out)
{
    struct event event = { .event_type = TEXT("e") };
    char written[UUID_TEXT_BYTES + 1];

    event_accept(&event, 1645557742000123, random_bytes);
    uuid_format(&event.event_id, written);
    EXPECT_TEXT(__LINE__, written, "017f22e2-79b0-7cc3-98c4-dc0c0c07398f");
    EXPECT_INT(__LINE__, event.received_at_us, 1645557742000123);
    EXPECT_INT(__LINE__, event.occurred_at_us, 1645557742000123);
    EXPECT(__LINE__, !event.has_event_id && !event.has_occurred_at);
}

Test(event, accept_keeps_what_the_client_sent)
{
    struct event event = { .has_event_id = true, .has_occurred_at = true, .occurred_at_us = -5 };

    cr_assert(uuid_parse(BYTES("11111111-2222-4333-8444-555555555555"), &event.event_id));
    struct uuid before = event.event_id;
    event_accept(&event, 1645557742000123, random_bytes);
    cr_expect_arr_eq(event.event_id.octets, before.octets, sizeof before.octets);
    EXPECT_INT(__LINE__, event.occurred_at_us, -5);
    EXPECT_INT(__LINE__, event.received_at_us, 1645557742000123);
}

Test(event, accept_takes_the_arrival_as_time_of_an_event_with_an_identifier_alone)
{
    struct event event = { .has_event_id = true };

    event_accept(&event, 1645557742000123, random_bytes);
    EXPECT_INT(__LINE__, event.occurred_at_us, 1645557742000123);
}

Test(event, other_members_are_kept_however_many_values_they_have)
{
    struct buf text = buf_new(1024 * 1024);

    buf_add_text(&text, "{\"event_id\":" UUID_7 ",\"a\":[");
    for (int i = 0; i < 20000; i++)
        buf_add_text(&text, "[],");
    buf_add_text(&text, "0],\"timestamp\":[\"2026-11-20T10:00:00Z\"],\"session_id\":\"s\",\"event_type\":\"e\",\"page_url\":{}}");
    cr_assert_not(text.failed);
    struct decoded decoded = decode(buf_bytes(&text));
    EXPECT_STATUS(__LINE__, decoded.st, STATUS_OK);
    EXPECT_BYTES(__LINE__, decoded.event.event_type, BYTES("e"));
    EXPECT_BYTES(__LINE__, decoded.event.session_id, BYTES("s"));
    EXPECT_INT(__LINE__, decoded.event.has_event_id, true);
    EXPECT_INT(__LINE__, decoded.event.occurred_at_us, 1645557742000000);
    EXPECT_INT(__LINE__, decoded.event.properties.len, text.len - sizeof ",\"session_id\":\"s\",\"event_type\":\"e\"" + 1);
    decoded_free(&decoded);
    buf_free(&text);
}

/* ---- broken texts, and memory ---- */

#define RICH_EVENT                                                                  \
    " {\"event_type\" :\"cl\\u0069ck\" , \"x\": [-0,1.5e+3,{\"event_type\":null}] " \
    ",\"session_id\":\"s-\xc3\xa4\",\"event_id\":" UUID_7 ",\"timestamp\":\"2026-11-20T10:00:00Z\",\"\":\"\"}"

/* Whatever one byte of an event is changed into: what is decoded has properties that the guard passes again, without the key members,
 * and the same number of values. */
Test(event, properties_of_every_changed_event_are_sound)
{
    struct bytes text = BYTES(RICH_EVENT);
    struct document_reader *reader = document_reader_new();
    struct arena arena = arena_new(ARENA_BYTES);
    char *copy = exact_copy(text);
    size_t decoded = 0;

    for (size_t at = 0; at < text.len; at++) {
        for (int c = 0; c < 256; c++) {
            struct guard_result result, again;
            struct event event;
            struct problem problem = { 0 };
            copy[at] = (char)c;
            arena_reset(&arena);
            if (guard_scan((struct bytes){ copy, text.len }, &defaults, &arena, &result) != STATUS_OK ||
                result.elements[0].fault.status != STATUS_OK)
                continue;
            enum status st =
                event_decode((struct bytes){ copy, text.len }, &result.elements[0], &defaults, reader, &arena, &event, &problem);
            cr_assert(st == STATUS_OK || st == STATUS_MISSING_FIELDS || st == STATUS_INVALID_EVENT, "byte %zu is %d: %s", at, c,
                      status_info(st)->code);
            if (st != STATUS_OK)
                continue;
            decoded++;
            cr_assert_eq(guard_scan(event.properties, &defaults, &arena, &again), STATUS_OK, "byte %zu is %d: %.*s", at, c,
                         (int)event.properties.len, event.properties.p);
            cr_assert(again.n_elements == 1 && !again.is_array && again.n_values + 2 == result.n_values &&
                          again.elements[0].fault.status == STATUS_OK && !again.elements[0].members[GUARD_EVENT_TYPE].end &&
                          !again.elements[0].members[GUARD_SESSION_ID].end,
                      "byte %zu is %d: %.*s", at, c, (int)event.properties.len, event.properties.p);
        }
        copy[at] = text.p[at];
    }
    cr_expect_gt(decoded, 1000);
    free(copy);
    arena_free(&arena);
    document_reader_free(reader);
}

/* The ceiling of the arena goes up step by step until the event is decoded. */
Test(event, without_memory_says_so_at_every_step)
{
    struct bytes text = BYTES(RICH_EVENT);
    struct document_reader *reader = document_reader_new();
    struct arena scan_arena = arena_new(ARENA_BYTES);
    struct guard_result result;
    size_t ceiling = 0;
    enum status st;

    cr_assert_eq(guard_scan(text, &defaults, &scan_arena, &result), STATUS_OK);
    do {
        struct arena arena = arena_new(ceiling);
        struct event event;
        struct problem problem = { 0 };
        st = event_decode(text, &result.elements[0], &defaults, reader, &arena, &event, &problem);
        if (st != STATUS_OK) {
            EXPECT_STATUS((int)ceiling, st, STATUS_NO_MEMORY);
            EXPECT((int)ceiling, !problem.pointer && !problem.details[0]);
        }
        arena_free(&arena);
        ceiling += 16;
    } while (st != STATUS_OK && ceiling < 64 * 1024);
    EXPECT_STATUS(__LINE__, st, STATUS_OK);
    cr_expect_gt(ceiling, 32);
    arena_free(&scan_arena);
    document_reader_free(reader);
}
