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

static enum status run(struct command_call *call)
{
    const bool *only_lists = call->args;

    return *only_lists ? list(call->db) : apply(call->db);
}

static enum status take_option(struct command_call *call, int option, const char *value)
{
    bool *only_lists = call->args;

    (void)option;
    (void)value;
    *only_lists = true;
    return STATUS_OK;
}

static const struct option long_options[] = { { "status", no_argument, NULL, 's' }, { 0 } };
static const struct command_action action = { .options = "s", .run = run };

const struct command command_migrate = {
    .name = "migrate",
    .usage = "migrate [--status]",
    .summary = "bring the database up to date, or say what is pending",
    .needs = COMMAND_NEEDS_OWNER,
    .actions = &action,
    .options = long_options,
    .args = &(bool){ false },
    .take_option = take_option,
};
