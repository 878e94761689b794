#include "base/metrics.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "tests/unit/unit.h"

static uint64_t cells[METRIC_CELLS];

static const char *run_directory(void)
{
    static char path[] = "/tmp/metrics_test.XXXXXX";

    log_set_level(LOG_LEVEL_COUNT);
    cr_assert_not_null(mkdtemp(path));
    return path;
}

static void remove_directory(const char *path)
{
    char name[64];

    snprintf(name, sizeof name, "%s/metrics", path);
    unlink(name);
    rmdir(path);
}

static uint64_t read_cell(unsigned cell)
{
    metrics_read(cells);
    return cells[cell];
}

Test(metrics, without_a_directory_counts_are_this_processs)
{
    metrics_add(METRIC_DB_RETRIES, 2); /* before it is opened, too */
    metrics_open("");
    metrics_add(METRIC_DB_RETRIES, 3);
    metrics_move(METRIC_HTTP_IN_FLIGHT, 5);
    metrics_move(METRIC_HTTP_IN_FLIGHT, -2);
    EXPECT_INT(__LINE__, read_cell(METRIC_DB_RETRIES), 5);
    EXPECT_INT(__LINE__, read_cell(METRIC_HTTP_IN_FLIGHT), 3);
}

/* No two combinations of labels share a cell, and all lie within their metric. */
Test(metrics, cells_are_distinct)
{
    static bool taken[METRIC_CELLS];

    for (unsigned method = 0; method < METRIC_SIZE_METHOD; method++) {
        for (unsigned route = 0; route < METRIC_SIZE_ROUTE; route++) {
            for (unsigned code = 0; code < METRIC_SIZE_CODE; code++) {
                unsigned cell = METRIC_3(HTTP_REQUESTS, method, route, code);
                EXPECT(__LINE__, cell < METRIC_HTTP_DURATION && !taken[cell]);
                taken[cell] = true;
            }
            unsigned cell = METRIC_2(HTTP_DURATION, method, route);
            EXPECT(__LINE__, cell >= METRIC_HTTP_DURATION && cell + METRIC_HISTOGRAM_CELLS <= METRIC_HTTP_IN_FLIGHT);
            EXPECT(__LINE__, !taken[cell]);
            taken[cell] = true;
        }
    }
    EXPECT_INT(__LINE__, METRIC_3(HTTP_REQUESTS, METRIC_SIZE_METHOD, 0, METRIC_SIZE_CODE), METRIC_HTTP_REQUESTS);
}

static const struct {
    int line;
    int64_t ns;
    unsigned bucket;
} durations[] = {
    { __LINE__, -1, 0 },         { __LINE__, 0, 0 },           { __LINE__, 100000, 0 },       { __LINE__, 100001, 1 },
    { __LINE__, 250000, 1 },     { __LINE__, 1000000, 3 },     { __LINE__, 1000001, 4 },      { __LINE__, 24999999, 7 },
    { __LINE__, 25000001, 8 },   { __LINE__, 5000000000, 14 }, { __LINE__, 10000000000, 15 }, { __LINE__, 10000000001, 16 },
    { __LINE__, INT64_MAX, 16 },
};

Test(metrics, a_duration_counts_in_its_bucket)
{
    for (size_t i = 0; i < COUNT_OF(durations); i++) {
        unsigned cell = METRIC_1(GROUP_DURATION, METRIC_TO_QUEUE);
        uint64_t before = read_cell(cell + durations[i].bucket);
        uint64_t sum = cells[cell + METRIC_SUM];
        metrics_observe_ns(cell, durations[i].ns);
        EXPECT_INT(durations[i].line, read_cell(cell + durations[i].bucket), before + 1);
        EXPECT_INT(durations[i].line, cells[cell + METRIC_SUM], sum + (uint64_t)(durations[i].ns < 0 ? 0 : durations[i].ns));
    }
}

Test(metrics, a_size_counts_in_its_bucket)
{
    metrics_observe_size(METRIC_BATCH_EVENTS, 1);
    metrics_observe_size(METRIC_BATCH_EVENTS, 3);
    metrics_observe_size(METRIC_BATCH_EVENTS, 100001);
    EXPECT_INT(__LINE__, read_cell(METRIC_BATCH_EVENTS + 0), 1);
    EXPECT_INT(__LINE__, cells[METRIC_BATCH_EVENTS + 2], 1);
    EXPECT_INT(__LINE__, cells[METRIC_BATCH_EVENTS + METRIC_BUCKETS - 1], 1);
    EXPECT_INT(__LINE__, cells[METRIC_BATCH_EVENTS + METRIC_SUM], 100005);
}

static const struct {
    int line;
    int code;
    const char *want;
} codes[] = {
    { __LINE__, 200, "200" },   { __LINE__, 201, "201" },  { __LINE__, 413, "413" },  { __LINE__, 504, "504" },
    { __LINE__, 418, "other" }, { __LINE__, 0, "broken" }, { __LINE__, -1, "other" },
};

Test(metrics, a_code_has_its_name)
{
    for (size_t i = 0; i < COUNT_OF(codes); i++)
        EXPECT_BYTES(codes[i].line, metrics_label_value(METRIC_LABEL_CODE, metrics_code(codes[i].code)), bytes_of(codes[i].want));
}

Test(metrics, closed_labels_have_all_their_values)
{
    for (unsigned label = 0; label < METRIC_LABEL_FIRST_OPEN; label++) {
        for (unsigned i = 0; i < metrics_label_size(label); i++)
            EXPECT(__LINE__, metrics_label_value(label, i).p);
        EXPECT(__LINE__, !metrics_label_value(label, metrics_label_size(label)).p);
    }
}

static void *count(void *context)
{
    for (int i = 0; i < 20000; i++)
        metrics_add(METRIC_1(DB_CONNECTS, METRIC_OK), 1);
    return context;
}

/* Counts as a process of its own, then is killed. */
static void count_and_die(const char *directory)
{
    pid_t child = fork();

    if (child == 0) {
        pthread_t other;
        metrics_open(directory);
        metrics_move(METRIC_PROCESSES, 1);
        metrics_move(METRIC_HTTP_IN_FLIGHT, 7);
        metrics_set(METRIC_PROCESS_START, 1000);
        if (pthread_create(&other, NULL, count, NULL) == 0) {
            count(NULL);
            pthread_join(other, NULL);
        }
        kill(getpid(), SIGKILL);
    }
    cr_assert(child > 0 && waitpid(child, NULL, 0) == child);
}

Test(metrics, what_a_killed_process_counted_stays_and_its_gauges_go)
{
    const char *directory = run_directory();

    for (int i = 0; i < 3; i++)
        count_and_die(directory);
    metrics_open(directory);
    metrics_move(METRIC_PROCESSES, 1);
    metrics_set(METRIC_PROCESS_START, 2000);
    metrics_add(METRIC_1(DB_CONNECTS, METRIC_OK), 1);
    EXPECT_INT(__LINE__, read_cell(METRIC_1(DB_CONNECTS, METRIC_OK)), 3 * 2 * 20000 + 1);
    EXPECT_INT(__LINE__, cells[METRIC_PROCESSES], 1);
    EXPECT_INT(__LINE__, cells[METRIC_HTTP_IN_FLIGHT], 0);
    EXPECT_INT(__LINE__, cells[METRIC_PROCESS_START], 2000);
    metrics_close();
    EXPECT_INT(__LINE__, read_cell(METRIC_PROCESSES), 0);
    EXPECT_INT(__LINE__, cells[METRIC_1(DB_CONNECTS, METRIC_OK)], 3 * 2 * 20000 + 1);
    remove_directory(directory);
}

Test(metrics, processes_know_each_others_labels)
{
    const char *directory = run_directory();
    unsigned number = 0;
    int ends[2];

    cr_assert(pipe(ends) == 0);
    pid_t child = fork();
    if (child == 0) {
        metrics_open(directory);
        number = metrics_label(METRIC_LABEL_EVENT_TYPE, BYTES("page_view"));
        _exit(write(ends[1], &number, sizeof number) != sizeof number);
    }
    cr_assert(waitpid(child, NULL, 0) == child && read(ends[0], &number, sizeof number) == sizeof number);
    metrics_open(directory);
    EXPECT(__LINE__, number != 0);
    EXPECT_INT(__LINE__, metrics_known_label(METRIC_LABEL_EVENT_TYPE, BYTES("page_view")), number);
    EXPECT_INT(__LINE__, metrics_known_label(METRIC_LABEL_QUERY, BYTES("page_view")), 0);
    EXPECT_BYTES(__LINE__, metrics_label_value(METRIC_LABEL_EVENT_TYPE, number), BYTES("page_view"));
    EXPECT_BYTES(__LINE__, metrics_label_value(METRIC_LABEL_EVENT_TYPE, 0), BYTES("other"));
    metrics_close();
    remove_directory(directory);
}

/* More processes than shards: they count in those of others, and what only one process can have is not seen. */
Test(metrics, past_the_shards_counts_are_still_whole)
{
    enum { PROCESSES = 70 };
    const char *directory = run_directory();
    int go[2], done[2];
    char byte = 0;

    cr_assert(pipe(go) == 0 && pipe(done) == 0);
    for (int i = 0; i < PROCESSES; i++) {
        pid_t child = fork();
        cr_assert(child >= 0);
        if (child)
            continue;
        close(go[1]);
        metrics_open(directory);
        metrics_move(METRIC_PROCESSES, 1);
        metrics_add(METRIC_DB_RETRIES, 1);
        bool told = write(done[1], "", 1) == 1;
        _exit(!told || read(go[0], &byte, 1) != 0); /* until all have counted */
    }
    for (int i = 0; i < PROCESSES; i++)
        cr_assert(read(done[0], &byte, 1) == 1);
    metrics_open(directory);
    EXPECT_INT(__LINE__, read_cell(METRIC_DB_RETRIES), PROCESSES);
    EXPECT_INT(__LINE__, cells[METRIC_PROCESSES], 64);
    close(go[1]);
    while (wait(NULL) > 0) {
        /* until all have ended */
    }
    EXPECT_INT(__LINE__, read_cell(METRIC_PROCESSES), 0);
    EXPECT_INT(__LINE__, cells[METRIC_DB_RETRIES], PROCESSES);
    remove_directory(directory);
}
