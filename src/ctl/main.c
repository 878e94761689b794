/* synchrony, the operator's command: a table of sub-commands. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "ctl/command.h"

static const struct command *const commands[] = { &command_migrate, &command_partitions, &command_key,        &command_plan,
                                                  &command_queue,   &command_schema,     &command_quarantine, &command_check_config,
                                                  &command_log_id,  &command_doctor };

static void print_usage(FILE *to)
{
    fprintf(to, "usage: synchrony [--config FILE] COMMAND [ARGUMENTS]\n"
                "\n");
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++)
        fprintf(to, "  %-34s %s\n", commands[i]->usage, commands[i]->summary);
    fprintf(to, "\n"
                "  -c, --config FILE                  read FILE instead of $SYNCHRONY_CONF or\n"
                "                                     " SYNCHRONY_SYSCONFDIR "/synchrony/synchrony.conf\n"
                "  -h, --help                         print this\n"
                "  -V, --version                      print the version\n");
}

static const struct command *command_named(const char *name)
{
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        if (strcmp(name, commands[i]->name) == 0)
            return commands[i];
    }
    return NULL;
}

int main(int argc, char **argv)
{
    static const struct option options[] = {
        { "config", required_argument, NULL, 'c' },
        { "help", no_argument, NULL, 'h' },
        { "version", no_argument, NULL, 'V' },
        { 0 },
    };
    const char *config_file = NULL;
    int option;

    while ((option = getopt_long(argc, argv, "+c:hV", options, NULL)) != -1) {
        switch (option) {
        case 'c':
            config_file = optarg;
            break;
        case 'h':
            print_usage(stdout);
            return status_info(STATUS_OK)->exit;
        case 'V':
            printf("synchrony %s\n", SYNCHRONY_VERSION);
            return status_info(STATUS_OK)->exit;
        default:
            fprintf(stderr, "Try 'synchrony --help'.\n");
            return status_info(STATUS_USAGE)->exit;
        }
    }
    if (optind == argc) {
        print_usage(stderr);
        return status_info(STATUS_USAGE)->exit;
    }

    const struct command *command = command_named(argv[optind]);
    if (!command) {
        fprintf(stderr, "synchrony: unknown command: %s\nTry 'synchrony --help'.\n", argv[optind]);
        return status_info(STATUS_USAGE)->exit;
    }
    argc -= optind;
    argv += optind;
    if (argc > 1 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
        printf("usage: synchrony %s\n\n%s\n%s", command->usage, command->summary, command->details ? command->details : "");
        return status_info(STATUS_OK)->exit;
    }
    argv[0] = (char[]){ "synchrony" }; /* the name that getopt_long begins its errors with */
    optind = 0;                        /* it starts anew */
    return status_info(command_run(command, config_file, argc, argv))->exit;
}
