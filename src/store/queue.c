#include "store/queue.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "store/queue_private.h"

enum {
    ATTEMPTS = 4, /* of a call that finds its file damaged, replaced or without room */
    LOG_AGAIN_MS = 60000,
    NAME_ROOM_BYTES = 80, /* behind the directory, for the longest name in it */
    ROW_BYTES = 64        /* that a record takes besides its texts, about */
};

/* ---- the handle ---- */

enum status queue_open(struct queue **queue, const struct queue_options *options)
{
    *queue = NULL;
    if (strlen(options->directory) > QUEUE_PATH_BYTES - NAME_ROOM_BYTES)
        return STATUS_CONFIG;
    struct queue *new = calloc(1, sizeof *new);
    if (!new)
        return STATUS_NO_MEMORY;
    new->options = *options;
    new->lead_fd = QUEUE_UNLOCKED;
    new->batch.failure = STATUS_INTERNAL;
    snprintf(new->directory, sizeof new->directory, "%s", options->directory);
    snprintf(new->path, sizeof new->path, "%.*s/queue.db", QUEUE_PATH_BYTES - NAME_ROOM_BYTES, options->directory);
    new->options.directory = new->directory;
    if (pthread_mutex_init(&new->mutex, NULL) != 0) {
        free(new);
        return STATUS_NO_MEMORY;
    }
    *queue = new;
    return STATUS_OK;
}

void queue_close(struct queue *queue)
{
    if (!queue)
        return;
    queue_disconnect(queue);
    queue_unlead(queue);
    pthread_mutex_destroy(&queue->mutex);
    free(queue);
}

/* ---- how a call runs ---- */

/* Is it the file that fails, and not its caller (whose arena is full, whose turn has not come)? */
static bool is_trouble(const struct queue *queue, enum status st)
{
    if (st == STATUS_NO_MEMORY)
        return queue->rc != SQLITE_OK;
    return status_info(st)->http >= 500 && st != STATUS_BUSY && st != STATUS_CONFLICT;
}

/* One line when it begins and one a minute: whatever asks, asks again. */
void queue_report(struct queue *queue, enum status st)
{
    int64_t now_ms = clock_monotonic_ms();
    bool fails = is_trouble(queue, st);

    if (!fails && st == STATUS_OK && queue->logged != STATUS_OK) {
        LOG(INFO, "the durable queue can be used again", log_text("file.path", bytes_of(queue->path)));
        queue->logged = STATUS_OK;
    }
    if (!fails || (st == queue->logged && now_ms - queue->logged_at_ms < LOG_AGAIN_MS))
        return;
    LOG(ERROR, "the durable queue cannot be used", log_text("file.path", bytes_of(queue->path)),
        log_text("error.code", bytes_of(status_info(st)->code)), log_text("error.message", bytes_of(queue->message)));
    queue->logged = st;
    queue->logged_at_ms = now_ms;
}

/* Opens what is not open, or is no longer the file of that name. */
static enum status ensure_open(struct queue *queue)
{
    int fd;

    if (queue->sqlite && queue_file_is_current(queue))
        return STATUS_OK;
    queue_disconnect(queue);
    enum status st = queue_lock(queue, QUEUE_LOCK_FILES, queue->options.busy_timeout_ms, &fd);
    if (st != STATUS_OK)
        return st;
    st = queue_file_prepare(queue, fd);
    if (st == STATUS_OK)
        st = queue_connect(queue);
    if (st == STATUS_OK && *queue->wreck) {
        queue_salvage(queue, queue->wreck);
        *queue->wreck = '\0';
        queue->rc = SQLITE_OK; /* what failed there is no failure of this call */
        queue->lacks_room = false;
    }
    close(fd);
    return st;
}

/* Makes what failed possible, if it can. Returns whether to try again. */
static bool mend(struct queue *queue, int flags, enum status *st)
{
    if (queue_is_damaged(queue)) {
        queue_disconnect(queue);
        enum status aside = queue_file_set_aside(queue);
        *st = aside == STATUS_OK ? STATUS_UNAVAILABLE : aside;
        return aside == STATUS_OK;
    }
    if (queue->lacks_room && flags & QUEUE_BY_LEADER && queue->lead_fd != QUEUE_UNLOCKED) {
        /* A log that begins anew has room for what is to be removed; only where that is not enough is the reserve needed. */
        bool has_log = queue->sqlite && queue->log_pages;
        bool was_given_up = !has_log && queue_reserve_give_up(queue);
        if (has_log || (was_given_up && queue->sqlite))
            queue_copy_log(queue);
        queue->log_pages = 0;
        return has_log || was_given_up;
    }
    /* A connection that met a failing disk is not trusted with the next call. */
    if (*st == STATUS_UNAVAILABLE || *st == STATUS_NOT_SET_UP || *st == STATUS_INTERNAL)
        queue_disconnect(queue);
    return false;
}

static bool attempt(struct queue *queue, int flags, queue_work *work, void *context, enum status *st)
{
    queue->rc = SQLITE_OK;
    queue->lacks_room = false;
    queue->message[0] = '\0';
    *st = flags & QUEUE_IN_BATCH ? STATUS_OK : ensure_open(queue);
    if (*st == STATUS_OK)
        *st = work(queue, context);
    if (status_info(*st)->http >= 500)
        return mend(queue, flags, st);
    if (queue_file_is_current(queue))
        return false;
    /* Set aside while work was done on it: what was written is no part of the queue. */
    snprintf(queue->message, sizeof queue->message, "the file was replaced");
    queue_disconnect(queue);
    queue->batch.failure = STATUS_UNAVAILABLE;
    *st = STATUS_UNAVAILABLE;
    return true;
}

enum status queue_run(struct queue *queue, int flags, queue_work *work, void *context)
{
    enum status st = STATUS_UNAVAILABLE;

    pthread_mutex_lock(&queue->mutex);
    bool is_in_batch = flags & QUEUE_IN_BATCH;
    if (queue->batch.is_open != is_in_batch) {
        st = is_in_batch ? queue->batch.failure : STATUS_BUSY;
    } else {
        for (int i = 0; i < ATTEMPTS && attempt(queue, flags, work, context, &st) && !is_in_batch; i++) {
        }
        queue_report(queue, st);
    }
    pthread_mutex_unlock(&queue->mutex);
    return st;
}

struct transaction {
    queue_work *work;
    void *context;
};

static enum status run_within(struct queue *queue, void *context)
{
    const struct transaction *transaction = context;
    enum status st = queue_begin(queue);

    if (st != STATUS_OK)
        return st;
    st = transaction->work(queue, transaction->context);
    if (st != STATUS_OK) {
        queue_rollback(queue);
        return st;
    }
    st = queue_commit(queue);
    if (st == STATUS_OK)
        queue_checkpoint(queue);
    return st;
}

enum status queue_run_transaction(struct queue *queue, int flags, queue_work *work, void *context)
{
    struct transaction transaction = { .work = work, .context = context };

    return queue_run(queue, flags, run_within, &transaction);
}

/* ---- putting ---- */

enum status queue_check_room(struct queue *queue, size_t more_bytes)
{
    struct queue_pages pages;
    enum status st = queue_read_pages(queue, &pages);

    if (st != STATUS_OK)
        return st;
    uint64_t used_bytes = (uint64_t)(pages.count - pages.n_free) * (uint64_t)pages.page_bytes;
    if (used_bytes + more_bytes > queue->options.max_bytes) {
        snprintf(queue->message, sizeof queue->message, "it has reached its limit of %zu bytes", queue->options.max_bytes);
        return STATUS_NO_ROOM;
    }
    /* Once more than the log takes: were the log alone to fit, a full disk would keep it from ever being copied and begun anew. */
    return queue_allocate(queue, pages.count * pages.page_bytes);
}

enum status queue_change_totals(struct queue *queue, int64_t records, int64_t quarantined, int64_t *n_records)
{
    sqlite3_stmt *statement = queue_sql(queue, QUEUE_SQL_TOTALS_CHANGE);

    sqlite3_bind_int64(statement, 1, records);
    sqlite3_bind_int64(statement, 2, quarantined);
    enum status st = queue_sql_numbers(queue, statement, n_records, 1);
    return st == STATUS_END ? queue_sql_failed(queue, SQLITE_CORRUPT) : st;
}

enum status queue_take_seqs(struct queue *queue, int64_t n, int64_t *last_seq)
{
    sqlite3_stmt *statement = queue_sql(queue, QUEUE_SQL_SEQ_TAKE);

    sqlite3_bind_int64(statement, 1, n);
    enum status st = queue_sql_numbers(queue, statement, last_seq, 1);
    return st == STATUS_END ? queue_sql_failed(queue, SQLITE_CORRUPT) : st;
}

enum status queue_write_record(struct queue *queue, int64_t seq, const struct event *event, int64_t batch, int64_t index)
{
    sqlite3_stmt *statement = queue_sql(queue, QUEUE_SQL_RECORD_WRITE);

    sqlite3_bind_int64(statement, 1, seq);
    queue_bind_bytes(statement, 2, (struct bytes){ (const char *)event->event_id.octets, sizeof event->event_id.octets });
    sqlite3_bind_int64(statement, 3, event->occurred_at_us);
    sqlite3_bind_int64(statement, 4, event->received_at_us);
    queue_bind_bytes(statement, 5, event->event_type);
    queue_bind_bytes(statement, 6, event->session_id);
    queue_bind_bytes(statement, 7, event->properties);
    if (batch) {
        sqlite3_bind_int64(statement, 8, batch);
        sqlite3_bind_int64(statement, 9, index);
    }
    return queue_sql_done(queue, statement);
}

struct putting {
    struct event *const *events;
    size_t n;
    size_t size_bytes;
};

static enum status put(struct queue *queue, void *context)
{
    const struct putting *putting = context;
    int64_t last_seq = 0;
    enum status st = queue_check_room(queue, putting->size_bytes); /* nothing is written in vain to a full queue */

    if (st == STATUS_OK)
        st = queue_take_seqs(queue, (int64_t)putting->n, &last_seq);
    for (size_t i = 0; i < putting->n && st == STATUS_OK; i++)
        st = queue_write_record(queue, last_seq - (int64_t)(putting->n - 1 - i), putting->events[i], 0, 0);
    return st == STATUS_OK ? queue_check_room(queue, 0) : st;
}

enum status queue_put(struct queue *queue, struct event *const *events, size_t n)
{
    struct putting putting = { .events = events, .n = n };

    if (!n)
        return STATUS_OK;
    for (size_t i = 0; i < n; i++)
        putting.size_bytes += ROW_BYTES + events[i]->event_type.len + events[i]->session_id.len + events[i]->properties.len;
    return queue_run_transaction(queue, 0, put, &putting);
}

/* ---- what there is ---- */

static enum status read_state(struct queue *queue, void *context)
{
    struct queue_state *state = context;
    struct queue_pages pages;
    int64_t found[3];
    enum status st = queue_sql_numbers(queue, queue_sql(queue, QUEUE_SQL_STATE), found, 3);

    if (st == STATUS_END)
        st = queue_sql_failed(queue, SQLITE_CORRUPT);
    if (st == STATUS_OK)
        st = queue_read_pages(queue, &pages);
    if (st != STATUS_OK)
        return st;
    *state = (struct queue_state){
        .records = (uint64_t)found[0],
        .quarantined = (uint64_t)found[1],
        .bytes = (uint64_t)((pages.count - pages.n_free) * pages.page_bytes),
        .max_bytes = queue->options.max_bytes,
        .oldest_received_at_us = found[2],
    };
    return STATUS_OK;
}

enum status queue_state(struct queue *queue, struct queue_state *state)
{
    return queue_run(queue, 0, read_state, state);
}

static enum status read_exists(struct queue *queue, void *context)
{
    enum status st = queue_sql_numbers(queue, queue_sql(queue, QUEUE_SQL_RECORD_EXISTS), context, 1);

    return st == STATUS_END ? STATUS_INTERNAL : st;
}

bool queue_is_empty(struct queue *queue)
{
    int64_t exists = 0;

    return queue_run(queue, QUEUE_BY_LEADER, read_exists, &exists) != STATUS_OK || !exists;
}
