#include "app/scrubbing.h"

#include "base/metrics.h"

static void count(const struct scrub *scrub, enum status st, const struct scrub_report *report)
{
    for (unsigned rule = 0; rule < SCRUB_PATTERNS + scrub->n_patterns; rule++) {
        unsigned n = report->counts[rule] + (st == STATUS_SENSITIVE && report->refused_by == rule);
        if (n)
            metrics_add(METRIC_1(SCRUBBED, metrics_label(METRIC_LABEL_RULE, bytes_of(scrub_rule_name(scrub, rule)))), n);
    }
}

enum status scrubbing_event(const struct config *config, struct arena *arena, struct bytes *text,
                            const struct guard_element **element, struct problem *problem)
{
    const char *before = text->p;
    struct scrub_report report;
    enum status st = scrub_event(&config->scrub, &config->limits, arena, text, element, &report, problem);

    if (st == STATUS_SENSITIVE || text->p != before)
        count(&config->scrub, st, &report);
    return st;
}
