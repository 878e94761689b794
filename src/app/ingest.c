#include "app/ingest.h"

#include <unistd.h>

#include "app/access.h"
#include "app/bulk.h"
#include "app/judgement.h"
#include "app/scrubbing.h"
#include "base/clock.h"
#include "model/json_guard.h"
#include "model/media_type.h"

static const struct limits *limits_of(const struct call *call)
{
    return &call->worker->service->config->limits;
}

/* The codings that a body may come in (RFC 9110, section 8.4.1). */
static bool is_identity(struct bytes coding)
{
    return !coding.len || bytes_equal_nocase(coding, BYTES("identity"));
}

static bool is_gzip(struct bytes coding)
{
    return bytes_equal_nocase(coding, BYTES("gzip")) || bytes_equal_nocase(coding, BYTES("x-gzip"));
}

static enum status check_media(struct call *call, struct bytes coding)
{
    if (!is_identity(coding) && !is_gzip(coding))
        return problem_set(&call->problem, STATUS_UNSUPPORTED_MEDIA, "accepted content codings: gzip, identity");
    if (!media_type_is_accepted(call->request.content_type))
        return problem_set(&call->problem, STATUS_UNSUPPORTED_MEDIA, "accepted: " MEDIA_TYPES_ACCEPTED);
    return STATUS_OK;
}

static enum status uncompress(struct call *call, struct bytes *body)
{
    size_t max_bytes = limits_of(call)->body_max_bytes;
    enum status st = gunzip_text(call->worker->gunzip, *body, max_bytes, &call->arena, body);

    if (st == STATUS_TOO_LARGE)
        return problem_set(&call->problem, st, "a body must have at most %zu bytes when it is unpacked", max_bytes);
    return st;
}

static enum status read_body(struct call *call, bool is_packed, struct bytes *body)
{
    enum status st = exchange_read_body(call->exchange, &call->request, limits_of(call), &call->arena, body, &call->problem);

    if (st == STATUS_OK && is_packed && body->len)
        st = uncompress(call, body);
    call->n_received = body->len;
    return st;
}

/* Turns a finding of the guard into the answer's details. */
static enum status fault_report(const struct guard_fault *fault, struct problem *problem)
{
    problem->offset = fault->offset;
    problem->has_offset = true;
    return problem_set(problem, fault->status, "%s at byte %zu", fault->reason, fault->offset);
}

/* text, element: where something was to be scrubbed, they become the scrubbed event's own. Nothing behind this sees the others. */
static enum status decode(struct call *call, struct bytes *text, const struct guard_element **element, struct event *event,
                          struct problem *problem)
{
    if ((*element)->fault.status != STATUS_OK)
        return fault_report(&(*element)->fault, problem);
    enum status st = scrubbing_event(&call->worker->scrubber, limits_of(call), &call->arena, text, element, problem);
    if (st == STATUS_OK)
        st = event_decode(*text, *element, limits_of(call), call->worker->reader, &call->arena, event, problem);
    return st == STATUS_OK && call->caller ? access_event_type(call, event->event_type, problem) : st;
}

static enum status accept(struct call *call, struct event *event, int64_t received_at_us)
{
    unsigned char random[UUID_RANDOM_BYTES] = { 0 };
    enum status st = event->has_event_id ? STATUS_OK : entropy_take(&call->worker->entropy, random, sizeof random);

    if (st == STATUS_OK)
        event_accept(event, received_at_us, random);
    return st;
}

/* Events of one type that follow one another share its text: who compares their types later, out of the caches by then, need not look. */
static void share_type(struct event *event, const struct event *before)
{
    if (bytes_equal(event->event_type, before->event_type))
        event->event_type = before->event_type;
}

static struct bytes text_of(struct bytes body, const struct guard_element *element)
{
    return (struct bytes){ body.p + element->text.begin, element->text.end - element->text.begin };
}

/* One event that is refused is the whole answer; in an array each is judged alone. */
static enum status judge_all(struct call *call, struct bytes body, const struct guard_result *scan)
{
    struct judgement judgement = judgement_begin(call->worker, &call->arena);
    int64_t received_at_us = service_accept_times(call->worker->service, call->batch.n, clock_now_us());

    for (size_t i = 0; i < call->batch.n; i++) {
        struct problem own = { 0 };
        struct problem *problem = call->is_batch ? &own : &call->problem;
        struct event *event = &call->batch.items[i].event;
        struct bytes text = body;
        const struct guard_element *element = &scan->elements[i];
        enum status st = decode(call, &text, &element, event, problem);
        if (st == STATUS_OK && i)
            share_type(event, &call->batch.items[i - 1].event);
        if (st == STATUS_OK)
            st = accept(call, event, received_at_us + (int64_t)i);
        if (st == STATUS_OK)
            st = judge_event(&judgement, text_of(text, element), event, problem);
        if (st != STATUS_OK && call->is_batch && !status_info(st)->retry)
            st = batch_reject(&call->batch, i, st, problem, &call->arena);
        if (st != STATUS_OK)
            return st;
    }
    return STATUS_OK;
}

static enum status check_count(struct call *call, const struct guard_result *scan)
{
    size_t max = limits_of(call)->batch_max_events;

    if (scan->n_elements == 0)
        return problem_set(&call->problem, STATUS_INVALID_EVENT, "a batch must have at least one event");
    if (scan->n_elements > max)
        return problem_set(&call->problem, STATUS_TOO_LARGE, "a batch must have at most %zu events, has %zu", max,
                           scan->n_elements);
    return STATUS_OK;
}

static enum status parse(struct call *call, struct bytes body)
{
    struct guard_result scan;

    if (!body.len)
        return STATUS_MISSING_FIELDS;
    enum status st = guard_scan(body, limits_of(call), &call->arena, &scan);
    if (st != STATUS_OK)
        return fault_report(&scan.fault, &call->problem);
    call->is_batch = scan.is_array;
    st = check_count(call, &scan);
    if (st == STATUS_OK && call->caller)
        st = access_charge(call, scan.n_elements);
    if (st == STATUS_OK)
        st = batch_new(&call->batch, scan.n_elements, &call->arena);
    if (st == STATUS_OK)
        st = judge_all(call, body, &scan);
    return st == STATUS_OK ? batch_accepted(&call->batch, &call->arena, &call->events, &call->n_events) : st;
}

static enum status parse_body(struct call *call, struct bytes body)
{
    call->body_len = body.len;
    return parse(call, body);
}

/* A batch on request may be larger than memory is to hold; a compressed one may not, as it is unpacked as a whole. */
static enum status begin_bulk(struct call *call, bool is_packed)
{
    struct bytes body = { 0 };
    int fd = -1;
    bool may_be_large = !is_packed && !exchange_body_fits(&call->request, limits_of(call)->body_max_bytes);
    enum status st = may_be_large ? bulk_receive(call, &body, &fd) : read_body(call, is_packed, &body);

    if (st == STATUS_OK && body.p && !bulk_is_large(body, limits_of(call)->batch_max_events))
        return parse_body(call, body);
    call->is_answered = true;
    if (st == STATUS_OK)
        st = bulk_ingest(call, body, fd);
    if (fd >= 0)
        close(fd);
    return st;
}

enum status ingest_begin(struct call *call)
{
    struct bytes coding = bytes_trim(call->request.content_encoding, " \t");
    struct bytes body = { 0 };
    enum status st = check_media(call, coding);

    if (st == STATUS_OK && bulk_is_wanted(call))
        return begin_bulk(call, is_gzip(coding));
    if (st == STATUS_OK)
        st = read_body(call, is_gzip(coding), &body);
    return st == STATUS_OK ? parse_body(call, body) : st;
}

static enum status end_one(struct call *call, enum status verdict)
{
    if (verdict != STATUS_OK && verdict != STATUS_QUEUED)
        return verdict;
    call->response.code = verdict == STATUS_OK ? 201 : 202;
    return http_response_write(&call->response, verdict == STATUS_OK ? BYTES("{\"message\":\"Data inserted successfully\"}")
                                                                     : BYTES("{\"message\":\"Event queued\",\"queued\":1}"));
}

enum status ingest_end(struct call *call)
{
    if (call->is_answered)
        return STATUS_OK;
    if (!call->is_batch) {
        return end_one(call, call->batch.items[0].event.verdict);
    }
    enum status st = batch_outcome(&call->batch);
    return st == STATUS_OK ? batch_answer(&call->batch, &call->response) : st;
}
