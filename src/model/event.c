#include "model/event.h"

#include <string.h>

#include "base/utf8.h"
#include "model/timestamp.h"

/* A member of the key: a string of 1 to max_bytes bytes without control characters. */
static enum status key_member(const struct document *document, const char *name, const char *pointer, size_t max_bytes,
                              struct arena *arena, struct bytes *value, struct problem *problem)
{
    struct bytes text = { 0 };
    enum document_kind kind = document_member(document, name, &text);

    problem->pointer = pointer;
    if (kind == DOCUMENT_ABSENT)
        return STATUS_MISSING_FIELDS;
    if (kind != DOCUMENT_STRING)
        return problem_set(problem, STATUS_INVALID_EVENT, "%s must be a string", name);
    if (text.len == 0)
        return problem_set(problem, STATUS_INVALID_EVENT, "%s must not be empty", name);
    if (text.len > max_bytes)
        return problem_set(problem, STATUS_INVALID_EVENT, "%s must have at most %zu bytes, has %zu", name, max_bytes, text.len);
    if (utf8_has_control(text))
        return problem_set(problem, STATUS_INVALID_EVENT, "%s must not hold control characters", name);
    problem->pointer = NULL;
    *value = arena_copy(arena, text);
    return value->p ? STATUS_OK : STATUS_NO_MEMORY;
}

/* Both absences are one answer, so they are looked for before either value is judged. */
static enum status key_members(const struct document *document, const struct limits *limits, struct arena *arena,
                               struct event *event, struct problem *problem)
{
    struct bytes unused;

    if (document_member(document, "event_type", &unused) == DOCUMENT_ABSENT) {
        problem->pointer = "/event_type";
        return STATUS_MISSING_FIELDS;
    }
    if (document_member(document, "session_id", &unused) == DOCUMENT_ABSENT) {
        problem->pointer = "/session_id";
        return STATUS_MISSING_FIELDS;
    }

    enum status st =
        key_member(document, "event_type", "/event_type", limits->event_type_max_bytes, arena, &event->event_type, problem);
    if (st == STATUS_OK)
        st = key_member(document, "session_id", "/session_id", limits->session_id_max_bytes, arena, &event->session_id, problem);
    return st;
}

/* The members that have a meaning where their form is right, and are members like any other where it is not. */
static enum status optional_members(const struct document *document, const struct limits *limits, struct event *event,
                                    struct problem *problem)
{
    struct bytes text;

    if (document_member(document, "page_url", &text) == DOCUMENT_STRING && text.len > limits->page_url_max_bytes) {
        problem->pointer = "/page_url";
        return problem_set(problem, STATUS_INVALID_EVENT, "page_url must have at most %zu bytes, has %zu",
                           limits->page_url_max_bytes, text.len);
    }
    if (document_member(document, "event_id", &text) == DOCUMENT_STRING)
        event->has_event_id = uuid_parse(text, &event->event_id);
    if (document_member(document, "timestamp", &text) == DOCUMENT_STRING)
        event->has_occurred_at = timestamp_parse(text, &event->occurred_at_us);
    if (!event->has_occurred_at && event->has_event_id)
        event->has_occurred_at = uuid_v7_time(&event->event_id, &event->occurred_at_us);
    return STATUS_OK;
}

/* Appends the members that stand in text, if any, to a list of members in json. */
static void members_append(struct bytes text, char *json, size_t *len)
{
    struct bytes members = bytes_trim(text, " \t\r\n,");

    if (!members.len)
        return;
    if (*len > 1)
        json[(*len)++] = ',';
    memcpy(json + *len, members.p, members.len);
    *len += members.len;
}

/* The event's text for json-c: the members that have a meaning, and none that has not. Without it an event of 64 KiB could become a tree of
 * many megabytes. What is not a string stands as null: its kind is all that would be asked for. */
static struct bytes known_members(struct bytes text, const struct guard_element *element, struct arena *arena)
{
    char *json = arena_alloc(arena, element->text.end - element->text.begin + GUARD_MEMBER_COUNT * sizeof ",null" + 3);
    size_t len = 0;

    if (!json)
        return (struct bytes){ 0 };
    json[len++] = '{';
    for (size_t i = 0; i < GUARD_MEMBER_COUNT; i++) {
        struct guard_span member = element->members[i];
        if (member.begin == member.end)
            continue;
        bool is_string = text.p[element->values[i]] == '"';
        size_t end = is_string ? member.end : element->values[i];
        if (len > 1)
            json[len++] = ',';
        memcpy(json + len, text.p + member.begin, end - member.begin);
        len += end - member.begin;
        if (!is_string) {
            memcpy(json + len, "null", 4);
            len += 4;
        }
    }
    json[len++] = '}';
    json[len] = '\0';
    return (struct bytes){ json, len };
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
    struct document *document;

    *event = (struct event){ 0 };
    if (own.len > limits->event_max_bytes)
        return problem_set(problem, STATUS_TOO_LARGE, "an event must have at most %zu bytes, has %zu", limits->event_max_bytes,
                           own.len);
    if (own.p[0] != '{')
        return problem_set(problem, STATUS_INVALID_EVENT, "an event must be a JSON object");

    struct bytes known = known_members(text, element, arena);
    if (!known.p)
        return STATUS_NO_MEMORY;
    enum status st = document_read(reader, known, &document);
    if (st == STATUS_OK)
        st = key_members(document, limits, arena, event, problem);
    if (st == STATUS_OK)
        st = optional_members(document, limits, event, problem);
    if (st == STATUS_OK)
        st = properties(text, element, arena, &event->properties);
    document_free(document);
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
