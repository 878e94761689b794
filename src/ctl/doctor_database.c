#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "ctl/command.h"
#include "ctl/doctor.h"
#include "store/migration.h"
#include "store/readiness.h"
#include "store/state.h"

enum {
    TIMEOUT_MS = 10000,
    VERSION_MIN = 140000,
    US_PER_S = 1000000,
    SECONDS_PER_DAY = 86400,
    BACKGROUND_CONNECTIONS = 4, /* of each process, besides those that are configured */
    LAG_WARNING_MS = 60000
};

static const char setup_advice[] =
    "run \"synchrony migrate\" as the owner, and give the responder roles of its own (README, Install)";

static struct db *open_as(const struct doctor *doctor, const char *conninfo)
{
    const struct db_options options = {
        .conninfo = conninfo,
        .connect_timeout_s = doctor->config->connect_timeout_s,
        .statement_timeout_ms = TIMEOUT_MS,
        .lock_timeout_ms = TIMEOUT_MS,
    };

    return db_new(&options);
}

/* ---- settings ---- */

static void check_durability(struct doctor *doctor, const struct state_settings *settings)
{
    bool is_synchronous = strcmp(settings->synchronous_commit, "off") != 0;

    doctor_found(doctor, strcmp(settings->fsync, "on") == 0 ? DOCTOR_OK : DOCTOR_FAULT, "database.fsync",
                 "set it on: after a crash of the host everything may be lost", "fsync = %s", settings->fsync);
    doctor_found(doctor, is_synchronous ? DOCTOR_OK : DOCTOR_FAULT, "database.synchronous_commit",
                 "set it on, for this role at least: events that were acknowledged may be lost", "synchronous_commit = %s",
                 settings->synchronous_commit);
    doctor_found(doctor, strcmp(settings->full_page_writes, "on") == 0 ? DOCTOR_OK : DOCTOR_WARNING, "database.full_page_writes",
                 "set it on, unless the file system never tears a page", "full_page_writes = %s", settings->full_page_writes);
}

static void check_connections(struct doctor *doctor, const struct state_settings *settings)
{
    const struct config *config = doctor->config;
    size_t each = config->writer_connections + config->reader_connections + BACKGROUND_CONNECTIONS;
    size_t free_connections =
        settings->max_connections > settings->connections ? settings->max_connections - settings->connections : 0;

    doctor_found(
        doctor,
        settings->max_connections < each ? DOCTOR_FAULT
        : free_connections < each        ? DOCTOR_WARNING
                                         : DOCTOR_OK,
        "database.connections", "raise max_connections, or lower writer_connections and reader_connections or the processes",
        "%zu of %zu are in use; a process of the responder may take %zu", settings->connections, settings->max_connections, each);
}

static void check_clock(struct doctor *doctor, const struct state_settings *settings)
{
    int64_t ahead_us = settings->now_us - clock_now_us();
    int64_t apart_us = ahead_us < 0 ? -ahead_us : ahead_us;

    doctor_found(doctor,
                 apart_us > 60 * (int64_t)US_PER_S  ? DOCTOR_FAULT
                 : apart_us > 2 * (int64_t)US_PER_S ? DOCTOR_WARNING
                                                    : DOCTOR_OK,
                 "clock", "synchronise both clocks (NTP): times of arrival are this host's",
                 "the database's is %.1f s %s this host's", (double)apart_us / US_PER_S, ahead_us < 0 ? "behind" : "ahead of");
}

static void check_settings(struct doctor *doctor, struct db *db)
{
    struct state_settings settings;

    if (state_settings_read(db, &settings) != STATUS_OK) {
        doctor_found(doctor, DOCTOR_WARNING, "database.settings", "look into the server's log", "cannot be asked for: %s",
                     db_message(db));
        return;
    }
    doctor_found(doctor, settings.version >= VERSION_MIN ? DOCTOR_OK : DOCTOR_FAULT, "database.version",
                 "upgrade to PostgreSQL 14 or later", "PostgreSQL %zu.%zu", settings.version / 10000, settings.version % 10000);
    doctor_found(doctor, strcmp(settings.encoding, "UTF8") == 0 ? DOCTOR_OK : DOCTOR_FAULT, "database.encoding",
                 "make a database with encoding UTF8", "%s", settings.encoding);
    doctor_found(doctor, settings.is_standby ? DOCTOR_FAULT : DOCTOR_OK, "database.standby",
                 "let writer_database lead to the primary: target_session_attrs=read-write", "the writer's server is %s",
                 settings.is_standby ? "a standby" : "no standby");
    check_durability(doctor, &settings);
    check_connections(doctor, &settings);
    check_clock(doctor, &settings);
}

/* ---- roles ---- */

static void check_superuser(struct doctor *doctor, const char *check, const struct state_rights *rights)
{
    if (rights->is_superuser || rights->is_owner)
        doctor_found(doctor, DOCTOR_FAULT, check, setup_advice, "%s is %s", rights->role,
                     rights->is_superuser ? "a superuser" : "the tables' owner");
}

static void check_writer(struct doctor *doctor, const struct state_rights *rights)
{
    check_superuser(doctor, "roles.writer", rights);
    if (!rights->is_migrated)
        doctor_found(doctor, DOCTOR_FAULT, "roles.writer", setup_advice, "the database has not been migrated");
    else if (!rights->may_store)
        doctor_found(doctor, DOCTOR_FAULT, "roles.writer", setup_advice, "%s may not store events", rights->role);
    else if (rights->may_read || rights->may_change)
        doctor_found(doctor, DOCTOR_FAULT, "roles.writer", setup_advice, "%s may %s events: an intruder could, too", rights->role,
                     rights->may_read ? "read" : "change and remove");
    else
        doctor_found(doctor, DOCTOR_OK, "roles.writer", NULL, "%s may store events and read none", rights->role);
}

static void check_reader(struct doctor *doctor, const struct state_rights *rights)
{
    check_superuser(doctor, "roles.reader", rights);
    if (!rights->is_migrated)
        doctor_found(doctor, DOCTOR_FAULT, "roles.reader", setup_advice, "the database has not been migrated");
    else if (!rights->may_read)
        doctor_found(doctor, DOCTOR_FAULT, "roles.reader", setup_advice, "%s may not read events", rights->role);
    else if (rights->may_store || rights->may_change)
        doctor_found(doctor, DOCTOR_FAULT, "roles.reader", setup_advice, "%s may store or change events: an intruder could, too",
                     rights->role);
    else
        doctor_found(doctor, DOCTOR_OK, "roles.reader", NULL, "%s may read events and store none", rights->role);
}

/* ---- what is in the database ---- */

static void check_partitions(struct doctor *doctor, struct db *db)
{
    int64_t until_s = 0;
    enum status st = state_partitions_until(db, &until_s);
    int64_t days = (until_s - clock_now_us() / US_PER_S) / SECONDS_PER_DAY;

    if (st != STATUS_OK && st != STATUS_NOT_FOUND)
        return;
    doctor_found(doctor, days >= 28 ? DOCTOR_OK : DOCTOR_WARNING, "database.partitions",
                 "have \"synchrony partitions\" run daily (synchrony-partitions.timer)", "the history has them for %lld days ahead",
                 days > 0 ? (long long)days : 0);
}

static void check_lag(struct doctor *doctor, struct db *db)
{
    int64_t lag_ms;

    if (state_replica_lag(db, &lag_ms) == STATUS_OK)
        doctor_found(doctor, lag_ms > LAG_WARNING_MS ? DOCTOR_WARNING : DOCTOR_OK, "database.lag",
                     "look at the standby: its network, its disk, and long queries on it", "what readers see is %lld ms old",
                     (long long)lag_ms);
}

static void ignore_step(void *context, const struct migration_step *step)
{
    size_t *n_pending = context;

    *n_pending += step->state == MIGRATION_PENDING;
}

static void check_migrations(struct doctor *doctor)
{
    size_t n_pending = 0;

    if (!*doctor->config->owner_database) {
        doctor_found(doctor, DOCTOR_SKIPPED, "database.migrations", NULL, "owner_database is not set: only the owner can tell");
        return;
    }
    struct db *db = open_as(doctor, doctor->config->owner_database);
    enum status st = db ? migration_list(db, ignore_step, &n_pending) : STATUS_NO_MEMORY;
    if (st == STATUS_END)
        doctor_found(doctor, DOCTOR_OK, "database.migrations", NULL, "all are applied");
    else if (st == STATUS_OK)
        doctor_found(doctor, DOCTOR_FAULT, "database.migrations", "run \"synchrony migrate\"", "%zu are pending", n_pending);
    else if (st == STATUS_CONFLICT)
        doctor_found(doctor, DOCTOR_FAULT, "database.migrations", "run \"synchrony migrate --status\"; upgrade the older program",
                     "the database has one that this program does not know, or knows with another text");
    else
        doctor_found(doctor, DOCTOR_WARNING, "database.migrations", "mend owner_database", "the owner cannot connect: %s",
                     db ? db_message(db) : status_info(st)->sentence);
    db_free(db);
}

/* ---- connections ---- */

/* Connects and checks what the role may. Returns NULL where that is not possible; else to be freed. */
static struct db *check_role(struct doctor *doctor, const char *check, const char *conninfo,
                             void (*judge)(struct doctor *doctor, const struct state_rights *rights))
{
    struct state_rights rights;
    struct db *db = open_as(doctor, conninfo);

    if (db && state_rights_read(db, &rights) == STATUS_OK) {
        judge(doctor, &rights);
        return db;
    }
    doctor_found(doctor, DOCTOR_FAULT, check, "mend the connection string, the server, or pg_hba.conf", "cannot connect: %s",
                 db ? db_message(db) : "no memory");
    db_free(db);
    return NULL;
}

void doctor_check_database(struct doctor *doctor)
{
    struct db *writer = check_role(doctor, "roles.writer", doctor->config->writer_database, check_writer);
    struct db *reader = check_role(doctor, "roles.reader", doctor->config->reader_database, check_reader);

    if (writer) {
        check_settings(doctor, writer);
        doctor_found(doctor, readiness_check(writer) == STATUS_OK ? DOCTOR_OK : DOCTOR_FAULT, "database.ready", setup_advice,
                     "whether it would take an event now");
        check_partitions(doctor, writer);
        doctor_check_catalogue(doctor, writer);
    }
    if (reader)
        check_lag(doctor, reader);
    check_migrations(doctor);
    db_free(reader);
    db_free(writer);
}
