#include "app/delivery.h"

#include <stdatomic.h>

#include "app/group.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"

bool delivery_is_down(const struct delivery *delivery)
{
    return atomic_load_explicit(&delivery->is_down, memory_order_relaxed);
}

void delivery_trip(struct delivery *delivery)
{
    if (!delivery->queue || !atomic_load(&delivery->is_watched) || atomic_exchange(&delivery->is_down, true))
        return;
    metrics_move(METRIC_DB_DOWN, 1);
    metrics_add(METRIC_DB_OUTAGES, 1);
    LOG(ERROR, "the database takes no events now; they are queued");
}

void delivery_restore(struct delivery *delivery)
{
    if (!atomic_exchange(&delivery->is_down, false))
        return;
    metrics_move(METRIC_DB_DOWN, -1);
    LOG(INFO, "the database takes events again");
}

static void set_verdicts(struct event **events, size_t n, enum status verdict)
{
    for (size_t i = 0; i < n; i++) {
        events[i]->verdict = verdict;
        events[i]->is_duplicate = false;
    }
}

static void count_group(enum metric_target target, size_t n, int64_t began_ns)
{
    metrics_observe_size(METRIC_1(GROUP_EVENTS, target), n);
    metrics_observe_ns(METRIC_1(GROUP_DURATION, target), clock_monotonic_ns() - began_ns);
}

static enum status put(struct queue *queue, struct event **events, size_t n)
{
    int64_t began_ns = clock_monotonic_ns();
    enum status st = queue_put(queue, events, n);

    count_group(METRIC_TO_QUEUE, n, began_ns);
    metrics_add(METRIC_QUEUE_ERRORS, st != STATUS_OK);
    return st;
}

void delivery_queue(struct delivery *delivery, struct event **events, size_t n)
{
    enum status st = delivery->queue ? put(delivery->queue, events, n) : STATUS_UNAVAILABLE;

    set_verdicts(events, n, st == STATUS_OK ? STATUS_QUEUED : st);
}

/* Was the event not stored, though nothing is wrong with it? */
static bool is_refused(const struct event *event)
{
    return event->verdict == STATUS_UNAVAILABLE || event->verdict == STATUS_NOT_SET_UP || event->verdict == STATUS_RETRY;
}

/* Brings those that were refused to the front. Returns how many they are. */
static size_t gather_refused(struct delivery *delivery, struct event **events, size_t n)
{
    size_t n_refused = 0;

    for (size_t i = 0; i < n; i++) {
        struct event *event = events[i];
        if (!is_refused(event))
            continue;
        if (event->verdict != STATUS_RETRY)
            delivery_trip(delivery);
        events[i] = events[n_refused];
        events[n_refused++] = event;
    }
    return n_refused;
}

/* Counts a group that the database has had, and queues what it has not taken. */
static void settle(struct delivery *delivery, struct event **events, size_t n, int64_t began_ns)
{
    count_group(METRIC_TO_DATABASE, n, began_ns);
    size_t n_refused = gather_refused(delivery, events, n);
    if (n_refused && delivery->queue)
        delivery_queue(delivery, events, n_refused);
}

void delivery_write(struct delivery *delivery, struct db *db, struct event **events, size_t n, struct arena *arena)
{
    if (delivery_is_down(delivery)) {
        delivery_queue(delivery, events, n);
        return;
    }
    int64_t began_ns = clock_monotonic_ns();
    group_write(db, events, n, arena);
    settle(delivery, events, n, began_ns);
}

enum status delivery_begin(struct delivery *delivery, struct db *db, struct delivery_flight *flight, struct event **events,
                           size_t n, struct arena *arena)
{
    if (delivery_is_down(delivery))
        return STATUS_UNAVAILABLE;
    flight->began_ns = clock_monotonic_ns();
    return event_store_begin(db, &flight->write, events, n, arena);
}

bool delivery_is_over(struct db *db, struct delivery_flight *flight, struct arena *arena, enum status *st)
{
    const struct event_write *write = &flight->write;

    if (!event_store_is_over(db, &flight->write, arena, st))
        return false;
    for (size_t i = 0; i < write->n; i++)
        write->events[i]->verdict = *st;
    if (*st == STATUS_OK)
        count_group(METRIC_TO_DATABASE, write->n, flight->began_ns);
    return true;
}

void delivery_resume(struct delivery *delivery, struct db *db, const struct delivery_flight *flight, enum status st,
                     struct arena *arena)
{
    const struct event_write *write = &flight->write;

    if ((st == STATUS_UNPROCESSABLE && write->n > 1) || event_store_should_retry(db, st)) {
        delivery_write(delivery, db, write->events, write->n, arena);
        return;
    }
    set_verdicts(write->events, write->n, st);
    settle(delivery, write->events, write->n, flight->began_ns);
}
