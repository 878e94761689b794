/* The product's own statement for a group of events, driven straight by libpq: what PostgreSQL leaves for others to spend.
 *
 *   arrays CONNINFO SQL_FILE COLUMNS CONNECTIONS EVENTS SECONDS
 *
 * COLUMNS  what the statement's parameters are, in order, "name:type,…"; all of them arrays of EVENTS elements.
 * Each connection has a thread, which sends its next group when the last one is committed. Parameters are binary, and sorted by key as
 * the product's are, since groups would deadlock otherwise.
 * Prints "begin" and "end" around the seconds that count, then one JSON object as tests/bench/load/load.c does. */
#include <libpq-fe.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "../load/corpus.h"
#include "../load/samples.h"

enum { COLUMNS_MAX = 16, SQL_MAX_BYTES = 65536, SESSIONS = 100000, NS_PER_MS = 1000000, HEADER_BYTES = 20, VALUE_MAX_BYTES = 1024 };

static const uint64_t ns_per_s = UINT64_C(1000000000);
static const uint64_t epoch_2000_ms = UINT64_C(946684800000); /* PostgreSQL counts time from there */

struct event {
    char session[CORPUS_SESSION_BYTES];
    unsigned char id[16];
    uint64_t time_ms;
};

/* What a parameter holds: how one event's value is written, in binary form. Returns its bytes. */
typedef size_t value_put(char *to, const struct event *event);

struct plan {
    const char *conninfo;
    char sql[SQL_MAX_BYTES];
    size_t n_columns;
    value_put *puts[COLUMNS_MAX];
    Oid element_types[COLUMNS_MAX];
    size_t n_events; /* of a group */
};

struct driver {
    const struct plan *plan;
    pthread_t thread;
    PGconn *connection;
    struct event *events;
    char *parameters[COLUMNS_MAX];
    int lengths[COLUMNS_MAX];
    unsigned seed;
    uint64_t n_groups;
    struct samples latency;
};

static _Atomic bool counts, ends;
static char properties[VALUE_MAX_BYTES]; /* jsonb's version and the text of all members but the key */
static size_t properties_bytes;

static void die(const char *what, const char *why)
{
    fprintf(stderr, "arrays: %s: %s\n", what, why);
    exit(1);
}

static uint64_t now_ns(clockid_t clock)
{
    struct timespec now;

    clock_gettime(clock, &now);
    return (uint64_t)now.tv_sec * ns_per_s + (uint64_t)now.tv_nsec;
}

/* ---- values in binary form ---- */

static void put_big_endian(char *to, uint64_t value, size_t bytes)
{
    for (; bytes; value >>= 8)
        to[--bytes] = (char)(value & 255);
}

static size_t put_session_id(char *to, const struct event *event)
{
    memcpy(to, event->session, sizeof event->session);
    return sizeof event->session;
}

static size_t put_event_type(char *to, const struct event *event)
{
    (void)event;
    memcpy(to, CORPUS_EVENT_TYPE, sizeof CORPUS_EVENT_TYPE - 1);
    return sizeof CORPUS_EVENT_TYPE - 1;
}

static size_t put_event_id(char *to, const struct event *event)
{
    memcpy(to, event->id, sizeof event->id);
    return sizeof event->id;
}

static size_t put_time(char *to, const struct event *event)
{
    put_big_endian(to, (event->time_ms - epoch_2000_ms) * 1000, 8);
    return 8;
}

static size_t put_properties(char *to, const struct event *event)
{
    (void)event;
    memcpy(to, properties, properties_bytes);
    return properties_bytes;
}

static const struct {
    const char *column;
    value_put *put;
    Oid element_type;
} columns[] = {
    { "session_id:text", put_session_id, 25 },     { "event_type:text", put_event_type, 25 },
    { "event_id:uuid", put_event_id, 2950 },       { "occurred_at:timestamptz", put_time, 1184 },
    { "received_at:timestamptz", put_time, 1184 }, { "properties:jsonb", put_properties, 3802 },
};

/* The members of an event other than its key, as the product would hand them over. */
static void properties_make(void)
{
    static const char first[] = "\"timestamp\"";
    char event[VALUE_MAX_BYTES] = { 0 };
    const char *members;

    corpus_event_put(event, 0, now_ns(CLOCK_REALTIME) / NS_PER_MS);
    members = strstr(event, first);
    if (!members)
        die("corpus", "an event without a timestamp");
    properties_bytes = (size_t)snprintf(properties, sizeof properties, "%c{%s", 1, members);
}

/* ---- groups ---- */

static int compare_sessions(const void *left, const void *right)
{
    const struct event *a = left;
    const struct event *b = right;

    return memcmp(a->session, b->session, sizeof a->session);
}

/* A time-ordered UUID (RFC 9562, version 7), as the product makes them. */
static void id_make(struct event *event)
{
    put_big_endian((char *)event->id, event->time_ms, 6);
    if (getrandom(event->id + 6, sizeof event->id - 6, 0) != (ssize_t)sizeof event->id - 6)
        die("getrandom", "too few bytes");
    event->id[6] = (unsigned char)((event->id[6] & 0x0f) | 0x70);
    event->id[8] = (unsigned char)((event->id[8] & 0x3f) | 0x80);
}

static void group_fill(struct driver *driver)
{
    const struct plan *plan = driver->plan;
    uint64_t time_ms = now_ns(CLOCK_REALTIME) / NS_PER_MS;

    for (size_t i = 0; i < plan->n_events; i++) {
        struct event *event = &driver->events[i];
        corpus_session_put(event->session, (uint32_t)rand_r(&driver->seed) % SESSIONS);
        event->time_ms = time_ms;
        id_make(event);
    }
    qsort(driver->events, plan->n_events, sizeof *driver->events, compare_sessions);
    for (size_t column = 0; column < plan->n_columns; column++) {
        char *to = driver->parameters[column] + HEADER_BYTES;
        for (size_t i = 0; i < plan->n_events; i++) {
            size_t len = plan->puts[column](to + 4, &driver->events[i]);
            put_big_endian(to, len, 4);
            to += 4 + len;
        }
        driver->lengths[column] = (int)(to - driver->parameters[column]);
    }
}

/* One dimension, no NULLs, the elements' type, how many, counted from 1 (array_recv in PostgreSQL's arrayfuncs.c). */
static void array_begin(char *to, Oid element_type, size_t n)
{
    put_big_endian(to, 1, 4);
    put_big_endian(to + 4, 0, 4);
    put_big_endian(to + 8, element_type, 4);
    put_big_endian(to + 12, n, 4);
    put_big_endian(to + 16, 1, 4);
}

static void driver_open(struct driver *driver, const struct plan *plan, unsigned seed)
{
    PGresult *result;

    *driver = (struct driver){ .plan = plan, .seed = seed };
    driver->connection = PQconnectdb(plan->conninfo);
    if (PQstatus(driver->connection) != CONNECTION_OK)
        die("connect", PQerrorMessage(driver->connection));
    result = PQprepare(driver->connection, "write", plan->sql, 0, NULL);
    if (PQresultStatus(result) != PGRES_COMMAND_OK)
        die("prepare", PQerrorMessage(driver->connection));
    PQclear(result);
    driver->events = calloc(plan->n_events, sizeof *driver->events);
    for (size_t column = 0; column < plan->n_columns; column++) {
        driver->parameters[column] = malloc(HEADER_BYTES + plan->n_events * (4 + VALUE_MAX_BYTES));
        if (!driver->events || !driver->parameters[column])
            die("memory", "none left");
        array_begin(driver->parameters[column], plan->element_types[column], plan->n_events);
    }
}

static void *driver_run(void *context)
{
    static const int binary[COLUMNS_MAX] = { 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1 };
    struct driver *driver = context;

    while (!ends) {
        group_fill(driver);
        uint64_t begin = now_ns(CLOCK_MONOTONIC);
        PGresult *result = PQexecPrepared(driver->connection, "write", (int)driver->plan->n_columns,
                                          (const char *const *)driver->parameters, driver->lengths, binary, 1);
        ExecStatusType status = PQresultStatus(result);
        if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK)
            die("write", PQerrorMessage(driver->connection));
        PQclear(result);
        if (counts) {
            driver->n_groups++;
            samples_add(&driver->latency, now_ns(CLOCK_MONOTONIC) - begin);
        }
    }
    return NULL;
}

/* ---- the run ---- */

static void plan_column(struct plan *plan, const char *column)
{
    for (size_t i = 0; i < sizeof columns / sizeof columns[0]; i++) {
        if (strcmp(columns[i].column, column) == 0 && plan->n_columns < COLUMNS_MAX) {
            plan->puts[plan->n_columns] = columns[i].put;
            plan->element_types[plan->n_columns++] = columns[i].element_type;
            return;
        }
    }
    die("no such column", column);
}

static void plan_read(struct plan *plan, char **arguments)
{
    FILE *file = fopen(arguments[1], "r");
    char *rest = arguments[2];

    if (!file)
        die("cannot be read", arguments[1]);
    plan->conninfo = arguments[0];
    plan->sql[fread(plan->sql, 1, sizeof plan->sql - 1, file)] = '\0';
    fclose(file);
    for (char *column; (column = strsep(&rest, ","));)
        plan_column(plan, column);
    plan->n_events = strtoul(arguments[4], NULL, 10);
}

static void sleep_for(double seconds)
{
    struct timespec pause = { .tv_sec = (time_t)seconds, .tv_nsec = (long)((seconds - (double)(time_t)seconds) * 1e9) };

    nanosleep(&pause, NULL);
}

static void say(const char *word)
{
    puts(word);
    fflush(stdout);
}

static void report(struct driver *drivers, size_t n, double seconds, double cpu_s)
{
    struct samples all = { 0 };
    uint64_t n_groups = 0;

    for (size_t i = 0; i < n; i++) {
        n_groups += drivers[i].n_groups;
        for (size_t k = 0; k < drivers[i].latency.n; k++)
            samples_add(&all, drivers[i].latency.values[k]);
    }
    samples_sort(&all);
    printf("{\"seconds\": %.6f, \"client_cpu_s\": %.6f, \"statuses\": {\"201\": %llu}, \"broken\": 0, \"n_latency\": %zu", seconds,
           cpu_s, (unsigned long long)n_groups, all.n);
    if (all.n)
        printf(", \"p50_ms\": %.6f, \"p99_ms\": %.6f, \"max_ms\": %.6f", (double)samples_percentile(&all, 0.5) / NS_PER_MS,
               (double)samples_percentile(&all, 0.99) / NS_PER_MS, (double)samples_percentile(&all, 1.0) / NS_PER_MS);
    puts("}");
}

int main(int argc, char **argv)
{
    static const double warm_s = 0.5;
    static struct plan plan;
    size_t n = argc == 7 ? strtoul(argv[4], NULL, 10) : 0;
    struct driver *drivers = calloc(n ? n : 1, sizeof *drivers);
    uint64_t begin, cpu;

    if (!n || !drivers)
        die("usage", "arrays CONNINFO SQL_FILE COLUMNS CONNECTIONS EVENTS SECONDS");
    properties_make();
    plan_read(&plan, argv + 1);
    for (size_t i = 0; i < n; i++) {
        driver_open(&drivers[i], &plan, (unsigned)i + 1);
        pthread_create(&drivers[i].thread, NULL, driver_run, &drivers[i]);
    }
    sleep_for(warm_s);
    say("begin");
    begin = now_ns(CLOCK_MONOTONIC);
    cpu = now_ns(CLOCK_PROCESS_CPUTIME_ID);
    counts = true;
    sleep_for(strtod(argv[6], NULL));
    counts = false;
    double seconds = (double)(now_ns(CLOCK_MONOTONIC) - begin) / (double)ns_per_s;
    double cpu_s = (double)(now_ns(CLOCK_PROCESS_CPUTIME_ID) - cpu) / (double)ns_per_s;
    say("end");
    ends = true;
    for (size_t i = 0; i < n; i++)
        pthread_join(drivers[i].thread, NULL);
    report(drivers, n, seconds, cpu_s);
    return 0;
}
