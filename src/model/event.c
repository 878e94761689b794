#include "model/event.h"

#include <string.h>

#include "base/utf8.h"
#include "model/timestamp.h"

/* A member that has a meaning, as far as it is looked at. */
struct known {
    enum { KNOWN_ABSENT, KNOWN_OTHER, KNOWN_STRING } kind;
    struct bytes text; /* of a string: decoded */
};

/* A member of the key: a string of 1 to max_bytes bytes without control characters. */
static enum status key_member(const struct known *member, const char *name, const char *pointer, size_t max_bytes,
                              struct bytes *value, struct problem *problem)
{
    struct bytes text = member->text;

    problem->pointer = pointer;
    if (member->kind != KNOWN_STRING)
        return problem_set(problem, STATUS_INVALID_EVENT, "%s must be a string", name);
    if (text.len == 0)
        return problem_set(problem, STATUS_INVALID_EVENT, "%s must not be empty", name);
    if (text.len > max_bytes)
        return problem_set(problem, STATUS_INVALID_EVENT, "%s must have at most %zu bytes, has %zu", name, max_bytes, text.len);
    if (utf8_has_control(text))
        return problem_set(problem, STATUS_INVALID_EVENT, "%s must not hold control characters", name);
    problem->pointer = NULL;
    *value = text;
    return STATUS_OK;
}

/* Both absences are one answer, so they are looked for before either value is judged. */
static enum status key_members(const struct known *known, const struct limits *limits, struct event *event, struct problem *problem)
{
    if (known[GUARD_EVENT_TYPE].kind == KNOWN_ABSENT) {
        problem->pointer = "/event_type";
        return STATUS_MISSING_FIELDS;
    }
    if (known[GUARD_SESSION_ID].kind == KNOWN_ABSENT) {
        problem->pointer = "/session_id";
        return STATUS_MISSING_FIELDS;
    }

    enum status st = key_member(&known[GUARD_EVENT_TYPE], "event_type", "/event_type", limits->event_type_max_bytes,
                                &event->event_type, problem);
    if (st == STATUS_OK)
        st = key_member(&known[GUARD_SESSION_ID], "session_id", "/session_id", limits->session_id_max_bytes, &event->session_id,
                        problem);
    return st;
}

/* The members that have a meaning where their form is right, and are members like any other where it is not. */
static enum status optional_members(const struct known *known, const struct limits *limits, struct event *event,
                                    struct problem *problem)
{
    const struct known *page_url = &known[GUARD_PAGE_URL];

    if (page_url->kind == KNOWN_STRING && page_url->text.len > limits->page_url_max_bytes) {
        problem->pointer = "/page_url";
        return problem_set(problem, STATUS_INVALID_EVENT, "page_url must have at most %zu bytes, has %zu",
                           limits->page_url_max_bytes, page_url->text.len);
    }
    if (known[GUARD_EVENT_ID].kind == KNOWN_STRING)
        event->has_event_id = uuid_parse(known[GUARD_EVENT_ID].text, &event->event_id);
    if (known[GUARD_TIMESTAMP].kind == KNOWN_STRING)
        event->has_occurred_at = timestamp_parse(known[GUARD_TIMESTAMP].text, &event->occurred_at_us);
    if (!event->has_occurred_at && event->has_event_id)
        event->has_occurred_at = uuid_v7_time(&event->event_id, &event->occurred_at_us);
    return STATUS_OK;
}

static bool is_between(char c)
{
    return c == ',' || c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

static struct bytes trim(struct bytes text)
{
    while (text.len && is_between(text.p[0])) {
        text.p++;
        text.len--;
    }
    while (text.len && is_between(text.p[text.len - 1]))
        text.len--;
    return text;
}

/* Appends the members that stand in text, if any, to a list of members in json. */
static void members_append(struct bytes text, char *json, size_t *len)
{
    struct bytes members = trim(text);

    if (!members.len)
        return;
    if (*len > 1)
        json[(*len)++] = ',';
    memcpy(json + *len, members.p, members.len);
    *len += members.len;
}

/* Looks at a member whose string, if it is one, has no escape: it is its own decoded text then. Returns false where it has one. */
static bool read_plain(struct bytes text, const struct guard_element *element, size_t i, struct known *member)
{
    size_t begin = element->values[i];
    size_t end = element->members[i].end;

    if (element->members[i].begin == end)
        return true;
    member->kind = KNOWN_OTHER;
    if (text.p[begin] != '"')
        return true;
    member->kind = KNOWN_STRING;
    member->text = (struct bytes){ text.p + begin + 1, end - begin - 2 };
    return !memchr(member->text.p, '\\', member->text.len);
}

/* Has json-c decode a string, given with its quotes. */
static enum status read_escaped(struct bytes string, struct document_reader *reader, struct arena *arena, struct bytes *text)
{
    static const char begin[] = "{\"v\":";
    char *json = arena_alloc(arena, sizeof begin + string.len + 1);
    struct document *document;

    if (!json)
        return STATUS_NO_MEMORY;
    memcpy(json, begin, sizeof begin - 1);
    memcpy(json + sizeof begin - 1, string.p, string.len);
    memcpy(json + sizeof begin - 1 + string.len, "}", 2);
    enum status st = document_read(reader, (struct bytes){ json, sizeof begin + string.len }, &document);
    if (st == STATUS_OK && document_member(document, "v", text) != DOCUMENT_STRING)
        st = STATUS_INTERNAL;
    if (st == STATUS_OK) {
        *text = arena_copy(arena, *text);
        st = text->p ? STATUS_OK : STATUS_NO_MEMORY;
    }
    document_free(document);
    return st;
}

/* Looks at the members that have a meaning, and at none that has not: as a tree an event of 64 KiB could become many megabytes. */
static enum status known_members(struct bytes text, const struct guard_element *element, struct document_reader *reader,
                                 struct arena *arena, struct known *known)
{
    enum status st = STATUS_OK;

    for (size_t i = 0; i < GUARD_MEMBER_COUNT && st == STATUS_OK; i++) {
        struct bytes string = { text.p + element->values[i], element->members[i].end - element->values[i] };
        known[i] = (struct known){ .kind = KNOWN_ABSENT };
        if (!read_plain(text, element, i, &known[i]))
            st = read_escaped(string, reader, arena, &known[i].text);
    }
    return st;
}

/* The object's text without its key members: what stands before, between and behind them. */
static enum status properties(struct bytes text, const struct guard_element *element, struct arena *arena, struct bytes *result)
{
    struct guard_span first = element->members[GUARD_EVENT_TYPE];
    struct guard_span second = element->members[GUARD_SESSION_ID];
    char *json = arena_alloc(arena, element->text.end - element->text.begin + 1);
    size_t len = 0;

    if (!json)
        return STATUS_NO_MEMORY;
    if (first.begin > second.begin) {
        struct guard_span swap = first;
        first = second;
        second = swap;
    }
    size_t open = element->text.begin + 1;
    size_t close = element->text.end - 1;
    json[len++] = '{';
    members_append((struct bytes){ text.p + open, first.begin - open }, json, &len);
    members_append((struct bytes){ text.p + first.end, second.begin - first.end }, json, &len);
    members_append((struct bytes){ text.p + second.end, close - second.end }, json, &len);
    json[len++] = '}';
    *result = (struct bytes){ json, len };
    return STATUS_OK;
}

enum status event_decode(struct bytes text, const struct guard_element *element, const struct limits *limits,
                         struct document_reader *reader, struct arena *arena, struct event *event, struct problem *problem)
{
    struct bytes own = { text.p + element->text.begin, element->text.end - element->text.begin };
    struct known known[GUARD_MEMBER_COUNT];

    *event = (struct event){ 0 };
    if (own.len > limits->event_max_bytes)
        return problem_set(problem, STATUS_TOO_LARGE, "an event must have at most %zu bytes, has %zu", limits->event_max_bytes,
                           own.len);
    if (own.p[0] != '{')
        return problem_set(problem, STATUS_INVALID_EVENT, "an event must be a JSON object");

    enum status st = known_members(text, element, reader, arena, known);
    if (st == STATUS_OK)
        st = key_members(known, limits, event, problem);
    if (st == STATUS_OK)
        st = optional_members(known, limits, event, problem);
    if (st == STATUS_OK)
        st = properties(text, element, arena, &event->properties);
    return st;
}

void event_accept(struct event *event, int64_t received_at_us, const unsigned char random[UUID_RANDOM_BYTES])
{
    event->received_at_us = received_at_us;
    if (!event->has_event_id)
        event->event_id = uuid_v7(received_at_us, random);
    if (!event->has_occurred_at)
        event->occurred_at_us = received_at_us;
}
