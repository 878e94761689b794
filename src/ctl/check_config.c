#include <stdio.h>

#include "ctl/command.h"

static enum status run(struct command_call *call)
{
    const char *config_file = call->n_operands ? call->operands[0] : call->config_file;
    enum status st = command_config(config_file, &call->config);

    if (st == STATUS_OK) {
        const char *path = command_config_path(config_file);
        printf("%s: OK\n", path ? path : "defaults (no configuration file)");
    }
    return st;
}

static const struct command_action action = { .max_operands = 1, .run = run };

const struct command command_check_config = {
    .name = "check-config",
    .usage = "check-config [FILE]",
    .summary = "report errors of a configuration file with their lines",
    .actions = &action,
};
