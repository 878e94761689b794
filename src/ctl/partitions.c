#include <getopt.h>
#include <stdio.h>

#include "ctl/command.h"
#include "store/partition.h"

static enum status extend(const struct config *config, int ahead_months)
{
    struct db *db = command_owner_db(config);
    size_t n = 0;
    enum status st = db ? partition_extend(db, ahead_months, command_print_partition, &n) : STATUS_NO_MEMORY;

    if (st != STATUS_OK)
        st = command_failed("partitions", db, st);
    else if (!n)
        printf("All partitions are there.\n");
    db_free(db);
    return st;
}

static enum status run(const char *config_file, int argc, char **argv)
{
    static const struct option options[] = { { "ahead", required_argument, NULL, 'a' }, { 0 } };
    struct config config;
    size_t ahead_months = PARTITION_AHEAD_MONTHS;
    int option;

    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option != 'a')
            return command_usage(&command_partitions);
        if (!bytes_to_size(bytes_of(optarg), PARTITION_AHEAD_MAX_MONTHS, &ahead_months)) {
            fprintf(stderr, "synchrony: --ahead must lie within 0 and %d, got '%s'\n", PARTITION_AHEAD_MAX_MONTHS, optarg);
            return STATUS_USAGE;
        }
    }
    if (optind < argc)
        return command_usage(&command_partitions);

    enum status st = command_config(config_file, &config);
    if (st == STATUS_OK)
        st = extend(&config, (int)ahead_months);
    config_free(&config);
    return st;
}

const struct command command_partitions = {
    .name = "partitions",
    .usage = "partitions [--ahead MONTHS]",
    .summary = "make the monthly partitions of the history ahead of need",
    .run = run,
};
