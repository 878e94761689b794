#include "store/queue_private.h"

enum status queue_quarantine_peek(struct queue *queue, int64_t after_seq, size_t max_records, size_t max_bytes, struct arena *arena,
                                  struct queue_record **records, size_t *n)
{
    struct queue_reading reading = {
        .statement = QUEUE_SQL_QUARANTINE_READ,
        .after_seq = after_seq,
        .max_records = max_records,
        .max_bytes = max_bytes,
        .arena = arena,
    };
    enum status st = queue_run(queue, 0, queue_read_records, &reading);

    *records = reading.records;
    *n = st == STATUS_OK ? reading.n : 0;
    return st;
}

struct selection {
    const struct queue_record *records;
    size_t n;
};

/* Takes one out of the quarantine. *removed is 0 where it is not there. */
static enum status take_out(struct queue *queue, const struct queue_record *record, int64_t *removed)
{
    sqlite3_stmt *statement = queue_sql(queue, QUEUE_SQL_QUARANTINE_REMOVE);

    queue_bind_identity(statement, record);
    enum status st = queue_sql_done(queue, statement);
    *removed = st == STATUS_OK ? sqlite3_changes(queue->sqlite) : 0;
    return st;
}

static enum status copy_back(struct queue *queue, const struct queue_record *record, int64_t seq)
{
    sqlite3_stmt *statement = queue_sql(queue, QUEUE_SQL_QUARANTINE_REQUEUE);

    queue_bind_identity(statement, record);
    sqlite3_bind_int64(statement, 3, seq);
    return queue_sql_done(queue, statement);
}

static enum status requeue(struct queue *queue, void *context)
{
    const struct selection *selection = context;
    int64_t last_seq, n_records, moved = 0;
    enum status st = queue_take_seqs(queue, 0, &last_seq);

    for (size_t i = 0; i < selection->n && st == STATUS_OK; i++) {
        int64_t removed = 0;
        st = copy_back(queue, &selection->records[i], last_seq + moved + 1);
        if (st == STATUS_OK)
            st = take_out(queue, &selection->records[i], &removed);
        moved += removed;
    }
    if (st == STATUS_OK)
        st = queue_take_seqs(queue, moved, &last_seq);
    return st == STATUS_OK ? queue_change_totals(queue, 0, -moved, &n_records) : st;
}

enum status queue_requeue(struct queue *queue, const struct queue_record *records, size_t n)
{
    struct selection selection = { .records = records, .n = n };

    return queue_run_transaction(queue, 0, requeue, &selection);
}

static enum status discard(struct queue *queue, void *context)
{
    const struct selection *selection = context;
    int64_t n_records, removed, total = 0;
    enum status st = STATUS_OK;

    for (size_t i = 0; i < selection->n && st == STATUS_OK; i++) {
        st = take_out(queue, &selection->records[i], &removed);
        total += removed;
    }
    return st == STATUS_OK ? queue_change_totals(queue, 0, -total, &n_records) : st;
}

enum status queue_quarantine_remove(struct queue *queue, const struct queue_record *records, size_t n)
{
    struct selection selection = { .records = records, .n = n };

    return queue_run_transaction(queue, 0, discard, &selection);
}
