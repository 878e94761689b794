#include "app/bulk.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/access.h"
#include "app/judgement.h"
#include "app/scrubbing.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "model/array_splitter.h"
#include "model/json_guard.h"
#include "model/timestamp.h"

enum { SCRATCH_BYTES = 64 * 1024 * 1024, ERRORS_AT_ONCE = 500, ENTRY_MAX_BYTES = 16 * 1024 };

static const struct config *config_of(const struct call *call)
{
    return call->worker->service->config;
}

bool bulk_is_wanted(const struct call *call)
{
    return call->worker->service->batches && http_request_prefers(&call->request, BYTES("respond-async"));
}

bool bulk_is_large(struct bytes text, size_t max_events)
{
    struct array_splitter splitter = { 0 };
    const char *expected;
    struct bytes element;
    size_t consumed, n = 0;

    while (n <= max_events && array_splitter_next(&splitter, text, &consumed, &element, &expected) == SPLITTER_ELEMENT) {
        text.p += consumed;
        text.len -= consumed;
        n++;
    }
    return n > max_events;
}

/* ---- receiving ---- */

static enum status spool_open(const struct call *call, int *fd)
{
    *fd = open(config_of(call)->queue_directory, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (*fd >= 0)
        return STATUS_OK;
    LOG(ERROR, "a large body cannot be kept", log_text("error.message", bytes_of(strerror(errno))));
    return STATUS_UNAVAILABLE;
}

static enum status read_back(int fd, size_t len, struct arena *arena, struct bytes *body)
{
    char *p = arena_alloc(arena, len + 1);

    if (!p)
        return STATUS_NO_MEMORY;
    for (size_t at = 0; at < len;) {
        ssize_t n = pread(fd, p + at, len - at, (off_t)at);
        if (n <= 0)
            return STATUS_UNAVAILABLE;
        at += (size_t)n;
    }
    p[len] = '\0';
    *body = (struct bytes){ p, len };
    return STATUS_OK;
}

enum status bulk_receive(struct call *call, struct bytes *body, int *fd)
{
    size_t fits = config_of(call)->limits.body_max_bytes;
    size_t len = 0;

    *body = (struct bytes){ 0 };
    enum status st = spool_open(call, fd);
    if (st == STATUS_OK)
        st = exchange_spool_body(call->exchange, &call->request, config_of(call)->async_body_max_bytes, *fd, &len, &call->problem);
    call->n_received = len;
    if (st == STATUS_OK && len <= fits)
        st = read_back(*fd, len, &call->arena, body);
    if (*fd >= 0 && (st != STATUS_OK || len <= fits)) {
        close(*fd);
        *fd = -1;
    }
    return st;
}

/* ---- judging ---- */

struct bulk {
    struct call *call;
    struct queue *queue;
    int fd;       /* where the rest of the text comes from; -1: there is none */
    char *buffer; /* of fd's text; NULL: the text is in memory */
    size_t capacity;
    struct bytes window; /* what has been read and not been judged */
    size_t offset;       /* of the window, in the body */
    struct arena scratch;
    struct judgement judgement;
    size_t received;
    size_t rejected;
    uint64_t kept[METRIC_SIZE_EVENT_TYPE]; /* by their type's number among the metrics */
};

static enum status invalid(struct bulk *bulk, enum status st, size_t offset, const char *reason)
{
    bulk->call->problem.offset = offset;
    bulk->call->problem.has_offset = true;
    return problem_set(&bulk->call->problem, st, "%s at byte %zu", reason, offset);
}

static enum status reject(struct bulk *bulk, enum status st, const struct problem *problem)
{
    const struct status_info *info = status_info(st);
    char text[384];

    snprintf(text, sizeof text, "%s%s%s", info->sentence, problem->details[0] ? ": " : "", problem->details);
    bulk->rejected++;
    return queue_batch_reject(bulk->queue, bulk->received, bytes_of(info->code), bytes_of(text),
                              problem->pointer ? bytes_of(problem->pointer) : (struct bytes){ 0 });
}

static enum status accept(struct bulk *bulk, struct bytes text, struct event *event, struct problem *problem)
{
    struct worker *worker = bulk->call->worker;
    unsigned char random[UUID_RANDOM_BYTES] = { 0 };
    enum status st = event->has_event_id ? STATUS_OK : entropy_take(&worker->entropy, random, sizeof random);

    if (st != STATUS_OK)
        return st;
    event_accept(event, service_accept_times(worker->service, 1, clock_now_us()), random);
    st = judge_event(&bulk->judgement, text, event, problem);
    if (st != STATUS_OK)
        return st;
    bulk->kept[metrics_label(METRIC_LABEL_EVENT_TYPE, event->event_type)]++;
    return queue_batch_add(bulk->queue, bulk->received, event);
}

/* What makes an element no JSON refuses the whole body, as it does where a batch is answered at once. */
static enum status judge(struct bulk *bulk, struct bytes element)
{
    const struct limits *limits = &config_of(bulk->call)->limits;
    struct guard_result scan;
    struct problem problem = { 0 };
    struct event event;
    enum status st = guard_scan(element, limits, &bulk->scratch, &scan);

    if (st != STATUS_OK)
        return invalid(bulk, st, bulk->offset + scan.fault.offset, scan.fault.reason);
    if (scan.is_array)
        return reject(bulk, problem_set(&problem, STATUS_INVALID_EVENT, "an event must be a JSON object"), &problem);
    if (scan.elements[0].fault.status != STATUS_OK)
        return reject(bulk, problem_set(&problem, scan.elements[0].fault.status, "%s", scan.elements[0].fault.reason), &problem);
    const struct guard_element *scanned = &scan.elements[0];
    st = scrubbing_event(&bulk->call->worker->scrubber, limits, &bulk->scratch, &element, &scanned, &problem);
    if (st == STATUS_OK)
        st = event_decode(element, scanned, limits, bulk->call->worker->reader, &bulk->scratch, &event, &problem);
    if (st == STATUS_OK)
        st = access_event_type(bulk->call, event.event_type, &problem);
    if (st == STATUS_OK)
        st = accept(bulk, (struct bytes){ element.p + scanned->text.begin, scanned->text.end - scanned->text.begin }, &event,
                    &problem);
    return st == STATUS_OK || status_info(st)->retry ? st : reject(bulk, st, &problem);
}

static enum status judge_next(struct bulk *bulk, struct bytes element)
{
    size_t max = config_of(bulk->call)->async_batch_max_events;

    if (bulk->received == max)
        return problem_set(&bulk->call->problem, STATUS_TOO_LARGE, "a batch must have at most %zu events", max);
    enum status st = judge(bulk, element);
    judgement_forget(&bulk->judgement);
    arena_reset(&bulk->scratch);
    bulk->received++;
    return st;
}

/* Makes room behind what is in the window and reads on. Returns STATUS_END at the end of the text. */
static enum status read_on(struct bulk *bulk)
{
    if (!bulk->buffer)
        return STATUS_END;
    if (bulk->window.len)
        memmove(bulk->buffer, bulk->window.p, bulk->window.len);
    bulk->window.p = bulk->buffer;
    if (bulk->window.len == bulk->capacity)
        return problem_set(&bulk->call->problem, STATUS_TOO_LARGE, "an event must have at most %zu bytes",
                           config_of(bulk->call)->limits.event_max_bytes);
    ssize_t n = pread(bulk->fd, bulk->buffer + bulk->window.len, bulk->capacity - bulk->window.len,
                      (off_t)(bulk->offset + bulk->window.len));
    if (n < 0)
        return STATUS_UNAVAILABLE;
    bulk->window.len += (size_t)n;
    return n ? STATUS_OK : STATUS_END;
}

static enum status judge_all(struct bulk *bulk)
{
    struct array_splitter splitter = { 0 };
    enum status st = STATUS_OK;

    while (st == STATUS_OK) {
        const char *expected = NULL;
        struct bytes element;
        size_t consumed;
        enum splitter_finding finding = array_splitter_next(&splitter, bulk->window, &consumed, &element, &expected);
        if (finding == SPLITTER_ELEMENT)
            bulk->offset += (size_t)(element.p - bulk->window.p);
        else
            bulk->offset += consumed;
        if (finding == SPLITTER_FAULT)
            st = invalid(bulk, STATUS_INVALID_JSON, bulk->offset, expected);
        else if (finding == SPLITTER_ELEMENT)
            st = judge_next(bulk, element);
        if (finding == SPLITTER_ELEMENT)
            bulk->offset += element.len;
        bulk->window.p += consumed;
        bulk->window.len -= consumed;
        if (finding == SPLITTER_MORE)
            st = read_on(bulk);
    }
    if (st != STATUS_END)
        return st;
    if (!array_splitter_is_done(&splitter))
        return invalid(bulk, STATUS_INVALID_JSON, bulk->offset + bulk->window.len, "the array does not end");
    return bulk->received ? STATUS_OK
                          : problem_set(&bulk->call->problem, STATUS_INVALID_EVENT, "a batch must have at least one event");
}

/* ---- answering ---- */

static enum status answer(struct bulk *bulk, const struct uuid *id)
{
    struct http_response *response = &bulk->call->response;
    char text[UUID_TEXT_BYTES + 1];
    char body[256];
    char location[128];

    uuid_format(id, text);
    snprintf(location, sizeof location, HTTP_RESOURCE BULK_PATH "%s", text);
    response->code = 202;
    response->location = arena_copy(&bulk->call->arena, bytes_of(location));
    response->applied_preference = "respond-async";
    snprintf(body, sizeof body, "{\"message\":\"Event queued\",\"queued\":%zu,\"received\":%zu,\"rejected\":%zu,\"id\":\"%s\"}",
             bulk->received - bulk->rejected, bulk->received, bulk->rejected, text);
    return response->location.p ? http_response_write(response, bytes_of(body)) : STATUS_NO_MEMORY;
}

static void count(const struct bulk *bulk)
{
    metrics_observe_size(METRIC_BATCH_EVENTS, bulk->received);
    metrics_add(METRIC_2(EVENTS, METRIC_REJECTED, 0), bulk->rejected);
    for (unsigned type = 0; type < METRIC_SIZE_EVENT_TYPE; type++)
        metrics_add(METRIC_2(EVENTS, METRIC_QUEUED, type), bulk->kept[type]);
}

static enum status queue_all(struct bulk *bulk, const struct uuid *id)
{
    enum status st = queue_batch_begin(bulk->queue, id, clock_now_us());

    if (st == STATUS_OK)
        st = judge_all(bulk);
    if (st == STATUS_OK)
        st = access_charge(bulk->call, bulk->received);
    if (st == STATUS_OK)
        st = queue_batch_commit(bulk->queue, bulk->received);
    else
        queue_batch_abort(bulk->queue);
    return st;
}

enum status bulk_ingest(struct call *call, struct bytes text, int fd)
{
    struct service *service = call->worker->service;
    struct bulk bulk = { .call = call, .queue = service->batches, .fd = fd, .window = text, .scratch = arena_new(SCRATCH_BYTES) };
    unsigned char random[UUID_RANDOM_BYTES];
    bulk.judgement = judgement_begin(call->worker, &bulk.scratch);
    enum status st = entropy_take(&call->worker->entropy, random, sizeof random);
    struct uuid id = uuid_v7(clock_now_us(), random);

    if (st == STATUS_OK && !text.p) {
        bulk.capacity = config_of(call)->limits.body_max_bytes;
        bulk.buffer = malloc(bulk.capacity);
        st = bulk.buffer ? STATUS_OK : STATUS_NO_MEMORY;
        bulk.window = (struct bytes){ bulk.buffer, 0 };
    }
    if (st == STATUS_OK) {
        pthread_mutex_lock(&service->batches_lock); /* one batch at a time: each holds up all others that write to the queue */
        st = queue_all(&bulk, &id);
        pthread_mutex_unlock(&service->batches_lock);
    }
    if (st == STATUS_OK) {
        count(&bulk);
        st = answer(&bulk, &id);
    }
    free(bulk.buffer);
    arena_free(&bulk.scratch);
    return st;
}

/* ---- reporting ---- */

static void add_time(struct buf *text, const char *name, int64_t us)
{
    char time[TIMESTAMP_TEXT_BYTES + 1];

    timestamp_format(us, time);
    buf_add_format(text, ",\"%s\":\"%s\"", name, time);
}

static enum status write_head(struct http_response *response, const struct uuid *id, const struct queue_batch *batch)
{
    static const char *const states[] = {
        [QUEUE_BATCH_QUEUED] = "queued", [QUEUE_BATCH_PROCESSING] = "processing", [QUEUE_BATCH_DONE] = "done"
    };
    struct buf text = buf_new(ENTRY_MAX_BYTES);
    char id_text[UUID_TEXT_BYTES + 1];

    uuid_format(id, id_text);
    buf_add_format(&text,
                   "{\"id\":\"%s\",\"state\":\"%s\",\"received\":%llu,\"inserted\":%llu,\"duplicates\":%llu,\"rejected\":%llu,"
                   "\"pending\":%llu",
                   id_text, states[batch->state], (unsigned long long)batch->received, (unsigned long long)batch->inserted,
                   (unsigned long long)batch->duplicates, (unsigned long long)batch->rejected, (unsigned long long)batch->pending);
    add_time(&text, "created_at", batch->created_at_us);
    if (batch->state == QUEUE_BATCH_DONE)
        add_time(&text, "done_at", batch->done_at_us);
    buf_add_text(&text, ",\"errors\":[");
    enum status st = text.failed ? STATUS_NO_MEMORY : http_response_write(response, buf_bytes(&text));
    buf_free(&text);
    return st;
}

static void add_error(struct buf *text, const struct queue_batch_error *error, bool is_first)
{
    buf_reset(text);
    buf_add_format(text, "%s{\"index\":%zu,\"code\":", is_first ? "" : ",", error->index);
    buf_add_json(text, error->code);
    buf_add_text(text, ",\"error\":");
    buf_add_json(text, error->error);
    buf_add_text(text, ",\"pointer\":");
    buf_add_json(text, error->pointer.p ? error->pointer : BYTES(""));
    buf_add_text(text, ",\"retry\":false}");
}

static enum status write_errors(struct call *call, struct queue *queue, const struct uuid *id)
{
    struct buf text = buf_new(ENTRY_MAX_BYTES);
    struct arena scratch = arena_new(SCRATCH_BYTES);
    struct queue_batch_error *errors;
    int64_t after = -1;
    size_t n = ERRORS_AT_ONCE;
    enum status st = STATUS_OK;

    while (st == STATUS_OK && n == ERRORS_AT_ONCE) {
        st = queue_batch_errors(queue, id, after, ERRORS_AT_ONCE, &scratch, &errors, &n);
        for (size_t i = 0; st == STATUS_OK && i < n; i++) {
            add_error(&text, &errors[i], after < 0);
            after = (int64_t)errors[i].index;
            st = text.failed ? STATUS_NO_MEMORY : http_response_write(&call->response, buf_bytes(&text));
        }
        arena_reset(&scratch);
    }
    arena_free(&scratch);
    buf_free(&text);
    return st == STATUS_OK ? http_response_write(&call->response, BYTES("]}")) : st;
}

enum status bulk_report(struct call *call)
{
    struct queue *queue = call->worker->service->delivery.queue;
    struct bytes text = { call->request.path.p + sizeof BULK_PATH - 1, call->request.path.len - (sizeof BULK_PATH - 1) };
    struct queue_batch batch;
    struct uuid id;

    if (!queue || !uuid_parse(text, &id))
        return STATUS_NOT_FOUND;
    enum status st = queue_batch_read(queue, &id, &batch);
    if (st == STATUS_OK)
        st = write_head(&call->response, &id, &batch);
    return st == STATUS_OK ? write_errors(call, queue, &id) : st;
}
