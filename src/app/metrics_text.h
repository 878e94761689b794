/* The metrics as text, for Prometheus and all who read its format: text format 0.0.4, and OpenMetrics 1.0.
 *
 * https://prometheus.io/docs/instrumenting/exposition_formats/, https://prometheus.io/docs/specs/om/open_metrics_spec/
 * Left to others: counting (base/metrics), finding out what is found out only when asked (app/metrics). */
#ifndef SYNCHRONY_APP_METRICS_TEXT_H
#define SYNCHRONY_APP_METRICS_TEXT_H

#include "base/metrics.h"

enum metrics_format { METRICS_PROMETHEUS, METRICS_OPENMETRICS };

/* What there is to show. */
struct metrics_view {
    uint64_t *cells; /* METRIC_CELLS of them: metrics_read */
    struct {
        bool is_known;
        double value;
    } asked[METRIC_COUNT]; /* of the metrics of type METRIC_ASKED; those that are not known are left out */
};

/* The value of Content-Type. */
const char *metrics_text_type(enum metrics_format format);

/* Appends one metric: HELP, TYPE and its samples. A combination of several labels that never counted is left out; of one label all known
 * values are shown, so that their first count is seen as a change. */
void metrics_text_add(struct buf *text, enum metrics_format format, const struct metrics_view *view, unsigned metric);

/* Appends what stands behind the last metric. */
void metrics_text_end(struct buf *text, enum metrics_format format);

#endif
