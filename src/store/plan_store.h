/* Usage plans: what the holders of keys may use. For the operator; each change writes itself down in the record. Statuses as key_store. */
#ifndef SYNCHRONY_STORE_PLAN_STORE_H
#define SYNCHRONY_STORE_PLAN_STORE_H

#include "store/row_report.h"

/* Numbers are texts, judged by the database: a rate may be a fraction. */
struct new_plan {
    struct bytes os_user;
    struct bytes name;
    struct bytes events_per_s;
    struct bytes burst;
    struct bytes daily_quota; /* absent: none */
};

enum status plan_store_put(struct db *db, const struct new_plan *plan) MUST_USE;
enum status plan_store_remove(struct db *db, struct bytes os_user, struct bytes name) MUST_USE;

/* A plan as a list shows it: columns as the query says, the first of them JSON. */
enum { PLAN_LIST_COLUMNS = 6 };
enum status plan_store_list(struct db *db, row_reporter *report, void *context) MUST_USE;

#endif
