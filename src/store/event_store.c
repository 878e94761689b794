#include "store/event_store.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/metrics.h"
#include "store/event_columns.h"
#include "store/event_order.h"
#include "store/pg_value.h"

enum {
    GROUP_MAX_BYTES = 256 * 1024 * 1024,
    RETRY_PAUSE_MS = 20,
    MANY_EVENTS = 64, /* from where QUERY_EVENT_WRITE_MANY is the cheaper */
};

/* ---- parameters ---- */

/* The parameters of a group, in memory of the connection. */
static enum status columns_fill(struct db *db, struct event *const *events, size_t n, struct event_columns *columns)
{
    event_columns_measure(columns, events, n);
    char *memory = columns->size_bytes <= GROUP_MAX_BYTES ? db_memory(db, columns->size_bytes) : NULL;
    if (!memory)
        return STATUS_NO_MEMORY;
    event_columns_put(columns, events, n, memory);
    return STATUS_OK;
}

/* ---- what is new ---- */

/* An event's place in the history. */
struct identity {
    struct bytes session_id;
    struct bytes event_id;
    int64_t occurred_at_us;
    size_t index; /* in events */
};

static int compare_identities(const void *left, const void *right)
{
    const struct identity *a = left;
    const struct identity *b = right;
    int order = bytes_compare(a->event_id, b->event_id);

    if (!order)
        order = bytes_compare(a->session_id, b->session_id);
    if (!order)
        order = (a->occurred_at_us > b->occurred_at_us) - (a->occurred_at_us < b->occurred_at_us);
    return order;
}

/* For equal identities the order of the events decides, so that the first of them is the one that is new. */
static int compare_identities_stable(const void *left, const void *right)
{
    int order = compare_identities(left, right);
    size_t a = ((const struct identity *)left)->index;
    size_t b = ((const struct identity *)right)->index;

    return order ? order : (a > b) - (a < b);
}

static struct identity *identities_of(struct event *const *events, size_t n, struct arena *arena)
{
    struct identity *identities = arena_alloc_array(arena, n, sizeof *identities);

    if (!identities)
        return NULL;
    for (size_t i = 0; i < n; i++) {
        identities[i] = (struct identity){
            .session_id = events[i]->session_id,
            .event_id = { (const char *)events[i]->event_id.octets, sizeof events[i]->event_id.octets },
            .occurred_at_us = events[i]->occurred_at_us,
            .index = i,
        };
    }
    qsort(identities, n, sizeof *identities, compare_identities_stable);
    return identities;
}

/* Tells new events from duplicates by the rows that the database returned: the identities of those that are new, or one of NULLs, for all.
 * All are committed by now, so where memory fails they count as new. */
static void mark_duplicates(const struct db_result *rows, struct event **events, size_t n, struct arena *arena)
{
    size_t n_rows = db_result_rows(rows);
    bool are_new = n_rows == n || (n_rows == 1 && !db_result_value(rows, 0, 0).p);
    struct identity *identities = n_rows && !are_new ? identities_of(events, n, arena) : NULL;

    for (size_t i = 0; i < n; i++)
        events[i]->is_duplicate = identities || !n_rows;
    for (size_t row = 0; identities && row < n_rows; row++) {
        struct identity key = { .session_id = db_result_value(rows, row, 0), .event_id = db_result_value(rows, row, 2) };
        struct identity *found = NULL;
        if (pg_timestamptz_read(db_result_value(rows, row, 1), &key.occurred_at_us))
            found = bsearch(&key, identities, n, sizeof *identities, compare_identities);
        while (found && found > identities && compare_identities(found - 1, &key) == 0)
            found--;
        if (found)
            events[found->index]->is_duplicate = false;
    }
}

/* ---- the transaction ---- */

/* A statement alone is a transaction, committed at the end of its flight: all or none, and no words on BEGIN and COMMIT. */
static struct db_step write_step(const struct event_columns *columns, size_t n, struct db_result *rows)
{
    return (struct db_step){ .query = n < MANY_EVENTS ? QUERY_EVENT_WRITE : QUERY_EVENT_WRITE_MANY,
                             .params = columns->params,
                             .n_params = EVENT_COLUMNS,
                             .result = rows };
}

static enum status write_once(struct db *db, struct event **events, size_t n, struct arena *arena)
{
    struct event_columns columns;
    struct db_result rows = { 0 };
    enum status st = columns_fill(db, events, n, &columns);

    if (st == STATUS_OK) {
        const struct db_step step = write_step(&columns, n, &rows);
        st = db_run(db, &step, 1);
    }
    if (st == STATUS_OK)
        mark_duplicates(&rows, events, n, arena);
    db_result_clear(&rows);
    db_memory_rest(db);
    return st;
}

enum status event_store_try(struct db *db, struct event *event)
{
    struct event_columns columns;
    enum status st = columns_fill(db, &event, 1, &columns);

    if (st == STATUS_OK) {
        const struct db_step steps[] = {
            { .query = QUERY_BEGIN },
            { .query = QUERY_EVENT_WRITE, .params = columns.params, .n_params = EVENT_COLUMNS },
            { .query = QUERY_ROLLBACK },
        };
        st = db_run(db, steps, 3);
    }
    db_memory_rest(db);
    return st;
}

bool event_store_should_retry(const struct db *db, enum status st)
{
    return st == STATUS_RETRY || (st == STATUS_UNAVAILABLE && db_went_stale(db));
}

enum status event_store_write(struct db *db, struct event **events, size_t n, struct arena *arena)
{
    enum status st = STATUS_INTERNAL;

    event_order_sort(events, n, arena);
    for (int attempt = 0; attempt < EVENT_STORE_ATTEMPTS; attempt++) {
        metrics_add(METRIC_DB_RETRIES, attempt > 0);
        st = write_once(db, events, n, arena);
        if (!event_store_should_retry(db, st))
            break;
        if (st == STATUS_RETRY)
            poll(NULL, 0, (int)(clock_now_us() % RETRY_PAUSE_MS)); /* the other side is not to be met in step again */
    }
    return st;
}

enum status event_store_begin(struct db *db, struct event_write *write, struct event **events, size_t n, struct arena *arena)
{
    struct event_columns columns;

    *write = (struct event_write){ .events = events, .n = n };
    event_order_sort(events, n, arena);
    enum status st = columns_fill(db, events, n, &columns);
    if (st == STATUS_OK) {
        const struct db_step step = write_step(&columns, n, &write->rows);
        st = db_flight_begin(db, &write->flight, &step, 1);
    }
    db_memory_rest(db); /* libpq has its own copy */
    return st;
}

bool event_store_is_over(struct db *db, struct event_write *write, struct arena *arena, enum status *st)
{
    if (!db_flight_is_over(db, &write->flight, st))
        return false;
    if (*st == STATUS_OK)
        mark_duplicates(&write->rows, write->events, write->n, arena);
    db_result_clear(&write->rows);
    return true;
}
