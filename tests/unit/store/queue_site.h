/* What the tests of the durable queue share: a directory of its own for each, events that tell their number, and short calls. */
#ifndef SYNCHRONY_TESTS_QUEUE_SITE_H
#define SYNCHRONY_TESTS_QUEUE_SITE_H

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store/queue.h"
#include "tests/unit/unit.h"

enum { SITE_MAX_BYTES = 64 * 1024 * 1024, SITE_RESERVE_BYTES = 256 * 1024, SITE_ARENA_BYTES = 64 * 1024 * 1024 };

struct site {
    char directory[40];
    char db[64];
    struct queue_options options;
};

/* The site's options point into it: it stays where it is. */
static inline void site_make(struct site *site)
{
    *site = (struct site){ .directory = "/tmp/queue_test.XXXXXX" };
    cr_assert_not_null(mkdtemp(site->directory));
    snprintf(site->db, sizeof site->db, "%s/queue.db", site->directory);
    site->options = (struct queue_options){
        .directory = site->directory,
        .max_bytes = SITE_MAX_BYTES,
        .reserve_bytes = SITE_RESERVE_BYTES,
        .busy_timeout_ms = 20000,
    };
}

/* Calls do for each file, with its whole path. Returns how many names begin with prefix. */
static inline int site_files(const struct site *site, const char *prefix, int (*with)(const char *path))
{
    DIR *directory = opendir(site->directory);
    char path[400];
    int count = 0;

    cr_assert_not_null(directory);
    for (struct dirent *entry; (entry = readdir(directory)) != NULL;) {
        if (entry->d_name[0] == '.' || strncmp(entry->d_name, prefix, strlen(prefix)) != 0)
            continue;
        snprintf(path, sizeof path, "%s/%s", site->directory, entry->d_name);
        if (with)
            with(path);
        count++;
    }
    closedir(directory);
    return count;
}

static inline void site_remove(const struct site *site)
{
    chmod(site->directory, 0700);
    site_files(site, "", remove);
    rmdir(site->directory);
}

static inline struct queue *site_open(const struct site *site)
{
    struct queue *queue = NULL;

    cr_assert_eq(queue_open(&queue, &site->options), STATUS_OK);
    cr_assert_not_null(queue);
    return queue;
}

/* An event that tells its number; its texts are of static memory. */
static inline struct event event_of(uint32_t number)
{
    struct event event = {
        .event_type = BYTES("page_view"),
        .session_id = BYTES("session"),
        .properties = BYTES("{\"page_url\":\"https://bank.example/\"}"),
        .occurred_at_us = number,
        .received_at_us = 1000000 + (int64_t)number,
    };

    memcpy(event.event_id.octets, &number, sizeof number);
    return event;
}

static inline uint32_t number_of(const struct event *event)
{
    uint32_t number;

    memcpy(&number, event->event_id.octets, sizeof number);
    return number;
}

/* Puts the events first … first + n - 1 in one call. */
static inline enum status put_numbers(struct queue *queue, uint32_t first, uint32_t n)
{
    struct event *events = calloc(n + 1, sizeof *events);
    struct event **pointers = calloc(n + 1, sizeof *pointers);

    cr_assert(events && pointers);
    for (uint32_t i = 0; i < n; i++) {
        events[i] = event_of(first + i);
        pointers[i] = &events[i];
    }
    enum status st = queue_put(queue, pointers, n);
    free(pointers);
    free(events);
    return st;
}

/* All that is queued, or quarantined. */
struct content {
    struct arena arena;
    struct queue_record *records;
    size_t n;
};

static inline struct content content_of(struct queue *queue)
{
    struct content content = { .arena = arena_new(SITE_ARENA_BYTES) };

    EXPECT_STATUS(__LINE__, queue_peek(queue, 0, SIZE_MAX, SIZE_MAX, &content.arena, &content.records, &content.n), STATUS_OK);
    return content;
}

static inline struct content quarantine_of(struct queue *queue)
{
    struct content content = { .arena = arena_new(SITE_ARENA_BYTES) };

    EXPECT_STATUS(__LINE__, queue_quarantine_peek(queue, 0, SIZE_MAX, SIZE_MAX, &content.arena, &content.records, &content.n),
                  STATUS_OK);
    return content;
}

static inline void content_free(struct content *content)
{
    arena_free(&content->arena);
}

/* Is the queue what holds the numbers first … first + n - 1 in order, by its records and by its counts? */
static inline void expect_numbers(int line, struct queue *queue, uint32_t first, uint32_t n)
{
    struct content content = content_of(queue);
    struct queue_state state = { 0 };

    EXPECT_INT(line, content.n, n);
    for (uint32_t i = 0; i < n && i < content.n; i++) {
        EXPECT_INT(line, number_of(&content.records[i].event), first + i);
        EXPECT(line, i == 0 || content.records[i].seq > content.records[i - 1].seq);
    }
    EXPECT_STATUS(line, queue_state(queue, &state), STATUS_OK);
    EXPECT_INT(line, state.records, n);
    EXPECT_INT(line, queue_is_empty(queue), n == 0);
    content_free(&content);
}

/* Gives all that is queued the verdict and settles it. The handle leads. */
static inline enum status settle_all(struct queue *queue, enum status verdict)
{
    struct content content = content_of(queue);

    for (size_t i = 0; i < content.n; i++)
        content.records[i].event.verdict = verdict;
    enum status st = queue_settle(queue, content.records, content.n);
    content_free(&content);
    return st;
}

static inline size_t size_of_file(const char *path)
{
    struct stat file;

    return stat(path, &file) == 0 ? (size_t)file.st_size : 0;
}

/* Runs in a process of its own; its failure is the test's. */
static inline pid_t in_child(void (*run)(struct site *site), struct site *site)
{
    pid_t pid = fork();

    cr_assert_geq(pid, 0);
    if (pid == 0) {
        run(site);
        _exit(0);
    }
    return pid;
}

static inline void expect_child(int line, pid_t pid)
{
    int how = -1;

    EXPECT_INT(line, waitpid(pid, &how, 0), pid);
    EXPECT_INT(line, how, 0);
}

/* For children, where Criterion's expectations do not count. */
#define CHILD_REQUIRE(condition)                                                    \
    do {                                                                            \
        if (!(condition)) {                                                         \
            fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition); \
            _exit(1);                                                               \
        }                                                                           \
    } while (0)

#endif
