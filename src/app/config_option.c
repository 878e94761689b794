#include "app/config_option.h"

#include <stddef.h>
#include <string.h>

const struct config config_defaults = {
    .writer_connections = 2,
    .reader_connections = 4,
    .connect_timeout_s = 2,
    .write_timeout_ms = 5000,
    .read_timeout_ms = 60000,
    .pool_timeout_ms = 1000,
    .read_wait_ms = 20000,
    .client_timeout_ms = 30000,
    .group_max_events = 1000,
    .group_max_bytes = 2 * 1024 * 1024,
    .queue_max_bytes = 1024L * 1024 * 1024,
    .async_body_max_bytes = 64 * 1024 * 1024,
    .async_batch_max_events = 100000,
    .batch_retention_s = 86400,
    .quarantine_max_rows = 100000,
    .quarantine_retention_s = 2592000,
    .quarantine_payload_max_bytes = 16 * 1024,
    .quarantine_rate = 10,
    .log_successes_per_s = 10,
    .keys_max_age_s = 86400,
    .address_rate = 0,
    .address_burst = 1000,
    .address_daily_quota = 0,
    .rate_limit_slots = 262144,
    .limits = LIMITS_DEFAULT,
    .log_level = LOG_LEVEL_INFO,
};

#define SIZE(name_, field, min_, max_)                                                                     \
    {                                                                                                      \
        .name = name_, .min = min_, .max = max_, .offset = offsetof(struct config, field), .is_size = true \
    }
#define INT(name_, field, min_, max_)                                                     \
    {                                                                                     \
        .name = name_, .min = min_, .max = max_, .offset = offsetof(struct config, field) \
    }

const struct number_option config_numbers[] = {
    SIZE("writer_connections", writer_connections, 1, 64),
    SIZE("reader_connections", reader_connections, 1, 64),
    INT("connect_timeout_s", connect_timeout_s, 1, 60),
    INT("write_timeout_ms", write_timeout_ms, 100, 600000),
    INT("read_timeout_ms", read_timeout_ms, 100, 3600000),
    INT("pool_timeout_ms", pool_timeout_ms, 1, 60000),
    INT("read_wait_ms", read_wait_ms, 0, 600000),
    INT("log_successes_per_s", log_successes_per_s, 0, 1000000),
    INT("client_timeout_ms", client_timeout_ms, 100, 600000),
    SIZE("group_max_events", group_max_events, 1, 10000),
    SIZE("group_max_bytes", group_max_bytes, 1024, 64L * 1024 * 1024),
    SIZE("queue_max_bytes", queue_max_bytes, 1024L * 1024, 1099511627776),
    SIZE("async_body_max_bytes", async_body_max_bytes, 1024, 1073741824),
    SIZE("async_batch_max_events", async_batch_max_events, 1, 10000000),
    INT("batch_retention_s", batch_retention_s, 60, 31622400),
    SIZE("quarantine_max_rows", quarantine_max_rows, 0, 100000000),
    INT("quarantine_retention_s", quarantine_retention_s, 60, 315360000),
    SIZE("quarantine_payload_max_bytes", quarantine_payload_max_bytes, 0, 16L * 1024 * 1024),
    SIZE("quarantine_rate", quarantine_rate, 1, 100000),
    INT("keys_max_age_s", keys_max_age_s, 10, 31622400),
    SIZE("address_rate", address_rate, 0, 1000000),
    SIZE("address_burst", address_burst, 1, 1000000),
    SIZE("address_daily_quota", address_daily_quota, 0, 1000000000000),
    SIZE("rate_limit_slots", rate_limit_slots, 1024, 16777216),
    SIZE("body_max_bytes", limits.body_max_bytes, 1024, 64L * 1024 * 1024),
    SIZE("event_max_bytes", limits.event_max_bytes, 256, 16L * 1024 * 1024),
    SIZE("batch_max_events", limits.batch_max_events, 1, 100000),
    SIZE("nesting_max", limits.nesting_max, 1, LIMIT_NESTING - 1),
    SIZE("members_max", limits.members_max, 2, LIMIT_MEMBERS),
    SIZE("values_max", limits.values_max, 3, 10000000),
    SIZE("event_type_max_bytes", limits.event_type_max_bytes, 1, LIMIT_KEY_BYTES),
    SIZE("session_id_max_bytes", limits.session_id_max_bytes, 1, LIMIT_KEY_BYTES),
    SIZE("page_url_max_bytes", limits.page_url_max_bytes, 1, 65536),
    { 0 },
};

const struct text_option config_texts[] = {
    { "writer_database", "SYNCHRONY_WRITER_DATABASE", offsetof(struct config, writer_database) },
    { "reader_database", "SYNCHRONY_READER_DATABASE", offsetof(struct config, reader_database) },
    { "owner_database", "SYNCHRONY_OWNER_DATABASE", offsetof(struct config, owner_database) },
    { "run_directory", NULL, offsetof(struct config, run_directory) },
    { "queue_directory", NULL, offsetof(struct config, queue_directory) },
    { "log_to", NULL, offsetof(struct config, log_to) },
    { "log_session_key_file", NULL, offsetof(struct config, log_session_key_file) },
    { 0 },
};

#define CHOICE(name_, field, start_, words_)                                                          \
    {                                                                                                 \
        .name = name_, .offset = offsetof(struct config, field), .start = (start_), .words = (words_) \
    }
const struct choice_option config_choices[] = {
    CHOICE("csv_byte_order_mark", csv_byte_order_mark, "false", "false, true"),
    CHOICE("csv_neutralise", csv_neutralise, "true", "false, true"),
    CHOICE("shared_reads", shared_reads, "true", "false, true"),
    CHOICE("event_types", event_types, "any", "any, listed"),
    CHOICE("scrub_cards", scrub.cards, "mask", "off, mask, reject"),
    CHOICE("scrub_ibans", scrub.ibans, "mask", "off, mask, reject"),
    CHOICE("access", access, "open", "open, ingest, keys"),
    CHOICE("trust_remote_user", trust_remote_user, "false", "false, true"),
    CHOICE("audit_reads", audit_reads, "true", "false, true"),
    CHOICE("audit_required", audit_required, "false", "false, true"),
    CHOICE("log_level", log_level, "info", "debug, info, warn, error"),
    CHOICE("readiness", readiness, "write", "ask, write"),
    CHOICE("metrics", metrics, "local", "off, local, all"),
    { 0 },
};

_Static_assert(sizeof config_numbers / sizeof config_numbers[0] + sizeof config_texts / sizeof config_texts[0] +
                       sizeof config_choices / sizeof config_choices[0] <=
                   CONFIG_OPTIONS_MAX,
               "room for all");

long number_option_get(const struct number_option *option, const struct config *config)
{
    const void *at = (const char *)config + option->offset;

    return option->is_size ? (long)*(const size_t *)at : *(const int *)at;
}

void number_option_set(const struct number_option *option, struct config *config, long value)
{
    void *at = (char *)config + option->offset;

    if (option->is_size)
        *(size_t *)at = (size_t)value;
    else
        *(int *)at = (int)value;
}

char **text_option_at(const struct text_option *option, struct config *config)
{
    void *at = (char *)config + option->offset;

    return at;
}

int choice_option_of(const struct choice_option *option, struct bytes value)
{
    struct bytes words = bytes_of(option->words);
    struct bytes word;

    for (int i = 0; bytes_cut(&words, ',', &word); i++) {
        if (bytes_equal(bytes_trim(word, " "), value))
            return i;
    }
    return -1;
}

void choice_option_set(const struct choice_option *option, struct config *config, int choice)
{
    memcpy((char *)config + option->offset, &choice, sizeof choice);
}
