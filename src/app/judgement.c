#include "app/judgement.h"

#include <stdatomic.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"

enum { TELL_EVERY_MS = 60000, VIOLATIONS_MAX_BYTES = 64 * 1024 };

/* Where no schema says what was expected, as with what costs too much, the keyword alone is told. */
static void add_violation(struct buf *text, const struct schema_violation *violation, bool is_first)
{
    buf_add_text(text, is_first ? "[{\"pointer\":" : ",{\"pointer\":");
    buf_add_json(text, violation->pointer);
    buf_add_text(text, ",\"keyword\":");
    buf_add_json(text, bytes_of(violation->keyword));
    buf_add_text(text, ",\"expected\":");
    buf_add_json(text, violation->expected);
    buf_add_text(text, "}");
}

/* The whole list, for the answer and the quarantine; and the first of it as details and pointer, as of any other error. */
static enum status describe(const struct schema_report *report, enum status st, struct arena *arena, struct problem *problem)
{
    const struct schema_violation *first = &report->violations[0];
    struct buf text = buf_new(VIOLATIONS_MAX_BYTES);
    char more[32] = "";

    for (size_t i = 0; i < report->n; i++)
        add_violation(&text, &report->violations[i], i == 0);
    buf_add_text(&text, "]");
    problem->violations = text.failed ? (struct bytes){ 0 } : arena_copy(arena, buf_bytes(&text));
    buf_free(&text);
    struct bytes pointer = arena_copy(arena, first->pointer);
    if (!problem->violations.p || !pointer.p)
        return STATUS_NO_MEMORY;
    problem->pointer = pointer.p;
    problem->keyword = first->keyword;
    if (report->n > 1)
        snprintf(more, sizeof more, ", and %zu more", report->n - 1);
    return problem_set(problem, st, "%.*s: %.*s%s", (int)(first->pointer.len ? first->pointer.len : sizeof "the event" - 1),
                       first->pointer.len ? first->pointer.p : "the event", (int)first->expected.len, first->expected.p, more);
}

/* Tells the log of events that fail a schema that is only observed: at once, and then once a minute, with how many it were. */
static void observe(struct catalogue_entry *entry, const struct schema_violation *first)
{
    int64_t now_ms = clock_monotonic_ms();
    int64_t told_ms = atomic_load(&entry->told_ms);

    metrics_add(METRIC_2(SCHEMA_VIOLATIONS, entry->label, METRIC_OBSERVED), 1);
    uint64_t untold = atomic_fetch_add(&entry->untold, 1) + 1;
    if ((told_ms && now_ms - told_ms < TELL_EVERY_MS) || !atomic_compare_exchange_strong(&entry->told_ms, &told_ms, now_ms))
        return;
    atomic_fetch_sub(&entry->untold, untold);
    LOG(WARN, "events fail a schema that is observed", log_text("synchrony.event_type", entry->event_type),
        log_number("synchrony.schema.version", (int64_t)entry->version), log_number("synchrony.events", (int64_t)untold),
        log_text("synchrony.schema.pointer", first->pointer), log_text("synchrony.schema.keyword", bytes_of(first->keyword)));
}

/* Refuses an event: a copy goes to quarantine. Where there is no randomness it has no name there, and is not kept. */
static enum status refuse(struct judgement *judgement, const struct event *event, size_t version, enum status st,
                          const struct problem *problem)
{
    unsigned char random[UUID_RANDOM_BYTES];
    const struct rejected_event rejected = {
        .event = *event,
        .reason = bytes_of(status_info(st)->code),
        .pointer = bytes_of(problem->pointer),
        .keyword = bytes_of(problem->keyword),
        .violations = problem->violations,
        .schema_version = version,
    };

    if (entropy_take(&judgement->worker->entropy, random, sizeof random) == STATUS_OK)
        (void)quarantine_add(judgement->worker->service->quarantine, &rejected, clock_now_us(), random);
    return st;
}

static enum status judge_by(struct judgement *judgement, struct catalogue_entry *entry, struct bytes text, struct event *event,
                            struct problem *problem)
{
    struct schema_report report;
    enum status st = tree_read(&judgement->tree, text, judgement->arena);

    if (st == STATUS_OK)
        st = schema_judge(entry->schema, judgement->tree.values, judgement->worker->scratch, judgement->arena, &report);
    if (st != STATUS_SCHEMA_VIOLATED && st != STATUS_SCHEMA_TOO_COSTLY)
        return st;
    if (entry->mode == EVENT_SCHEMA_OBSERVE) {
        observe(entry, &report.violations[0]);
        return STATUS_OK;
    }
    metrics_add(METRIC_2(SCHEMA_VIOLATIONS, entry->label, METRIC_ENFORCED), 1);
    st = describe(&report, st, judgement->arena, problem);
    return st == STATUS_NO_MEMORY ? st : refuse(judgement, event, entry->version, st, problem);
}

enum status judgement_pass(struct judgement *judgement, struct bytes text, struct event *event, struct problem *problem)
{
    struct catalogue_entry *entry = catalogue_find(judgement->catalogue, event->event_type);

    if (entry)
        return entry->mode == EVENT_SCHEMA_OFF ? STATUS_OK : judge_by(judgement, entry, text, event, problem);
    if (!judgement->worker->service->catalogue.is_closed)
        return STATUS_OK;
    if (catalogue_is_unknown(judgement->catalogue))
        return STATUS_UNAVAILABLE;
    problem->pointer = "/event_type";
    return refuse(judgement, event, 0,
                  problem_set(problem, STATUS_UNKNOWN_EVENT_TYPE, "events of this type are not listed in the catalogue"), problem);
}
