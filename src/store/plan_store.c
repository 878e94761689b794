#include "store/plan_store.h"

enum status plan_store_put(struct db *db, const struct new_plan *plan)
{
    const struct db_param params[] = { db_text(plan->os_user), db_text(plan->name), db_text(plan->events_per_s),
                                       db_text(plan->burst), db_text(plan->daily_quota) };
    const struct db_step step = { .query = QUERY_USAGE_PLAN_PUT, .params = params, .n_params = 5 };

    return db_run(db, &step, 1);
}

enum status plan_store_remove(struct db *db, struct bytes os_user, struct bytes name)
{
    const struct db_param params[] = { db_text(os_user), db_text(name) };
    const struct db_step step = { .query = QUERY_USAGE_PLAN_REMOVE, .params = params, .n_params = 2 };

    return db_run(db, &step, 1);
}

enum status plan_store_list(struct db *db, row_reporter *report, void *context)
{
    return row_report(db, (struct db_step){ .query = QUERY_USAGE_PLAN_LIST }, PLAN_LIST_COLUMNS, report, context);
}
