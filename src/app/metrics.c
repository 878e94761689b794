#include "app/metrics.h"

#include "app/access.h"
#include "app/metrics_text.h"
#include "base/clock.h"
#include "store/readiness.h"
#include "store/state.h"

enum { PIECE_MAX_BYTES = 2 * 1024 * 1024 };

/* ---- who may ask ---- */

static struct bytes variable(const struct call *call, const char *name)
{
    return bytes_of(call->exchange->variable(call->exchange->context, name));
}

static bool is_loopback(struct bytes address)
{
    return bytes_begins_with(address, BYTES("127.")) || bytes_equal(address, BYTES("::1")) ||
           bytes_begins_with(address, BYTES("::ffff:127."));
}

/* Is the client on this host? Behind a proxy of this host every client would seem to be. */
static bool is_local(const struct call *call)
{
    return is_loopback(variable(call, "REMOTE_ADDR")) && !variable(call, "HTTP_X_FORWARDED_FOR").p &&
           !variable(call, "HTTP_FORWARDED").p;
}

/* A key with the scope opens it for those whom the option leaves out, unless it is off. Whoever looks after this host pays for nothing: he
 * is to see how it stands also while his address, or all that come through it, is past its plan. */
static enum status admit(struct call *call)
{
    const struct config *config = call->worker->service->config;

    if (config->metrics == CONFIG_METRICS_OFF)
        return STATUS_NOT_FOUND;
    if (is_local(call) || access_has_scope(call, API_SCOPE_METRICS))
        return STATUS_OK;
    if (config->metrics == CONFIG_METRICS_ALL)
        return access_charge(call, 1);
    if (config->access == CONFIG_ACCESS_OPEN)
        return STATUS_NOT_FOUND;
    return problem_set(&call->problem, variable(call, "HTTP_X_API_KEY").p ? STATUS_FORBIDDEN : STATUS_UNAUTHORIZED,
                       "the scope \"metrics\" is needed");
}

/* Does a list of media ranges name OpenMetrics, and not to exclude it? */
static enum metrics_format choose_format(struct bytes accept)
{
    struct bytes member, type;

    while (bytes_cut(&accept, ',', &member)) {
        (void)bytes_cut(&member, ';', &type);
        bool is_excluded = member.p && (bytes_equal(bytes_trim(member, " \t"), BYTES("q=0")));
        if (bytes_equal_nocase(bytes_trim(type, " \t"), BYTES("application/openmetrics-text")) && !is_excluded)
            return METRICS_OPENMETRICS;
    }
    return METRICS_PROMETHEUS;
}

/* ---- what is found out ---- */

static void answer(struct metrics_view *view, unsigned metric, double value)
{
    view->asked[metric].is_known = true;
    view->asked[metric].value = value;
}

/* Returns whether it would take an event. */
static bool ask_queue(struct queue *queue, struct metrics_view *view)
{
    struct queue_state state;

    if (!queue || queue_state(queue, &state) != STATUS_OK)
        return false;
    int64_t age_us = state.records ? clock_now_us() - state.oldest_received_at_us : 0;
    answer(view, METRIC_INDEX_QUEUE_EVENTS, (double)state.records);
    answer(view, METRIC_INDEX_QUEUE_AGE, age_us > 0 ? (double)age_us / 1e6 : 0);
    answer(view, METRIC_INDEX_QUEUE_BYTES, (double)state.bytes);
    answer(view, METRIC_INDEX_QUEUE_MAX_BYTES, (double)state.max_bytes);
    answer(view, METRIC_INDEX_QUEUE_QUARANTINED, (double)state.quarantined);
    return state.bytes < state.max_bytes;
}

/* Returns whether it would take an event. One that is known to be away is not asked. */
static bool ask_writers_database(struct service *service, struct metrics_view *view)
{
    struct db *db;
    int64_t until_s;

    if (delivery_is_down(&service->delivery) || db_pool_take(service->writers, &db) != STATUS_OK)
        return false;
    bool is_up = readiness_check(db) == STATUS_OK;
    if (is_up && state_partitions_until(db, &until_s) == STATUS_OK)
        answer(view, METRIC_INDEX_PARTITIONS_UNTIL, (double)until_s);
    db_pool_give(service->writers, db);
    return is_up;
}

static void ask_readers_database(struct service *service, struct metrics_view *view)
{
    struct db *db;
    int64_t lag_ms;

    if (db_pool_take(service->readers, &db) != STATUS_OK)
        return;
    if (state_replica_lag(db, &lag_ms) == STATUS_OK)
        answer(view, METRIC_INDEX_REPLICA_LAG, (double)lag_ms / 1e3);
    db_pool_give(service->readers, db);
}

static void ask(struct service *service, struct metrics_view *view)
{
    bool queue_would_take = ask_queue(service->delivery.queue, view);
    bool is_up = ask_writers_database(service, view);

    if (is_up)
        ask_readers_database(service, view);
    answer(view, METRIC_INDEX_DB_UP, is_up);
    answer(view, METRIC_INDEX_READY, is_up || queue_would_take);
    answer(view, METRIC_INDEX_COUNTED_SINCE, (double)metrics_since_us() / 1e6);
    answer(view, METRIC_INDEX_BUILD_INFO, 1);
}

/* ---- the answer ---- */

static enum status write(struct call *call, const struct metrics_view *view, enum metrics_format format)
{
    struct buf text = buf_new(PIECE_MAX_BYTES);
    enum status st = STATUS_OK;

    for (unsigned metric = 0; metric <= METRIC_COUNT && st == STATUS_OK; metric++) {
        buf_reset(&text);
        if (metric < METRIC_COUNT)
            metrics_text_add(&text, format, view, metric);
        else
            metrics_text_end(&text, format);
        st = text.failed ? STATUS_NO_MEMORY : http_response_write(&call->response, buf_bytes(&text));
    }
    buf_free(&text);
    return st;
}

enum status metrics_answer(struct call *call)
{
    enum metrics_format format = choose_format(variable(call, "HTTP_ACCEPT"));
    enum status st = admit(call);

    if (st != STATUS_OK)
        return st;
    struct metrics_view *view = arena_alloc_array(&call->arena, 1, sizeof *view);
    uint64_t *cells = arena_alloc_array(&call->arena, METRIC_CELLS, sizeof *cells);
    if (!view || !cells)
        return STATUS_NO_MEMORY;
    view->cells = cells;
    ask(call->worker->service, view);
    metrics_read(cells);
    call->response.content_type = metrics_text_type(format);
    return write(call, view, format);
}
