#include "model/item_format.h"

#include "tests/unit/unit.h"

#define HEADER \
    "event_type,session_id,event_id,occurred_at,received_at,page_url,user_agent,event_properties,device_info,other_members\r\n"
#define ID "00010203-0405-0607-0809-0a0b0c0d0e0f"
#define TIMES "2026-11-20T10:00:00.000000Z,2026-11-20T10:00:00.000001Z"

static const struct csv_options safe = { .neutralise = true };

static struct item item_of(struct bytes session_id, struct bytes properties)
{
    return (struct item){
        .session_id = session_id,
        .event_id = { { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 } },
        .occurred_at_us = 1795168800000000,
        .received_at_us = 1795168800000001,
        .properties = properties,
    };
}

/* All of an answer. */
static void format_all(enum representation representation, struct bytes event_type, const struct csv_options *csv,
                       const struct item *items, size_t n, struct buf *answer)
{
    struct item_format format = item_format_new(representation, event_type, csv);

    for (size_t i = 0; i < n; i++) {
        struct bytes parts[2];
        item_format_next(&format, &items[i], parts);
        buf_add(answer, parts[0]);
        buf_add(answer, parts[1]);
    }
    buf_add(answer, item_format_end(&format));
    cr_expect(!item_format_failed(&format) && !answer->failed);
    item_format_free(&format);
}

Test(item_format, none_one_and_two_items)
{
    static const struct {
        int line;
        enum representation representation;
        size_t n;
        const char *want;
    } cases[] = {
        { __LINE__, REPRESENTATION_JSON, 0, "[]" },
        { __LINE__, REPRESENTATION_JSON, 1, "[{\"event_type\": \"t\", \"session_id\": \"s1\"}]" },
        { __LINE__, REPRESENTATION_JSON, 2,
          "[{\"event_type\": \"t\", \"session_id\": \"s1\"}, {\"event_type\": \"t\", \"session_id\": \"s2\", \"a\": 1.10}]" },
        { __LINE__, REPRESENTATION_NDJSON, 0, "" },
        { __LINE__, REPRESENTATION_NDJSON, 1, "{\"event_type\": \"t\", \"session_id\": \"s1\"}\n" },
        { __LINE__, REPRESENTATION_NDJSON, 2,
          "{\"event_type\": \"t\", \"session_id\": \"s1\"}\n{\"event_type\": \"t\", \"session_id\": \"s2\", \"a\": 1.10}\n" },
        { __LINE__, REPRESENTATION_CSV, 0, HEADER },
        { __LINE__, REPRESENTATION_CSV, 1, HEADER "t,s1," ID "," TIMES ",,,,,\r\n" },
        { __LINE__, REPRESENTATION_CSV, 2,
          HEADER "t,s1," ID "," TIMES ",,,,,\r\nt,s2," ID "," TIMES ",,,,,\"{\"\"a\"\": 1.10}\"\r\n" },
    };
    const struct item items[] = { item_of(BYTES("s1"), BYTES("{}")), item_of(BYTES("s2"), BYTES("{\"a\": 1.10}")) };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct buf answer = buf_new(4096);
        format_all(cases[i].representation, BYTES("t"), &safe, items, cases[i].n, &answer);
        EXPECT_TEXT(cases[i].line, answer.p ? answer.p : "", cases[i].want);
        buf_free(&answer);
    }
}

Test(item_format, keys_are_escaped)
{
    const struct item item = item_of(BYTES("s\"\\\n"), BYTES("{}"));
    struct buf answer = buf_new(4096);

    format_all(REPRESENTATION_JSON, BYTES("t\"\x01"), &safe, &item, 1, &answer);
    EXPECT_TEXT(__LINE__, answer.p, "[{\"event_type\": \"t\\\"\\u0001\", \"session_id\": \"s\\\"\\\\\\n\"}]");
    buf_free(&answer);
}

/* The columns behind the times. */
Test(item_format, csv_columns)
{
    static const struct {
        int line;
        struct csv_options csv;
        struct bytes properties;
        const char *want;
    } cases[] = {
        { __LINE__,
          { true, false },
          TEXT("{\"a\": 1, \"page_url\": \"https://x/\", \"user_agent\": \"M, 5\", \"device_info\": {\"w\": 1}, "
               "\"event_properties\": {}}"),
          "https://x/,\"M, 5\",{},\"{\"\"w\"\": 1}\",\"{\"\"a\"\": 1}\"" },
        { __LINE__, { true, false }, TEXT("{\"page_url\": \"=1\", \"user_agent\": \"a\\nb\"}"), "'=1,\"a\nb\",,," },
        { __LINE__, { false, false }, TEXT("{\"page_url\": \"=1\"}"), "=1,,,," },
        { __LINE__, { true, false }, TEXT("{\"page_url\": -1, \"user_agent\": null}"), "'-1,null,,," },
        { __LINE__, { true, false }, TEXT("{\"device_info\": \"@x\"}"), ",,,'@x," },
        { __LINE__, { true, false }, TEXT("{\"b\": [1, 2], \"c\": \"}\"}"), ",,,,\"{\"\"b\"\": [1, 2], \"\"c\"\": \"\"}\"\"}\"" },
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const struct item item = item_of(BYTES("s"), cases[i].properties);
        struct buf answer = buf_new(4096), want = buf_new(4096);
        format_all(REPRESENTATION_CSV, BYTES("t"), &cases[i].csv, &item, 1, &answer);
        buf_add_format(&want, "%st,s,%s,%s,%s\r\n", HEADER, ID, TIMES, cases[i].want);
        EXPECT_BYTES(cases[i].line, buf_bytes(&answer), buf_bytes(&want));
        buf_free(&answer);
        buf_free(&want);
    }
}

Test(item_format, csv_keys_are_neutralised_too)
{
    const struct item item = item_of(BYTES("+s"), BYTES("{}"));
    struct buf answer = buf_new(4096);

    format_all(REPRESENTATION_CSV, BYTES("=t"), &safe, &item, 1, &answer);
    cr_expect(bytes_begins_with(buf_bytes(&answer), BYTES(HEADER "'=t,'+s,")));
    buf_free(&answer);
}

Test(item_format, byte_order_mark_where_it_is_wanted)
{
    const struct csv_options marked = { .byte_order_mark = true };
    const struct item item = item_of(BYTES("s"), BYTES("{}"));

    for (size_t n = 0; n < 2; n++) {
        struct buf answer = buf_new(4096);
        format_all(REPRESENTATION_CSV, BYTES("t"), &marked, &item, n, &answer);
        cr_expect(bytes_begins_with(buf_bytes(&answer), BYTES("\xef\xbb\xbf" HEADER)));
        buf_free(&answer);
        format_all(REPRESENTATION_NDJSON, BYTES("t"), &marked, &item, n, &answer);
        cr_expect(!bytes_begins_with(buf_bytes(&answer), BYTES("\xef")));
        buf_free(&answer);
    }
}

Test(item_format, restarted_it_begins_anew)
{
    const struct item item = item_of(BYTES("s"), BYTES("{}"));
    struct item_format format = item_format_new(REPRESENTATION_JSON, BYTES("t"), &safe);
    struct bytes parts[2];

    for (int round = 0; round < 2; round++) {
        item_format_next(&format, &item, parts);
        EXPECT_BYTES(round, parts[0], BYTES("[{\"event_type\": \"t\", \"session_id\": \"s\""));
        item_format_restart(&format);
    }
    EXPECT_BYTES(__LINE__, item_format_end(&format), BYTES("[]"));
    item_format_free(&format);
}

/* A query may ask for a type that no event can have. */
Test(item_format, type_of_any_length)
{
    char *type = repeated('\x01', 60000);
    struct item_format format = item_format_new(REPRESENTATION_JSON, (struct bytes){ type, 60000 }, &safe);

    EXPECT_BYTES(__LINE__, item_format_end(&format), BYTES("[]"));
    cr_expect(!item_format_failed(&format));
    item_format_free(&format);
    free(type);
}
