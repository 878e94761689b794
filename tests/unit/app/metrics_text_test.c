#include "app/metrics_text.h"

#include "tests/unit/unit.h"

static uint64_t cells[METRIC_CELLS];
static struct metrics_view view = { .cells = cells };

/* One metric as text, borrowed until the next call. */
static const char *shown(enum metrics_format format, unsigned metric)
{
    static struct buf text;

    buf_free(&text);
    text = buf_new(1024 * 1024);
    metrics_read(cells);
    metrics_text_add(&text, format, &view, metric);
    cr_assert(!text.failed);
    return text.p;
}

static void expect_has(int line, const char *text, const char *part)
{
    cr_expect(strstr(text, part), "line %d: %s lacks %s", line, text, part);
}

static void expect_lacks(int line, const char *text, const char *part)
{
    cr_expect(!strstr(text, part), "line %d: %s has %s", line, text, part);
}

Test(metrics_text, counter_has_its_suffix_where_each_format_wants_it)
{
    metrics_add(METRIC_DB_RETRIES, 3);
    EXPECT_TEXT(__LINE__, shown(METRICS_PROMETHEUS, METRIC_INDEX_DB_RETRIES),
                "# HELP synchrony_db_retries_total Transactions that were tried again\n"
                "# TYPE synchrony_db_retries_total counter\nsynchrony_db_retries_total 3\n");
    EXPECT_TEXT(__LINE__, shown(METRICS_OPENMETRICS, METRIC_INDEX_DB_RETRIES),
                "# HELP synchrony_db_retries Transactions that were tried again\n"
                "# TYPE synchrony_db_retries counter\nsynchrony_db_retries_total 3\n");
}

static const struct {
    int line;
    struct bytes type;
    const char *want;
} types[] = {
    { __LINE__, TEXT("page_view"), "event_type=\"page_view\"} 1\n" },
    { __LINE__, TEXT("a\"b"), "event_type=\"a\\\"b\"} 1\n" },
    { __LINE__, TEXT("a\\b"), "event_type=\"a\\\\b\"} 1\n" },
    { __LINE__, TEXT("a\nb"), "event_type=\"a\\nb\"} 1\n" },
    { __LINE__, TEXT("a} 1\n#"), "event_type=\"a} 1\\n#\"} 1\n" },
    { __LINE__, TEXT("\xc3\xa4"), "event_type=\"\xc3\xa4\"} 1\n" },
};

Test(metrics_text, values_of_labels_are_escaped)
{
    for (size_t i = 0; i < COUNT_OF(types); i++)
        metrics_add(METRIC_2(EVENTS, METRIC_STORED, metrics_label(METRIC_LABEL_EVENT_TYPE, types[i].type)), 1);
    const char *text = shown(METRICS_PROMETHEUS, METRIC_INDEX_EVENTS);
    for (size_t i = 0; i < COUNT_OF(types); i++)
        expect_has(types[i].line, text, types[i].want);
    expect_lacks(__LINE__, text, "queued"); /* never counted */
}

Test(metrics_text, histogram_is_cumulative_and_has_sum_and_count)
{
    unsigned cell = METRIC_1(GROUP_DURATION, METRIC_TO_DATABASE);

    metrics_observe_ns(cell, 100000);
    metrics_observe_ns(cell, 2000000);
    metrics_observe_ns(cell, INT64_C(20000000000));
    const char *text = shown(METRICS_PROMETHEUS, METRIC_INDEX_GROUP_DURATION);
    expect_has(__LINE__, text, "# TYPE synchrony_group_duration_seconds histogram\n");
    expect_has(__LINE__, text, "_bucket{target=\"database\",le=\"0.0001\"} 1\n");
    expect_has(__LINE__, text, "_bucket{target=\"database\",le=\"0.001\"} 1\n");
    expect_has(__LINE__, text, "_bucket{target=\"database\",le=\"0.0025\"} 2\n");
    expect_has(__LINE__, text, "_bucket{target=\"database\",le=\"1\"} 2\n");
    expect_has(__LINE__, text, "_bucket{target=\"database\",le=\"10\"} 2\n");
    expect_has(__LINE__, text, "_bucket{target=\"database\",le=\"+Inf\"} 3\n");
    expect_has(__LINE__, text, "_sum{target=\"database\"} 20.002100000\n");
    expect_has(__LINE__, text, "_count{target=\"database\"} 3\n");
    expect_has(__LINE__, text, "_count{target=\"queue\"} 0\n"); /* known, though nothing was counted */
    expect_has(__LINE__, shown(METRICS_OPENMETRICS, METRIC_INDEX_GROUP_DURATION), "le=\"1.0\"} 2\n");
}

Test(metrics_text, gauges_may_be_negative_for_a_moment_and_times_are_seconds)
{
    metrics_open("");
    metrics_move(METRIC_HTTP_IN_FLIGHT, -2);
    metrics_set(METRIC_PROCESS_START, INT64_C(1795354496789000));
    expect_has(__LINE__, shown(METRICS_PROMETHEUS, METRIC_INDEX_HTTP_IN_FLIGHT), "\nsynchrony_http_requests_in_flight -2\n");
    expect_has(__LINE__, shown(METRICS_PROMETHEUS, METRIC_INDEX_PROCESS_START),
               "\nsynchrony_process_start_time_seconds 1795354496.789000034\n");
    EXPECT(__LINE__, strlen(shown(METRICS_PROMETHEUS, METRIC_INDEX_CATALOGUE_READ_AT)) > 0);
    expect_lacks(__LINE__, shown(METRICS_PROMETHEUS, METRIC_INDEX_CATALOGUE_READ_AT),
                 "\nsynchrony_catalogue_read_timestamp_seconds ");
}

Test(metrics_text, what_is_not_known_is_left_out)
{
    expect_lacks(__LINE__, shown(METRICS_PROMETHEUS, METRIC_INDEX_QUEUE_EVENTS), "\nsynchrony_queue_events ");
    view.asked[METRIC_INDEX_QUEUE_EVENTS].is_known = true;
    view.asked[METRIC_INDEX_QUEUE_EVENTS].value = 7;
    expect_has(__LINE__, shown(METRICS_PROMETHEUS, METRIC_INDEX_QUEUE_EVENTS), "\nsynchrony_queue_events 7\n");
    view.asked[METRIC_INDEX_BUILD_INFO].is_known = true;
    view.asked[METRIC_INDEX_BUILD_INFO].value = 1;
    expect_has(__LINE__, shown(METRICS_PROMETHEUS, METRIC_INDEX_BUILD_INFO),
               "\nsynchrony_build_info{version=\"" SYNCHRONY_VERSION "\"} 1\n");
}
