/* What is counted for those who run the service, over all processes of a host: the one table of metrics, and how to count.
 *
 * Each process counts in a shard of its own in a mapped file; whoever is asked adds up all of them. A process that ends, however it does,
 * leaves its counters behind, and the next one counts on from there: nothing is lost before the host is booted again. What is true of
 * processes that run (gauges) is forgotten with them. A count is a relaxed atomic addition. Left to others: the text (app/metrics_text). */
#ifndef SYNCHRONY_BASE_METRICS_H
#define SYNCHRONY_BASE_METRICS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"

/* clang-format off */

/* The metrics: X(ID, type, name, label, label, label, help). A counter's name gets "_total" behind it when it is shown.
 *
 *   COUNTER    only grows
 *   SECONDS    a histogram of nanoseconds, shown as seconds
 *   SIZES      a histogram of numbers of things
 *   GAUGE      goes up and down; the sum over the processes that run
 *   OLDEST     a point in time (clock_now_us) in each process that runs; shown is the earliest, in seconds
 *   ASKED      no process keeps it: it is found out when somebody asks (app/metrics) */
#define METRIC_LIST(X)                                                                           \
    X(HTTP_REQUESTS, COUNTER, "synchrony_http_requests", METHOD, ROUTE, CODE,                    \
      "Requests, by the status they were answered with")                                         \
    X(HTTP_DURATION, SECONDS, "synchrony_http_request_duration_seconds", METHOD, ROUTE, NONE,    \
      "Time from accepting a request to its answer")                                             \
    X(HTTP_IN_FLIGHT, GAUGE, "synchrony_http_requests_in_flight", NONE, NONE, NONE,              \
      "Requests under way")                                                                      \
    X(HTTP_BODY_BYTES, COUNTER, "synchrony_http_request_body_bytes", NONE, NONE, NONE,           \
      "Bytes of posted events, unpacked")                                                        \
    X(HTTP_DROPPED, COUNTER, "synchrony_http_connections_dropped", DROP, NONE, NONE,             \
      "Connections closed without an answer")                                                    \
    X(EVENTS, COUNTER, "synchrony_events", OUTCOME, EVENT_TYPE, NONE,                            \
      "Events, by what became of them")                                                          \
    X(EVENT_ERRORS, COUNTER, "synchrony_event_errors", ERROR, NONE, NONE,                        \
      "Events that were not kept, by the code of the error")                                     \
    X(BATCH_EVENTS, SIZES, "synchrony_batch_events", NONE, NONE, NONE,                           \
      "Events in a posted array")                                                                \
    X(GROUP_EVENTS, SIZES, "synchrony_group_events", TARGET, NONE, NONE,                         \
      "Events that were written in one transaction")                                             \
    X(GROUP_DURATION, SECONDS, "synchrony_group_duration_seconds", TARGET, NONE, NONE,           \
      "Time to write one group of events")                                                       \
    X(DB_DURATION, SECONDS, "synchrony_db_query_duration_seconds", QUERY, NONE, NONE,            \
      "Time of one flight to the database")                                                      \
    X(DB_ERRORS, COUNTER, "synchrony_db_errors", SQLSTATE, NONE, NONE,                           \
      "Statements that failed, by SQLSTATE")                                                     \
    X(DB_CONNECTS, COUNTER, "synchrony_db_connects", SUCCESS, NONE, NONE,                        \
      "Connections that were made, or could not be")                                             \
    X(DB_RETRIES, COUNTER, "synchrony_db_retries", NONE, NONE, NONE,                             \
      "Transactions that were tried again")                                                      \
    X(DB_CONNECTIONS, GAUGE, "synchrony_db_connections", NONE, NONE, NONE,                       \
      "Connections that are open")                                                               \
    X(DB_POOL_SIZE, GAUGE, "synchrony_db_pool_size", POOL, NONE, NONE,                           \
      "Connections that pools may have")                                                         \
    X(DB_POOL_USED, GAUGE, "synchrony_db_pool_used", POOL, NONE, NONE,                           \
      "Connections that are taken from a pool")                                                  \
    X(DB_POOL_WAITS, COUNTER, "synchrony_db_pool_waits", POOL, NONE, NONE,                       \
      "Times that a connection had to be waited for")                                            \
    X(DB_POOL_TIMEOUTS, COUNTER, "synchrony_db_pool_timeouts", POOL, NONE, NONE,                 \
      "Times that none came free")                                                               \
    X(DB_DOWN, GAUGE, "synchrony_db_down", NONE, NONE, NONE,                                     \
      "Processes that know the database to be away")                                             \
    X(DB_OUTAGES, COUNTER, "synchrony_db_outages", NONE, NONE, NONE,                             \
      "Times that a process found the database away")                                            \
    X(DB_UP, ASKED, "synchrony_db_up", NONE, NONE, NONE,                                         \
      "1 if the database would take an event now; else 0")                                       \
    X(REPLICA_LAG, ASKED, "synchrony_db_replica_lag_seconds", NONE, NONE, NONE,                  \
      "How far what readers see lies behind, where they read from a standby; else 0")            \
    X(PARTITIONS_UNTIL, ASKED, "synchrony_partitions_until_timestamp_seconds", NONE, NONE, NONE, \
      "Up to when the history has partitions")                                                   \
    X(QUEUE_EVENTS, ASKED, "synchrony_queue_events", NONE, NONE, NONE,                           \
      "Events in the durable queue")                                                             \
    X(QUEUE_AGE, ASKED, "synchrony_queue_oldest_age_seconds", NONE, NONE, NONE,                  \
      "Time since the oldest queued event was accepted")                                         \
    X(QUEUE_BYTES, ASKED, "synchrony_queue_bytes", NONE, NONE, NONE,                             \
      "Bytes of the durable queue in use")                                                       \
    X(QUEUE_MAX_BYTES, ASKED, "synchrony_queue_max_bytes", NONE, NONE, NONE,                     \
      "Bytes that the durable queue may have")                                                   \
    X(QUEUE_QUARANTINED, ASKED, "synchrony_queue_quarantined_events", NONE, NONE, NONE,          \
      "Events that can never be stored, set aside in the queue")                                 \
    X(QUEUE_REPLAYED, COUNTER, "synchrony_queue_replayed_events", REPLAY, NONE, NONE,            \
      "Events taken out of the durable queue")                                                   \
    X(QUEUE_ERRORS, COUNTER, "synchrony_queue_errors", NONE, NONE, NONE,                         \
      "Calls of the durable queue that failed")                                                  \
    X(READ_ITEMS, COUNTER, "synchrony_read_items", NONE, NONE, NONE,                             \
      "Items and events that answers to GET had")                                                \
    X(CACHE, COUNTER, "synchrony_cache_requests", CACHE, CACHE_RESULT, NONE,                     \
      "Questions to a cache")                                                                    \
    X(RATE_LIMITED, COUNTER, "synchrony_rate_limited", REASON, NONE, NONE,                       \
      "Requests refused as too many, by which limit")                                            \
    X(ACCESS_DENIED, COUNTER, "synchrony_access_denied", REASON, NONE, NONE,                     \
      "Requests refused for want of a right, by which")                                          \
    X(SCHEMA_VIOLATIONS, COUNTER, "synchrony_schema_violations", EVENT_TYPE, MODE, NONE,         \
      "Events that failed their schema")                                                         \
    X(QUARANTINED, COUNTER, "synchrony_quarantined_events", REASON, NONE, NONE,                  \
      "Refused events that were put into quarantine")                                            \
    X(QUARANTINE_DROPPED, COUNTER, "synchrony_quarantine_dropped_events", REASON, NONE, NONE,    \
      "Refused events that were not put into quarantine, by why not")                            \
    X(SCRUBBED, COUNTER, "synchrony_scrubbed_values", RULE, EVENT_TYPE, NONE,                         \
      "Values that were masked, by the rule that found them")                                    \
    X(CATALOGUE_READ_AT, OLDEST, "synchrony_catalogue_read_timestamp_seconds", NONE, NONE, NONE, \
      "When the event catalogue was read last, by the process whose copy is oldest")             \
    X(CATALOGUE_READS, COUNTER, "synchrony_catalogue_reads", SUCCESS, NONE, NONE,                \
      "Times that the event catalogue was read, or could not be")                                \
    X(LOG_DROPPED, COUNTER, "synchrony_log_dropped_lines", NONE, NONE, NONE,                     \
      "Lines of the log that could not be written")                                              \
    X(PROCESSES, GAUGE, "synchrony_processes", NONE, NONE, NONE,                                 \
      "Processes of the responder that run")                                                     \
    X(PROCESS_START, OLDEST, "synchrony_process_start_time_seconds", NONE, NONE, NONE,           \
      "When the oldest of them started")                                                         \
    X(COUNTED_SINCE, ASKED, "synchrony_counted_since_timestamp_seconds", NONE, NONE, NONE,       \
      "When the counters began at zero")                                                         \
    X(READY, ASKED, "synchrony_ready", NONE, NONE, NONE,                                         \
      "1 if an event posted now would be kept, by the database or the queue; else 0")            \
    X(BUILD_INFO, ASKED, "synchrony_build_info", NONE, NONE, NONE,                               \
      "1; the label version is the release of the process that was asked")

/* What a metric is divided by: X(ID, label, size). Those below the line have the values that come (metrics_label), number 0 being
 * "other"; those above have the values of the enumerations that follow. */
#define METRIC_LABEL_LIST(X)         \
    X(NONE, "", 1)                   \
    X(METHOD, "method", 5)           \
    X(CODE, "code", 24)              \
    X(OUTCOME, "outcome", 5)         \
    X(TARGET, "target", 2)           \
    X(SUCCESS, "outcome", 2)         \
    X(POOL, "pool", 2)               \
    X(REPLAY, "outcome", 2)          \
    X(MODE, "mode", 2)               \
    X(CACHE_RESULT, "result", 2)     \
    X(DROP, "reason", 4)             \
    /* ---- */                       \
    X(ROUTE, "route", 16)            \
    X(EVENT_TYPE, "event_type", 129) \
    X(ERROR, "code", 40)             \
    X(QUERY, "query", 64)            \
    X(SQLSTATE, "sqlstate", 32)      \
    X(CACHE, "cache", 8)             \
    X(REASON, "reason", 24)          \
    X(RULE, "rule", 32)
/* clang-format on */

enum metric_method { METRIC_GET, METRIC_HEAD, METRIC_POST, METRIC_OPTIONS, METRIC_OTHER_METHOD };
enum metric_outcome {
    METRIC_STORED,    /* committed, and new */
    METRIC_DUPLICATE, /* committed; the history had it */
    METRIC_QUEUED,    /* in the durable queue */
    METRIC_REJECTED,  /* the client's fault: the same again will not do */
    METRIC_REFUSED    /* not kept now, or not known to be: to be sent again */
};
enum metric_target { METRIC_TO_DATABASE, METRIC_TO_QUEUE };
enum metric_success { METRIC_FAILED, METRIC_OK };
enum metric_pool { METRIC_WRITERS, METRIC_READERS };
enum metric_replay { METRIC_REPLAY_STORED, METRIC_REPLAY_QUARANTINED };
enum metric_mode { METRIC_OBSERVED, METRIC_ENFORCED };
enum metric_cache_result { METRIC_MISS, METRIC_HIT };
enum metric_drop { METRIC_DROP_TIMEOUT, METRIC_DROP_CROWDED, METRIC_DROP_INVALID, METRIC_DROP_NO_MEMORY };

enum metric_type { METRIC_COUNTER, METRIC_SECONDS, METRIC_SIZES, METRIC_GAUGE, METRIC_OLDEST, METRIC_ASKED };

enum metric_label {
#define X(id, label, size) METRIC_LABEL_##id,
    METRIC_LABEL_LIST(X)
#undef X
        METRIC_LABEL_COUNT,
    METRIC_LABEL_FIRST_OPEN = METRIC_LABEL_ROUTE
};

/* ---- cells: where each count stands in a shard ---- */

enum { METRIC_BUCKETS = 17, METRIC_SUM = METRIC_BUCKETS, METRIC_HISTOGRAM_CELLS = METRIC_BUCKETS + 1 };

enum {
#define X(id, label, size) METRIC_SIZE_##id = (size),
    METRIC_LABEL_LIST(X)
#undef X
        METRIC_WIDTH_COUNTER = 1,
    METRIC_WIDTH_SECONDS = METRIC_HISTOGRAM_CELLS,
    METRIC_WIDTH_SIZES = METRIC_HISTOGRAM_CELLS,
    METRIC_WIDTH_GAUGE = 1,
    METRIC_WIDTH_OLDEST = 1,
    METRIC_WIDTH_ASKED = 1
};

/* METRIC_HTTP_REQUESTS and so on: the first cell of each metric. */
enum metric_cell {
#define X(id, type, name, a, b, c, help) \
    METRIC_##id, METRIC_LAST_##id##_ = METRIC_##id + METRIC_SIZE_##a * METRIC_SIZE_##b * METRIC_SIZE_##c * METRIC_WIDTH_##type - 1,
    METRIC_LIST(X)
#undef X
        METRIC_CELLS
};

enum {
#define X(id, type, name, a, b, c, help)                                                                        \
    METRIC_##id##_A_ = METRIC_SIZE_##a, METRIC_##id##_B_ = METRIC_SIZE_##b, METRIC_##id##_C_ = METRIC_SIZE_##c, \
    METRIC_##id##_WIDTH_ = METRIC_WIDTH_##type,
    METRIC_LIST(X)
#undef X
};

/* The cell of a metric for values of its labels: METRIC_1(DB_CONNECTS, METRIC_OK). What lies outside its label counts as the first. */
#define METRIC_1(id, a) METRIC_3(id, a, 0, 0)
#define METRIC_2(id, a, b) METRIC_3(id, a, b, 0)
#define METRIC_3(id, a, b, c)                                                                                           \
    (METRIC_##id +                                                                                                      \
     ((metric_bound_(a, METRIC_##id##_A_) * METRIC_##id##_B_ + metric_bound_(b, METRIC_##id##_B_)) * METRIC_##id##_C_ + \
      metric_bound_(c, METRIC_##id##_C_)) *                                                                             \
         METRIC_##id##_WIDTH_)

static inline unsigned metric_bound_(unsigned value, unsigned size)
{
    return value < size ? value : 0;
}

/* ---- counting ---- */

/* Where this process counts, and where it keeps its gauges. Never NULL. */
extern _Atomic uint64_t *metrics_counters_;
extern _Atomic uint64_t *metrics_gauges_;

/* Adds n to a counter: metrics_add(METRIC_DB_RETRIES, 1). */
static inline void metrics_add(unsigned cell, uint64_t n)
{
    atomic_fetch_add_explicit(&metrics_counters_[cell], n, memory_order_relaxed);
}

/* Moves this process's part of a gauge up or down. */
static inline void metrics_move(unsigned cell, int64_t n)
{
    atomic_fetch_add_explicit(&metrics_gauges_[cell], (uint64_t)n, memory_order_relaxed);
}

/* Sets it. */
static inline void metrics_set(unsigned cell, int64_t value)
{
    atomic_store_explicit(&metrics_gauges_[cell], (uint64_t)value, memory_order_relaxed);
}

/* Puts a value into a histogram: metrics_observe_ns(METRIC_1(GROUP_DURATION, METRIC_TO_QUEUE), ns). */
void metrics_observe_ns(unsigned cell, int64_t ns);
void metrics_observe_size(unsigned cell, uint64_t n);

/* The number of a value of an open label, which is added where it is new and there is room; 0: "other". Values must not come from
 * clients unless they were accepted. Cheap enough for each event, but what does not change is better asked for once. */
unsigned metrics_label(enum metric_label label, struct bytes value);

/* The same, but nothing is added. */
unsigned metrics_known_label(enum metric_label label, struct bytes value);

/* The number of an HTTP status in METRIC_LABEL_CODE. */
unsigned metrics_code(int code);

/* ---- beginning and end ---- */

/* Begins to count in the file of run_directory, with all processes of the host; "": in memory of this process, as before the call. Where
 * the file cannot be used, likewise, with a line in the log. Not while other threads count. */
void metrics_open(const char *run_directory);

/* Gives the shard back: the counts stay. */
void metrics_close(void);

/* ---- asking ---- */

struct metric_info {
    const char *name;
    const char *help;
    enum metric_type type;
    enum metric_label labels[3];
    unsigned first; /* cell */
    unsigned width; /* cells of one combination of labels */
};

enum {
#define X(id, type, name, a, b, c, help) METRIC_INDEX_##id,
    METRIC_LIST(X)
#undef X
        METRIC_COUNT
};

extern const struct metric_info metric_infos[METRIC_COUNT];

/* The name of a label, how many values it may have, and one of them; absent where number has none. */
const char *metrics_label_name(enum metric_label label);
unsigned metrics_label_size(enum metric_label label);
struct bytes metrics_label_value(enum metric_label label, unsigned number);

/* The upper bounds of a histogram's buckets but the last, which has none. */
const int64_t *metrics_bounds(enum metric_type type);

/* Adds up all shards into cells, of which there are METRIC_CELLS: counters of all processes that ever were, gauges of those that run.
 * What another thread or process counts meanwhile may be in it or not. */
void metrics_read(uint64_t *cells);

/* When the counters began at zero (clock_now_us). */
int64_t metrics_since_us(void);

#endif
