/* The schema's way from nothing to now: applies the numbered scripts of db/migrations in order, each once, in a transaction of its
 * own, one process at a time (an advisory lock). Forward only.
 *
 * The connection should have no statement timeout. Left to others: making partitions (store/partition). */
#ifndef SYNCHRONY_STORE_MIGRATION_H
#define SYNCHRONY_STORE_MIGRATION_H

#include "store/db.h"

enum migration_state {
    MIGRATION_PENDING,
    MIGRATION_APPLIED, /* before this call */
    MIGRATION_DONE,    /* by this call */
    MIGRATION_CHANGED, /* applied, but its text was another then */
    MIGRATION_UNKNOWN, /* applied by a newer program */
    MIGRATION_ROLES,   /* the roles were made; name says which */
    MIGRATION_REFUSED  /* nothing was applied; name says why */
};

struct migration_step {
    enum migration_state state;
    const char *name;       /* "0001_events" */
    const char *applied_at; /* RFC 3339; NULL where it has not been applied before */
};

typedef void migration_reporter(void *context, const struct migration_step *step);

/* Applies what is pending, reporting each step; makes missing roles first. Stops with STATUS_CONFLICT, before any migration is applied, at
 * one that is changed or unknown, and at a database that is not in UTF-8; with the status of db_run where a step fails: what was done
 * before it stays. */
enum status migration_apply(struct db *db, migration_reporter *report, void *context) MUST_USE;

/* Reports all migrations and changes nothing. Returns STATUS_END when all are applied as they stand, STATUS_OK when some are pending,
 * STATUS_CONFLICT when one is changed or unknown. */
enum status migration_list(struct db *db, migration_reporter *report, void *context) MUST_USE;

#endif
