#include <string.h>

#include "base/log.h"
#include "store/queue_private.h"

enum { PORTION = 500, NO_LIMIT = -1 };

/* What is read from a damaged file. */
struct wreck {
    sqlite3 *sqlite;
    sqlite3_stmt *rows;
    int64_t seq; /* of the last record that was read */
    size_t n;    /* records that are in the new file */
};

static struct bytes column(sqlite3_stmt *row, int column)
{
    return (struct bytes){ sqlite3_column_blob(row, column), (size_t)sqlite3_column_bytes(row, column) };
}

static enum status write_row(struct queue *queue, sqlite3_stmt *row)
{
    struct event event = {
        .occurred_at_us = sqlite3_column_int64(row, 2),
        .received_at_us = sqlite3_column_int64(row, 3),
        .event_type = column(row, 4),
        .session_id = column(row, 5),
        .properties = column(row, 6),
    };
    int64_t seq;

    memcpy(event.event_id.octets, column(row, 1).p, sizeof event.event_id.octets);
    enum status st = queue_take_seqs(queue, 1, &seq);
    return st == STATUS_OK ? queue_write_record(queue, seq, &event, 0, 0) : st;
}

/* Brings some over, in one transaction. Returns STATUS_END where no more can be read. */
static enum status bring_portion(struct queue *queue, struct wreck *wreck)
{
    size_t n = 0;
    int rc = SQLITE_ROW;
    enum status st = queue_begin(queue);

    if (st != STATUS_OK)
        return st;
    while (st == STATUS_OK && n < PORTION && (rc = sqlite3_step(wreck->rows)) == SQLITE_ROW) {
        wreck->seq = sqlite3_column_int64(wreck->rows, 0);
        if (!queue_row_is_whole(wreck->rows))
            continue;
        st = write_row(queue, wreck->rows);
        n++;
    }
    if (st == STATUS_OK)
        st = queue_commit(queue);
    else
        queue_rollback(queue);
    if (st == STATUS_OK)
        wreck->n += n;
    return st == STATUS_OK && rc != SQLITE_ROW ? STATUS_END : st;
}

static enum status bring(struct queue *queue, struct wreck *wreck, enum queue_sql which, int64_t behind_seq)
{
    enum status st = STATUS_OK;

    if (sqlite3_prepare_v2(wreck->sqlite, queue_sql_texts[which].sql, -1, &wreck->rows, NULL) != SQLITE_OK)
        return STATUS_END;
    sqlite3_bind_int64(wreck->rows, 1, behind_seq);
    sqlite3_bind_int64(wreck->rows, 2, NO_LIMIT); /* fails where there is no such parameter, and does no harm */
    while (st == STATUS_OK)
        st = bring_portion(queue, wreck);
    sqlite3_finalize(wreck->rows);
    return st;
}

void queue_salvage(struct queue *queue, const char *from)
{
    struct wreck wreck = { 0 };
    enum status st = STATUS_OK;

    if (sqlite3_open_v2(from, &wreck.sqlite, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE,
                        queue->options.vfs) == SQLITE_OK) {
        sqlite3_db_config(wreck.sqlite, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
        st = bring(queue, &wreck, QUEUE_SQL_RECORD_READ, 0);
        if (st == STATUS_END)
            st = bring(queue, &wreck, QUEUE_SQL_RECORD_READ_LAST, wreck.seq); /* from the other end, up to the damage */
    }
    sqlite3_close(wreck.sqlite);
    LOG(WARN, "events were brought over from the damaged queue", log_text("file.path", bytes_of(from)),
        log_number("synchrony.events", (int64_t)wreck.n), log_text("error.code", bytes_of(status_info(st)->code)));
}
