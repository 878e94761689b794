#include "ctl/queue_line.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "model/timestamp.h"

#define YEAR_0_US (-62167219200000000)
#define YEAR_10000_US 253402300800000000
#define TIME_MAX_US 281474976710656000 /* the most that an event_id of version 7 can say */

enum { US_PER_S = 1000000, SHOWN_BYTES = 40 };

/* What any configuration may allow: a line has come through one. In a line an event's members stand one level deeper. */
static const struct limits widest = {
    .body_max_bytes = QUEUE_LINE_MAX_BYTES,
    .event_max_bytes = QUEUE_LINE_EVENT_MAX_BYTES,
    .batch_max_events = 1,
    .nesting_max = LIMIT_NESTING,
    .members_max = LIMIT_MEMBERS,
    .values_max = 10000000,
    .event_type_max_bytes = LIMIT_KEY_BYTES,
    .session_id_max_bytes = LIMIT_KEY_BYTES,
    .page_url_max_bytes = 65536,
};

/* ---- writing ---- */

void queue_line_format_time(int64_t us, char text[QUEUE_LINE_TIME_BYTES])
{
    char time[TIMESTAMP_TEXT_BYTES + 1];

    if (us < YEAR_0_US || us >= YEAR_10000_US) {
        snprintf(text, QUEUE_LINE_TIME_BYTES, "%lld", (long long)us);
        return;
    }
    timestamp_format(us, time);
    snprintf(text, QUEUE_LINE_TIME_BYTES, "\"%s\"", time);
}

static void add_time(struct buf *line, const char *before, int64_t us)
{
    char text[QUEUE_LINE_TIME_BYTES];

    queue_line_format_time(us, text);
    buf_add_text(line, before);
    buf_add_text(line, text);
}

static void add_properties(struct buf *line, struct bytes properties)
{
    size_t begin = line->len;

    buf_add(line, properties);
    for (size_t i = begin; i < line->len; i++) {
        if (line->p[i] == '\n' || line->p[i] == '\r')
            line->p[i] = ' ';
    }
}

void queue_line_write(const struct queue_record *record, struct buf *line)
{
    const struct event *event = &record->event;
    char event_id[UUID_TEXT_BYTES + 1];

    uuid_format(&event->event_id, event_id);
    buf_add_text(line, "{\"event_id\":\"");
    buf_add_text(line, event_id);
    add_time(line, "\",\"occurred_at\":", event->occurred_at_us);
    add_time(line, ",\"received_at\":", event->received_at_us);
    buf_add_text(line, ",\"event_type\":");
    buf_add_json(line, event->event_type);
    buf_add_text(line, ",\"session_id\":");
    buf_add_json(line, event->session_id);
    buf_add_text(line, ",\"properties\":");
    add_properties(line, event->properties);
    if (record->reason.p) {
        buf_add_text(line, ",\"reason\":");
        buf_add_json(line, record->reason);
        add_time(line, ",\"quarantined_at\":", record->quarantined_at_us);
    }
    buf_add_text(line, "}\n");
}

/* ---- reading ---- */

enum member { EVENT_ID, OCCURRED_AT, RECEIVED_AT, EVENT_TYPE, SESSION_ID, PROPERTIES, REASON, QUARANTINED_AT, MEMBER_COUNT };

/* The last two say what became of an event, not what it is: they are passed over. */
static const struct {
    const char *name;
    bool is_required;
} members[] = {
    [EVENT_ID] = { "event_id", true },     [OCCURRED_AT] = { "occurred_at", true },        [RECEIVED_AT] = { "received_at", true },
    [EVENT_TYPE] = { "event_type", true }, [SESSION_ID] = { "session_id", true },          [PROPERTIES] = { "properties", true },
    [REASON] = { "reason", false },        [QUARANTINED_AT] = { "quarantined_at", false },
};
_Static_assert(sizeof members / sizeof members[0] == MEMBER_COUNT, "a name for each member");

/* A line that is being read. */
struct reading {
    struct scrubber *scrubber;
    struct bytes texts[MEMBER_COUNT]; /* of the members' values, as they stand; absent: there is none */
    struct document *document;
    struct problem *problem;
};

/* What of a value is fit to be shown: nothing that could speak to a terminal. */
static int shown(struct bytes text)
{
    int n = 0;

    while (n < SHOWN_BYTES && (size_t)n < text.len && text.p[n] >= ' ' && text.p[n] < 0x7f)
        n++;
    return n;
}

/* The three that follow walk a text that the guard has found well-formed: everything has an end. */
static size_t string_end(const char *p, size_t at)
{
    for (at++; p[at] != '"'; at++)
        at += p[at] == '\\';
    return at + 1;
}

static size_t value_end(const char *p, size_t at)
{
    size_t depth = 0;

    do {
        if (p[at] == '"') {
            at = string_end(p, at);
        } else if (p[at] == '{' || p[at] == '[') {
            depth++;
            at++;
        } else if (p[at] == '}' || p[at] == ']') {
            depth--;
            at++;
        } else {
            at += depth ? 1 : strcspn(p + at, ",}] \t\r\n");
        }
    } while (depth);
    return at;
}

static size_t skip(const char *p, size_t at, const char *set)
{
    return at + strspn(p + at, set);
}

static enum status take_member(struct reading *reading, struct bytes name, struct bytes value)
{
    for (int i = 0; i < MEMBER_COUNT; i++) {
        if (bytes_equal(name, bytes_of(members[i].name))) {
            reading->texts[i] = value;
            return STATUS_OK;
        }
    }
    return problem_set(reading->problem, STATUS_INVALID_EVENT, "no member of that name is known: \"%.*s\"", shown(name), name.p);
}

/* at: behind the object's "{". */
static enum status take_members(struct reading *reading, const char *p, size_t at)
{
    enum status st = STATUS_OK;

    at = skip(p, at, " \t\r\n");
    while (st == STATUS_OK && p[at] != '}') {
        size_t end = string_end(p, at);
        struct bytes name = { p + at + 1, end - at - 2 };
        at = skip(p, end, " \t\r\n:");
        end = value_end(p, at);
        st = take_member(reading, name, (struct bytes){ p + at, end - at });
        at = skip(p, end, " \t\r\n,");
    }
    for (int i = 0; i < MEMBER_COUNT && st == STATUS_OK; i++) {
        if (members[i].is_required && !reading->texts[i].p)
            st = problem_set(reading->problem, STATUS_MISSING_FIELDS, "%s is missing", members[i].name);
    }
    return st;
}

static enum status read_event_id(const struct reading *reading, struct uuid *uuid)
{
    struct bytes raw = reading->texts[EVENT_ID];
    struct bytes text;

    if (document_member(reading->document, members[EVENT_ID].name, &text) == DOCUMENT_STRING && uuid_parse(text, uuid))
        return STATUS_OK;
    return problem_set(reading->problem, STATUS_INVALID_EVENT, "event_id must be a UUID, got %.*s", shown(raw), raw.p);
}

static enum status read_time(const struct reading *reading, enum member member, int64_t *us)
{
    struct bytes raw = reading->texts[member];
    bool is_negative = bytes_begins_with(raw, BYTES("-"));
    struct bytes digits = { raw.p + is_negative, raw.len - is_negative };
    struct bytes text;
    size_t magnitude;

    if (document_member(reading->document, members[member].name, &text) == DOCUMENT_STRING && timestamp_parse(text, us))
        return STATUS_OK;
    if (bytes_to_size(digits, TIME_MAX_US, &magnitude)) {
        *us = is_negative ? -(int64_t)magnitude : (int64_t)magnitude;
        return STATUS_OK;
    }
    return problem_set(reading->problem, STATUS_INVALID_EVENT, "%s must be a time of RFC 3339, got %.*s", members[member].name,
                       shown(raw), raw.p);
}

/* The event as it could have been posted. */
static struct bytes compose(const struct reading *reading, struct arena *arena)
{
    const struct bytes properties = reading->texts[PROPERTIES];
    const struct bytes inner = bytes_trim((struct bytes){ properties.p + 1, properties.len - 2 }, " \t\r\n");
    const struct bytes pieces[] = {
        BYTES("{\"event_type\":"),
        reading->texts[EVENT_TYPE],
        BYTES(",\"session_id\":"),
        reading->texts[SESSION_ID],
        inner.len ? BYTES(",") : BYTES(""),
        inner,
        BYTES("}"),
    };
    size_t len = 0;

    for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++)
        len += pieces[i].len;
    char *text = arena_alloc(arena, len + 1);
    if (!text)
        return (struct bytes){ 0 };
    char *end = text;
    for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
        memcpy(end, pieces[i].p, pieces[i].len);
        end += pieces[i].len;
    }
    *end = '\0';
    return (struct bytes){ text, len };
}

/* So a line can bring nothing in that a request could not. */
static enum status judge(const struct reading *reading, struct document_reader *reader, struct arena *arena, struct event *event)
{
    struct guard_result result;
    struct bytes none;

    if (document_member(reading->document, members[PROPERTIES].name, &none) != DOCUMENT_OBJECT)
        return problem_set(reading->problem, STATUS_INVALID_EVENT, "properties must be an object, got %.*s",
                           shown(reading->texts[PROPERTIES]), reading->texts[PROPERTIES].p);
    struct bytes text = compose(reading, arena);
    if (!text.p)
        return STATUS_NO_MEMORY;
    enum status st = guard_scan(text, &widest, arena, &result);
    if (st != STATUS_OK)
        return problem_set(reading->problem, st, "%s in the event", result.fault.reason);
    if (result.elements[0].fault.status != STATUS_OK)
        return problem_set(reading->problem, result.elements[0].fault.status, "%s in the event", result.elements[0].fault.reason);
    const struct guard_element *element = &result.elements[0];
    st = scrub_event(reading->scrubber, &widest, arena, &text, &element, NULL, reading->problem);
    return st == STATUS_OK ? event_decode(text, element, &widest, reader, arena, event, reading->problem) : st;
}

static enum status read_event(struct reading *reading, struct document_reader *reader, struct arena *arena, struct event *event)
{
    struct uuid event_id;
    int64_t occurred_at_us, received_at_us;
    enum status st = read_event_id(reading, &event_id);

    if (st == STATUS_OK)
        st = read_time(reading, OCCURRED_AT, &occurred_at_us);
    if (st == STATUS_OK)
        st = read_time(reading, RECEIVED_AT, &received_at_us);
    if (st == STATUS_OK)
        st = judge(reading, reader, arena, event);
    if (st != STATUS_OK)
        return st;
    event->event_id = event_id;
    event->has_event_id = true;
    event->occurred_at_us = occurred_at_us;
    event->has_occurred_at = true;
    event->received_at_us = received_at_us;
    return STATUS_OK;
}

static enum status fault_of(const struct guard_fault *fault, struct problem *problem)
{
    return problem_set(problem, fault->status, "%s at byte %zu", fault->reason, fault->offset);
}

enum status queue_line_read(struct scrubber *scrubber, struct bytes line, struct document_reader *reader, struct arena *arena,
                            struct event *event, struct problem *problem)
{
    struct reading reading = { .scrubber = scrubber, .problem = problem };
    struct guard_result result;
    enum status st = guard_scan(line, &widest, arena, &result);

    if (st != STATUS_OK)
        return fault_of(&result.fault, problem);
    if (result.is_array || line.p[result.elements[0].text.begin] != '{')
        return problem_set(problem, STATUS_INVALID_EVENT, "an object was expected, got %.*s", shown(line), line.p);
    if (result.elements[0].fault.status != STATUS_OK)
        return fault_of(&result.elements[0].fault, problem);
    st = take_members(&reading, line.p, result.elements[0].text.begin + 1);
    if (st == STATUS_OK)
        st = document_read(reader, line, &reading.document);
    if (st == STATUS_OK)
        st = read_event(&reading, reader, arena, event);
    document_free(reading.document);
    return st;
}
