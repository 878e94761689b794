#include "app/worker.h"

#include <stdlib.h>

#include "app/access.h"
#include "app/routes.h"
#include "app/telemetry.h"
#include "base/clock.h"
#include "model/origin.h"
#include "model/uuid.h"

enum {
    KEPT_BODY_BYTES = 4 * 1024, /* of the answer's buffer, between two requests */
    NS_PER_MS = 1000000
};

struct worker *worker_new(struct service *service)
{
    struct worker *worker = calloc(1, sizeof *worker);

    if (!worker)
        return NULL;
    worker->service = service;
    worker->scrubber.scrub = &service->config->scrub;
    worker->reader = document_reader_new();
    worker->gunzip = gunzip_new();
    worker->scratch = schema_scratch_new();
    if (!worker->reader || !worker->gunzip || !worker->scratch) {
        worker_free(worker);
        return NULL;
    }
    return worker;
}

void worker_free(struct worker *worker)
{
    if (!worker)
        return;
    catalogue_let_go(&worker->service->catalogue, &worker->catalogue);
    scrubber_free(&worker->scrubber);
    schema_scratch_free(worker->scratch);
    gunzip_free(worker->gunzip);
    document_reader_free(worker->reader);
    free(worker);
}

/* What a request may take besides its body: decoded names, places of events, verdicts. */
static size_t arena_ceiling(const struct limits *limits)
{
    return 16 * limits->body_max_bytes + 4096 * limits->batch_max_events + 16 * 1024 * 1024;
}

struct call *call_new(const struct service *service)
{
    struct call *call = calloc(1, sizeof *call);

    if (!call)
        return NULL;
    call->arena = arena_new(arena_ceiling(&service->config->limits));
    call->response = http_response_new(NULL, NULL);
    return call;
}

void call_free(struct call *call)
{
    if (!call)
        return;
    http_response_free(&call->response);
    arena_free(&call->arena);
    free(call);
}

static void free_large_body(struct call *call)
{
    if (call->response.body.capacity > KEPT_BODY_BYTES)
        buf_free(&call->response.body);
}

void call_rest(struct call *call)
{
    arena_reset(&call->arena);
    free_large_body(call);
}

/* Makes it new for another request. */
static void reset(struct call *call, struct worker *worker, const struct exchange *exchange)
{
    arena_reset(&call->arena);
    call->response.sink = exchange->write;
    call->response.sink_context = exchange->context;
    http_response_reset(&call->response);
    call->worker = worker;
    call->exchange = exchange;
    call->route = NULL;
    call->action = NULL;
    call->caller = NULL;
    call->request = (struct http_request){ 0 };
    call->problem = (struct problem){ 0 };
    call->batch = (struct batch){ 0 };
    call->is_batch = false;
    call->is_answered = false;
    call->events = NULL;
    call->n_events = 0;
    call->body_len = 0;
    call->n_received = 0;
    call->n_read = 0;
    call->has_place = false;
    call->is_long = false;
    call->on_long = NULL;
    call->db_ns = 0;
}

/* Every request has an identifier, so that an answer and the lines of the log can be brought together. */
static enum status ensure_request_id(struct call *call)
{
    unsigned char random[UUID_RANDOM_BYTES];
    char text[UUID_TEXT_BYTES + 1];
    enum status st = STATUS_OK;

    /* What is never kept is not logged either. */
    if (!call->request.request_id.p || scrub_finds(&call->worker->scrubber, call->request.request_id)) {
        st = entropy_take(&call->worker->entropy, random, sizeof random);
        if (st != STATUS_OK)
            return st;
        struct uuid id = uuid_v7(clock_now_us(), random);
        uuid_format(&id, text);
        call->request.request_id = arena_copy(&call->arena, bytes_of(text));
        st = call->request.request_id.p ? STATUS_OK : STATUS_NO_MEMORY;
    }
    call->response.request_id = call->request.request_id;
    return st;
}

/* Without a list every origin may read an answer; with one, those listed. */
static void allow_origin(const struct config *config, struct bytes origin, struct http_response *response)
{
    response->varies_by_origin = config->n_allowed_origins > 0;
    response->allowed_origin = config->n_allowed_origins ? (struct bytes){ 0 } : BYTES("*");
    for (size_t i = 0; i < config->n_allowed_origins; i++) {
        if (origin_matches(config->allowed_origins[i], origin))
            response->allowed_origin = origin;
    }
}

/* Clients that were refused together shall not come back together. */
static void spread_retries(struct call *call)
{
    unsigned char random;

    if (call->response.code == 503 && entropy_take(&call->worker->entropy, &random, 1) == STATUS_OK)
        call->response.retry_after_s = 1 + random % (2 * HTTP_RETRY_AFTER_S);
}

/* Ends a call by what came of it. A failure becomes the error answer, unless a part of another answer has left already. */
static enum call_stage conclude(struct call *call, enum status st)
{
    bool is_broken = st != STATUS_OK && (call->response.has_begun || st == STATUS_CLIENT_GONE);

    if (st != STATUS_OK && !is_broken) {
        http_response_error(&call->response, st, &call->problem);
        spread_retries(call);
    }
    /* Before the answer leaves: what a client has been told is counted, and a web server may end a CGI process that has answered. */
    telemetry_end(call, st, is_broken);
    if (is_broken || http_response_end(&call->response) != STATUS_OK)
        return CALL_BROKEN;
    exchange_drain(call->exchange);
    return CALL_ANSWERED;
}

/* A body that brings no events counts as one. */
static enum status begin(struct call *call)
{
    enum status st = call->action->begin(call);

    if (st == STATUS_OK || !call->caller || status_info(st)->http >= 500 || access_charge(call, 1) == STATUS_OK)
        return st;
    return STATUS_RATE_LIMITED;
}

enum call_stage worker_begin(struct worker *worker, struct call *call, const struct exchange *exchange)
{
    reset(call, worker, exchange);
    telemetry_begin(call);
    enum status st = http_request_read(exchange->variable, exchange->context, &call->arena, &call->request);
    if (st == STATUS_OK)
        st = ensure_request_id(call);
    call->response.without_body = call->request.method == HTTP_HEAD;
    allow_origin(worker->service->config, call->request.origin, &call->response);
    if (st == STATUS_OK)
        st = routes_find(call);
    if (st == STATUS_OK && worker->service->access)
        st = access_judge(call);
    if (st == STATUS_OK && call->action->blocks)
        return CALL_BLOCKS;
    if (st == STATUS_OK)
        st = begin(call);
    if (st == STATUS_OK && call->action->end) {
        telemetry_await(call);
        return CALL_COMMITS;
    }
    return conclude(call, st);
}

enum call_stage worker_end(struct worker *worker, struct call *call)
{
    call->worker = worker;
    telemetry_resume(call);
    return conclude(call, call->action->end(call));
}

/* Has the route answer, which may wait for the database. */
static enum status run(struct worker *worker, struct call *call)
{
    int64_t spent_before_ns = db_spent_ns();

    call->worker = worker;
    call->run_since_ns = clock_monotonic_ns();
    enum status st = call->action->begin(call);
    call->db_ns = db_spent_ns() - spent_before_ns;
    if (call->has_place)
        long_answers_end(&worker->service->long_answers);
    call->has_place = false;
    return st;
}

enum call_stage worker_run(struct worker *worker, struct call *call)
{
    return conclude(call, run(worker, call));
}

static struct bytes variable(const struct call *call, const char *name)
{
    return bytes_of(call->exchange->variable(call->exchange->context, name));
}

/* FNV-1a, 64 bits, over the query. */
uint64_t worker_likeness(const struct call *call)
{
    uint64_t sum = UINT64_C(0xcbf29ce484222325) ^ (uint64_t)call->request.method;

    if (!call->action->join || !call->worker->service->config->shared_reads)
        return 0;
    for (size_t i = 0; i < call->request.query.len; i++)
        sum = (sum ^ (unsigned char)call->request.query.p[i]) * UINT64_C(0x100000001b3);
    return sum ? sum : 1;
}

bool worker_are_alike(const struct call *a, const struct call *b)
{
    static const char *const names[] = { "REQUEST_URI", "HTTP_ACCEPT", "HTTP_IF_NONE_MATCH" };
    bool alike = a->action == b->action && a->action->join && bytes_equal(a->request.query, b->request.query);

    for (size_t i = 0; i < sizeof names / sizeof names[0] && alike; i++)
        alike = bytes_equal(variable(a, names[i]), variable(b, names[i]));
    return alike;
}

bool worker_needs_place(const struct call *call)
{
    return call->action->needs_place && call->action->needs_place(call);
}

static bool may_wait(const struct service *service, const struct call *call, int64_t now_ms)
{
    return now_ms - call->begun_ns / NS_PER_MS < service->config->read_wait_ms;
}

bool worker_take_place(struct service *service, struct call *call, int64_t now_ms)
{
    call->has_place = long_answers_begin(&service->long_answers);
    return call->has_place || !may_wait(service, call, now_ms);
}

/* Has it turned out to be long while there was no place, so that it is to wait for one as if it had not begun? */
static bool takes_back(struct call *call, enum status st)
{
    if (st != STATUS_BUSY || !call->is_long || call->response.has_begun ||
        !may_wait(call->worker->service, call, clock_monotonic_ms()))
        return false;
    http_response_rewrite(&call->response);
    buf_free(&call->response.body);
    call->response.next = (struct bytes){ 0 };
    call->is_long = false;
    return true;
}

/* What is our fault or our trouble is everybody's. */
static bool is_shareable(const struct call *call, enum status st)
{
    return !call->is_long && !call->response.has_begun && (st == STATUS_OK || status_info(st)->http >= 500);
}

void worker_run_alike(struct worker *worker, struct call *const *calls, size_t n, enum call_stage *stages, size_t *n_done)
{
    struct call *first = calls[0];
    enum status st = run(worker, first);

    *n_done = 0;
    if (takes_back(first, st))
        return;
    *n_done = is_shareable(first, st) ? n : 1;
    for (size_t i = 1; i < *n_done; i++) {
        calls[i]->worker = worker;
        stages[i] = conclude(calls[i], st == STATUS_OK ? calls[i]->action->join(calls[i], first) : st);
        free_large_body(calls[i]); /* each has a copy, and there may be many */
    }
    stages[0] = conclude(first, st); /* last: its answer is theirs */
}

enum call_stage worker_refuse(struct call *call, enum status st)
{
    for (size_t i = 0; i < call->n_events; i++)
        call->events[i]->verdict = st;
    return conclude(call, st);
}

enum call_stage worker_abandon(struct call *call)
{
    telemetry_end(call, STATUS_BUSY, true);
    return CALL_BROKEN;
}

static enum call_stage commit(struct worker *worker, struct call *call)
{
    struct db *db;
    enum status st = db_pool_take(worker->service->writers, &db);

    if (st != STATUS_OK)
        return worker_refuse(call, st);
    if (call->n_events)
        delivery_write(&worker->service->delivery, db, call->events, call->n_events, &call->arena);
    db_pool_give(worker->service->writers, db);
    return worker_end(worker, call);
}

enum call_stage worker_serve(struct worker *worker, struct call *call, const struct exchange *exchange)
{
    enum call_stage stage = worker_begin(worker, call, exchange);

    if (stage == CALL_BLOCKS)
        stage = worker_run(worker, call);
    else if (stage == CALL_COMMITS)
        stage = commit(worker, call);
    return stage;
}
