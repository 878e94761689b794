#include "store/state.h"

#include <stdio.h>

static enum status ask(struct db *db, enum db_query query, struct db_result *result)
{
    const struct db_step step = { .query = query, .result = result };
    enum status st = db_run(db, &step, 1);

    return st == STATUS_UNAVAILABLE && db_went_stale(db) ? db_run(db, &step, 1) : st;
}

/* The one number that a query answers with, as text. */
static enum status ask_number(struct db *db, enum db_query query, int64_t *number)
{
    struct db_result result;
    size_t value = 0;
    enum status st = ask(db, query, &result);

    if (st != STATUS_OK)
        return st;
    bool found = db_result_rows(&result) && bytes_to_size(db_result_value(&result, 0, 0), INT64_MAX, &value);
    db_result_clear(&result);
    *number = (int64_t)value;
    return found ? STATUS_OK : STATUS_NOT_FOUND;
}

enum status state_partitions_until(struct db *db, int64_t *until_s)
{
    return ask_number(db, QUERY_PARTITIONS_UNTIL, until_s);
}

enum status state_replica_lag(struct db *db, int64_t *lag_ms)
{
    return ask_number(db, QUERY_REPLICA_LAG, lag_ms);
}

static void take_text(const struct db_result *result, int column, char *text, size_t size)
{
    struct bytes value = db_result_value(result, 0, column);

    snprintf(text, size, "%.*s", (int)value.len, value.p ? value.p : "");
}

static bool is_true(const struct db_result *result, int column)
{
    return bytes_equal(db_result_value(result, 0, column), BYTES("true"));
}

static size_t number(const struct db_result *result, int column)
{
    size_t value;

    return bytes_to_size(db_result_value(result, 0, column), INT64_MAX, &value) ? value : 0;
}

enum status state_settings_read(struct db *db, struct state_settings *settings)
{
    struct db_result result;
    enum status st = ask(db, QUERY_SERVER_SETTINGS, &result);

    if (st != STATUS_OK)
        return st;
    *settings = (struct state_settings){
        .version = number(&result, 0),
        .is_standby = is_true(&result, 5),
        .max_connections = number(&result, 6),
        .connections = number(&result, 7),
        .now_us = (int64_t)number(&result, 8),
    };
    take_text(&result, 1, settings->fsync, sizeof settings->fsync);
    take_text(&result, 2, settings->synchronous_commit, sizeof settings->synchronous_commit);
    take_text(&result, 3, settings->full_page_writes, sizeof settings->full_page_writes);
    take_text(&result, 4, settings->encoding, sizeof settings->encoding);
    db_result_clear(&result);
    return STATUS_OK;
}

enum status state_rights_read(struct db *db, struct state_rights *rights)
{
    struct db_result result;
    enum status st = ask(db, QUERY_SERVER_RIGHTS, &result);

    if (st != STATUS_OK)
        return st;
    *rights = (struct state_rights){ .is_migrated = true };
    for (int column = 0; column < 3; column++)
        rights->is_migrated &= !bytes_equal(db_result_value(&result, 0, column), BYTES("missing"));
    rights->may_store = is_true(&result, 0);
    rights->may_read = is_true(&result, 1);
    rights->may_change = is_true(&result, 2);
    rights->is_owner = is_true(&result, 3);
    rights->is_superuser = is_true(&result, 4);
    take_text(&result, 5, rights->role, sizeof rights->role);
    db_result_clear(&result);
    return STATUS_OK;
}
