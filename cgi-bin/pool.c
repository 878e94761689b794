#include "cgi-bin/pool.h"

#include "base/clock.h"

/* How long a flight waits for one that is alike and under way, so that it can share the next answer with others, before it goes ahead. */
enum { ALIKE_WAIT_MS = 20 };

/* ---- those that are alike ---- */

static bool is_alike(const struct pool *pool, const struct flight *a, const struct flight *b)
{
    return a->likeness && a->likeness == b->likeness && pool->are_alike(a, b);
}

/* Is one that is alike under way, and has been for so short a time that it is worth to wait for it? By likeness alone, since that one is in
 * other hands: one that is not alike after all waits for nothing. */
static bool has_reason_to_wait(const struct pool *pool, const struct flight *flight, int64_t now_ms)
{
    for (size_t i = 0; i < pool->n_places && flight->likeness; i++) {
        const struct pool_place *place = &pool->places[i];
        if (place->likeness == flight->likeness && now_ms - place->since_ms < ALIKE_WAIT_MS)
            return true;
    }
    return false;
}

/* Takes the flight behind *before, or the first where that is NULL, off the queue. */
static struct flight *unlink_behind(struct pool *pool, struct flight *before)
{
    struct flight *flight = before ? before->next : pool->first;

    if (before)
        before->next = flight->next;
    else
        pool->first = flight->next;
    if (pool->last == flight)
        pool->last = before;
    pool->n_queued--;
    pool->n_waiting -= flight->waits;
    flight->next = NULL;
    return flight;
}

/* Takes all that are alike along, as a list behind flight. */
static void take_alike(struct pool *pool, struct flight *flight)
{
    struct flight *before = NULL, *last = flight;
    size_t n = 1;

    for (struct flight *other = pool->first; other && flight->likeness && n < POOL_MAX_ALIKE;) {
        struct flight *behind = other->next;
        if (is_alike(pool, flight, other)) {
            last->next = unlink_behind(pool, before);
            last = last->next;
            n++;
        } else {
            before = other;
        }
        other = behind;
    }
}

static bool may_begin(const struct pool *pool, struct flight *flight, int64_t now_ms)
{
    return !flight->waits || pool->is_stopping || pool->may_begin(pool->service, flight, now_ms);
}

/* The first flight that has no reason to wait, with those that are alike. NULL: there is none; *must_look_again: there will be. */
static struct flight *take(struct pool *pool, struct pool_place *place, bool *must_look_again)
{
    int64_t now_ms = pool->first ? clock_monotonic_ms() : 0;
    struct flight *before = NULL;

    *must_look_again = pool->first != NULL;
    for (struct flight *flight = pool->first; flight; before = flight, flight = flight->next) {
        if (has_reason_to_wait(pool, flight, now_ms) || !may_begin(pool, flight, now_ms))
            continue;
        flight = unlink_behind(pool, before);
        take_alike(pool, flight);
        *place = (struct pool_place){ flight->likeness, now_ms };
        if (pool->first && pool->n_idle > 1)
            pthread_cond_signal(&pool->queued); /* another looks after what waits */
        return flight;
    }
    return NULL;
}

/* ---- the queue ---- */

static struct flight *next(struct pool *pool, struct pool_place *place)
{
    struct flight *flight;
    bool must_look_again;

    pthread_mutex_lock(&pool->lock);
    place->likeness = 0;
    pool->n_idle++;
    while (!(flight = take(pool, place, &must_look_again)) && (must_look_again || !pool->is_stopping)) {
        struct timespec deadline = clock_monotonic_in(ALIKE_WAIT_MS);
        if (must_look_again && (pool->n_looking == 0 || pool->is_stopping)) {
            pool->n_looking++;
            (void)pthread_cond_clockwait(&pool->queued, &pool->lock, CLOCK_MONOTONIC, &deadline);
            pool->n_looking--;
        } else {
            pthread_cond_wait(&pool->queued, &pool->lock);
        }
    }
    pool->n_idle--;
    pthread_mutex_unlock(&pool->lock);
    return flight;
}

/* Takes a place for a thread: there are as many as threads. */
static struct pool_place *place_of(struct pool *pool)
{
    pthread_mutex_lock(&pool->lock);
    struct pool_place *place = &pool->places[pool->n_places++];
    pthread_mutex_unlock(&pool->lock);
    return place;
}

static void *thread_main(void *context)
{
    struct pool *pool = context;
    struct pool_place *place = place_of(pool);
    struct worker *worker = worker_new(pool->service);
    struct flight *flight;

    while (worker && (flight = next(pool, place)) != NULL)
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
    pool->n_waiting += flight->waits;
}

/* Whoever is looked after already, by a thread that looks again in a moment or ends one that is alike, needs nobody to wake up. */
static bool needs_thread(const struct pool *pool, const struct flight *flight)
{
    return pool->n_looking == 0 || !has_reason_to_wait(pool, flight, clock_monotonic_ms());
}

bool pool_queue(struct pool *pool, struct flight *flight, pool_work *work)
{
    flight->work = work;
    if (!pool->are_alike)
        flight->likeness = 0;
    if (!pool->may_begin)
        flight->waits = false;
    pthread_mutex_lock(&pool->lock);
    bool needs = needs_thread(pool, flight);
    if (needs && pool->n_idle <= pool->n_queued && pool->n_threads < pool->max_threads)
        pool->n_threads += crew_start(pool->crew, thread_main, pool);
    bool may_wait = !pool->is_stopping && pool->n_waiting < pool->max_queued / 2;
    bool has_room = pool->n_queued < pool->max_queued && (may_wait || !flight->waits);
    bool queued = pool->n_threads && has_room;
    if (queued)
        append(pool, flight);
    if (queued && needs)
        pthread_cond_signal(&pool->queued);
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
