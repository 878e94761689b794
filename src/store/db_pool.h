/* A bounded set of connections that threads share: each holds one while it needs it. */
#ifndef SYNCHRONY_STORE_DB_POOL_H
#define SYNCHRONY_STORE_DB_POOL_H

#include "store/db.h"

struct db_pool;

/* size connections, none open yet; wait_ms is how long a thread waits for one. Returns NULL without memory. */
struct db_pool *db_pool_new(const struct db_options *options, size_t size, int wait_ms);
/* All connections must have been given back. */
void db_pool_free(struct db_pool *pool);

/* Borrows a connection, the one used last, until db_pool_give. Returns STATUS_BUSY when none comes free in time. */
enum status db_pool_take(struct db_pool *pool, struct db **db) MUST_USE;
void db_pool_give(struct db_pool *pool, struct db *db);

#endif
