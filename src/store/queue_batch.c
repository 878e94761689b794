#include "store/queue_private.h"

enum {
    ROOM_CHECK_EVERY = 256,  /* events of a batch */
    EXPIRE_STEP_ROWS = 1000, /* removed in one transaction */
    FIRST_ERRORS = 16
};

/* ---- writing ---- */

struct beginning {
    const struct uuid *id;
    int64_t now_us;
};

static void bind_id(sqlite3_stmt *statement, const struct uuid *id)
{
    queue_bind_bytes(statement, 1, (struct bytes){ (const char *)id->octets, sizeof id->octets });
}

static enum status begin_within(struct queue *queue, const struct beginning *beginning)
{
    sqlite3_stmt *statement = queue_sql(queue, QUEUE_SQL_BATCH_WRITE);

    queue->batch = (struct queue_open_batch){ .failure = STATUS_INTERNAL };
    bind_id(statement, beginning->id);
    sqlite3_bind_int64(statement, 2, beginning->now_us);
    enum status st = queue_sql_numbers(queue, statement, &queue->batch.number, 1);
    if (st != STATUS_OK)
        return queue->rc == SQLITE_CONSTRAINT_UNIQUE ? STATUS_CONFLICT : st;
    st = queue_check_room(queue, 0);
    return st == STATUS_OK ? queue_take_seqs(queue, 0, &queue->batch.last_seq) : st;
}

static enum status begin(struct queue *queue, void *context)
{
    enum status st = queue_begin(queue);

    if (st == STATUS_OK)
        st = begin_within(queue, context);
    if (st == STATUS_OK)
        queue->batch.is_open = true;
    else
        queue_rollback(queue);
    return st;
}

enum status queue_batch_begin(struct queue *queue, const struct uuid *id, int64_t now_us)
{
    struct beginning beginning = { .id = id, .now_us = now_us };

    return queue_run(queue, 0, begin, &beginning);
}

/* Ends the batch with what has failed it. */
static enum status give_up(struct queue *queue, enum status st)
{
    queue->batch.is_open = false;
    queue->batch.failure = st;
    queue_rollback(queue);
    return st;
}

enum status queue_write_batch_error(struct queue *queue, const int64_t place[2], struct bytes code, struct bytes error,
                                    struct bytes pointer)
{
    sqlite3_stmt *statement = queue_sql(queue, QUEUE_SQL_BATCH_ERROR_WRITE);

    sqlite3_bind_int64(statement, 1, place[0]);
    sqlite3_bind_int64(statement, 2, place[1]);
    queue_bind_bytes(statement, 3, code);
    queue_bind_bytes(statement, 4, error);
    if (pointer.p)
        queue_bind_bytes(statement, 5, pointer);
    return queue_sql_done(queue, statement);
}

/* An element of the array: an event, or the error in its place. */
struct element {
    size_t index;
    const struct event *event; /* NULL: refused */
    struct bytes code;
    struct bytes error;
    struct bytes pointer;
};

static enum status write_element(struct queue *queue, const struct element *element)
{
    struct queue_open_batch *batch = &queue->batch;
    const int64_t place[2] = { batch->number, (int64_t)element->index };

    if (!element->event) {
        batch->rejected++;
        return queue_write_batch_error(queue, place, element->code, element->error, element->pointer);
    }
    batch->added++;
    return queue_write_record(queue, batch->last_seq + batch->added, element->event, place[0], place[1]);
}

static enum status add(struct queue *queue, void *context)
{
    enum status st = write_element(queue, context);

    if (st == STATUS_OK && (queue->batch.added + queue->batch.rejected) % ROOM_CHECK_EVERY == 0)
        st = queue_check_room(queue, 0);
    return st == STATUS_OK ? st : give_up(queue, st);
}

enum status queue_batch_add(struct queue *queue, size_t index, const struct event *event)
{
    struct element element = { .index = index, .event = event };

    return queue_run(queue, QUEUE_IN_BATCH, add, &element);
}

enum status queue_batch_reject(struct queue *queue, size_t index, struct bytes code, struct bytes error, struct bytes pointer)
{
    struct element element = { .index = index, .code = code, .error = error, .pointer = pointer };

    return queue_run(queue, QUEUE_IN_BATCH, add, &element);
}

static enum status complete(struct queue *queue)
{
    const struct queue_open_batch *batch = &queue->batch;
    int64_t last_seq;
    sqlite3_stmt *statement = queue_sql(queue, QUEUE_SQL_BATCH_COMPLETE);

    sqlite3_bind_int64(statement, 1, batch->number);
    sqlite3_bind_int64(statement, 2, batch->rejected);
    sqlite3_bind_int64(statement, 3, batch->added);
    enum status st = queue_sql_done(queue, statement);
    if (st == STATUS_OK)
        st = queue_take_seqs(queue, batch->added, &last_seq);
    return st == STATUS_OK ? queue_check_room(queue, 0) : st;
}

static enum status commit(struct queue *queue, void *context)
{
    const size_t *received = context;
    enum status st = (size_t)(queue->batch.added + queue->batch.rejected) == *received ? complete(queue) : STATUS_INTERNAL;

    if (st == STATUS_OK)
        st = queue_commit(queue);
    if (st != STATUS_OK)
        return give_up(queue, st);
    queue->batch.is_open = false;
    queue_checkpoint(queue);
    return STATUS_OK;
}

enum status queue_batch_commit(struct queue *queue, size_t received)
{
    return queue_run(queue, QUEUE_IN_BATCH, commit, &received);
}

void queue_batch_abort(struct queue *queue)
{
    pthread_mutex_lock(&queue->mutex);
    if (queue->batch.is_open)
        (void)!give_up(queue, STATUS_INTERNAL);
    pthread_mutex_unlock(&queue->mutex);
}

/* ---- reading ---- */

struct reading {
    const struct uuid *id;
    struct queue_batch *batch;
    int64_t after_index;
    size_t max;
    struct arena *arena;
    struct queue_batch_error *errors;
    size_t n;
};

static enum status read_batch(struct queue *queue, void *context)
{
    const struct reading *reading = context;
    int64_t found[7];
    sqlite3_stmt *statement = queue_sql(queue, QUEUE_SQL_BATCH_READ);

    bind_id(statement, reading->id);
    enum status st = queue_sql_numbers(queue, statement, found, 7);
    if (st != STATUS_OK)
        return st == STATUS_END ? STATUS_NOT_FOUND : st;
    *reading->batch = (struct queue_batch){
        .received = (uint64_t)found[0],
        .inserted = (uint64_t)found[1],
        .duplicates = (uint64_t)found[2],
        .rejected = (uint64_t)found[3],
        .pending = (uint64_t)found[4],
        .created_at_us = found[5],
        .done_at_us = found[6],
    };
    reading->batch->state = !found[4] ? QUEUE_BATCH_DONE : found[1] || found[2] ? QUEUE_BATCH_PROCESSING : QUEUE_BATCH_QUEUED;
    return STATUS_OK;
}

enum status queue_batch_read(struct queue *queue, const struct uuid *id, struct queue_batch *batch)
{
    struct reading reading = { .id = id, .batch = batch };

    return queue_run(queue, 0, read_batch, &reading);
}

static enum status read_error(struct reading *reading, sqlite3_stmt *row)
{
    struct queue_batch_error *error = &reading->errors[reading->n];
    enum status st = STATUS_OK;

    error->index = (size_t)sqlite3_column_int64(row, 0);
    error->code = queue_column_copy(row, 1, reading->arena, &st);
    error->error = queue_column_copy(row, 2, reading->arena, &st);
    error->pointer = queue_column_copy(row, 3, reading->arena, &st);
    return st;
}

static enum status read_errors(struct queue *queue, void *context)
{
    struct reading *reading = context;
    sqlite3_stmt *rows = queue_sql(queue, QUEUE_SQL_BATCH_ERRORS_READ);
    bool exists = false;
    enum status st;

    reading->n = 0;
    bind_id(rows, reading->id);
    sqlite3_bind_int64(rows, 2, reading->after_index);
    sqlite3_bind_int64(rows, 3, (int64_t)reading->max);
    while ((st = queue_sql_row(queue, rows)) == STATUS_OK) {
        exists = true;
        if (sqlite3_column_type(rows, 0) == SQLITE_NULL)
            continue;
        st = read_error(reading, rows);
        if (st != STATUS_OK)
            break;
        reading->n++;
    }
    if (st != STATUS_END)
        queue_sql_end(rows);
    else
        st = exists ? STATUS_OK : STATUS_NOT_FOUND;
    return st;
}

enum status queue_batch_errors(struct queue *queue, const struct uuid *id, int64_t after_index, size_t max, struct arena *arena,
                               struct queue_batch_error **errors, size_t *n)
{
    struct reading reading = { .id = id, .after_index = after_index, .max = max, .arena = arena };
    enum status st = STATUS_NO_MEMORY;

    reading.errors = arena_alloc_array(arena, max, sizeof *reading.errors);
    if (reading.errors)
        st = queue_run(queue, 0, read_errors, &reading);
    *errors = reading.errors;
    *n = st == STATUS_OK ? reading.n : 0;
    return st;
}

/* ---- expiry ---- */

struct expiry {
    int64_t before_us;
    int removed; /* rows, in this step */
};

static enum status remove_some(struct queue *queue, enum queue_sql which, struct expiry *expiry)
{
    sqlite3_stmt *statement = queue_sql(queue, which);

    sqlite3_bind_int64(statement, 1, expiry->before_us);
    sqlite3_bind_int(statement, 2, EXPIRE_STEP_ROWS);
    enum status st = queue_sql_done(queue, statement);
    if (st == STATUS_OK)
        expiry->removed += sqlite3_changes(queue->sqlite);
    return st;
}

static enum status expire(struct queue *queue, void *context)
{
    struct expiry *expiry = context;

    expiry->removed = 0;
    enum status st = remove_some(queue, QUEUE_SQL_BATCH_ERRORS_EXPIRE, expiry);
    return st == STATUS_OK ? remove_some(queue, QUEUE_SQL_BATCHES_EXPIRE, expiry) : st;
}

enum status queue_batches_expire(struct queue *queue, int64_t before_us)
{
    struct expiry expiry = { .before_us = before_us };
    enum status st;

    do
        st = queue_run_transaction(queue, 0, expire, &expiry);
    while (st == STATUS_OK && expiry.removed);
    return st;
}
