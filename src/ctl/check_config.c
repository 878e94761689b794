#include <stdio.h>
#include <stdlib.h>

#include "ctl/command.h"

static const char *environment(const char *name)
{
    return getenv(name);
}

static enum status run(const char *config_file, int argc, char **argv)
{
    struct config config;

    if (argc > 2)
        return command_usage(&command_check_config);
    if (argc == 2)
        config_file = argv[1];

    enum status st = command_config(config_file, &config);
    config_free(&config);
    if (st == STATUS_OK) {
        const char *path = config_path(config_file, environment);
        printf("%s: OK\n", path ? path : "defaults (no configuration file)");
    }
    return st;
}

const struct command command_check_config = {
    .name = "check-config",
    .usage = "check-config [FILE]",
    .summary = "report errors of a configuration file with their lines",
    .run = run,
};
