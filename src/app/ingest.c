#include "app/ingest.h"

#include "app/batch.h"
#include "base/clock.h"
#include "base/entropy.h"
#include "model/json_guard.h"
#include "model/media_type.h"
#include "store/event_store.h"

static enum status check_media(struct call *call)
{
    struct bytes coding = bytes_trim(call->request.content_encoding, " \t");

    if (coding.len && !bytes_equal_nocase(coding, BYTES("identity")))
        return problem_set(&call->problem, STATUS_UNSUPPORTED_MEDIA, "a body must come without Content-Encoding");
    if (!media_type_is_accepted(call->request.content_type))
        return problem_set(&call->problem, STATUS_UNSUPPORTED_MEDIA, "accepted: " MEDIA_TYPES_ACCEPTED);
    return STATUS_OK;
}

/* Turns a finding of the guard into the answer's details. */
static enum status fault_report(const struct guard_fault *fault, struct problem *problem)
{
    problem->offset = fault->offset;
    problem->has_offset = true;
    return problem_set(problem, fault->status, "%s at byte %zu", fault->reason, fault->offset);
}

static enum status judge(struct call *call, struct bytes body, const struct guard_element *element, struct event *event,
                         struct problem *problem)
{
    if (element->fault.status != STATUS_OK)
        return fault_report(&element->fault, problem);
    return event_decode(body, element, &call->service->config->limits, call->reader, call->arena, event, problem);
}

static enum status accept(struct event *event, int64_t received_at_us)
{
    unsigned char random[UUID_RANDOM_BYTES] = { 0 };
    enum status st = event->has_event_id ? STATUS_OK : entropy_fill(random, sizeof random);

    if (st == STATUS_OK)
        event_accept(event, received_at_us, random);
    return st;
}

static enum status write_group(struct call *call, const struct event **events, size_t n, bool *duplicate)
{
    struct db *db;
    enum status st = db_pool_take(call->service->writers, &db);

    if (st != STATUS_OK)
        return st;
    st = event_store_write(db, events, n, call->arena, duplicate);
    db_pool_give(call->service->writers, db);
    for (size_t i = 0; st != STATUS_OK && i < n; i++)
        duplicate[i] = false;
    return st;
}

/* ---- one event ---- */

static enum status ingest_one(struct call *call, struct bytes body, const struct guard_element *element)
{
    struct event event;
    const struct event *group[] = { &event };
    bool duplicate;
    enum status st = judge(call, body, element, &event, &call->problem);

    if (st == STATUS_OK)
        st = accept(&event, service_accept_times(call->service, 1, clock_now_us()));
    if (st == STATUS_OK)
        st = write_group(call, group, 1, &duplicate);
    if (st != STATUS_OK)
        return st;
    call->response->code = 201;
    return http_response_write(call->response, BYTES("{\"message\":\"Data inserted successfully\"}"));
}

/* ---- a batch ---- */

static enum status judge_all(struct call *call, struct bytes body, const struct guard_result *scan, struct batch *batch)
{
    int64_t received_at_us = service_accept_times(call->service, scan->n_elements, clock_now_us());

    for (size_t i = 0; i < scan->n_elements; i++) {
        struct problem problem = { 0 };
        struct event *event = &batch->items[i].event;
        enum status st = judge(call, body, &scan->elements[i], event, &problem);
        if (st == STATUS_OK)
            st = accept(event, received_at_us + (int64_t)i);
        if (st == STATUS_NO_MEMORY || st == STATUS_INTERNAL)
            return st;
        if (st != STATUS_OK)
            st = batch_reject(batch, i, st, &problem, call->arena);
        if (st == STATUS_NO_MEMORY)
            return st;
    }
    return STATUS_OK;
}

static enum status reject_group(struct batch *batch, const struct event *const *events, size_t n, enum status verdict,
                                struct arena *arena)
{
    static const struct problem none;
    enum status st = STATUS_OK;

    for (size_t i = 0; i < n && st == STATUS_OK; i++)
        st = batch_reject(batch, batch_index(batch, events[i]), verdict, &none, arena);
    return st;
}

/* Writes the halves of a group that the database refused for what one of its events holds, and their halves, so that only the culprit
 * is refused. What was written stays, so any failure now is a verdict on the events that it struck. */
static enum status write_bisected(struct call *call, struct batch *batch, const struct event **events, size_t n, bool *duplicate)
{
    const size_t halves[][2] = { { 0, n / 2 }, { n / 2, n - n / 2 } };
    enum status st = STATUS_OK;

    if (n == 1)
        return reject_group(batch, events, n, STATUS_UNPROCESSABLE, call->arena);
    for (size_t i = 0; i < 2 && st == STATUS_OK; i++) {
        const struct event **half = events + halves[i][0];
        size_t n_half = halves[i][1];
        st = write_group(call, half, n_half, duplicate + halves[i][0]);
        if (st == STATUS_UNPROCESSABLE)
            st = write_bisected(call, batch, half, n_half, duplicate + halves[i][0]);
        else if (st != STATUS_OK)
            st = reject_group(batch, half, n_half, st, call->arena);
    }
    return st;
}

static enum status write_batch(struct call *call, struct batch *batch, const struct event **events, size_t n)
{
    bool *duplicate = arena_alloc_array(call->arena, n, sizeof *duplicate);

    if (!duplicate)
        return STATUS_NO_MEMORY;
    enum status st = write_group(call, events, n, duplicate);
    if (st == STATUS_UNPROCESSABLE)
        st = write_bisected(call, batch, events, n, duplicate);
    for (size_t i = 0; st == STATUS_OK && i < n; i++)
        batch->n_duplicates += duplicate[i];
    return st;
}

static enum status ingest_batch(struct call *call, struct bytes body, const struct guard_result *scan)
{
    const struct limits *limits = &call->service->config->limits;
    const struct event **events;
    struct batch batch;
    size_t n;

    if (scan->n_elements == 0)
        return problem_set(&call->problem, STATUS_INVALID_EVENT, "a batch must have at least one event");
    if (scan->n_elements > limits->batch_max_events)
        return problem_set(&call->problem, STATUS_TOO_LARGE, "a batch must have at most %zu events, has %zu",
                           limits->batch_max_events, scan->n_elements);

    enum status st = batch_new(&batch, scan->n_elements, call->arena);
    if (st == STATUS_OK)
        st = judge_all(call, body, scan, &batch);
    if (st == STATUS_OK)
        st = batch_accepted(&batch, call->arena, &events, &n);
    if (st == STATUS_OK && n)
        st = write_batch(call, &batch, events, n);
    return st == STATUS_OK ? batch_answer(&batch, call->response) : st;
}

enum status ingest(struct call *call)
{
    const struct limits *limits = &call->service->config->limits;
    struct guard_result scan;
    struct bytes body = { 0 };
    enum status st = check_media(call);

    if (st == STATUS_OK)
        st = exchange_read_body(call->exchange, &call->request, limits, call->arena, &body, &call->problem);
    if (st != STATUS_OK)
        return st;
    if (!body.len)
        return STATUS_MISSING_FIELDS;
    st = guard_scan(body, limits, call->arena, &scan);
    if (st != STATUS_OK)
        return fault_report(&scan.fault, &call->problem);
    return scan.is_array ? ingest_batch(call, body, &scan) : ingest_one(call, body, &scan.elements[0]);
}
