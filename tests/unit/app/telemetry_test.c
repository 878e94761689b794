#include "app/telemetry.h"

#include "base/log.h"
#include "tests/unit/app/site.h"

#define RESOURCE HTTP_RESOURCE
#define EVENT "{\"event_type\":\"a\",\"session_id\":\"s\"}"
#define OTHER "{\"event_type\":\"b\",\"session_id\":\"s\"}"
#define NO_EVENT "{\"event_type\":\"a\"}"

static uint64_t cells[METRIC_CELLS];

/* How a call goes on that waits for its commit. */
enum ending { ENDS, IS_REFUSED, IS_ABANDONED };

static const struct row {
    int line;
    const char *body;
    enum status verdict; /* of all events */
    bool is_duplicate;
    enum ending ending;
    int code; /* of the answer; 0: broken off */
    enum metric_outcome outcome;
    uint64_t n_a; /* events of type a with this outcome, and so on */
    uint64_t n_b;
    uint64_t n_other;
    uint64_t n_errors;
} rows[] = {
    { __LINE__, EVENT, STATUS_OK, false, ENDS, 201, METRIC_STORED, 1, 0, 0, 0 },
    { __LINE__, EVENT, STATUS_OK, true, ENDS, 201, METRIC_DUPLICATE, 1, 0, 0, 0 },
    { __LINE__, EVENT, STATUS_QUEUED, false, ENDS, 202, METRIC_QUEUED, 1, 0, 0, 0 },
    { __LINE__, EVENT, STATUS_UNAVAILABLE, false, ENDS, 503, METRIC_REFUSED, 0, 0, 1, 1 },
    { __LINE__, EVENT, STATUS_UNPROCESSABLE, false, ENDS, 400, METRIC_REJECTED, 0, 0, 1, 1 },
    { __LINE__, EVENT, STATUS_OK, false, IS_REFUSED, 503, METRIC_REFUSED, 0, 0, 1, 1 },
    { __LINE__, "[" EVENT "," EVENT "," OTHER "," EVENT "]", STATUS_OK, false, ENDS, 201, METRIC_STORED, 3, 1, 0, 0 },
    { __LINE__, "[" EVENT "," OTHER "]", STATUS_OK, false, IS_ABANDONED, 0, METRIC_STORED, 1, 1, 0, 0 },
    { __LINE__, "[" EVENT "," NO_EVENT "," NO_EVENT "]", STATUS_OK, false, ENDS, 207, METRIC_REJECTED, 0, 0, 2, 2 },
    { __LINE__, NO_EVENT, STATUS_OK, false, ENDS, 400, METRIC_REJECTED, 0, 0, 1, 1 },
    { __LINE__, "{", STATUS_OK, false, ENDS, 400, METRIC_REJECTED, 0, 0, 1, 1 },
    { __LINE__, "", STATUS_OK, false, ENDS, 400, METRIC_REJECTED, 0, 0, 1, 1 },
};

static void serve(struct site *site, const struct row *row)
{
    struct visit visit;

    visit_begin(&visit, &(struct request){ .method = "POST", .path = RESOURCE, .body = bytes_of(row->body) });
    enum call_stage stage = worker_begin(site->worker, site->call, &visit.exchange);
    for (size_t i = 0; stage == CALL_COMMITS && i < site->call->n_events; i++) {
        site->call->events[i]->verdict = row->verdict;
        site->call->events[i]->is_duplicate = row->is_duplicate;
    }
    if (stage == CALL_COMMITS && row->ending == IS_REFUSED)
        stage = worker_refuse(site->call, STATUS_BUSY);
    else if (stage == CALL_COMMITS && row->ending == IS_ABANDONED)
        stage = worker_abandon(site->call);
    else if (stage == CALL_COMMITS)
        stage = worker_end(site->worker, site->call);
    EXPECT_INT(row->line, stage, row->code ? CALL_ANSWERED : CALL_BROKEN);
    EXPECT_INT(row->line, visit_code(&visit), row->code);
    visit_end(&visit);
}

static uint64_t counted(const uint64_t *before, unsigned cell)
{
    return cells[cell] - before[cell];
}

static uint64_t errors(const uint64_t *of)
{
    uint64_t sum = 0;

    for (unsigned i = 0; i < METRIC_SIZE_ERROR; i++)
        sum += of[METRIC_1(EVENT_ERRORS, i)];
    return sum;
}

/* Refused events make no type known, so those of types a and b count as "other" unless one of the type was kept before. */
static void expect_counts(const struct row *row, const uint64_t *before)
{
    unsigned a = metrics_known_label(METRIC_LABEL_EVENT_TYPE, BYTES("a"));
    unsigned b = metrics_known_label(METRIC_LABEL_EVENT_TYPE, BYTES("b"));
    unsigned route = metrics_known_label(METRIC_LABEL_ROUTE, BYTES(RESOURCE));

    EXPECT_INT(row->line, a ? counted(before, METRIC_2(EVENTS, row->outcome, a)) : 0, row->n_a);
    EXPECT_INT(row->line, b ? counted(before, METRIC_2(EVENTS, row->outcome, b)) : 0, row->n_b);
    EXPECT_INT(row->line, counted(before, METRIC_2(EVENTS, row->outcome, 0)), row->n_other);
    EXPECT_INT(row->line, errors(cells) - errors(before), row->n_errors);
    EXPECT_INT(row->line, counted(before, METRIC_3(HTTP_REQUESTS, METRIC_POST, route, metrics_code(row->code))), 1);
    EXPECT_INT(row->line, cells[METRIC_HTTP_IN_FLIGHT], 0);
}

static void check(const struct row *row)
{
    static uint64_t before[METRIC_CELLS];
    struct site site;

    log_set_level(LOG_LEVEL_COUNT);
    metrics_open("");
    site_open(&site);
    metrics_read(before);
    serve(&site, row);
    metrics_read(cells);
    expect_counts(row, before);
    site_close(&site);
}

/* Each in a process of its own: which types are known depends on what came before. */
#define CASE(n)                           \
    Test(telemetry, row_##n##_is_counted) \
    {                                     \
        check(&rows[n]);                  \
    }
CASE(0)
CASE(1)
CASE(2)
CASE(3)
CASE(4)
CASE(5)
CASE(6)
CASE(7)
CASE(8)
CASE(9)
CASE(10)
CASE(11)
_Static_assert(COUNT_OF(rows) == 12, "a case for each row");
