#include "store/readiness.h"

static enum status check_once(struct db *db)
{
    struct db_result result;
    const struct db_step step = { .query = QUERY_WRITER_READINESS, .result = &result };
    enum status st = db_run(db, &step, 1);

    if (st != STATUS_OK)
        return st;
    st = db_result_rows(&result) ? STATUS_OK : STATUS_UNAVAILABLE;
    db_result_clear(&result);
    return st;
}

enum status readiness_check(struct db *db)
{
    enum status st = check_once(db);

    return st == STATUS_UNAVAILABLE && db_went_stale(db) ? check_once(db) : st;
}
