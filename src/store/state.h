/* What the database says about itself, for metrics and for `synchrony doctor`. */
#ifndef SYNCHRONY_STORE_STATE_H
#define SYNCHRONY_STORE_STATE_H

#include <stdint.h>

#include "store/db.h"

/* Up to when the history has partitions, in seconds since 1970. Returns STATUS_NOT_FOUND where it has none, else as db_run. */
enum status state_partitions_until(struct db *db, int64_t *until_s) MUST_USE;

/* How far the server lies behind the one that it copies, in milliseconds; 0 where it copies none. Statuses as db_run. */
enum status state_replica_lag(struct db *db, int64_t *lag_ms) MUST_USE;

/* What a server promises, as a connection sees it. Texts are the settings' values. */
struct state_settings {
    char fsync[16];
    char synchronous_commit[16];
    char full_page_writes[16];
    char encoding[16];
    bool is_standby;
    size_t version;         /* as in server_version_num: 150004 */
    size_t max_connections; /* that others than superusers may have */
    size_t connections;     /* that there are */
    int64_t now_us;
};

/* What the role of a connection may. */
struct state_rights {
    bool is_migrated; /* the function and the tables are there; else the next three say nothing */
    bool may_store;
    bool may_read;
    bool may_change; /* tables of events, other than by the function that stores them */
    bool is_owner;
    bool is_superuser;
    char role[64];
};

/* Statuses as db_run. */
enum status state_settings_read(struct db *db, struct state_settings *settings) MUST_USE;
enum status state_rights_read(struct db *db, struct state_rights *rights) MUST_USE;

#endif
