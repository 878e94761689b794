#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/scrub.h"

static bool is_name(struct bytes name)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyz0123456789_-";

    for (size_t i = 0; i < name.len; i++) {
        if (!memchr(allowed, name.p[i], sizeof allowed - 1))
            return false;
    }
    return name.len > 0 && name.len <= SCRUB_NAME_MAX_BYTES;
}

static bool is_action(struct bytes word, enum scrub_action *action)
{
    static const char *const words[] = { [SCRUB_OFF] = "off", [SCRUB_MASK] = "mask", [SCRUB_REJECT] = "reject" };

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (bytes_equal(word, bytes_of(words[i]))) {
            *action = (enum scrub_action)i;
            return true;
        }
    }
    return false;
}

/* What matches nothing would be found everywhere, and what matches its own mask again and again; and without these members an event is
 * none, or another. */
static enum status check(const struct scrub_pattern *pattern, struct problem *problem)
{
    static const char *const members[] = { "event_type", "session_id", "event_id", "timestamp", "page_url" };
    struct pattern_scratch *scratch = pattern_scratch_new();
    char mask[SCRUB_NAME_MAX_BYTES + 3];
    enum status st = STATUS_OK;

    if (!scratch)
        return STATUS_NO_MEMORY;
    snprintf(mask, sizeof mask, "*%s*", pattern->name);
    if (pattern_match(pattern->pattern, scratch, BYTES("")) != PATTERN_NO_MATCH)
        st = problem_set(problem, STATUS_CONFIG, "%s matches the empty text", pattern->name);
    else if (pattern_match(pattern->pattern, scratch, bytes_of(mask)) != PATTERN_NO_MATCH)
        st = problem_set(problem, STATUS_CONFIG, "%s matches its own mask, %s", pattern->name, mask);
    for (size_t i = 0; st == STATUS_OK && i < sizeof members / sizeof members[0]; i++) {
        if (pattern_match(pattern->pattern, scratch, bytes_of(members[i])) != PATTERN_NO_MATCH)
            st = problem_set(problem, STATUS_CONFIG, "%s matches the name of the member %s", pattern->name, members[i]);
    }
    pattern_scratch_free(scratch);
    return st;
}

static enum status compile(struct bytes expression, struct scrub_pattern *pattern, struct problem *problem)
{
    struct pattern_fault fault;
    enum status st = pattern_new(expression, &pattern->pattern, &fault);

    if (st == STATUS_UNPROCESSABLE)
        return problem_set(problem, STATUS_CONFIG, "%s: %s at byte %zu of the expression", pattern->name, fault.reason,
                           fault.offset);
    return st == STATUS_OK ? check(pattern, problem) : st;
}

enum status scrub_pattern_read(struct bytes text, struct scrub_pattern *pattern, struct problem *problem)
{
    struct bytes name, action;

    *pattern = (struct scrub_pattern){ 0 };
    (void)bytes_cut(&text, ':', &name);
    (void)bytes_cut(&text, ':', &action);
    if (!text.p)
        return problem_set(problem, STATUS_CONFIG, "a pattern is NAME:ACTION:EXPRESSION, got '%.*s'", (int)name.len, name.p);
    if (!is_name(name))
        return problem_set(problem, STATUS_CONFIG, "a name has 1 to %d of a-z, 0-9, _ and -, got '%.*s'", SCRUB_NAME_MAX_BYTES,
                           (int)name.len, name.p);
    if (!is_action(action, &pattern->action))
        return problem_set(problem, STATUS_CONFIG, "%.*s: the action must be one of off, mask, reject, got '%.*s'", (int)name.len,
                           name.p, (int)action.len, action.p);
    pattern->name = strndup(name.p, name.len);
    enum status st = pattern->name ? compile(text, pattern, problem) : STATUS_NO_MEMORY;
    if (st != STATUS_OK)
        scrub_pattern_free(pattern);
    return st;
}

void scrub_pattern_free(struct scrub_pattern *pattern)
{
    pattern_free(pattern->pattern);
    free(pattern->name);
    *pattern = (struct scrub_pattern){ 0 };
}
