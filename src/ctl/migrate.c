#include <getopt.h>
#include <stdio.h>

#include "ctl/command.h"
#include "store/migration.h"
#include "store/partition.h"

static void print_step(void *context, const struct migration_step *step)
{
    static const char *const words[] = {
        [MIGRATION_PENDING] = "pending",
        [MIGRATION_APPLIED] = "applied",
        [MIGRATION_DONE] = "applied now",
        [MIGRATION_CHANGED] = "CHANGED since it was applied",
        [MIGRATION_UNKNOWN] = "UNKNOWN to this program, which is older than the database",
        [MIGRATION_ROLES] = "created",
        [MIGRATION_REFUSED] = "REFUSED",
    };

    (void)context;
    printf("%-24s %s%s%s\n", step->name, words[step->state], step->applied_at ? " " : "", step->applied_at ? step->applied_at : "");
    fflush(stdout);
}

static enum status apply(struct db *db)
{
    size_t n_partitions = 0;
    enum status st = migration_apply(db, print_step, NULL);

    if (st != STATUS_OK)
        return command_failed("migrate", db, st);
    st = partition_extend(db, PARTITION_AHEAD_MONTHS, command_print_partition, &n_partitions);
    if (st != STATUS_OK)
        return command_failed("making partitions", db, st);
    printf("The database is up to date.\n");
    return STATUS_OK;
}

static enum status list(struct db *db)
{
    enum status st = migration_list(db, print_step, NULL);

    if (st == STATUS_END)
        return STATUS_OK;
    if (st == STATUS_OK) { /* something is pending: not wrong, but not done */
        fprintf(stderr, "synchrony: migrations are pending: run 'synchrony migrate'\n");
        return STATUS_CONFLICT;
    }
    return command_failed("migrate --status", db, st);
}

static enum status run(const char *config_file, int argc, char **argv)
{
    static const struct option options[] = { { "status", no_argument, NULL, 's' }, { 0 } };
    struct config config;
    bool only_list = false;
    int option;

    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option != 's')
            return command_usage(&command_migrate);
        only_list = true;
    }
    if (optind < argc)
        return command_usage(&command_migrate);

    enum status st = command_config(config_file, &config);
    if (st == STATUS_OK) {
        struct db *db = command_owner_db(&config);
        st = !db ? STATUS_NO_MEMORY : only_list ? list(db) : apply(db);
        db_free(db);
    }
    config_free(&config);
    return st;
}

const struct command command_migrate = {
    .name = "migrate",
    .usage = "migrate [--status]",
    .summary = "bring the database up to date, or say what is pending",
    .run = run,
};
