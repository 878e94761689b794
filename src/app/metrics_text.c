#include "app/metrics_text.h"

#include <stdio.h>
#include <string.h>

#define NS_PER_S 1e9
#define US_PER_S 1e6

enum { LABELS_MAX_BYTES = 1024, NUMBER_MAX_BYTES = 40 };

/* What is being written: one metric. */
struct page {
    struct buf *text;
    enum metrics_format format;
    const struct metrics_view *view;
    const struct metric_info *info;
    bool shows_zeros; /* of combinations of labels */
};

const char *metrics_text_type(enum metrics_format format)
{
    return format == METRICS_OPENMETRICS ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
                                         : "text/plain; version=0.0.4; charset=utf-8";
}

/* ---- numbers and labels ---- */

/* OpenMetrics wants a bucket's bound as a float in canonical form. */
static void print_bound(char text[NUMBER_MAX_BYTES], const struct page *page, int64_t bound)
{
    snprintf(text, NUMBER_MAX_BYTES, "%.10g", page->info->type == METRIC_SECONDS ? (double)bound / NS_PER_S : (double)bound);
    if (page->format == METRICS_OPENMETRICS && !strpbrk(text, ".e") && strlen(text) + 2 < NUMBER_MAX_BYTES)
        memcpy(text + strlen(text), ".0", 3);
}

static void add_value(struct buf *text, double value)
{
    if (value > -1e15 && value < 1e15 && value == (double)(int64_t)value)
        buf_add_format(text, " %.0f\n", value);
    else
        buf_add_format(text, " %.9f\n", value);
}

static void add_escaped(struct buf *text, struct bytes value)
{
    for (size_t i = 0; i < value.len; i++) {
        char c = value.p[i];
        if (c == '\n')
            buf_add(text, BYTES("\\n"));
        else if (c == '\\' || c == '"')
            buf_add_format(text, "\\%c", c);
        else
            buf_add(text, (struct bytes){ &value.p[i], 1 });
    }
}

/* Appends name="value" for each label of one combination. Returns false where one of them has no such value. */
static bool add_labels(struct buf *labels, const struct metric_info *info, const unsigned numbers[3])
{
    for (size_t i = 0; i < 3; i++) {
        if (info->labels[i] == METRIC_LABEL_NONE)
            continue;
        struct bytes value = metrics_label_value(info->labels[i], numbers[i]);
        if (!value.p)
            return false;
        buf_add_format(labels, "%s%s=\"", labels->len ? "," : "", metrics_label_name(info->labels[i]));
        add_escaped(labels, value);
        buf_add_text(labels, "\"");
    }
    return true;
}

/* ---- samples ---- */

static void add_name(const struct page *page, const char *suffix, struct bytes labels, const char *more)
{
    buf_add_format(page->text, "%s%s", page->info->name, suffix);
    if (!labels.len && !*more)
        return;
    buf_add_text(page->text, "{");
    buf_add(page->text, labels);
    buf_add_format(page->text, "%s%s}", labels.len && *more ? "," : "", more);
}

static void add_bucket(const struct page *page, struct bytes labels, const char *bound, uint64_t count)
{
    char le[NUMBER_MAX_BYTES + 8];

    snprintf(le, sizeof le, "le=\"%s\"", bound);
    add_name(page, "_bucket", labels, le);
    buf_add_format(page->text, " %llu\n", (unsigned long long)count);
}

static void add_histogram(const struct page *page, struct bytes labels, const uint64_t *cells)
{
    const int64_t *bounds = metrics_bounds(page->info->type);
    double unit = page->info->type == METRIC_SECONDS ? NS_PER_S : 1;
    char bound[NUMBER_MAX_BYTES];
    uint64_t count = 0;

    for (unsigned i = 0; i + 1 < METRIC_BUCKETS; i++) {
        count += cells[i];
        print_bound(bound, page, bounds[i]);
        add_bucket(page, labels, bound, count);
    }
    count += cells[METRIC_BUCKETS - 1];
    add_bucket(page, labels, "+Inf", count);
    add_name(page, "_sum", labels, "");
    add_value(page->text, (double)cells[METRIC_SUM] / unit);
    add_name(page, "_count", labels, "");
    buf_add_format(page->text, " %llu\n", (unsigned long long)count);
}

static void add_sample(const struct page *page, struct bytes labels, const uint64_t *cells)
{
    switch (page->info->type) {
    case METRIC_SECONDS:
    case METRIC_SIZES:
        add_histogram(page, labels, cells);
        return;
    case METRIC_COUNTER:
        add_name(page, "_total", labels, "");
        buf_add_format(page->text, " %llu\n", (unsigned long long)*cells);
        return;
    case METRIC_GAUGE:
        add_name(page, "", labels, "");
        buf_add_format(page->text, " %lld\n", (long long)*cells);
        return;
    case METRIC_OLDEST:
        if (!*cells)
            return; /* no process has come to it */
        add_name(page, "", labels, "");
        add_value(page->text, (double)*cells / US_PER_S);
        return;
    case METRIC_ASKED:
        return;
    }
}

static bool is_zero(const uint64_t *cells, unsigned width)
{
    for (unsigned i = 0; i < width; i++) {
        if (cells[i])
            return false;
    }
    return true;
}

static void add_combination(const struct page *page, const unsigned numbers[3], const uint64_t *cells)
{
    bool is_other = numbers[0] == 0 && page->info->labels[0] >= METRIC_LABEL_FIRST_OPEN;
    struct buf labels = buf_new(LABELS_MAX_BYTES);

    if (is_zero(cells, page->info->width) && (is_other || !page->shows_zeros))
        return;
    if (add_labels(&labels, page->info, numbers) && !labels.failed)
        add_sample(page, buf_bytes(&labels), cells);
    buf_free(&labels);
}

static void add_combinations(const struct page *page)
{
    const struct metric_info *info = page->info;
    const uint64_t *cells = page->view->cells + info->first;
    unsigned numbers[3];

    for (numbers[0] = 0; numbers[0] < metrics_label_size(info->labels[0]); numbers[0]++) {
        for (numbers[1] = 0; numbers[1] < metrics_label_size(info->labels[1]); numbers[1]++) {
            for (numbers[2] = 0; numbers[2] < metrics_label_size(info->labels[2]); numbers[2]++) {
                add_combination(page, numbers, cells);
                cells += info->width;
            }
        }
    }
}

static void add_asked(const struct page *page, unsigned metric)
{
    if (!page->view->asked[metric].is_known)
        return;
    add_name(page, "", (struct bytes){ "", 0 }, metric == METRIC_INDEX_BUILD_INFO ? "version=\"" SYNCHRONY_VERSION "\"" : "");
    add_value(page->text, page->view->asked[metric].value);
}

/* ---- a metric ---- */

static const char *type_name(enum metric_type type)
{
    static const char *const names[] = {
        [METRIC_COUNTER] = "counter", [METRIC_SECONDS] = "histogram", [METRIC_SIZES] = "histogram",
        [METRIC_GAUGE] = "gauge",     [METRIC_OLDEST] = "gauge",      [METRIC_ASKED] = "gauge",
    };

    return names[type];
}

void metrics_text_add(struct buf *text, enum metrics_format format, const struct metrics_view *view, unsigned metric)
{
    const struct metric_info *info = &metric_infos[metric];
    const struct page page = {
        .text = text,
        .format = format,
        .view = view,
        .info = info,
        .shows_zeros = info->labels[1] == METRIC_LABEL_NONE,
    };
    /* The older format calls a counter by the name of its samples, the newer one by what they have in common. */
    const char *suffix = info->type == METRIC_COUNTER && format == METRICS_PROMETHEUS ? "_total" : "";

    buf_add_format(text, "# HELP %s%s %s\n# TYPE %s%s %s\n", info->name, suffix, info->help, info->name, suffix,
                   type_name(info->type));
    if (info->type == METRIC_ASKED)
        add_asked(&page, metric);
    else
        add_combinations(&page);
}

void metrics_text_end(struct buf *text, enum metrics_format format)
{
    if (format == METRICS_OPENMETRICS)
        buf_add_text(text, "# EOF\n");
}
