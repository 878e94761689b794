#include "app/worker.h"

#include <stdlib.h>

#include "app/routes.h"
#include "base/clock.h"
#include "base/entropy.h"
#include "base/log.h"
#include "model/uuid.h"

struct worker {
    struct service *service;
    struct arena arena;
    struct document_reader *reader;
    struct http_response response;
};

/* What a request may take besides its body: decoded names, places of events, verdicts, parameters of two statements. */
static size_t arena_ceiling(const struct limits *limits)
{
    return 16 * limits->body_max_bytes + 4096 * limits->batch_max_events + 16 * 1024 * 1024;
}

struct worker *worker_new(struct service *service)
{
    struct worker *worker = calloc(1, sizeof *worker);

    if (!worker)
        return NULL;
    worker->service = service;
    worker->arena = arena_new(arena_ceiling(&service->config->limits));
    worker->response = http_response_new(NULL, NULL);
    worker->reader = document_reader_new();
    if (!worker->reader) {
        worker_free(worker);
        return NULL;
    }
    return worker;
}

void worker_free(struct worker *worker)
{
    if (!worker)
        return;
    document_reader_free(worker->reader);
    http_response_free(&worker->response);
    arena_free(&worker->arena);
    free(worker);
}

/* ---- a request ---- */

/* Every request has an identifier, so that an answer and the lines of the log can be brought together. */
static enum status ensure_request_id(struct arena *arena, struct http_request *request)
{
    unsigned char random[UUID_RANDOM_BYTES];
    char text[UUID_TEXT_BYTES + 1];

    if (request->request_id.p)
        return STATUS_OK;
    enum status st = entropy_fill(random, sizeof random);
    if (st != STATUS_OK)
        return st;
    struct uuid id = uuid_v7(clock_now_us(), random);
    uuid_format(&id, text);
    request->request_id = arena_copy(arena, bytes_of(text));
    return request->request_id.p ? STATUS_OK : STATUS_NO_MEMORY;
}

/* Without a list every origin may read an answer; with one, those listed. */
static void allow_origin(const struct config *config, struct bytes origin, struct http_response *response)
{
    response->varies_by_origin = config->n_allowed_origins > 0;
    response->allowed_origin = config->n_allowed_origins ? (struct bytes){ 0 } : BYTES("*");
    for (size_t i = 0; i < config->n_allowed_origins; i++) {
        if (origin.p && bytes_equal(origin, config->allowed_origins[i]))
            response->allowed_origin = config->allowed_origins[i];
    }
}

static void log_failure(const struct call *call, enum status st)
{
    const struct status_info *info = status_info(st);

    log_line(info->level, "request failed",
             (const struct log_field[]){ log_text("http.request.id", call->request.request_id),
                                         log_text("event.outcome", bytes_of(info->code)),
                                         log_number("http.response.status_code", info->http) },
             3);
}

/* A failure becomes the error answer, unless a part of another answer has left already. */
static enum status conclude(struct call *call, enum status st)
{
    if (st != STATUS_OK) {
        log_failure(call, st);
        if (call->response->has_begun || st == STATUS_CLIENT_GONE)
            return st;
        http_response_error(call->response, st, &call->problem);
    }
    return http_response_end(call->response);
}

enum status worker_serve(struct worker *worker, const struct exchange *exchange)
{
    struct call call = {
        .service = worker->service,
        .exchange = exchange,
        .response = &worker->response,
        .arena = &worker->arena,
        .reader = worker->reader,
    };

    worker->response.sink = exchange->write;
    worker->response.sink_context = exchange->context;
    http_response_reset(&worker->response);
    enum status st = http_request_read(exchange->variable, exchange->context, call.arena, &call.request);
    if (st == STATUS_OK)
        st = ensure_request_id(call.arena, &call.request);
    worker->response.request_id = call.request.request_id;
    worker->response.without_body = call.request.method == HTTP_HEAD;
    allow_origin(worker->service->config, call.request.origin, &worker->response);
    if (st == STATUS_OK)
        st = routes_dispatch(&call);
    st = conclude(&call, st);
    if (st == STATUS_OK)
        exchange_drain(exchange);
    arena_reset(&worker->arena);
    return st;
}
