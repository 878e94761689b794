/* How many events a second a core takes through the gate: judge SCHEMA EVENTS SECONDS
 *
 * EVENTS is a file with one event a line. Each is guarded, scrubbed, read as a tree and judged by the schema as the responder does it, over
 * and over until SECONDS are over. Prints a line of JSON. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "model/json_guard.h"
#include "model/schema.h"
#include "model/scrub.h"

enum { EVENTS_MAX = 4096, FILE_MAX_BYTES = 4 * 1024 * 1024, MEMORY_MAX_BYTES = 1024 * 1024 };

struct bench {
    struct bytes events[EVENTS_MAX];
    size_t n;
    const struct schema *schema;
    struct schema_scratch *scratch;
    struct limits limits;
    struct arena arena;
};

/* As the responder is configured when nobody says otherwise. */
static const struct scrub rules = { .cards = SCRUB_MASK, .ibans = SCRUB_MASK };
static struct scrubber scrubber = { .scrub = &rules };

static void die(const char *what, const char *reason)
{
    fprintf(stderr, "judge: %s: %s\n", what, reason);
    exit(1);
}

static struct bytes file_read(const char *path)
{
    FILE *file = fopen(path, "rb");
    char *text = malloc(FILE_MAX_BYTES);
    size_t len = file && text ? fread(text, 1, FILE_MAX_BYTES, file) : 0;

    if (!len || len == FILE_MAX_BYTES)
        die(path, "cannot be read");
    fclose(file);
    return (struct bytes){ text, len };
}

static void read_events(struct bench *bench, const char *path)
{
    struct bytes rest = file_read(path), line;

    while (bytes_cut(&rest, '\n', &line) && bench->n < EVENTS_MAX) {
        if (line.len)
            bench->events[bench->n++] = line;
    }
}

static void compile(struct bench *bench, const char *path)
{
    static struct schema_fault fault;
    struct schema_set *set = schema_set_new();

    bench->scratch = schema_scratch_new();
    if (!set || !bench->scratch || schema_set_add(set, BYTES("bench:schema"), file_read(path), &fault) != STATUS_OK ||
        schema_set_compile(set, &fault) != STATUS_OK)
        die(fault.pointer, fault.reason);
    bench->schema = schema_set_find(set, BYTES("bench:schema"));
}

static void judge(struct bench *bench, struct bytes event)
{
    struct guard_result scan;
    struct schema_report report;
    struct problem problem = { 0 };
    struct tree tree = { 0 };

    if (guard_scan(event, &bench->limits, &bench->arena, &scan) != STATUS_OK)
        die("an event", "no JSON");
    const struct guard_element *element = scan.elements;
    if (scrub_event(&scrubber, &bench->limits, &bench->arena, &event, &element, NULL, &problem) != STATUS_OK ||
        tree_read(&tree, event, &bench->arena) != STATUS_OK)
        die("an event", "cannot be read");
    if (schema_judge(bench->schema, tree.values, bench->scratch, &bench->arena, &report) != STATUS_OK)
        die(report.violations[0].pointer.p, report.violations[0].expected.p);
    arena_reset(&bench->arena);
}

static double now_s(clockid_t clock)
{
    struct timespec at;

    clock_gettime(clock, &at);
    return (double)at.tv_sec + (double)at.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
    static struct bench bench = { .limits = LIMITS_DEFAULT };
    size_t n = 0;

    if (argc != 4)
        die("usage", "judge SCHEMA EVENTS SECONDS");
    bench.arena = arena_new(MEMORY_MAX_BYTES);
    compile(&bench, argv[1]);
    read_events(&bench, argv[2]);
    double begin = now_s(CLOCK_MONOTONIC), cpu = now_s(CLOCK_PROCESS_CPUTIME_ID), end = begin + strtod(argv[3], NULL);
    do {
        for (size_t i = 0; i < bench.n; i++)
            judge(&bench, bench.events[i]);
        n += bench.n;
    } while (now_s(CLOCK_MONOTONIC) < end);
    printf("{\"events\": %zu, \"seconds\": %.6f, \"cpu_s\": %.6f}\n", n, now_s(CLOCK_MONOTONIC) - begin,
           now_s(CLOCK_PROCESS_CPUTIME_ID) - cpu);
    return 0;
}
