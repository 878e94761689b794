/* Would the database take an event now? */
#ifndef SYNCHRONY_STORE_READINESS_H
#define SYNCHRONY_STORE_READINESS_H

#include "store/db.h"

/* Asks over a writer's connection. Returns STATUS_OK when the server is no standby and not read-only, the tables are there and the
 * role may write them; else STATUS_UNAVAILABLE, or as db_run. */
enum status readiness_check(struct db *db) MUST_USE;

#endif
