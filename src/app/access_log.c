#include "app/access_log.h"

#include "app/access.h"
#include "app/routes.h"
#include "app/session_hash.h"
#include "base/log.h"
#include "model/trace_context.h"

enum { FIELDS_MAX = 24, NS_PER_S = 1000000000 };

struct line {
    struct log_field fields[FIELDS_MAX];
    size_t n;
};

static void put_text(struct line *line, const char *name, struct bytes text)
{
    if (text.len)
        line->fields[line->n++] = log_text(name, text);
}

static void put_number(struct line *line, const char *name, int64_t number)
{
    line->fields[line->n++] = log_number(name, number);
}

/* ---- what was posted ---- */

/* The session that all events are of; absent where there are several. */
static struct bytes session_of(const struct batch *batch)
{
    struct bytes session = { 0 };

    for (size_t i = 0; i < batch->n; i++) {
        struct bytes of = batch->items[i].event.session_id;
        if (of.p && session.p && !bytes_equal(of, session))
            return (struct bytes){ 0 };
        session = of.p ? of : session;
    }
    return session;
}

static void put_counts(struct line *line, const struct batch *batch)
{
    int64_t stored = 0, duplicates = 0, queued = 0;

    for (size_t i = 0; i < batch->n; i++) {
        stored += batch->items[i].event.verdict == STATUS_OK;
        duplicates += batch->items[i].event.is_duplicate;
        queued += batch->items[i].event.verdict == STATUS_QUEUED;
    }
    put_number(line, "synchrony.stored", stored);
    put_number(line, "synchrony.duplicates", duplicates);
    put_number(line, "synchrony.queued", queued);
    put_number(line, "synchrony.rejected", (int64_t)batch->n - stored - queued);
}

static void put_events(struct line *line, const struct call *call, char hash[SESSION_HASH_BYTES + 1])
{
    const struct service *service = call->worker->service;
    struct bytes session = session_of(&call->batch);

    put_number(line, "http.request.body.bytes", (int64_t)call->n_received);
    if (call->events)
        put_counts(line, &call->batch);
    if (!session.len || !service->has_session_key)
        return;
    session_hash(&service->session_key, session, hash);
    put_text(line, "synchrony.session.hash", bytes_of(hash));
}

/* ---- the line ---- */

static struct bytes variable(const struct call *call, const char *name)
{
    return bytes_of(call->exchange->variable(call->exchange->context, name));
}

/* Who it was, where somebody had to ask: who guesses keys is to be found. */
static void put_caller(struct line *line, const struct call *call)
{
    struct log_field fields[ACCESS_LOG_FIELDS];
    size_t n = access_log_fields(call, fields);

    for (size_t i = 0; i < n; i++)
        put_text(line, fields[i].name, fields[i].text);
}

static void put_request(struct line *line, const struct call *call, enum status st, bool is_broken)
{
    put_text(line, "event.action", bytes_of(call->action ? call->action->name : NULL));
    put_text(line, "event.outcome", st == STATUS_OK ? BYTES("success") : BYTES("failure"));
    if (st != STATUS_OK)
        put_text(line, "error.code", bytes_of(status_info(st)->code));
    put_text(line, "http.request.id", call->request.request_id);
    put_text(line, "http.request.method", bytes_of(http_method_name(call->request.method)));
    put_text(line, "http.route", bytes_of(routes_name(call->route)));
    put_number(line, "http.response.status_code", is_broken ? 0 : call->response.code);
    put_caller(line, call);
    put_text(line, "trace.id", trace_context_id(variable(call, "HTTP_TRACEPARENT")));
}

/* May one more success be logged in this second? */
static bool has_turn(const struct service *service, int64_t now_ns)
{
    return turns_take(service->log_turns, now_ns / NS_PER_S, (unsigned)service->config->log_successes_per_s);
}

/* Those that look whether the service is well come every few seconds, all the year. */
static enum log_level level_of(const struct call *call, enum status st)
{
    if (st != STATUS_OK)
        return status_info(st)->level;
    return call->action->is_probe ? LOG_LEVEL_DEBUG : LOG_LEVEL_INFO;
}

void access_log_note(const struct call *call, enum status st, bool is_broken, int64_t duration_ns, int64_t now_ns)
{
    enum log_level level = level_of(call, st);
    struct line line = { .n = 0 };
    char hash[SESSION_HASH_BYTES + 1];

    if (!log_is_on(level) || (st == STATUS_OK && !has_turn(call->worker->service, now_ns)))
        return;
    put_request(&line, call, st, is_broken);
    put_number(&line, "event.duration", duration_ns);
    if (call->db_ns)
        put_number(&line, "db.duration", call->db_ns);
    if (call->action && call->action->end)
        put_events(&line, call, hash);
    if (st == STATUS_OK)
        log_line(level, "request answered", line.fields, line.n);
    else
        log_line(level, "request failed", line.fields, line.n);
}
