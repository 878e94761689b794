#include <stdatomic.h>

#include "base/clock.h"
#include "base/metrics.h"
#include "store/db_private.h"

static _Thread_local int64_t spent_ns;

int64_t db_spent_ns(void)
{
    return spent_ns;
}

/* The query's number in METRIC_LABEL_QUERY, as it was asked for first. */
static unsigned label_of(enum db_query query)
{
    static _Atomic unsigned labels[QUERY_COUNT];
    unsigned label = atomic_load_explicit(&labels[query], memory_order_relaxed);

    if (!label) {
        label = metrics_label(METRIC_LABEL_QUERY, bytes_of(db_queries[query].name));
        atomic_store_explicit(&labels[query], label, memory_order_relaxed);
    }
    return label;
}

struct db_timing db_timing_begin(void)
{
    return (struct db_timing){ .began_ns = clock_monotonic_ns(), .spent_before_ns = spent_ns };
}

void db_timing_count(int64_t elapsed_ns, enum db_query query)
{
    metrics_observe_ns(METRIC_1(DB_DURATION, label_of(query)), elapsed_ns);
}

/* What was run meanwhile (the set-up of a new connection, say) is part of it: the sum is set, not added to. */
void db_timing_end(const struct db_timing *timing, enum db_query query)
{
    int64_t elapsed_ns = clock_monotonic_ns() - timing->began_ns;

    spent_ns = timing->spent_before_ns + elapsed_ns;
    db_timing_count(elapsed_ns, query);
}
