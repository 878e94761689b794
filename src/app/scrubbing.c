#include "app/scrubbing.h"

#include "base/labels.h"
#include "base/metrics.h"

/* The event's type as far as it can be told before it is decoded, and is one of those that were stored: what has never been an event type
 * may be what was to be masked. */
static unsigned event_type_label(struct bytes text, const struct guard_element *element)
{
    size_t begin = element->values[GUARD_EVENT_TYPE];
    size_t end = element->members[GUARD_EVENT_TYPE].end;
    struct bytes value = { text.p + begin, end - begin };

    if (value.len < 2 || value.p[0] != '"')
        return LABEL_OTHER;
    return metrics_known_label(METRIC_LABEL_EVENT_TYPE, (struct bytes){ value.p + 1, value.len - 2 });
}

static void count(const struct scrub *scrub, enum status st, const struct scrub_report *report, unsigned event_type)
{
    for (unsigned rule = 0; rule < SCRUB_PATTERNS + scrub->n_patterns; rule++) {
        unsigned n = report->counts[rule] + (st == STATUS_SENSITIVE && report->refused_by == rule);
        if (n)
            metrics_add(METRIC_2(SCRUBBED, metrics_label(METRIC_LABEL_RULE, bytes_of(scrub_rule_name(scrub, rule))), event_type),
                        n);
    }
}

enum status scrubbing_event(struct scrubber *scrubber, const struct limits *limits, struct arena *arena, struct bytes *text,
                            const struct guard_element **element, struct problem *problem)
{
    const char *before = text->p;
    struct scrub_report report;
    enum status st = scrub_event(scrubber, limits, arena, text, element, &report, problem);

    if (st == STATUS_SENSITIVE || text->p != before)
        count(scrubber->scrub, st, &report, event_type_label(*text, *element));
    return st;
}
