/* The record of who read the events of single sessions: append alone. Changes of keys and plans write themselves down (store/key_store). */
#ifndef SYNCHRONY_STORE_AUDIT_STORE_H
#define SYNCHRONY_STORE_AUDIT_STORE_H

#include <stdint.h>

#include "store/db.h"

struct audit_read {
    int64_t happened_at_us;
    struct bytes actor;   /* key:ID or user:NAME */
    struct bytes subject; /* event type and session, as JSON */
    struct bytes address;
    struct bytes request_id;
};

/* Appends n reads, 1 ≤ n, all or none. Statuses as db_run. */
enum status audit_store_append(struct db *db, const struct audit_read *reads, size_t n) MUST_USE;

#endif
