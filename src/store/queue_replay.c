#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "store/queue_private.h"

enum { FIRST_RECORDS = 16 };

/* ---- the lead ---- */

enum status queue_lead(struct queue *queue)
{
    enum status st = STATUS_BUSY;

    pthread_mutex_lock(&queue->mutex);
    if (queue->lead_fd == QUEUE_UNLOCKED)
        st = queue_lock(queue, QUEUE_LOCK_LEAD, 0, &queue->lead_fd);
    if (st == STATUS_OK)
        queue_reserve_make(queue); /* whoever led before may have given it up */
    else
        queue_report(queue, st);
    pthread_mutex_unlock(&queue->mutex);
    return st;
}

void queue_unlead(struct queue *queue)
{
    pthread_mutex_lock(&queue->mutex);
    if (queue->lead_fd != QUEUE_UNLOCKED)
        close(queue->lead_fd);
    queue->lead_fd = QUEUE_UNLOCKED;
    pthread_mutex_unlock(&queue->mutex);
}

/* ---- reading ---- */

bool queue_row_is_whole(sqlite3_stmt *row)
{
    static const int types[] = {
        SQLITE_INTEGER, SQLITE_BLOB, SQLITE_INTEGER, SQLITE_INTEGER, SQLITE_BLOB, SQLITE_BLOB, SQLITE_BLOB
    };

    for (int i = 0; i < (int)(sizeof types / sizeof types[0]); i++) {
        if (sqlite3_column_type(row, i) != types[i])
            return false;
    }
    return sqlite3_column_bytes(row, 1) == sizeof(struct uuid);
}

static enum status read_record(sqlite3_stmt *row, struct arena *arena, struct queue_record *record)
{
    enum status st = STATUS_OK;
    struct event *event = &record->event;
    const void *event_id = sqlite3_column_blob(row, 1);

    if (!event_id)
        return STATUS_NO_MEMORY;
    *record = (struct queue_record){
        .seq = sqlite3_column_int64(row, 0),
        .has_batch = sqlite3_column_int(row, 7),
        .quarantined_at_us = sqlite3_column_int64(row, 9),
    };
    memcpy(event->event_id.octets, event_id, sizeof event->event_id.octets);
    event->occurred_at_us = sqlite3_column_int64(row, 2);
    event->received_at_us = sqlite3_column_int64(row, 3);
    event->has_event_id = true;
    event->has_occurred_at = true;
    event->verdict = STATUS_OK;
    event->event_type = queue_column_copy(row, 4, arena, &st);
    event->session_id = queue_column_copy(row, 5, arena, &st);
    event->properties = queue_column_copy(row, 6, arena, &st);
    record->reason = queue_column_copy(row, 8, arena, &st);
    return st;
}

/* Room for one record more. What is outgrown stays in the arena: it is as much again at most. */
static struct queue_record *next_record(struct queue_reading *reading, size_t *capacity)
{
    if (reading->n == *capacity) {
        size_t larger = *capacity ? 2 * *capacity : FIRST_RECORDS;
        struct queue_record *records =
            arena_alloc_array(reading->arena, larger < reading->max_records ? larger : reading->max_records, sizeof *records);
        if (!records)
            return NULL;
        if (reading->n)
            memcpy(records, reading->records, reading->n * sizeof *records);
        reading->records = records;
        *capacity = larger;
    }
    return &reading->records[reading->n];
}

static enum status read_rows(struct queue *queue, struct queue_reading *reading, sqlite3_stmt *rows)
{
    size_t capacity = 0, size_bytes = 0;
    enum status st;

    while ((st = queue_sql_row(queue, rows)) == STATUS_OK) {
        if (!queue_row_is_whole(rows)) {
            st = queue_sql_failed(queue, SQLITE_CORRUPT);
            break;
        }
        for (int column = 4; column <= 6; column++)
            size_bytes += (size_t)sqlite3_column_bytes(rows, column);
        if (reading->n && size_bytes > reading->max_bytes)
            break;
        struct queue_record *record = next_record(reading, &capacity);
        st = record ? read_record(rows, reading->arena, record) : STATUS_NO_MEMORY;
        if (st != STATUS_OK)
            break;
        reading->n++;
    }
    if (st != STATUS_END)
        queue_sql_end(rows);
    return st == STATUS_END ? STATUS_OK : st;
}

enum status queue_read_records(struct queue *queue, void *context)
{
    struct queue_reading *reading = context;
    sqlite3_stmt *rows = queue_sql(queue, reading->statement);

    reading->n = 0;
    sqlite3_bind_int64(rows, 1, reading->after_seq);
    sqlite3_bind_int64(rows, 2, reading->max_records < INT64_MAX ? (int64_t)reading->max_records : INT64_MAX);
    return read_rows(queue, reading, rows);
}

enum status queue_peek(struct queue *queue, int64_t after_seq, size_t max_records, size_t max_bytes, struct arena *arena,
                       struct queue_record **records, size_t *n)
{
    struct queue_reading reading = {
        .statement = QUEUE_SQL_RECORD_READ,
        .after_seq = after_seq,
        .max_records = max_records,
        .max_bytes = max_bytes,
        .arena = arena,
    };
    enum status st = queue_run(queue, QUEUE_BY_LEADER, queue_read_records, &reading);

    *records = reading.records;
    *n = st == STATUS_OK ? reading.n : 0;
    return st;
}

/* ---- settling ---- */

struct settling {
    const struct queue_record *records;
    size_t n;
    int64_t now_us;
    int64_t removed; /* of the queue */
    int64_t quarantined;
    int64_t left; /* in the queue */
};

/* Is the event to blame, whoever writes it and whenever? */
static bool is_refused(enum status verdict)
{
    const struct status_info *info = status_info(verdict);

    return info->http >= 400 && info->http < 500 && !info->retry;
}

static enum status quarantine(struct queue *queue, const struct queue_record *record, int64_t now_us)
{
    sqlite3_stmt *statement = queue_sql(queue, QUEUE_SQL_RECORD_QUARANTINE);

    queue_bind_identity(statement, record);
    queue_bind_bytes(statement, 3, bytes_of(status_info(record->event.verdict)->code));
    sqlite3_bind_int64(statement, 4, now_us);
    return queue_sql_done(queue, statement);
}

static enum status settle_in_batch(struct queue *queue, const int64_t place[2], const struct event *event, int64_t now_us)
{
    bool is_stored = event->verdict == STATUS_OK;
    const struct status_info *info = status_info(event->verdict);
    sqlite3_stmt *statement = queue_sql(queue, QUEUE_SQL_BATCH_SETTLE);

    sqlite3_bind_int64(statement, 1, place[0]);
    sqlite3_bind_int(statement, 2, is_stored && !event->is_duplicate);
    sqlite3_bind_int(statement, 3, is_stored && event->is_duplicate);
    sqlite3_bind_int(statement, 4, !is_stored);
    sqlite3_bind_int64(statement, 5, now_us);
    enum status st = queue_sql_done(queue, statement);
    if (st == STATUS_OK && !is_stored)
        st = queue_write_batch_error(queue, place, bytes_of(info->code), bytes_of(info->sentence), (struct bytes){ 0 });
    return st;
}

static enum status settle_record(struct queue *queue, struct settling *settling, const struct queue_record *record)
{
    int64_t place[2]; /* batch, index; 0 for none */
    bool refused = is_refused(record->event.verdict);
    enum status st = refused ? quarantine(queue, record, settling->now_us) : STATUS_OK;

    if (st != STATUS_OK)
        return st;
    sqlite3_stmt *statement = queue_sql(queue, QUEUE_SQL_RECORD_REMOVE);
    queue_bind_identity(statement, record);
    st = queue_sql_numbers(queue, statement, place, 2);
    if (st == STATUS_END)
        return STATUS_OK;
    settling->removed++;
    settling->quarantined += refused;
    if (st == STATUS_OK && place[0])
        st = settle_in_batch(queue, place, &record->event, settling->now_us);
    return st;
}

static enum status settle(struct queue *queue, void *context)
{
    struct settling *settling = context;
    enum status st = queue->lead_fd == QUEUE_UNLOCKED ? STATUS_INTERNAL : STATUS_OK;

    settling->removed = 0;
    settling->quarantined = 0;
    for (size_t i = 0; i < settling->n && st == STATUS_OK; i++) {
        enum status verdict = settling->records[i].event.verdict;
        if (verdict == STATUS_OK || is_refused(verdict))
            st = settle_record(queue, settling, &settling->records[i]);
    }
    if (st == STATUS_OK)
        st = queue_change_totals(queue, -settling->removed, settling->quarantined, &settling->left);
    return st;
}

/* What comes behind the commit, whatever comes of it. */
static enum status tidy(struct queue *queue, void *context)
{
    const struct settling *settling = context;

    if (settling->removed && settling->left <= 0)
        queue_shrink(queue);
    queue_reserve_make(queue);
    return STATUS_OK;
}

enum status queue_settle(struct queue *queue, const struct queue_record *records, size_t n)
{
    struct settling settling = { .records = records, .n = n, .now_us = clock_now_us() };

    enum status st = queue_run_transaction(queue, QUEUE_BY_LEADER, settle, &settling);
    if (st == STATUS_OK)
        (void)!queue_run(queue, 0, tidy, &settling);
    return st;
}
