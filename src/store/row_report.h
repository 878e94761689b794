/* The rows of a short answer, one by one to who shows them. Left to others: answers of any length (db_stream). */
#ifndef SYNCHRONY_STORE_ROW_REPORT_H
#define SYNCHRONY_STORE_ROW_REPORT_H

#include "store/db.h"

enum { ROW_REPORT_COLUMNS_MAX = 16 };

/* A row's n columns, as its query says; borrowed. */
typedef void row_reporter(void *context, const struct bytes *columns, size_t n);

/* Runs a statement and reports the first n_columns of each row. Statuses as db_run. */
enum status row_report(struct db *db, struct db_step step, size_t n_columns, row_reporter *report, void *context) MUST_USE;

#endif
