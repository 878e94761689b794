#include "ctl/command.h"

#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"

enum { ARENA_BYTES = 256 * 1024 * 1024 };

/* ---- arguments ---- */

static enum status usage(const struct command *command)
{
    fprintf(stderr, "usage: synchrony %s\n", command->usage);
    if (command->actions[0].name)
        fprintf(stderr, "\n%s", command->details);
    return STATUS_USAGE;
}

static const struct command_action *action_named(const struct command *command, const char *name)
{
    for (size_t i = 0; i < command->n_actions; i++) {
        if (strcmp(name, command->actions[i].name) == 0)
            return &command->actions[i];
    }
    return NULL;
}

static enum status read_options(struct command_call *call, int argc, char **argv)
{
    const struct command *command = call->command;
    int option;

    while ((option = getopt_long(argc, argv, "", command->options, NULL)) != -1) {
        if (option == '?')
            return usage(command);
        if (!strchr(call->action->options, option)) {
            fprintf(stderr, "synchrony: %s has no such option\n", call->what);
            return usage(command);
        }
        if (option == 'j') {
            call->json = true;
            continue;
        }
        enum status st = command->take_option(call, option, optarg);
        if (st != STATUS_OK)
            return st;
    }
    return STATUS_OK;
}

static enum status read_arguments(struct command_call *call, int argc, char **argv)
{
    const struct command_action *action = call->action;
    enum status st = action->options ? read_options(call, argc, argv) : STATUS_OK;

    if (st != STATUS_OK)
        return st;
    call->operands = argv + (action->options ? optind : 1);
    call->n_operands = (size_t)(argv + argc - call->operands);
    return call->n_operands >= action->min_operands && call->n_operands <= action->max_operands ? STATUS_OK : usage(call->command);
}

enum status command_refuse(const struct command_call *call, const char *what, const char *value)
{
    fprintf(stderr, "synchrony: %s: %s, got '%s'\n", call->command->name, what, value);
    return STATUS_USAGE;
}

/* ---- the run ---- */

static const char *environment(const char *name)
{
    return getenv(name);
}

const char *command_config_path(const char *config_file)
{
    return config_path(config_file, environment);
}

enum status command_config(const char *config_file, struct config *config)
{
    /* A command says itself what failed; the log is the responder's. */
    log_set_level(LOG_LEVEL_COUNT);
    return config_read(config_file, environment, stderr, config);
}

/* Without a statement timeout: the owner's work takes as long as it takes. */
static enum status connect_owner(struct command_call *call)
{
    const struct db_options options = { .conninfo = call->config.owner_database,
                                        .connect_timeout_s = call->config.connect_timeout_s };

    call->db = db_new(&options);
    return call->db ? STATUS_OK : STATUS_NO_MEMORY;
}

static enum status perform(struct command_call *call)
{
    const struct command *command = call->command;
    enum status st = command->needs == COMMAND_NEEDS_NOTHING ? STATUS_OK : command_config(call->config_file, &call->config);

    if (st == STATUS_OK && command->needs == COMMAND_NEEDS_OWNER)
        st = connect_owner(call);
    if (st == STATUS_OK)
        st = command->around ? command->around(call) : call->action->run(call);
    db_free(call->db);
    config_free(&call->config);
    return st;
}

enum status command_run(const struct command *command, const char *config_file, int argc, char **argv)
{
    struct command_call call = { .command = command,
                                 .action = command->actions,
                                 .config_file = config_file,
                                 .arena = arena_new(ARENA_BYTES),
                                 .args = command->args };

    if (command->actions[0].name) {
        call.action = argc > 1 ? action_named(command, argv[1]) : NULL;
        if (argc > 1 && !call.action)
            fprintf(stderr, "synchrony: %s: unknown action: %s\n", command->name, argv[1]);
        if (!call.action)
            return usage(command);
        if (argc > 2 && (strcmp(argv[2], "--help") == 0 || strcmp(argv[2], "-h") == 0)) {
            printf("usage: synchrony %s\n\n%s", command->usage, command->details);
            return STATUS_OK;
        }
        argv[1] = argv[0];
        argc--;
        argv++;
    }
    snprintf(call.what, sizeof call.what, "%s%s%s", command->name, call.action->name ? " " : "",
             call.action->name ? call.action->name : "");
    enum status st = read_arguments(&call, argc, argv);
    if (st == STATUS_OK)
        st = perform(&call);
    arena_free(&call.arena);
    return st;
}

/* ---- for actions ---- */

void command_print_partition(void *context, struct bytes name)
{
    *(size_t *)context += 1;
    printf("%-24.*s created\n", (int)name.len, name.p);
}

struct bytes command_os_user(void)
{
    static char name[64];
    const char *sudo = getenv("SUDO_USER");
    const struct passwd *user = getpwuid(geteuid());

    snprintf(name, sizeof name, "%s", sudo && *sudo ? sudo : user ? user->pw_name : "nobody known");
    return bytes_of(name);
}

void command_print_json(void *context, const struct bytes *columns, size_t n)
{
    size_t *n_rows = context;

    if (n)
        printf("%s%.*s", (*n_rows)++ ? ",\n" : "[\n", (int)columns[0].len, columns[0].p);
}

void command_end_list(const struct command_call *call, size_t n_rows, const char *none)
{
    if (call->json)
        printf(n_rows ? "\n]\n" : "[]\n");
    else if (!n_rows)
        printf("%s\n", none);
}

enum status command_list(struct command_call *call, enum status (*list)(struct db *db, row_reporter *report, void *context),
                         row_reporter *print_row, const char *none)
{
    size_t n_rows = 0;
    enum status st = list(call->db, call->json ? command_print_json : print_row, &n_rows);

    if (st != STATUS_OK)
        return command_failed(call->what, call->db, st);
    command_end_list(call, n_rows, none);
    return STATUS_OK;
}

enum status command_failed(const char *what, const struct db *db, enum status st)
{
    const char *why = db ? db_message(db) : "";

    fprintf(stderr, "synchrony: %s: %s\n", what, *why ? why : status_info(st)->sentence);
    return st;
}
