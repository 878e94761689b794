#include "store/row_report.h"

enum status row_report(struct db *db, struct db_step step, size_t n_columns, row_reporter *report, void *context)
{
    struct bytes columns[ROW_REPORT_COLUMNS_MAX];
    struct db_result rows;

    step.result = &rows;
    enum status st = db_run(db, &step, 1);
    if (st != STATUS_OK)
        return st;
    for (size_t row = 0; row < db_result_rows(&rows); row++) {
        for (size_t i = 0; i < n_columns && i < ROW_REPORT_COLUMNS_MAX; i++)
            columns[i] = db_result_value(&rows, row, (int)i);
        report(context, columns, n_columns);
    }
    db_result_clear(&rows);
    return STATUS_OK;
}
