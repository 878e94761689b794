#include "app/read.h"

#include <string.h>

#include "app/access.h"
#include "app/pace.h"
#include "app/spool.h"
#include "base/clock.h"
#include "base/metrics.h"
#include "model/etag.h"
#include "model/item_format.h"
#include "model/selection.h"
#include "store/event_read.h"

enum { ATTEMPTS = 3, URL_MAX_BYTES = 28 * 1024, SESSION_MAX_BYTES = 4096 };

/* One answer under way. */
struct reading {
    struct call *call;
    struct selection selection;
    struct long_question question;
    struct item_format format;
    struct selection_place last; /* of the items written so far; of a page, and of an answer whose query was stopped */
    struct buf last_session;
    size_t n_items;
    bool has_more; /* than the page holds */
    bool is_long;  /* has a place among the long answers */
    bool is_known; /* the client has it, whatever it is */
    struct bytes if_none_match;
    struct spool spool;
    struct db *db; /* whose query gives the items; NULL: none */
    bool is_stopped;
    struct pace pace;
};

static const char *variable(const struct call *call, const char *name)
{
    return call->exchange->variable(call->exchange->context, name);
}

static void remember(struct reading *reading, const struct item *item)
{
    buf_reset(&reading->last_session);
    buf_add(&reading->last_session, item->session_id);
    reading->last = (struct selection_place){ buf_bytes(&reading->last_session), item->occurred_at_us, item->event_id };
}

/* ---- the query ---- */

/* Items in the order of time are where they are no longer, once they have been replaced. */
static bool can_resume(const struct reading *reading)
{
    return reading->db && (reading->selection.is_history || reading->selection.order == ORDER_SESSION_ID);
}

/* pace_slow: while the query waits as well, the database can take away nothing that was replaced since it began, and who replaces the same
 * item again and again takes ever longer. Each query has its own time, but all of them together have no more than one. */
static enum status stop(void *context)
{
    struct reading *reading = context;
    const struct call *call = reading->call;
    int64_t spent_ms = (clock_monotonic_ns() - call->run_since_ns) / 1000000;

    if (!reading->is_stopped)
        db_stream_stop(reading->db);
    reading->is_stopped = true;
    return spent_ms > call->worker->service->config->read_timeout_ms ? STATUS_UNAVAILABLE : STATUS_OK;
}

static enum status begin_query(struct reading *reading, size_t n_rows)
{
    enum status st = event_read_begin(reading->db, &reading->selection, n_rows);

    db_stream_watch(reading->db, reading->call->exchange->peer_fd);
    return st;
}

/* Goes on behind an item. */
static enum status resume(struct reading *reading, const struct item *item)
{
    remember(reading, item);
    reading->selection.after = reading->last;
    reading->is_stopped = false;
    return reading->last_session.failed ? STATUS_NO_MEMORY : begin_query(reading, 0);
}

/* ---- the items ---- */

/* From here on the client's pace counts. */
static enum status begin_long_answer(struct reading *reading)
{
    struct call *call = reading->call;
    bool is_in_pieces = !call->response.without_body;

    if (is_in_pieces)
        long_answers_remember(&call->worker->service->long_answers, &reading->question, clock_monotonic_ms());
    if (is_in_pieces && !reading->is_long)
        reading->is_long = call->has_place || long_answers_begin(&call->worker->service->long_answers);
    if (reading->is_long && can_resume(reading) && !reading->pace.response)
        pace_begin(&reading->pace, &call->response, call->exchange->peer_fd, call->worker->service->config->client_timeout_ms, stop,
                   reading);
    if (call->on_long && !call->is_long)
        call->on_long(call->on_long_context); /* they find what is remembered now */
    call->is_long = true;
    return reading->is_long || !is_in_pieces ? STATUS_OK : STATUS_BUSY;
}

/* What gets too long for memory begins to leave; a page goes on in a file. */
static enum status ensure_room(struct reading *reading, size_t len)
{
    const struct config *config = reading->call->worker->service->config;
    const char *const folders[] = { config->queue_directory, config->run_directory, "/var/tmp", "/tmp" };
    struct http_response *response = &reading->call->response;

    if (response->has_begun || response->diverted_from || response->body.len + len < response->hold_bytes)
        return STATUS_OK;
    if (!reading->selection.limit)
        return begin_long_answer(reading);
    enum status st = spool_open(&reading->spool, folders, sizeof folders / sizeof folders[0]);
    if (st == STATUS_OK)
        http_response_divert(response, spool_write, &reading->spool);
    return st;
}

static enum status write_item(struct reading *reading, const struct item *item)
{
    struct http_response *response = &reading->call->response;
    struct bytes parts[2];

    item_format_next(&reading->format, item, parts);
    if (item_format_failed(&reading->format))
        return STATUS_NO_MEMORY;
    if (reading->selection.limit)
        remember(reading, item);
    enum status st = ensure_room(reading, parts[0].len + parts[1].len);
    if (st == STATUS_OK)
        st = http_response_write(response, parts[0]);
    if (st == STATUS_OK)
        st = http_response_write(response, parts[1]);
    reading->n_items++;
    return st;
}

static enum status write_items(struct reading *reading)
{
    const struct http_response *response = &reading->call->response;
    size_t limit = reading->selection.limit;
    struct item item;
    enum status st = begin_query(reading, limit ? limit + 1 : 0);

    if (st == STATUS_OK)
        st = event_read_next(reading->db, &item);
    reading->is_known = (st == STATUS_OK || st == STATUS_END) && etag_is_any(reading->if_none_match);
    if (reading->is_known)
        return STATUS_OK;
    while (st == STATUS_OK) {
        if (limit && reading->n_items == limit)
            reading->has_more = true;
        else
            st = write_item(reading, &item);
        if (response->without_body && response->has_begun)
            return STATUS_OK;
        if (st == STATUS_OK && reading->is_stopped)
            st = resume(reading, &item);
        if (st == STATUS_OK)
            st = event_read_next(reading->db, &item);
    }
    if (st != STATUS_END)
        return st;
    struct bytes end = item_format_end(&reading->format);
    return item_format_failed(&reading->format) ? STATUS_NO_MEMORY : http_response_write(&reading->call->response, end);
}

/* Takes back what was written, all of which is still here. */
static void rewrite(struct reading *reading)
{
    http_response_rewrite(&reading->call->response);
    item_format_restart(&reading->format);
    spool_close(&reading->spool);
    reading->n_items = 0;
    reading->has_more = false;
}

/* Tries again what may go well now: over a connection that is not stale, or after a conflict (a standby that had to go on). */
static enum status read_from(struct reading *reading, struct db *db)
{
    enum status st = STATUS_INTERNAL;

    reading->db = db;
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
        if (attempt)
            rewrite(reading);
        st = write_items(reading);
        bool may_retry = st == STATUS_RETRY || (st == STATUS_UNAVAILABLE && db_went_stale(db));
        db_stream_end(db);
        if (!may_retry || reading->call->response.has_begun)
            break;
    }
    reading->db = NULL;
    return st;
}

/* ---- the end of a page ---- */

/* The path as the client has called it. It goes into a header field as it stands, so it is taken only where nothing in it could end the
 * reference; behind a server that gives none, or another, the resource's own. */
static struct bytes own_path(const struct call *call)
{
    static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~%!$&'()*+,;=:@/";
    struct bytes uri = bytes_of(variable(call, "REQUEST_URI"));
    struct bytes path = { 0 };

    (void)bytes_cut(&uri, '?', &path);
    if (path.len < 2 || path.p[0] != '/' || path.p[1] == '/' || strspn(path.p, allowed) < path.len)
        return BYTES(HTTP_RESOURCE);
    return path;
}

static enum status name_next_page(struct reading *reading)
{
    struct call *call = reading->call;
    struct buf url = buf_new(URL_MAX_BYTES);

    buf_add(&url, own_path(call));
    buf_add_text(&url, "?");
    selection_add_next(&reading->selection, &reading->last, &url);
    bool failed = url.failed || reading->last_session.failed;
    call->response.next = failed ? (struct bytes){ 0 } : arena_copy(&call->arena, buf_bytes(&url));
    buf_free(&url);
    return call->response.next.p ? STATUS_OK : STATUS_NO_MEMORY;
}

static enum status end_page(struct reading *reading)
{
    struct http_response *response = &reading->call->response;
    enum status st = reading->has_more ? name_next_page(reading) : STATUS_OK;

    if (st != STATUS_OK || reading->spool.fd < 0)
        return st;
    st = http_response_return(response);
    if (st == STATUS_OK)
        st = begin_long_answer(reading);
    return st == STATUS_OK ? spool_send(&reading->spool, response) : st;
}

/* ---- what the client has already ---- */

/* Only what is still here whole has a tag. */
static enum status compare_tags(struct reading *reading)
{
    struct call *call = reading->call;
    struct http_response *response = &call->response;
    struct buf tag = buf_new(ETAG_MAX_BYTES);

    if (response->has_begun)
        return STATUS_OK;
    if (!reading->is_known) {
        etag_add(&tag, buf_bytes(&response->body), reading->has_more);
        response->etag = tag.failed ? (struct bytes){ 0 } : arena_copy(&call->arena, buf_bytes(&tag));
        buf_free(&tag);
        if (!response->etag.p)
            return STATUS_NO_MEMORY;
        reading->is_known = etag_is_named(reading->if_none_match, response->etag);
    }
    if (reading->is_known) {
        response->code = 304;
        http_response_rewrite(response);
    }
    return STATUS_OK;
}

/* ---- the whole ---- */

static struct long_question question_of(const struct call *call, enum representation representation)
{
    return (struct long_question){ call->request.query, representation };
}

/* Not of what is answered without items. */
static bool is_known_to_be_long(const struct call *call, struct bytes if_none_match, const struct long_question *question)
{
    return !call->response.without_body && !etag_is_any(if_none_match) &&
           long_answers_know(&call->worker->service->long_answers, question, clock_monotonic_ms());
}

bool read_needs_place(const struct call *call)
{
    enum representation representation;

    if (!accept_choose(bytes_of(variable(call, "HTTP_ACCEPT")), &representation))
        return false;
    struct long_question question = question_of(call, representation);
    return is_known_to_be_long(call, bytes_of(variable(call, "HTTP_IF_NONE_MATCH")), &question);
}

static enum status ensure_place(struct reading *reading)
{
    struct call *call = reading->call;

    if (call->has_place || !is_known_to_be_long(call, reading->if_none_match, &reading->question))
        return STATUS_OK;
    reading->is_long = long_answers_begin(&call->worker->service->long_answers);
    call->is_long = !reading->is_long; /* whoever waits with it is to wait for himself */
    return reading->is_long ? STATUS_OK : STATUS_BUSY;
}

static enum status answer(struct reading *reading)
{
    struct db_pool *readers = reading->call->worker->service->readers;
    struct db *db;
    enum status st = ensure_place(reading);

    if (st == STATUS_OK)
        st = db_pool_take(readers, &db);
    if (st != STATUS_OK)
        return st;
    st = read_from(reading, db);
    db_pool_give(readers, db);
    reading->call->n_read = reading->n_items;
    metrics_add(METRIC_READ_ITEMS, reading->n_items);
    if (st == STATUS_OK && reading->selection.limit)
        st = end_page(reading);
    return st == STATUS_OK ? compare_tags(reading) : st;
}

/* Reads what is asked for, and whether the caller may have it. */
static enum status admit(struct call *call, struct selection *selection, enum representation *representation)
{
    enum status st = selection_read(call->request.query, &call->arena, selection, &call->problem);

    call->response.varies_by_accept = true;
    if (st == STATUS_OK)
        st = access_read(call, selection->event_type, selection->session_id);
    if (st == STATUS_OK && !accept_choose(bytes_of(variable(call, "HTTP_ACCEPT")), representation))
        st = problem_set(&call->problem, STATUS_NOT_ACCEPTABLE, "there are " REPRESENTATIONS_OFFERED);
    return st;
}

static void count(bool is_shared)
{
    metrics_add(METRIC_2(CACHE, metrics_label(METRIC_LABEL_CACHE, BYTES("reads")), is_shared ? METRIC_HIT : METRIC_MISS), 1);
}

enum status read_items(struct call *call)
{
    const struct config *config = call->worker->service->config;
    const struct csv_options csv = { .neutralise = config->csv_neutralise, .byte_order_mark = config->csv_byte_order_mark };
    struct reading reading = { .call = call,
                               .if_none_match = bytes_of(variable(call, "HTTP_IF_NONE_MATCH")),
                               .last_session = buf_new(SESSION_MAX_BYTES),
                               .spool = { -1 } };
    enum representation representation;
    enum status st = admit(call, &reading.selection, &representation);

    if (st != STATUS_OK)
        return st;
    count(false);
    reading.question = question_of(call, representation);
    call->response.content_type = representation_type(representation);
    call->response.hold_bytes = HTTP_HOLD_MAX_BYTES;
    reading.format = item_format_new(representation, reading.selection.event_type, &csv);
    st = answer(&reading);
    pace_end(&reading.pace);
    if (reading.is_long && !call->has_place)
        long_answers_end(&call->worker->service->long_answers);
    item_format_free(&reading.format);
    buf_free(&reading.last_session);
    spool_close(&reading.spool);
    return st;
}

enum status read_join(struct call *call, const struct call *answered)
{
    struct selection selection;
    enum representation representation;
    enum status st = admit(call, &selection, &representation);

    if (st != STATUS_OK)
        return st;
    count(true);
    call->n_read = answered->n_read;
    metrics_add(METRIC_READ_ITEMS, call->n_read);
    return http_response_share(&call->response, &answered->response);
}
