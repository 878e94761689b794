#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "ctl/queue.h"
#include "ctl/queue_line.h"

enum { PATH_BYTES = 4096, FIRST_IDENTITIES = 1024, NO_FD = -1, LEAD_WAIT_MS = 3000, LEAD_POLL_MS = 50 };

/* By what a record is removed. There may be millions. */
struct identity {
    int64_t seq;
    struct uuid event_id;
};

struct export
{
    const struct queue_args *args;
    FILE *stream;
    char part[PATH_BYTES]; /* written to until it is whole; "": to standard output */
    struct arena arena;
    struct buf line;
    struct identity *identities; /* of what was exported, where it is to be removed; owned */
    size_t capacity;
    uint64_t n;
    uint64_t n_removed;
};

typedef enum status queue_peek_call(struct queue *queue, int64_t after_seq, size_t max_records, size_t max_bytes,
                                    struct arena *arena, struct queue_record **records, size_t *n);

static enum status file_failed(const char *path, const char *why)
{
    fprintf(stderr, "synchrony: queue export: %s: %s\n", path, why);
    return STATUS_INTERNAL;
}

/* ---- the file ---- */

/* What a former export has removed from the queue stands nowhere else. */
static enum status check_is_new(const char *path)
{
    struct stat found;

    return lstat(path, &found) == 0 ? file_failed(path, "is there already: name a new file") : STATUS_OK;
}

/* Opens FILE.part, what a killed export has left included, for this process alone. */
static int open_part(const char *path)
{
    struct stat opened, named;
    int fd = open(path, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);

    if (fd < 0)
        return NO_FD;
    bool is_ours = flock(fd, LOCK_EX | LOCK_NB) == 0 && fstat(fd, &opened) == 0 && stat(path, &named) == 0 &&
                   opened.st_ino == named.st_ino && opened.st_dev == named.st_dev; /* else the one who had it has renamed it */
    if (is_ours && S_ISREG(opened.st_mode) && fchmod(fd, 0600) == 0 && ftruncate(fd, 0) == 0)
        return fd;
    if (!is_ours)
        errno = EBUSY;
    close(fd);
    return NO_FD;
}

static enum status open_output(struct export *export)
{
    const char *file = export->args->file;

    if (!file) {
        export->stream = stdout;
        return STATUS_OK;
    }
    if (strlen(file) + sizeof ".part" > sizeof export->part)
        return file_failed(file, "the path is too long");
    enum status st = check_is_new(file);
    if (st != STATUS_OK)
        return st;
    snprintf(export->part, sizeof export->part, "%s.part", file);
    int fd = open_part(export->part);
    export->stream = fd == NO_FD ? NULL : fdopen(fd, "w");
    if (export->stream)
        return STATUS_OK;
    st = file_failed(export->part, strerror(errno));
    if (fd != NO_FD)
        close(fd);
    return st;
}

/* The name is there after a crash, too. */
static bool sync_directory_of(const char *path)
{
    char directory[PATH_BYTES];
    const char *slash = strrchr(path, '/');

    snprintf(directory, sizeof directory, "%.*s", slash ? (int)(slash - path) : 1, slash ? path : ".");
    int fd = open(*directory ? directory : "/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool done = fd >= 0 && fsync(fd) == 0;
    if (fd >= 0)
        close(fd);
    return done;
}

/* The stream stays open, and FILE.part locked with it, until it has its name. */
static enum status complete_output(struct export *export)
{
    const char *file = export->args->file;

    if (fflush(export->stream) != 0 || ferror(export->stream))
        return file_failed(file ? export->part : "standard output", strerror(errno));
    if (!file)
        return STATUS_OK;
    if (fsync(fileno(export->stream)) != 0)
        return file_failed(export->part, strerror(errno));
    enum status st = check_is_new(file);
    if (st != STATUS_OK)
        return st;
    if (rename(export->part, file) != 0)
        return file_failed(file, strerror(errno));
    export->part[0] = '\0';
    return sync_directory_of(file) ? STATUS_OK : file_failed(file, strerror(errno));
}

static void close_output(struct export *export)
{
    if (*export->part && export->stream)
        unlink(export->part);
    if (export->stream && export->stream != stdout)
        fclose(export->stream);
}

/* ---- reading ---- */

static enum status remember(struct export *export, const struct queue_record *record)
{
    if (!export->args->remove)
        return STATUS_OK;
    if (export->n == export->capacity) {
        size_t capacity = export->capacity ? 2 * export->capacity : FIRST_IDENTITIES;
        struct identity *larger = realloc(export->identities, capacity * sizeof *larger);
        if (!larger)
            return STATUS_NO_MEMORY;
        export->identities = larger;
        export->capacity = capacity;
    }
    export->identities[export->n] = (struct identity){ .seq = record->seq, .event_id = record->event.event_id };
    return STATUS_OK;
}

static enum status write_record(struct export *export, const struct queue_record *record)
{
    buf_reset(&export->line);
    queue_line_write(record, &export->line);
    enum status st = export->line.failed ? STATUS_NO_MEMORY : remember(export, record);
    if (st != STATUS_OK)
        return queue_failed("export", st);
    if (fwrite(export->line.p, export->line.len, 1, export->stream) != 1)
        return file_failed(*export->part ? export->part : "standard output", strerror(errno));
    export->n++;
    return STATUS_OK;
}

/* As many as there are now: what comes meanwhile is not waited for. */
static enum status write_records(struct export *export, uint64_t n_left)
{
    queue_peek_call *peek = export->args->quarantine ? queue_quarantine_peek : queue_peek;
    int64_t after_seq = 0;

    while (n_left) {
        struct queue_record *records;
        size_t max = n_left < QUEUE_PORTION_RECORDS ? n_left : QUEUE_PORTION_RECORDS;
        size_t n = 0;
        enum status st = peek(export->args->queue, after_seq, max, QUEUE_PORTION_BYTES, &export->arena, &records, &n);
        if (st != STATUS_OK)
            return queue_failed("export", st);
        if (!n)
            break;
        for (size_t i = 0; i < n && st == STATUS_OK; i++)
            st = write_record(export, &records[i]);
        if (st != STATUS_OK)
            return st;
        after_seq = records[n - 1].seq;
        n_left -= n;
        arena_reset(&export->arena);
    }
    return STATUS_OK;
}

/* ---- removing ---- */

/* What is in the file now is removed by its identity; nothing else is, whatever has come since. */
static enum status remove_portion(struct export *export, struct queue_record *records, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const struct identity *identity = &export->identities[export->n_removed + i];
        records[i] =
            (struct queue_record){ .seq = identity->seq, .event = { .event_id = identity->event_id, .verdict = STATUS_OK } };
    }
    return export->args->quarantine ? queue_quarantine_remove(export->args->queue, records, n)
                                    : queue_settle(export->args->queue, records, n);
}

static enum status remove_exported(struct export *export)
{
    struct queue_record *records = arena_alloc_array(&export->arena, QUEUE_PORTION_RECORDS, sizeof *records);
    enum status st = records ? STATUS_OK : STATUS_NO_MEMORY;

    while (st == STATUS_OK && export->n_removed < export->n) {
        uint64_t left = export->n - export->n_removed;
        size_t n = left < QUEUE_PORTION_RECORDS ? left : QUEUE_PORTION_RECORDS;
        st = remove_portion(export, records, n);
        if (st == STATUS_OK)
            export->n_removed += n;
    }
    return st == STATUS_OK ? st : queue_failed("export", st);
}

/* ---- the action ---- */

/* As soon as it is free, for some seconds. */
static enum status take_lead(struct queue *queue)
{
    int64_t until_ms = clock_monotonic_ms() + LEAD_WAIT_MS;
    enum status st = queue_lead(queue);

    while (st == STATUS_BUSY && clock_monotonic_ms() < until_ms) {
        poll(NULL, 0, LEAD_POLL_MS);
        st = queue_lead(queue);
    }
    return st;
}

/* Records are removed by who leads alone (store/queue), so that none is removed that is just being replayed. */
static enum status begin(const struct queue_args *args)
{
    enum status st = args->remove && !args->quarantine ? take_lead(args->queue) : STATUS_OK;

    if (st == STATUS_BUSY)
        fprintf(stderr, "synchrony: queue export: another process replays the queue: stop the responder, or leave out --remove\n");
    else if (st != STATUS_OK)
        (void)queue_failed("export", st);
    return st;
}

static void print_result(const struct export *export)
{
    FILE *to = export->args->file ? stdout : stderr;

    fprintf(to, "Exported %llu event%s", (unsigned long long)export->n, queue_plural(export->n));
    if (export->args->remove)
        fprintf(to, ", removed %llu", (unsigned long long)export->n_removed);
    fprintf(to, ".\n");
}

static enum status run(struct export *export)
{
    struct queue_state state = { 0 };
    enum status st = queue_state(export->args->queue, &state);

    if (st != STATUS_OK)
        return queue_failed("export", st);
    st = open_output(export);
    if (st == STATUS_OK)
        st = write_records(export, export->args->quarantine ? state.quarantined : state.records);
    if (st == STATUS_OK)
        st = complete_output(export);
    if (st != STATUS_OK)
        return st;
    if (export->args->remove)
        st = remove_exported(export);
    print_result(export);
    return st;
}

enum status queue_export(struct command_call *call)
{
    const struct queue_args *args = call->args;
    static struct export export;
    enum status st = begin(args);

    if (st != STATUS_OK)
        return st;
    export = (struct export){
        .args = args,
        .arena = arena_new(QUEUE_PORTION_ARENA_BYTES),
        .line = buf_new(QUEUE_LINE_MAX_BYTES),
    };
    st = run(&export);
    close_output(&export);
    queue_unlead(args->queue);
    free(export.identities);
    buf_free(&export.line);
    arena_free(&export.arena);
    return st;
}
