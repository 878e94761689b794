#include <stdio.h>

#include "app/session_hash.h"
#include "ctl/command.h"

static enum status print_hash(const struct config *config, struct bytes session_id)
{
    struct siphash_key key;
    char hash[SESSION_HASH_BYTES + 1];
    const char *fault = "log_session_key_file is not set: the log names no sessions";

    if (!*config->log_session_key_file || session_hash_key_read(config->log_session_key_file, &key, &fault) != STATUS_OK) {
        fprintf(stderr, "synchrony: log-id: %s%s%s\n", config->log_session_key_file, *config->log_session_key_file ? ": " : "",
                fault);
        return STATUS_CONFIG;
    }
    session_hash(&key, session_id, hash);
    printf("%s\n", hash);
    return STATUS_OK;
}

static enum status run(const char *config_file, int argc, char **argv)
{
    struct config config;

    if (argc != 2)
        return command_usage(&command_log_id);
    enum status st = command_config(config_file, &config);
    if (st == STATUS_OK)
        st = print_hash(&config, bytes_of(argv[1]));
    config_free(&config);
    return st;
}

const struct command command_log_id = {
    .name = "log-id",
    .usage = "log-id SESSION",
    .summary = "print how the log names a session",
    .run = run,
};
