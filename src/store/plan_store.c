#include "store/plan_store.h"

static struct db_param text_param(struct bytes text)
{
    return (struct db_param){ text.p, text.len };
}

enum status plan_store_put(struct db *db, const struct new_plan *plan)
{
    const struct db_param params[] = { text_param(plan->os_user), text_param(plan->name), text_param(plan->events_per_s),
                                       text_param(plan->burst), text_param(plan->daily_quota) };
    const struct db_step step = { .query = QUERY_USAGE_PLAN_PUT, .params = params, .n_params = 5 };

    return db_run(db, &step, 1);
}

enum status plan_store_remove(struct db *db, struct bytes os_user, struct bytes name)
{
    const struct db_param params[] = { text_param(os_user), text_param(name) };
    const struct db_step step = { .query = QUERY_USAGE_PLAN_REMOVE, .params = params, .n_params = 2 };

    return db_run(db, &step, 1);
}

enum status plan_store_list(struct db *db, row_reporter *report, void *context)
{
    struct db_result rows;
    const struct db_step step = { .query = QUERY_USAGE_PLAN_LIST, .result = &rows };
    enum status st = db_run(db, &step, 1);

    if (st != STATUS_OK)
        return st;
    for (size_t row = 0; row < db_result_rows(&rows); row++) {
        struct bytes columns[PLAN_LIST_COLUMNS];
        for (int i = 0; i < PLAN_LIST_COLUMNS; i++)
            columns[i] = db_result_value(&rows, row, i);
        report(context, columns, PLAN_LIST_COLUMNS);
    }
    db_result_clear(&rows);
    return STATUS_OK;
}
