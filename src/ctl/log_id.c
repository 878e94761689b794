#include <stdio.h>

#include "app/session_hash.h"
#include "ctl/command.h"

static enum status run(struct command_call *call)
{
    const char *file = call->config.log_session_key_file;
    struct siphash_key key;
    char hash[SESSION_HASH_BYTES + 1];
    const char *fault = "log_session_key_file is not set: the log names no sessions";

    if (!*file || session_hash_key_read(file, &key, &fault) != STATUS_OK) {
        fprintf(stderr, "synchrony: log-id: %s%s%s\n", file, *file ? ": " : "", fault);
        return STATUS_CONFIG;
    }
    session_hash(&key, bytes_of(call->operands[0]), hash);
    printf("%s\n", hash);
    return STATUS_OK;
}

static const struct command_action action = { .min_operands = 1, .max_operands = 1, .run = run };

const struct command command_log_id = {
    .name = "log-id",
    .usage = "log-id SESSION",
    .summary = "print how the log names a session",
    .needs = COMMAND_NEEDS_CONFIG,
    .actions = &action,
};
