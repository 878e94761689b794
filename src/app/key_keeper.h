/* Keeps the valid keys of a process up to date, without a question to the database for any request.
 *
 * One process of a host asks the database every two seconds and writes what it has read to a file of digests, mode 0600; the others look at
 * the file every second. So a key that is made or revoked is so everywhere within some three seconds. While the database is away the last
 * good keys go on for keys_max_age_s; the file outlives a restart, and a boot where it lies in the queue's directory. Without a directory
 * each process asks for itself. With the keys goes what was used of them: this host's counts to the database, and all hosts' back.
 * Left to others: judging requests by the keys (app/access), the counts (app/rate_limit). */
#ifndef SYNCHRONY_APP_KEY_KEEPER_H
#define SYNCHRONY_APP_KEY_KEEPER_H

#include "app/config.h"
#include "app/rate_limit.h"
#include "base/arena.h"
#include "model/key_ring.h"

struct key_keeper;

/* config and limit are borrowed. Opens no connection yet. Returns STATUS_NO_MEMORY. */
enum status key_keeper_open(struct key_keeper **keeper, const struct config *config, struct rate_limit *limit) MUST_USE;
void key_keeper_close(struct key_keeper *keeper);

/* Takes the keys of the file, or of the database: before the first request. Waits for the database no longer than a connection's
 * timeouts. */
void key_keeper_begin(struct key_keeper *keeper);

/* One look, by the one thread that looks again and again. Returns when the next one is due, in milliseconds. */
int key_keeper_look(struct key_keeper *keeper);

/* The last look: what was used is reported, and another process may lead. */
void key_keeper_end(struct key_keeper *keeper);

/* The same for a process that serves one request: asks the database only where the file is older than two seconds. */
void key_keeper_glance(struct key_keeper *keeper);

/* Finds the grant of a key; its lists are copied to arena. For any thread.
 * Returns STATUS_UNAUTHORIZED for an unknown or expired one, STATUS_UNAVAILABLE where no keys are known that are young enough to go by,
 * STATUS_NO_MEMORY. */
enum status key_keeper_find(struct key_keeper *keeper, struct bytes key, int64_t now_us, struct arena *arena,
                            struct key_grant *grant) MUST_USE;

#endif
