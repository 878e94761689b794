/* The partitions of the history: one a week, made ahead of need. */
#ifndef SYNCHRONY_STORE_PARTITION_H
#define SYNCHRONY_STORE_PARTITION_H

#include "store/db.h"

enum { PARTITION_AHEAD_MONTHS = 3, PARTITION_AHEAD_MAX_MONTHS = 120 };

typedef void partition_reporter(void *context, struct bytes name);

/* Makes the partitions from this week to the end of the month that is ahead_months after this one (0 to 120), reporting each that is
 * new. Statuses as db_run. */
enum status partition_extend(struct db *db, int ahead_months, partition_reporter *report, void *context) MUST_USE;

#endif
