/* Where keys are kept, as their digests, with what was used of them.
 *
 * The verbs of people (create, list, revoke, rotate) are the operator's, and each writes itself down in the record in the same transaction;
 * key_store_read and key_store_add_usage are the writer's. Statuses as db_run; STATUS_INTERNAL or STATUS_UNPROCESSABLE with db_message
 * where the database refuses: there is no such key or plan, say. */
#ifndef SYNCHRONY_STORE_KEY_STORE_H
#define SYNCHRONY_STORE_KEY_STORE_H

#include "model/key_ring.h"
#include "store/row_report.h"

struct new_key {
    struct bytes os_user; /* who makes it, as the operating system says */
    struct bytes id;
    struct api_key_digest digest;
    struct bytes name;
    struct bytes plan; /* absent: none */
    const struct bytes *scopes;
    size_t n_scopes;
    const struct bytes *origins;
    size_t n_origins;
    const struct bytes *event_types;
    size_t n_event_types;
    int64_t lifetime_s; /* 0: for ever */
};

enum status key_store_create(struct db *db, const struct new_key *key) MUST_USE;

enum status key_store_revoke(struct db *db, struct bytes os_user, struct bytes id) MUST_USE;

/* Puts a new key beside that of old_id, with the same rights; the old one goes on for grace_s. */
enum status key_store_rotate(struct db *db, struct bytes os_user, struct bytes old_id, struct bytes new_id,
                             const struct api_key_digest *new_digest, int64_t grace_s) MUST_USE;

/* A key as a list shows it: columns as the query says, the first of them JSON. */
enum { KEY_LIST_COLUMNS = 8 };
enum status key_store_list(struct db *db, row_reporter *report, void *context) MUST_USE;

/* All valid keys. now_us: stands in the ring as its time. */
enum status key_store_read(struct db *db, int64_t now_us, struct key_ring **ring) MUST_USE;

/* What one key has used on the day. */
struct key_usage {
    char id[API_KEY_ID_BYTES + 1];
    uint64_t added; /* by this host, not reported yet */
    uint64_t total; /* set: by all hosts */
};

/* Reports and asks for n keys, 1 ≤ n. day: since 1970. */
enum status key_store_add_usage(struct db *db, uint64_t day, struct key_usage *usages, size_t n) MUST_USE;

#endif
