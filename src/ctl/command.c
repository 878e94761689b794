#include "ctl/command.h"

#include <pwd.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"

static const char *environment(const char *name)
{
    return getenv(name);
}

enum status command_config(const char *config_file, struct config *config)
{
    /* A command says itself what failed; the log is the responder's. */
    log_set_level(LOG_LEVEL_COUNT);
    return config_read(config_file, environment, stderr, config);
}

struct db *command_owner_db(const struct config *config)
{
    const struct db_options options = { .conninfo = config->owner_database, .connect_timeout_s = config->connect_timeout_s };

    return db_new(&options);
}

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

enum status command_failed(const char *what, const struct db *db, enum status st)
{
    const char *why = db ? db_message(db) : "";

    fprintf(stderr, "synchrony: %s: %s\n", what, *why ? why : status_info(st)->sentence);
    return st;
}

enum status command_usage(const struct command *command)
{
    fprintf(stderr, "usage: synchrony %s\n", command->usage);
    return STATUS_USAGE;
}
