#include "cgi-bin/pool.h"

static struct flight *next(struct pool *pool)
{
    pthread_mutex_lock(&pool->lock);
    pool->n_idle++;
    while (!pool->first && !pool->is_stopping)
        pthread_cond_wait(&pool->queued, &pool->lock);
    pool->n_idle--;
    struct flight *flight = pool->first;
    if (flight) {
        pool->first = flight->next;
        pool->n_queued--;
    }
    pthread_mutex_unlock(&pool->lock);
    return flight;
}

static void *thread_main(void *context)
{
    struct pool *pool = context;
    struct worker *worker = worker_new(pool->service);
    struct flight *flight;

    while (worker && (flight = next(pool)) != NULL)
        flight->work(pool->context, worker, flight);
    worker_free(worker);
    crew_leave(pool->crew);
    return NULL;
}

static void append(struct pool *pool, struct flight *flight)
{
    flight->next = NULL;
    if (pool->first)
        pool->last->next = flight;
    else
        pool->first = flight;
    pool->last = flight;
    pool->n_queued++;
    pthread_cond_signal(&pool->queued);
}

bool pool_queue(struct pool *pool, struct flight *flight, pool_work *work)
{
    flight->work = work;
    pthread_mutex_lock(&pool->lock);
    if (pool->n_idle <= pool->n_queued && pool->n_threads < pool->max_threads)
        pool->n_threads += crew_start(pool->crew, thread_main, pool);
    bool queued = pool->n_threads && pool->n_queued < pool->max_queued;
    if (queued)
        append(pool, flight);
    pthread_mutex_unlock(&pool->lock);
    return queued;
}

void pool_stop(struct pool *pool)
{
    pthread_mutex_lock(&pool->lock);
    pool->is_stopping = true;
    pthread_cond_broadcast(&pool->queued);
    pthread_mutex_unlock(&pool->lock);
}
