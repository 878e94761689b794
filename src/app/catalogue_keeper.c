#include "app/catalogue_keeper.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/host_file.h"
#include "base/log.h"
#include "base/metrics.h"
#include "store/schema_snapshot.h"

enum {
    LOOK_EVERY_MS = 500,
    ASK_EVERY_MS = 1000,
    ASK_AGAIN_MS = 30000, /* a database that lacks the tables, or refuses the role: an administrator is at work there */
    US_PER_MS = 1000,
    READ_ARENA_BYTES = 256 * 1024 * 1024
};

struct catalogue_keeper {
    struct catalogue_place *place;
    struct host_file file; /* the snapshot; who leads asks for the host */
    bool is_known;         /* a catalogue has been read */
    char in_force[EVENT_SCHEMA_FINGERPRINT_BYTES + 1];
    char refused[EVENT_SCHEMA_FINGERPRINT_BYTES + 1]; /* one that cannot be used: not compiled again and again */
    int64_t snapshot_us;                              /* when the snapshot was confirmed, as it was seen last */
    int64_t ask_ms;                                   /* when the database is to be asked next (clock_monotonic_ms) */
    enum status trouble;                              /* what the log was told of last; STATUS_OK: all is well */
};

/* ---- beginning and end ---- */

enum status catalogue_keeper_new(struct service *service, struct catalogue_keeper **keeper)
{
    const struct config *config = service->config;
    const char *directory = *config->queue_directory ? config->queue_directory : config->run_directory;
    struct catalogue_keeper *made = calloc(1, sizeof *made);

    *keeper = NULL;
    if (!made)
        return STATUS_NO_MEMORY;
    made->place = &service->catalogue;
    metrics_set(METRIC_CATALOGUE_READ_AT, clock_now_us()); /* its age is that of the process, until there is one */
    enum status st = host_file_open(&made->file, directory, "catalogue", bytes_of(config->database_identity));
    if (st == STATUS_OK)
        *keeper = made;
    else
        catalogue_keeper_close(made);
    return st;
}

void catalogue_keeper_close(struct catalogue_keeper *keeper)
{
    if (keeper)
        host_file_close(&keeper->file);
    free(keeper);
}

/* ---- taking a catalogue over ---- */

static void tell_refusal(const struct event_schema *schema, const struct schema_fault *fault)
{
    LOG(ERROR, "the event catalogue has a schema that cannot be used", log_text("synchrony.event_type", schema->event_type),
        log_number("synchrony.schema.version", (int64_t)schema->version),
        log_text("synchrony.schema.pointer", bytes_of(fault->pointer)), log_text("error.message", bytes_of(fault->reason)));
}

static enum status use(struct catalogue_keeper *keeper, const char *fingerprint, const struct event_schema *schemas, size_t n)
{
    struct catalogue *catalogue;
    struct schema_fault *fault = malloc(sizeof *fault);
    size_t fault_at = 0;
    enum status st = fault ? catalogue_compile(schemas, n, &catalogue, fault, &fault_at) : STATUS_NO_MEMORY;

    if (st == STATUS_INVALID_SCHEMA)
        tell_refusal(&schemas[fault_at], fault);
    if (st == STATUS_OK)
        st = catalogue_place_take(keeper->place, catalogue);
    if (st == STATUS_OK) {
        bool is_news = n || keeper->is_known;
        keeper->is_known = true;
        snprintf(keeper->in_force, sizeof keeper->in_force, "%s", fingerprint);
        log_line(is_news ? LOG_LEVEL_INFO : LOG_LEVEL_DEBUG, "the event catalogue is in force",
                 (const struct log_field[]){ log_number("synchrony.schemas", (int64_t)n),
                                             log_text("synchrony.catalogue", bytes_of(fingerprint)) },
                 2);
    }
    free(fault);
    return st;
}

/* The log has a line when it begins that the catalogue cannot be read, and when it ends. */
static void tell_trouble(struct catalogue_keeper *keeper, enum status st)
{
    if (st != STATUS_OK && keeper->trouble == STATUS_OK)
        LOG(ERROR, "the event catalogue cannot be read; the last good one stays in force",
            log_text("error.code", bytes_of(status_info(st)->code)), log_number("synchrony.is_known", keeper->is_known));
    if (st == STATUS_OK && keeper->trouble != STATUS_OK)
        LOG(INFO, "the event catalogue can be read again", log_text("synchrony.catalogue", bytes_of(keeper->in_force)));
    keeper->trouble = st;
}

/* ---- the snapshot ---- */

static enum status read_snapshot(struct catalogue_keeper *keeper)
{
    struct arena arena = arena_new(READ_ARENA_BYTES);
    struct schema_snapshot snapshot;
    struct event_schema *schemas;
    size_t n;
    enum status st = schema_snapshot_read(keeper->file.path, &arena, &snapshot, &schemas, &n);

    if (st == STATUS_OK)
        st = use(keeper, snapshot.fingerprint, schemas, n);
    arena_free(&arena);
    return st;
}

/* Takes over what another process has written, if it has. */
static void look_at_snapshot(struct catalogue_keeper *keeper)
{
    struct schema_snapshot snapshot;

    if (!*keeper->file.path || schema_snapshot_glance(keeper->file.path, &snapshot) != STATUS_OK ||
        snapshot.confirmed_us == keeper->snapshot_us)
        return;
    bool is_new = !keeper->is_known || strcmp(snapshot.fingerprint, keeper->in_force) != 0;
    enum status st = !is_new                                              ? STATUS_OK
                     : strcmp(snapshot.fingerprint, keeper->refused) == 0 ? STATUS_INVALID_SCHEMA
                                                                          : read_snapshot(keeper);
    if (st == STATUS_INVALID_SCHEMA)
        snprintf(keeper->refused, sizeof keeper->refused, "%s", snapshot.fingerprint);
    if (st != STATUS_OK)
        return;
    keeper->snapshot_us = snapshot.confirmed_us;
    metrics_set(METRIC_CATALOGUE_READ_AT, snapshot.confirmed_us);
}

static void write_snapshot(struct catalogue_keeper *keeper, const struct event_schema *schemas, size_t n)
{
    if (!*keeper->file.path || schema_snapshot_write(keeper->file.path, keeper->in_force, schemas, n) == STATUS_OK)
        return;
    LOG(ERROR, "the event catalogue cannot be kept for other processes and the next start",
        log_text("file.path", bytes_of(keeper->file.path)), log_text("error.message", bytes_of(strerror(errno))));
}

/* ---- the database ---- */

static enum status read_database(struct catalogue_keeper *keeper, struct db *db, const char *fingerprint, bool writes)
{
    struct arena arena = arena_new(READ_ARENA_BYTES);
    struct event_schema *schemas;
    size_t n;
    enum status st = event_schema_read(db, &arena, &schemas, &n);

    if (st == STATUS_OK)
        st = use(keeper, fingerprint, schemas, n);
    if (st == STATUS_INVALID_SCHEMA)
        snprintf(keeper->refused, sizeof keeper->refused, "%s", fingerprint);
    if (st == STATUS_OK && writes)
        write_snapshot(keeper, schemas, n);
    arena_free(&arena);
    return st;
}

/* Asks the database. Who writes keeps the snapshot for the others. */
static enum status compare(struct catalogue_keeper *keeper, struct db *db, bool writes)
{
    char fingerprint[EVENT_SCHEMA_FINGERPRINT_BYTES + 1];
    enum status st = event_schema_fingerprint(db, fingerprint);

    if (st != STATUS_OK)
        return st;
    if (strcmp(fingerprint, keeper->refused) == 0)
        return STATUS_INVALID_SCHEMA;
    if (!keeper->is_known || strcmp(fingerprint, keeper->in_force) != 0)
        return read_database(keeper, db, fingerprint, writes);
    if (writes && *keeper->file.path && schema_snapshot_confirm(keeper->file.path) != STATUS_OK)
        return read_database(keeper, db, fingerprint, writes); /* somebody has removed it */
    return STATUS_OK;
}

static void ask(struct catalogue_keeper *keeper, struct db *db, bool writes)
{
    enum status st = compare(keeper, db, writes);

    keeper->ask_ms = clock_monotonic_ms() + (st == STATUS_NOT_SET_UP ? ASK_AGAIN_MS : ASK_EVERY_MS);
    metrics_add(METRIC_1(CATALOGUE_READS, st == STATUS_OK ? METRIC_OK : METRIC_FAILED), 1);
    if (st == STATUS_OK) {
        *keeper->refused = '\0';
        metrics_set(METRIC_CATALOGUE_READ_AT, clock_now_us());
    }
    tell_trouble(keeper, st);
}

/* ---- who asks for the host ---- */

bool catalogue_keeper_leads(const struct catalogue_keeper *keeper)
{
    return host_file_is_led(&keeper->file);
}

void catalogue_keeper_begin(struct catalogue_keeper *keeper, struct db *db)
{
    look_at_snapshot(keeper);
    if (!keeper->is_known)
        ask(keeper, db, host_file_lead(&keeper->file));
}

int catalogue_keeper_look(struct catalogue_keeper *keeper, struct db *db)
{
    if (host_file_lead(&keeper->file)) {
        if (clock_monotonic_ms() >= keeper->ask_ms)
            ask(keeper, db, true);
        int64_t due_ms = keeper->ask_ms - clock_monotonic_ms();
        return due_ms < LOOK_EVERY_MS ? due_ms > 1 ? (int)due_ms : 1 : LOOK_EVERY_MS;
    }
    db_disconnect(db); /* a host may have many processes */
    look_at_snapshot(keeper);
    return LOOK_EVERY_MS;
}

/* Has any process of the host asked within the last two seconds, with whatever came of it? The lock's file has the time. */
static bool was_asked(const struct catalogue_keeper *keeper)
{
    struct stat lock;

    if (keeper->file.lock_fd < 0 || fstat(keeper->file.lock_fd, &lock) != 0)
        return false;
    int64_t age_us = clock_now_us() - host_file_written_us(&lock);
    return lock.st_size && age_us >= 0 && age_us < (int64_t)ASK_EVERY_MS * US_PER_MS;
}

void catalogue_keeper_glance(struct catalogue_keeper *keeper, struct db *db)
{
    look_at_snapshot(keeper);
    int64_t age_us = clock_now_us() - keeper->snapshot_us;
    if (keeper->is_known && age_us >= 0 && age_us < (int64_t)ASK_EVERY_MS * US_PER_MS)
        return;
    bool is_leader = host_file_lead(&keeper->file);
    if (keeper->is_known && (!is_leader || was_asked(keeper)))
        return;
    if (keeper->file.lock_fd >= 0 && pwrite(keeper->file.lock_fd, "\n", 1, 0) != 1)
        return;
    ask(keeper, db, is_leader);
}
