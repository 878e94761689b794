/* Scrubs an event whose places json_guard has noted. */
#include <string.h>

#include "model/scrub.h"
#include "model/scrub_value.h"

enum { GROWTH_BYTES = 256 };

static struct bytes value_of(struct bytes text, const struct guard_element *element, enum guard_member member)
{
    struct guard_span span = element->members[member];

    return span.begin < span.end ? (struct bytes){ text.p + element->values[member], span.end - element->values[member] }
                                 : (struct bytes){ 0 };
}

/* What was scrubbed is judged again, as any text is, before it goes on. */
static enum status guard_again(struct bytes text, const struct limits *limits, struct arena *arena,
                               const struct guard_element **element)
{
    struct guard_result result;
    enum status st = guard_scan(text, limits, arena, &result);

    if (st == STATUS_NO_MEMORY)
        return st;
    if (st != STATUS_OK || result.is_array || result.elements[0].fault.status != STATUS_OK)
        return STATUS_INTERNAL;
    *element = &result.elements[0];
    return STATUS_OK;
}

/* The members that are the event's key. */
static const struct {
    enum guard_member member;
    const char *pointer;
} keys[] = { { GUARD_EVENT_TYPE, "/event_type" }, { GUARD_SESSION_ID, "/session_id" } };

enum { N_KEYS = sizeof keys / sizeof keys[0] };

/* Will it be refused as it is? A number that was masked is a string, and could make an event of what is none. */
static bool is_no_event(struct bytes text, const struct guard_element *element, const struct limits *limits)
{
    for (size_t i = 0; i < N_KEYS; i++) {
        struct bytes value = value_of(text, element, keys[i].member);
        if (value.len && value.p[0] != '"')
            return true;
    }
    return element->fault.status != STATUS_OK || element->text.end - element->text.begin > limits->event_max_bytes;
}

/* The rule that finds something in a string, with its quotes; SCRUB_RULES: none does. */
static unsigned rule_of(struct scrubber *scrubber, struct bytes string)
{
    struct scrub_work work = scrub_work_begin(scrubber, 4 * string.len + GROWTH_BYTES);
    struct bytes content = { string.p + 1, string.len - 2 };
    unsigned rule = SCRUB_RULES;

    work.refuses_all = true;
    if (scrub_string(&work, &content) == STATUS_SENSITIVE)
        rule = work.refused_by;
    scrub_work_end(&work);
    return rule;
}

/* A key is not masked: all sessions whose names were would be one, and of its events only the last an item, though each was acknowledged.
 * Nor is it kept. before, after: the event as it came, and scrubbed. */
static enum status check_keys(struct scrubber *scrubber, struct bytes before, const struct guard_element *element,
                              struct bytes after, const struct guard_element *scrubbed, struct scrub_report *report,
                              struct problem *problem)
{
    for (size_t i = 0; i < N_KEYS; i++) {
        struct bytes value = value_of(before, element, keys[i].member);
        if (!value.len || bytes_equal(value, value_of(after, scrubbed, keys[i].member)))
            continue;
        *report = (struct scrub_report){ .refused_by = rule_of(scrubber, value), .pointer = bytes_of(keys[i].pointer) };
        if (report->refused_by == SCRUB_RULES)
            return STATUS_NO_MEMORY;
        problem->pointer = keys[i].pointer;
        return problem_set(problem, STATUS_SENSITIVE,
                           "forbidden by the rule \"%s\": a key is refused and not masked, as masked keys would all be the same",
                           scrub_rule_name(scrubber->scrub, report->refused_by));
    }
    return STATUS_OK;
}

/* ---- where nothing but the parameters of page_url is to be looked at ---- */

/* Takes out n bytes behind the byte at `at`, and what the element is not: where an offset is then. */
struct cut {
    size_t begin; /* of the element */
    size_t at;
    size_t n;
};

static size_t moved(const struct cut *cut, size_t offset)
{
    return offset - cut->begin - (offset > cut->at ? cut->n : 0);
}

static struct guard_element *move(struct arena *arena, const struct guard_element *element, const struct cut *cut)
{
    struct guard_element *to = arena_alloc(arena, sizeof *to);

    if (!to)
        return NULL;
    *to = (struct guard_element){ .text = { 0, moved(cut, element->text.end) }, .fault = element->fault };
    for (size_t i = 0; i < GUARD_MEMBER_COUNT; i++) {
        struct guard_span member = element->members[i];
        if (member.begin == member.end)
            continue;
        to->members[i] = (struct guard_span){ moved(cut, member.begin), moved(cut, member.end) };
        to->values[i] = moved(cut, element->values[i]);
    }
    return to;
}

/* The element's own text with another, shorter, content of the string that ends there. */
static struct bytes with_content(struct arena *arena, struct bytes old, struct bytes before, struct bytes content)
{
    struct bytes behind = { before.p + before.len, old.len - (size_t)(before.p + before.len - old.p) };
    size_t begin_len = (size_t)(before.p - old.p), len = begin_len + content.len + behind.len;
    char *to = arena_alloc(arena, len + 1);

    if (!to)
        return (struct bytes){ 0 };
    memcpy(to, old.p, begin_len);
    memcpy(to + begin_len, content.p, content.len);
    memcpy(to + begin_len + content.len, behind.p, behind.len);
    to[len] = '\0';
    return (struct bytes){ to, len };
}

static bool may_have_parameters(struct bytes content)
{
    return content.len &&
           (memchr(content.p, '?', content.len) || memchr(content.p, '#', content.len) || memchr(content.p, '\\', content.len));
}

/* Cuts the parameters out of page_url. What is left is still faultless: whole characters and escapes were taken out of a string. And still
 * nobody finds a number in it: what has come to stand side by side has a "?", "#", "&" or ";" between it. */
static enum status reduce(struct scrubber *scrubber, struct arena *arena, struct bytes *text, const struct guard_element **element,
                          struct scrub_report *report)
{
    const struct guard_element *old = *element;
    struct guard_span member = old->members[GUARD_PAGE_URL];
    struct cut cut = { .begin = old->text.begin, .at = old->values[GUARD_PAGE_URL] };

    *report = (struct scrub_report){ 0 };
    if (member.begin == member.end || text->p[cut.at] != '"')
        return STATUS_OK;
    const struct bytes before = { text->p + cut.at + 1, member.end - cut.at - 2 };
    if (!may_have_parameters(before))
        return STATUS_OK;
    struct bytes content = before;
    struct scrub_work work = scrub_work_begin(scrubber, before.len + 1);
    enum status st = scrub_url(&work, &content);
    if (st == STATUS_OK && content.p != before.p) {
        cut.n = before.len - content.len;
        *text = with_content(arena, (struct bytes){ text->p + cut.begin, old->text.end - cut.begin }, before, content);
        *element = move(arena, old, &cut);
        report->counts[SCRUB_PARAMETERS] = work.counts[SCRUB_PARAMETERS];
        st = text->p && *element ? STATUS_OK : STATUS_NO_MEMORY;
    }
    scrub_work_end(&work);
    return st;
}

/* ---- the whole ---- */

enum status scrub_event(struct scrubber *scrubber, const struct limits *limits, struct arena *arena, struct bytes *text,
                        const struct guard_element **element, struct scrub_report *report, struct problem *problem)
{
    struct bytes own = { text->p + (*element)->text.begin, (*element)->text.end - (*element)->text.begin };
    const char *before = own.p;
    struct scrub_report unseen;

    if (!report)
        report = &unseen;
    if (is_no_event(*text, *element, limits)) {
        *report = (struct scrub_report){ 0 };
        return STATUS_OK;
    }
    if (scrubber->scrub->n_parameters && scrub_is_clean(scrubber, own))
        return reduce(scrubber, arena, text, element, report);
    enum status st = scrub_text(scrubber, arena, &own, report);
    if (st == STATUS_SENSITIVE) {
        problem->pointer = report->pointer.p;
        return problem_set(problem, st, "forbidden by the rule \"%s\"", scrub_rule_name(scrubber->scrub, report->refused_by));
    }
    if (st != STATUS_OK || own.p == before)
        return st;
    const struct guard_element *scrubbed;
    st = guard_again(own, limits, arena, &scrubbed);
    if (st == STATUS_OK)
        st = check_keys(scrubber, *text, *element, own, scrubbed, report, problem);
    if (st != STATUS_OK)
        return st;
    *text = own;
    *element = scrubbed;
    return STATUS_OK;
}
