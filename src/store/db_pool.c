#include "store/db_pool.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/metrics.h"

struct db_pool {
    enum metric_pool metric;
    pthread_mutex_t lock;
    pthread_cond_t given;
    int wait_ms;
    size_t size;
    size_t n_idle;
    struct db **idle; /* a stack: the first n_idle of size */
};

struct db_pool *db_pool_new(const struct db_options *options, size_t size, int wait_ms)
{
    struct db_pool *pool = calloc(1, sizeof *pool);

    if (!pool)
        return NULL;
    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->given, NULL);
    pool->size = size;
    pool->wait_ms = wait_ms;
    pool->metric = options->pool;
    metrics_move(METRIC_1(DB_POOL_SIZE, pool->metric), (int64_t)size);
    pool->idle = calloc(size, sizeof *pool->idle);
    while (pool->idle && pool->n_idle < size) {
        struct db *db = db_new(options);
        if (!db)
            break;
        pool->idle[pool->n_idle++] = db;
    }
    if (pool->n_idle < size) {
        db_pool_free(pool);
        return NULL;
    }
    return pool;
}

void db_pool_free(struct db_pool *pool)
{
    if (!pool)
        return;
    metrics_move(METRIC_1(DB_POOL_SIZE, pool->metric), -(int64_t)pool->size);
    while (pool->n_idle)
        db_free(pool->idle[--pool->n_idle]);
    free(pool->idle);
    pthread_cond_destroy(&pool->given);
    pthread_mutex_destroy(&pool->lock);
    free(pool);
}

enum status db_pool_take(struct db_pool *pool, struct db **db)
{
    struct timespec deadline = clock_monotonic_in(pool->wait_ms);
    int waited = 0;

    pthread_mutex_lock(&pool->lock);
    metrics_add(METRIC_1(DB_POOL_WAITS, pool->metric), pool->n_idle == 0);
    while (pool->n_idle == 0 && waited == 0)
        waited = pthread_cond_clockwait(&pool->given, &pool->lock, CLOCK_MONOTONIC, &deadline);
    *db = pool->n_idle ? pool->idle[--pool->n_idle] : NULL;
    pthread_mutex_unlock(&pool->lock);
    metrics_move(METRIC_1(DB_POOL_USED, pool->metric), *db != NULL);
    metrics_add(METRIC_1(DB_POOL_TIMEOUTS, pool->metric), *db == NULL);
    return *db ? STATUS_OK : STATUS_BUSY;
}

void db_pool_give(struct db_pool *pool, struct db *db)
{
    metrics_move(METRIC_1(DB_POOL_USED, pool->metric), -1);
    pthread_mutex_lock(&pool->lock);
    pool->idle[pool->n_idle++] = db;
    pthread_cond_signal(&pool->given);
    pthread_mutex_unlock(&pool->lock);
}
