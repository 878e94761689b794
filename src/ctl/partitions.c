#include <stdio.h>

#include "ctl/command.h"
#include "store/partition.h"

static enum status run(struct command_call *call)
{
    const size_t *ahead_months = call->args;
    size_t n = 0;
    enum status st = partition_extend(call->db, (int)*ahead_months, command_print_partition, &n);

    if (st != STATUS_OK)
        return command_failed("partitions", call->db, st);
    if (!n)
        printf("All partitions are there.\n");
    return STATUS_OK;
}

static enum status take_option(struct command_call *call, int option, const char *value)
{
    (void)option;
    if (bytes_to_size(bytes_of(value), PARTITION_AHEAD_MAX_MONTHS, call->args))
        return STATUS_OK;
    fprintf(stderr, "synchrony: --ahead must lie within 0 and %d, got '%s'\n", PARTITION_AHEAD_MAX_MONTHS, value);
    return STATUS_USAGE;
}

static const struct option long_options[] = { { "ahead", required_argument, NULL, 'a' }, { 0 } };
static const struct command_action action = { .options = "a", .run = run };

const struct command command_partitions = {
    .name = "partitions",
    .usage = "partitions [--ahead MONTHS]",
    .summary = "make the weekly partitions of the history ahead of need",
    .needs = COMMAND_NEEDS_OWNER,
    .actions = &action,
    .options = long_options,
    .args = &(size_t){ PARTITION_AHEAD_MONTHS },
    .take_option = take_option,
};
