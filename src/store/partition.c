#include "store/partition.h"

#include <stdio.h>
#include <string.h>

enum status partition_extend(struct db *db, int ahead_months, partition_reporter *report, void *context)
{
    char months[16];
    struct db_result made;

    snprintf(months, sizeof months, "%d", ahead_months);
    const struct db_param param = { months, strlen(months) };
    const struct db_step step = { .query = QUERY_PARTITIONS_EXTEND, .params = &param, .n_params = 1, .result = &made };
    enum status st = db_run(db, &step, 1);
    if (st != STATUS_OK)
        return st;
    for (size_t row = 0; row < db_result_rows(&made); row++)
        report(context, db_result_value(&made, row, 0));
    db_result_clear(&made);
    return STATUS_OK;
}
