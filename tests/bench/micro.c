/* The responder's own work on events, step by step, for callgrind: what each step costs in instructions, the same in every run.
 *
 *   valgrind --tool=callgrind --collect-atstart=no --callgrind-out-file=FILE micro EVENTS REQUESTS
 *
 * Handles REQUESTS bodies of EVENTS events each (an array where EVENTS is over 1) and writes a dump after each step, named by its trigger:
 *   guard      the strict scan of the body
 *   scrub      the search for card numbers and IBANs
 *   decode     json-c's parse and the event that is made of it
 *   hand-over  the parameters that libpq is given
 * The first request warms up what is made once, and is not counted. */
#include <stdio.h>
#include <stdlib.h>
#include <valgrind/callgrind.h>

#include "load/corpus.h"
#include "model/event.h"
#include "model/scrub.h"
#include "store/event_columns.h"

enum { MEMORY_MAX_BYTES = 64 * 1024 * 1024 };

static const uint64_t time_ms = UINT64_C(1795354496789); /* a November's day in 2026 */

struct bench {
    struct limits limits;
    struct document_reader *reader;
    struct arena arena;
    char *parameters;
    struct event *events;
    struct event **in_order;
    size_t n;
    bool counts;
};

static void must(enum status st, const char *what)
{
    if (st == STATUS_OK)
        return;
    fprintf(stderr, "micro: %s: status %d\n", what, (int)st);
    exit(1);
}

static void toggle(const struct bench *bench)
{
    if (bench->counts)
        CALLGRIND_TOGGLE_COLLECT;
}

static void guard(struct bench *bench, struct bytes body, struct guard_result *scan)
{
    toggle(bench);
    must(guard_scan(body, &bench->limits, &bench->arena, scan), "guard");
    toggle(bench);
}

static void scrub(struct bench *bench, struct bytes body, const struct guard_result *scan)
{
    static const struct scrub rules = { .cards = SCRUB_MASK, .ibans = SCRUB_MASK };
    struct scrubber scrubber = { .scrub = &rules };

    toggle(bench);
    for (size_t i = 0; i < bench->n; i++) {
        struct problem problem = { 0 };
        struct bytes text = body;
        const struct guard_element *element = &scan->elements[i];
        must(scrub_event(&scrubber, &bench->limits, &bench->arena, &text, &element, NULL, &problem), "scrub");
    }
    toggle(bench);
}

static void decode(struct bench *bench, struct bytes body, const struct guard_result *scan)
{
    static const unsigned char random[UUID_RANDOM_BYTES];

    toggle(bench);
    for (size_t i = 0; i < bench->n; i++) {
        struct problem problem = { 0 };
        must(event_decode(body, &scan->elements[i], &bench->limits, bench->reader, &bench->arena, &bench->events[i], &problem),
             "decode");
        event_accept(&bench->events[i], (int64_t)time_ms * 1000, random);
    }
    toggle(bench);
}

static void hand_over(struct bench *bench)
{
    struct event_columns columns;

    toggle(bench);
    event_columns_measure(&columns, bench->in_order, bench->n);
    if (columns.size_bytes <= MEMORY_MAX_BYTES)
        event_columns_put(&columns, bench->in_order, bench->n, bench->parameters);
    toggle(bench);
}

enum step { STEP_GUARD, STEP_SCRUB, STEP_DECODE, STEP_HAND_OVER, STEP_COUNT };

static const char *const step_names[STEP_COUNT] = { "guard", "scrub", "decode", "hand-over" };

/* Handles one body, counting one step of it. */
static void request(struct bench *bench, uint32_t number, enum step step, bool counts)
{
    int is_array = bench->n > 1;
    size_t len = corpus_body_bytes(bench->n, is_array);
    char *text = malloc(len);
    struct bytes body = { text, len };
    struct guard_result scan;

    must(text ? STATUS_OK : STATUS_NO_MEMORY, "memory");
    corpus_body_begin(text, bench->n, is_array);
    for (size_t i = 0; i < bench->n; i++)
        corpus_event_put(corpus_body_event(text, i, is_array), number * (uint32_t)bench->n + (uint32_t)i, time_ms);
    bench->counts = counts && step == STEP_GUARD;
    guard(bench, body, &scan);
    bench->counts = counts && step == STEP_SCRUB;
    scrub(bench, body, &scan);
    bench->counts = counts && step == STEP_DECODE;
    decode(bench, body, &scan);
    bench->counts = counts && step == STEP_HAND_OVER;
    hand_over(bench);
    arena_reset(&bench->arena);
    free(text);
}

int main(int argc, char **argv)
{
    struct bench bench = { .limits = LIMITS_DEFAULT,
                           .reader = document_reader_new(),
                           .arena = arena_new(MEMORY_MAX_BYTES),
                           .parameters = malloc(MEMORY_MAX_BYTES),
                           .n = argc == 3 ? strtoul(argv[1], NULL, 10) : 0 };
    uint32_t requests = argc == 3 ? (uint32_t)strtoul(argv[2], NULL, 10) : 0;

    bench.events = calloc(bench.n + 1, sizeof *bench.events);
    bench.in_order = calloc(bench.n + 1, sizeof(struct event *));
    if (!bench.n || !requests || !bench.reader || !bench.events || !bench.in_order || !bench.parameters) {
        fprintf(stderr, "usage: micro EVENTS REQUESTS\n");
        return 2;
    }
    for (size_t i = 0; i < bench.n; i++)
        bench.in_order[i] = &bench.events[i];
    request(&bench, 0, STEP_GUARD, false);
    for (enum step step = 0; step < STEP_COUNT; step++) {
        CALLGRIND_ZERO_STATS;
        for (uint32_t i = 1; i <= requests; i++)
            request(&bench, i, step, true);
        CALLGRIND_DUMP_STATS_AT(step_names[step]);
    }
    free(bench.events);
    free(bench.parameters);
    free(bench.in_order);
    arena_free(&bench.arena);
    document_reader_free(bench.reader);
    return 0;
}
