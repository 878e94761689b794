#include "app/telemetry.h"

#include "app/access_log.h"
#include "app/routes.h"
#include "base/clock.h"

/* ---- counting ---- */

static enum metric_outcome outcome_of(enum status verdict, bool is_duplicate)
{
    if (verdict == STATUS_OK)
        return is_duplicate ? METRIC_DUPLICATE : METRIC_STORED;
    if (verdict == STATUS_QUEUED)
        return METRIC_QUEUED;
    return status_info(verdict)->retry ? METRIC_REFUSED : METRIC_REJECTED;
}

/* Types that only ever came with events that were refused may be anything: they get no name. */
void telemetry_count_events(struct bytes event_type, enum metric_outcome outcome, uint64_t n)
{
    bool is_kept = outcome == METRIC_STORED || outcome == METRIC_DUPLICATE || outcome == METRIC_QUEUED;
    unsigned type =
        is_kept ? metrics_label(METRIC_LABEL_EVENT_TYPE, event_type) : metrics_known_label(METRIC_LABEL_EVENT_TYPE, event_type);

    metrics_add(METRIC_2(EVENTS, outcome, type), n);
}

static void count_error(enum status st)
{
    metrics_add(METRIC_1(EVENT_ERRORS, metrics_label(METRIC_LABEL_ERROR, bytes_of(status_info(st)->code))), 1);
}

/* Events of one kind that follow one another are counted together. */
static void count_judged(const struct batch *batch)
{
    size_t begin = 0;

    for (size_t i = 0; i < batch->n; i++) {
        const struct event *event = &batch->items[i].event;
        const struct event *next = i + 1 < batch->n ? &batch->items[i + 1].event : NULL;
        if (event->verdict != STATUS_OK && event->verdict != STATUS_QUEUED)
            count_error(event->verdict);
        if (next && next->verdict == event->verdict && next->is_duplicate == event->is_duplicate &&
            bytes_equal(next->event_type, event->event_type))
            continue;
        telemetry_count_events(event->event_type, outcome_of(event->verdict, event->is_duplicate), i + 1 - begin);
        begin = i + 1;
    }
}

/* Of a body that is refused as a whole nothing is kept. How many events it has is not always known. */
static void count_refused(const struct call *call, enum status st)
{
    telemetry_count_events((struct bytes){ 0 }, outcome_of(st, false), call->batch.n ? call->batch.n : !call->is_batch);
    count_error(st);
}

static void count_ingest(const struct call *call, enum status st)
{
    metrics_add(METRIC_HTTP_BODY_BYTES, call->n_received);
    if (call->is_batch)
        metrics_observe_size(METRIC_BATCH_EVENTS, call->batch.n);
    if (call->events)
        count_judged(&call->batch);
    else
        count_refused(call, st);
}

_Static_assert((int)HTTP_GET == (int)METRIC_GET && (int)HTTP_HEAD == (int)METRIC_HEAD && (int)HTTP_POST == (int)METRIC_POST &&
                   (int)HTTP_OPTIONS == (int)METRIC_OPTIONS && (int)HTTP_OTHER == (int)METRIC_OTHER_METHOD,
               "methods are counted by their numbers");

static void count_request(const struct call *call, bool is_broken, int64_t duration_ns)
{
    unsigned method = call->request.method;
    unsigned route = routes_label(call->route);

    metrics_add(METRIC_3(HTTP_REQUESTS, method, route, metrics_code(is_broken ? 0 : call->response.code)), 1);
    metrics_observe_ns(METRIC_2(HTTP_DURATION, method, route), duration_ns);
    metrics_move(METRIC_HTTP_IN_FLIGHT, -1);
}

/* ---- beginning and end ---- */

void telemetry_begin(struct call *call)
{
    call->begun_ns = clock_monotonic_ns();
    metrics_move(METRIC_HTTP_IN_FLIGHT, 1);
}

void telemetry_await(struct call *call)
{
    call->waits_since_ns = clock_monotonic_ns();
}

void telemetry_resume(struct call *call)
{
    call->db_ns = clock_monotonic_ns() - call->waits_since_ns;
}

void telemetry_end(struct call *call, enum status st, bool is_broken)
{
    int64_t now_ns = clock_monotonic_ns();
    int64_t duration_ns = now_ns - call->begun_ns;

    if (st == STATUS_UNAUTHORIZED || st == STATUS_FORBIDDEN)
        metrics_add(METRIC_1(ACCESS_DENIED, metrics_label(METRIC_LABEL_REASON, bytes_of(status_info(st)->code))), 1);

    count_request(call, is_broken, duration_ns);
    /* A batch on request that was queued has been counted where it was. */
    if (call->action && call->action->end && !(call->is_answered && st == STATUS_OK))
        count_ingest(call, st);
    access_log_note(call, st, is_broken, duration_ns, now_ns);
}
