#include "store/state.h"

/* The one number that a query answers with, as text. */
static enum status ask_number(struct db *db, enum db_query query, int64_t *number)
{
    struct db_result result;
    const struct db_step step = { .query = query, .result = &result };
    size_t value = 0;
    enum status st = db_run(db, &step, 1);

    if (st == STATUS_UNAVAILABLE && db_went_stale(db))
        st = db_run(db, &step, 1);
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
