/* Scrubs an event whose places json_guard has noted. */
#include <string.h>

#include "model/scrub.h"
#include "model/scrub_value.h"

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

/* Will it be refused as it is? A number that was masked is a string, and could make an event of what is none. */
static bool is_no_event(struct bytes text, const struct guard_element *element, const struct limits *limits)
{
    static const enum guard_member keys[] = { GUARD_EVENT_TYPE, GUARD_SESSION_ID };

    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        struct guard_span member = element->members[keys[i]];
        if (member.begin < member.end && text.p[element->values[keys[i]]] != '"')
            return true;
    }
    return element->fault.status != STATUS_OK || element->text.end - element->text.begin > limits->event_max_bytes;
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
    if (scrubber->scrub->n_parameters && scrub_is_clean(scrubber->scrub, own))
        return reduce(scrubber, arena, text, element, report);
    enum status st = scrub_text(scrubber, arena, &own, report);
    if (st == STATUS_SENSITIVE) {
        problem->pointer = report->pointer.p;
        return problem_set(problem, st, "forbidden by the rule \"%s\"", scrub_rule_name(scrubber->scrub, report->refused_by));
    }
    if (st != STATUS_OK || own.p == before)
        return st;
    *text = own;
    return guard_again(own, limits, arena, element);
}
