#include "ctl/queue_line.h"

#include <stdio.h>

#include "tests/unit/unit.h"

enum { ARENA_BYTES = 64 * 1024 * 1024 };

#define ID "\"event_id\":\"0190163d-8694-739b-aea5-966c26f8ad91\""
#define OCCURRED "\"occurred_at\":\"2026-11-20T10:00:00.000000Z\""
#define RECEIVED "\"received_at\":\"2026-11-20T10:00:01.000002Z\""
#define KEYS "\"event_type\":\"e\",\"session_id\":\"s\""
#define IDENTITY ID "," OCCURRED "," RECEIVED

static const int64_t occurred_at_us = 1795168800000000, received_at_us = 1795168801000002;

/* A line that is read, from text to event. */
struct line {
    struct arena arena;
    struct document_reader *reader;
    char *copy;
    struct event event;
    struct problem problem;
    enum status st;
};

static struct line line_read(struct bytes text)
{
    static const struct scrub scrub = { .cards = SCRUB_MASK, .ibans = SCRUB_REJECT };
    struct line line = { .arena = arena_new(ARENA_BYTES), .reader = document_reader_new(), .copy = malloc(text.len + 1) };

    cr_assert(line.copy);
    memcpy(line.copy, text.p, text.len);
    line.copy[text.len] = '\n';
    struct scrubber scrubber = { .scrub = &scrub };
    line.st =
        queue_line_read(&scrubber, (struct bytes){ line.copy, text.len }, line.reader, &line.arena, &line.event, &line.problem);
    return line;
}

static void line_free(struct line *line)
{
    document_reader_free(line->reader);
    arena_free(&line->arena);
    free(line->copy);
}

static struct queue_record record_of(struct bytes event_type, struct bytes session_id, struct bytes properties)
{
    struct queue_record record = {
        .event = { .event_type = event_type,
                   .session_id = session_id,
                   .properties = properties,
                   .occurred_at_us = occurred_at_us,
                   .received_at_us = received_at_us },
    };

    cr_assert(uuid_parse(BYTES("0190163d-8694-739b-aea5-966c26f8ad91"), &record.event.event_id));
    return record;
}

/* What is never kept does not come in by a line either. */
Test(queue_line, is_scrubbed)
{
    struct line line = line_read(BYTES("{" IDENTITY "," KEYS ",\"properties\":{\"4111111111111111\":4111111111111111}}"));

    EXPECT_STATUS(__LINE__, line.st, STATUS_OK);
    EXPECT_BYTES(__LINE__, line.event.properties, BYTES("{\"*card*\":\"*card*\"}"));
    line_free(&line);
    line = line_read(BYTES("{" IDENTITY "," KEYS ",\"properties\":{\"a\":\"DE89370400440532013000\"}}"));
    EXPECT_STATUS(__LINE__, line.st, STATUS_SENSITIVE);
    EXPECT_TEXT(__LINE__, line.problem.details, "forbidden by the rule \"iban\"");
    line_free(&line);
    line = line_read(BYTES("{" IDENTITY ",\"event_type\":\"e\",\"session_id\":\"4111 1111 1111 1111\",\"properties\":{}}"));
    EXPECT_STATUS(__LINE__, line.st, STATUS_SENSITIVE);
    EXPECT_TEXT(__LINE__, line.problem.details,
                "forbidden by the rule \"card\": a key is refused and not masked, as masked keys would all be the same");
    line_free(&line);
}

Test(queue_line, writes_an_event)
{
    static const struct {
        int line;
        struct bytes event_type, session_id, properties;
        const char *want;
    } cases[] = {
        { __LINE__, TEXT("e"), TEXT("s"), TEXT("{}"), "{" IDENTITY "," KEYS ",\"properties\":{}}\n" },
        { __LINE__, TEXT("a\"b"), TEXT("c\\d"), TEXT("{\"x\":1.10}"),
          "{" IDENTITY ",\"event_type\":\"a\\\"b\",\"session_id\":\"c\\\\d\",\"properties\":{\"x\":1.10}}\n" },
        /* a line is one line */
        { __LINE__, TEXT("e"), TEXT("s"), TEXT("{\"x\":[\r\n1,\n2]}"),
          "{" IDENTITY "," KEYS ",\"properties\":{\"x\":[  1, 2]}}\n" },
        { __LINE__, TEXT("\xc3\xa9"), TEXT("s"), TEXT("{\"x\":\"\\n\\u00e9\xc3\xa9\"}"),
          "{" IDENTITY ",\"event_type\":\"\xc3\xa9\",\"session_id\":\"s\",\"properties\":{\"x\":\"\\n\\u00e9\xc3\xa9\"}}\n" },
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct buf line = buf_new(QUEUE_LINE_MAX_BYTES);
        struct queue_record record = record_of(cases[i].event_type, cases[i].session_id, cases[i].properties);
        queue_line_write(&record, &line);
        EXPECT_TEXT(cases[i].line, line.p, cases[i].want);
        buf_free(&line);
    }
}

Test(queue_line, says_of_the_quarantine_why_and_since_when)
{
    struct buf line = buf_new(QUEUE_LINE_MAX_BYTES);
    struct queue_record record = record_of(BYTES("e"), BYTES("s"), BYTES("{}"));

    record.reason = BYTES("unprocessable");
    record.quarantined_at_us = 1;
    queue_line_write(&record, &line);
    EXPECT_TEXT(__LINE__, line.p,
                "{" IDENTITY "," KEYS
                ",\"properties\":{},\"reason\":\"unprocessable\",\"quarantined_at\":\"1970-01-01T00:00:00.000001Z\"}\n");
    buf_free(&line);
}

Test(queue_line, formats_times)
{
    static const struct {
        int line;
        int64_t us;
        const char *want;
    } cases[] = {
        { __LINE__, 0, "\"1970-01-01T00:00:00.000000Z\"" },
        { __LINE__, 1795168800500000, "\"2026-11-20T10:00:00.500000Z\"" },
        { __LINE__, -1, "\"1969-12-31T23:59:59.999999Z\"" },
        { __LINE__, -1000000, "\"1969-12-31T23:59:59.000000Z\"" },
        { __LINE__, -62167219200000000, "\"0000-01-01T00:00:00.000000Z\"" },
        { __LINE__, 253402300799999999, "\"9999-12-31T23:59:59.999999Z\"" },
        /* what RFC 3339 has no year for */
        { __LINE__, -62167219200000001, "-62167219200000001" },
        { __LINE__, 253402300800000000, "253402300800000000" },
        { __LINE__, INT64_MAX, "9223372036854775807" },
        { __LINE__, INT64_MIN, "-9223372036854775808" },
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char text[QUEUE_LINE_TIME_BYTES];
        queue_line_format_time(cases[i].us, text);
        EXPECT_TEXT(cases[i].line, text, cases[i].want);
    }
}

Test(queue_line, reads_an_event_with_its_identity)
{
    static const struct {
        int line;
        struct bytes text;
        struct bytes event_type, session_id, properties;
        int64_t occurred_at_us, received_at_us;
    } cases[] = {
#define WANT(type, session, properties) TEXT(type), TEXT(session), TEXT(properties)
#define TIMES 1795168800000000, 1795168801000002
        { __LINE__, TEXT("{" IDENTITY "," KEYS ",\"properties\":{}}"), WANT("e", "s", "{}"), TIMES },
        { __LINE__, TEXT(" {" IDENTITY "," KEYS ",\"properties\":{\"x\":1.10, \"y\":[{}]}}\r"),
          WANT("e", "s", "{\"x\":1.10, \"y\":[{}]}"), TIMES },
        /* in any order, with white space */
        { __LINE__, TEXT("{ \"properties\" : { \"a\" : \"}\\\"]\" } , " KEYS " ,\t" IDENTITY " }"),
          WANT("e", "s", "{\"a\" : \"}\\\"]\"}"), TIMES },
        /* of the quarantine */
        { __LINE__, TEXT("{" IDENTITY "," KEYS ",\"properties\":{},\"reason\":\"x\",\"quarantined_at\":\"y\"}"),
          WANT("e", "s", "{}"), TIMES },
        /* escapes in the key */
        { __LINE__, TEXT("{" IDENTITY ",\"event_type\":\"\\u00e9\\\"\",\"session_id\":\"\\ud83d\\ude00\",\"properties\":{}}"),
          WANT("\xc3\xa9\"", "\xf0\x9f\x98\x80", "{}"), TIMES },
        /* members that have a meaning in a request do not change the identity */
        { __LINE__,
          TEXT("{" IDENTITY "," KEYS ",\"properties\":{\"event_id\":\"00000000-0000-4000-8000-000000000000\","
               "\"timestamp\":\"1999-01-01T00:00:00Z\"}}"),
          WANT("e", "s", "{\"event_id\":\"00000000-0000-4000-8000-000000000000\",\"timestamp\":\"1999-01-01T00:00:00Z\"}"), TIMES },
        /* other ways to say a time */
        { __LINE__, TEXT("{" ID ",\"occurred_at\":-1,\"received_at\":281474976710655000," KEYS ",\"properties\":{}}"),
          WANT("e", "s", "{}"), -1, 281474976710655000 },
        { __LINE__,
          TEXT("{" ID ",\"occurred_at\":\"1970-01-01T01:00:00+01:00\",\"received_at\":\"1970-01-01T00:00:00Z\"," KEYS
               ",\"properties\":{}}"),
          WANT("e", "s", "{}"), 0, 0 },
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct line line = line_read(cases[i].text);
        char event_id[UUID_TEXT_BYTES + 1];
        EXPECT_STATUS(cases[i].line, line.st, STATUS_OK);
        uuid_format(&line.event.event_id, event_id);
        EXPECT_TEXT(cases[i].line, event_id, "0190163d-8694-739b-aea5-966c26f8ad91");
        EXPECT_BYTES(cases[i].line, line.event.event_type, cases[i].event_type);
        EXPECT_BYTES(cases[i].line, line.event.session_id, cases[i].session_id);
        EXPECT_BYTES(cases[i].line, line.event.properties, cases[i].properties);
        EXPECT_INT(cases[i].line, line.event.occurred_at_us, cases[i].occurred_at_us);
        EXPECT_INT(cases[i].line, line.event.received_at_us, cases[i].received_at_us);
        EXPECT(cases[i].line, line.event.has_event_id && line.event.has_occurred_at);
        line_free(&line);
    }
}

Test(queue_line, refuses_what_is_no_such_event_and_says_why)
{
    static const struct {
        int line;
        struct bytes text;
        enum status want;
        const char *details;
    } cases[] = {
        { __LINE__, TEXT(""), STATUS_INVALID_JSON, "a value was expected at byte 0" },
        { __LINE__, TEXT("x"), STATUS_INVALID_JSON, "a value was expected at byte 0" },
        { __LINE__, TEXT("{" IDENTITY "," KEYS ",\"properties\":{}"), STATUS_INVALID_JSON, NULL },
        { __LINE__, TEXT("{" IDENTITY "," KEYS ",\"properties\":{}} {}"), STATUS_INVALID_JSON, NULL },
        { __LINE__, TEXT("{" IDENTITY "," KEYS ",\"properties\":{}}\0"), STATUS_INVALID_JSON, NULL },
        { __LINE__, TEXT("[]"), STATUS_INVALID_EVENT, "an object was expected, got []" },
        { __LINE__, TEXT("[{}]"), STATUS_INVALID_EVENT, "an object was expected, got [{}]" },
        { __LINE__, TEXT("7"), STATUS_INVALID_EVENT, "an object was expected, got 7" },
        { __LINE__, TEXT("{}"), STATUS_MISSING_FIELDS, "event_id is missing" },
        { __LINE__, TEXT("{" ID "," RECEIVED "," KEYS ",\"properties\":{}}"), STATUS_MISSING_FIELDS, "occurred_at is missing" },
        { __LINE__, TEXT("{" ID "," OCCURRED "," KEYS ",\"properties\":{}}"), STATUS_MISSING_FIELDS, "received_at is missing" },
        { __LINE__, TEXT("{" IDENTITY ",\"session_id\":\"s\",\"properties\":{}}"), STATUS_MISSING_FIELDS, "event_type is missing" },
        { __LINE__, TEXT("{" IDENTITY ",\"event_type\":\"e\",\"properties\":{}}"), STATUS_MISSING_FIELDS, "session_id is missing" },
        { __LINE__, TEXT("{" IDENTITY "," KEYS "}"), STATUS_MISSING_FIELDS, "properties is missing" },
        { __LINE__, TEXT("{" IDENTITY "," KEYS ",\"properties\":{},\"more\":1}"), STATUS_INVALID_EVENT,
          "no member of that name is known: \"more\"" },
        { __LINE__, TEXT("{" ID "," IDENTITY "," KEYS ",\"properties\":{}}"), STATUS_UNREPRESENTABLE, NULL },
        { __LINE__, TEXT("{\"event_id\":\"x\"," OCCURRED "," RECEIVED "," KEYS ",\"properties\":{}}"), STATUS_INVALID_EVENT,
          "event_id must be a UUID, got \"x\"" },
        { __LINE__, TEXT("{\"event_id\":{\"a\":[1]}," OCCURRED "," RECEIVED "," KEYS ",\"properties\":{}}"), STATUS_INVALID_EVENT,
          "event_id must be a UUID, got {\"a\":[1]}" },
        { __LINE__, TEXT("{" ID ",\"occurred_at\":\"yesterday\"," RECEIVED "," KEYS ",\"properties\":{}}"), STATUS_INVALID_EVENT,
          "occurred_at must be a time of RFC 3339, got \"yesterday\"" },
        { __LINE__, TEXT("{" ID "," OCCURRED ",\"received_at\":null," KEYS ",\"properties\":{}}"), STATUS_INVALID_EVENT,
          "received_at must be a time of RFC 3339, got null" },
        { __LINE__, TEXT("{" ID ",\"occurred_at\":1.5," RECEIVED "," KEYS ",\"properties\":{}}"), STATUS_INVALID_EVENT, NULL },
        { __LINE__, TEXT("{" ID ",\"occurred_at\":281474976710656001," RECEIVED "," KEYS ",\"properties\":{}}"),
          STATUS_INVALID_EVENT, NULL },
        { __LINE__, TEXT("{" ID ",\"occurred_at\":-9223372036854775808," RECEIVED "," KEYS ",\"properties\":{}}"),
          STATUS_INVALID_EVENT, NULL },
        /* nothing that speaks to a terminal is shown */
        { __LINE__,
          TEXT("{\"event_id\":\"ab\xc2\x9b"
               "31m\"," OCCURRED "," RECEIVED "," KEYS ",\"properties\":{}}"),
          STATUS_INVALID_EVENT, "event_id must be a UUID, got \"ab" },
        { __LINE__, TEXT("{" IDENTITY "," KEYS ",\"properties\":[]}"), STATUS_INVALID_EVENT,
          "properties must be an object, got []" },
        { __LINE__, TEXT("{" IDENTITY "," KEYS ",\"properties\":null}"), STATUS_INVALID_EVENT,
          "properties must be an object, got null" },
        /* as a request is judged */
        { __LINE__, TEXT("{" IDENTITY ",\"event_type\":\"\",\"session_id\":\"s\",\"properties\":{}}"), STATUS_INVALID_EVENT,
          "event_type must not be empty" },
        { __LINE__, TEXT("{" IDENTITY ",\"event_type\":1,\"session_id\":\"s\",\"properties\":{}}"), STATUS_INVALID_EVENT,
          "event_type must be a string" },
        { __LINE__, TEXT("{" IDENTITY "," KEYS ",\"properties\":{\"event_type\":\"other\"}}"), STATUS_UNREPRESENTABLE, NULL },
        { __LINE__, TEXT("{" IDENTITY "," KEYS ",\"properties\":{\"x\":\"\\u0000\"}}"), STATUS_UNREPRESENTABLE, NULL },
        { __LINE__, TEXT("{" IDENTITY "," KEYS ",\"properties\":{\"x\":\"\xff\"}}"), STATUS_INVALID_JSON, NULL },
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct line line = line_read(cases[i].text);
        EXPECT_STATUS(cases[i].line, line.st, cases[i].want);
        EXPECT(cases[i].line, *line.problem.details);
        if (cases[i].details)
            EXPECT_TEXT(cases[i].line, line.problem.details, cases[i].details);
        line_free(&line);
    }
}

/* What was accepted at the deepest that can be configured must come back. */
Test(queue_line, takes_the_deepest_event)
{
    struct buf text = buf_new(QUEUE_LINE_MAX_BYTES);
    char *open = repeated('[', LIMIT_NESTING - 2), *close = repeated(']', LIMIT_NESTING - 2);

    buf_add_text(&text, "{" IDENTITY "," KEYS ",\"properties\":{\"x\":");
    buf_add_text(&text, open);
    buf_add_text(&text, close);
    buf_add_text(&text, "}}");
    struct line line = line_read(buf_bytes(&text));
    EXPECT_STATUS(__LINE__, line.st, STATUS_OK);
    line_free(&line);
    buf_free(&text);
    free(open);
    free(close);
}

Test(queue_line, reads_what_it_has_written)
{
    static const struct {
        int line;
        struct bytes event_type, session_id, properties;
        int64_t occurred_at_us;
    } cases[] = {
        { __LINE__, TEXT("e"), TEXT("s"), TEXT("{}"), 0 },
        { __LINE__, TEXT("a\"b\\c/"), TEXT("\xf0\x9f\x98\x80"), TEXT("{\"x\":18446744073709551615,\"y\":1e-300}"),
          1795168800123456 },
        { __LINE__, TEXT("e"), TEXT("s"), TEXT("{\"x\":1}"), -62167305540000000 },
        { __LINE__, TEXT("e"), TEXT("s"), TEXT("{\"x\":1}"), 253402387139999999 },
        { __LINE__, TEXT("e"), TEXT("s"), TEXT("{\"x\":1}"), 281474976710655000 },
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct buf text = buf_new(QUEUE_LINE_MAX_BYTES);
        struct queue_record record = record_of(cases[i].event_type, cases[i].session_id, cases[i].properties);
        record.event.occurred_at_us = cases[i].occurred_at_us;
        queue_line_write(&record, &text);
        struct line line = line_read((struct bytes){ text.p, text.len - 1 });
        EXPECT_STATUS(cases[i].line, line.st, STATUS_OK);
        EXPECT_BYTES(cases[i].line, line.event.event_type, cases[i].event_type);
        EXPECT_BYTES(cases[i].line, line.event.session_id, cases[i].session_id);
        EXPECT_BYTES(cases[i].line, line.event.properties, cases[i].properties);
        EXPECT_INT(cases[i].line, line.event.occurred_at_us, cases[i].occurred_at_us);
        EXPECT_INT(cases[i].line, line.event.received_at_us, received_at_us);
        EXPECT(cases[i].line, memcmp(&line.event.event_id, &record.event.event_id, sizeof record.event.event_id) == 0);
        line_free(&line);
        buf_free(&text);
    }
}
