#include "app/catalogue_keeper.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/metrics.h"
#include "store/schema_snapshot.h"

enum {
    LOOK_EVERY_MS = 500,
    ASK_EVERY_MS = 1000,
    ASK_AGAIN_MS = 30000, /* a database that lacks the tables, or refuses the role: an administrator is at work there */
    US_PER_MS = 1000,
    PATH_BYTES = 400,
    DATABASE_MAX_BYTES = 64 * 1024,
    READ_ARENA_BYTES = 256 * 1024 * 1024
};

struct catalogue_keeper {
    struct catalogue_place *place;
    char path[PATH_BYTES]; /* of the snapshot; "": none */
    int lock_fd;           /* held by who asks for the host; -1: not this process */
    bool is_known;         /* a catalogue has been read */
    char in_force[EVENT_SCHEMA_FINGERPRINT_BYTES + 1];
    char refused[EVENT_SCHEMA_FINGERPRINT_BYTES + 1]; /* one that cannot be used: not compiled again and again */
    int64_t snapshot_us;                              /* when the snapshot was confirmed, as it was seen last */
    int64_t ask_ms;                                   /* when the database is to be asked next (clock_monotonic_ms) */
    enum status trouble;                              /* what the log was told of last; STATUS_OK: all is well */
};

/* ---- beginning and end ---- */

enum status catalogue_keeper_open(struct catalogue_keeper **keeper, struct catalogue_place *place, const char *directory,
                                  struct bytes database)
{
    *keeper = calloc(1, sizeof **keeper);
    if (!*keeper)
        return STATUS_NO_MEMORY;
    (*keeper)->place = place;
    (*keeper)->lock_fd = -1;
    metrics_set(METRIC_CATALOGUE_READ_AT, clock_now_us()); /* its age is that of the process, until there is one */
    if (!*directory)
        return STATUS_OK;
    if (snprintf((*keeper)->path, PATH_BYTES, "%s/catalogue.%016llx", directory, (unsigned long long)hash_fnv1a(database)) <
        PATH_BYTES)
        return STATUS_OK;
    catalogue_keeper_close(*keeper);
    *keeper = NULL;
    return STATUS_CONFIG;
}

enum status catalogue_keeper_new(struct service *service, config_environment *environment, struct catalogue_keeper **keeper)
{
    const struct config *config = service->config;
    struct buf database = buf_new(DATABASE_MAX_BYTES);
    enum status st = STATUS_NO_MEMORY;

    service_add_database(config, environment, &database);
    if (!database.failed)
        st =
            catalogue_keeper_open(keeper, &service->catalogue,
                                  *config->queue_directory ? config->queue_directory : config->run_directory, buf_bytes(&database));
    buf_free(&database);
    return st;
}

void catalogue_keeper_close(struct catalogue_keeper *keeper)
{
    if (keeper && keeper->lock_fd >= 0)
        close(keeper->lock_fd);
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
    enum status st = schema_snapshot_read(keeper->path, &arena, &snapshot, &schemas, &n);

    if (st == STATUS_OK)
        st = use(keeper, snapshot.fingerprint, schemas, n);
    arena_free(&arena);
    return st;
}

/* Takes over what another process has written, if it has. */
static void look_at_snapshot(struct catalogue_keeper *keeper)
{
    struct schema_snapshot snapshot;

    if (!*keeper->path || schema_snapshot_glance(keeper->path, &snapshot) != STATUS_OK ||
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
    if (!*keeper->path || schema_snapshot_write(keeper->path, keeper->in_force, schemas, n) == STATUS_OK)
        return;
    LOG(ERROR, "the event catalogue cannot be kept for other processes and the next start",
        log_text("file.path", bytes_of(keeper->path)), log_text("error.message", bytes_of(strerror(errno))));
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
    if (writes && *keeper->path && schema_snapshot_confirm(keeper->path) != STATUS_OK)
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

/* Becomes the one that asks, if no other process is. Where no file can be had each process asks. */
static bool leads(struct catalogue_keeper *keeper)
{
    char path[PATH_BYTES + 8];

    if (!*keeper->path || keeper->lock_fd >= 0)
        return true;
    snprintf(path, sizeof path, "%s.lock", keeper->path);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return true;
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        close(fd);
        return false;
    }
    keeper->lock_fd = fd;
    return true;
}

bool catalogue_keeper_leads(const struct catalogue_keeper *keeper)
{
    return !*keeper->path || keeper->lock_fd >= 0;
}

void catalogue_keeper_begin(struct catalogue_keeper *keeper, struct db *db)
{
    look_at_snapshot(keeper);
    if (!keeper->is_known)
        ask(keeper, db, leads(keeper));
}

int catalogue_keeper_look(struct catalogue_keeper *keeper, struct db *db)
{
    if (leads(keeper)) {
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

    if (keeper->lock_fd < 0 || fstat(keeper->lock_fd, &lock) != 0)
        return false;
    int64_t asked_us = (int64_t)lock.st_mtim.tv_sec * 1000 * US_PER_MS + lock.st_mtim.tv_nsec / 1000;
    int64_t age_us = clock_now_us() - asked_us;
    return lock.st_size && age_us >= 0 && age_us < (int64_t)ASK_EVERY_MS * US_PER_MS;
}

void catalogue_keeper_glance(struct catalogue_keeper *keeper, struct db *db)
{
    look_at_snapshot(keeper);
    int64_t age_us = clock_now_us() - keeper->snapshot_us;
    if (keeper->is_known && age_us >= 0 && age_us < (int64_t)ASK_EVERY_MS * US_PER_MS)
        return;
    bool is_leader = leads(keeper);
    if (keeper->is_known && (!is_leader || was_asked(keeper)))
        return;
    if (keeper->lock_fd >= 0 && pwrite(keeper->lock_fd, "\n", 1, 0) != 1)
        return;
    ask(keeper, db, is_leader);
}
