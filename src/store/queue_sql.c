#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "store/queue_private.h"

enum {
    APPLICATION_ID = 1400467025, /* "SynQ"; both as in db/queue/schema.sql */
    FILE_VERSION = 1,
    CHUNK_BYTES = 256 * 1024,   /* by which the file grows */
    CHECKPOINT_PAGES = 512,     /* in the log before it is copied into the file */
    SHRINK_FREE_PAGES = 256,    /* unused, for the file to be worth writing anew */
    SHRINK_MAX_USED_PAGES = 256 /* which are then copied, while others wait */
};

/* ---- failures ---- */

static const struct {
    int rc;
    enum status status;
} meanings[] = {
    { SQLITE_NOMEM, STATUS_NO_MEMORY },      { SQLITE_FULL, STATUS_NO_ROOM },      { SQLITE_BUSY, STATUS_BUSY },
    { SQLITE_LOCKED, STATUS_BUSY },          { SQLITE_PROTOCOL, STATUS_BUSY }, /* so many at work that no turn was had */
    { SQLITE_READONLY, STATUS_NOT_SET_UP },  { SQLITE_PERM, STATUS_NOT_SET_UP },   { SQLITE_AUTH, STATUS_NOT_SET_UP },
    { SQLITE_CANTOPEN, STATUS_UNAVAILABLE }, { SQLITE_IOERR, STATUS_UNAVAILABLE }, { SQLITE_CORRUPT, STATUS_UNAVAILABLE },
    { SQLITE_NOTADB, STATUS_UNAVAILABLE },
};

static enum status meaning_of(int rc)
{
    if (rc == SQLITE_IOERR_NOMEM)
        return STATUS_NO_MEMORY;
    for (size_t i = 0; i < sizeof meanings / sizeof meanings[0]; i++) {
        if ((rc & 0xff) == meanings[i].rc)
            return meanings[i].status;
    }
    return STATUS_INTERNAL;
}

enum status queue_sql_failed(struct queue *queue, int rc)
{
    enum status st = meaning_of(rc);
    int error = (rc & 0xff) == SQLITE_IOERR || (rc & 0xff) == SQLITE_CANTOPEN ? sqlite3_system_errno(queue->sqlite) : 0;

    queue->rc = rc;
    /* What the system said is more telling, where SQLite passes it on. A full disk is reported so only for writes. */
    errno = rc == SQLITE_IOERR_SHMSIZE && !error ? ENOSPC : error;
    if (st == STATUS_UNAVAILABLE && errno)
        return queue_system_failed(queue, sqlite3_errstr(rc));
    queue->lacks_room |= st == STATUS_NO_ROOM;
    snprintf(queue->message, sizeof queue->message, "%s (%d)", sqlite3_errstr(rc), rc);
    return st;
}

bool queue_is_damaged(const struct queue *queue)
{
    return (queue->rc & 0xff) == SQLITE_CORRUPT || (queue->rc & 0xff) == SQLITE_NOTADB;
}

/* ---- statements ---- */

sqlite3_stmt *queue_sql(struct queue *queue, enum queue_sql which)
{
    sqlite3_stmt **statement = &queue->statements[which];

    if (!*statement) {
        int rc = sqlite3_prepare_v3(queue->sqlite, queue_sql_texts[which].sql, -1, SQLITE_PREPARE_PERSISTENT, statement, NULL);
        queue->rc = rc;
    }
    return *statement;
}

void queue_bind_bytes(sqlite3_stmt *statement, int parameter, struct bytes text)
{
    sqlite3_bind_blob64(statement, parameter, text.len ? text.p : "", text.len, SQLITE_STATIC);
}

void queue_bind_identity(sqlite3_stmt *statement, const struct queue_record *record)
{
    const unsigned char *octets = record->event.event_id.octets;

    sqlite3_bind_int64(statement, 1, record->seq);
    queue_bind_bytes(statement, 2, (struct bytes){ (const char *)octets, sizeof record->event.event_id.octets });
}

void queue_sql_end(sqlite3_stmt *statement)
{
    if (!statement)
        return;
    sqlite3_reset(statement);
    sqlite3_clear_bindings(statement);
}

enum status queue_sql_row(struct queue *queue, sqlite3_stmt *statement)
{
    int rc = statement ? sqlite3_step(statement) : queue->rc;

    if (rc == SQLITE_ROW)
        return STATUS_OK;
    enum status st = rc == SQLITE_DONE ? STATUS_END : queue_sql_failed(queue, rc);
    queue_sql_end(statement);
    return st;
}

enum status queue_sql_done(struct queue *queue, sqlite3_stmt *statement)
{
    enum status st;

    do
        st = queue_sql_row(queue, statement);
    while (st == STATUS_OK);
    return st == STATUS_END ? STATUS_OK : st;
}

enum status queue_sql_numbers(struct queue *queue, sqlite3_stmt *statement, int64_t *numbers, int n)
{
    enum status st = queue_sql_row(queue, statement);

    if (st != STATUS_OK)
        return st;
    for (int i = 0; i < n; i++)
        numbers[i] = sqlite3_column_int64(statement, i);
    /* To the end: what changes a row and returns it is done only there. */
    return queue_sql_done(queue, statement);
}

struct bytes queue_column_copy(sqlite3_stmt *statement, int column, struct arena *arena, enum status *st)
{
    if (sqlite3_column_type(statement, column) == SQLITE_NULL)
        return (struct bytes){ 0 };
    const void *p = sqlite3_column_blob(statement, column); /* NULL for no bytes, and without memory */
    size_t len = (size_t)sqlite3_column_bytes(statement, column);
    struct bytes copy = p || !len ? arena_copy(arena, (struct bytes){ p, len }) : (struct bytes){ 0 };
    if (!copy.p)
        *st = STATUS_NO_MEMORY;
    return copy;
}

static enum status run_script(struct queue *queue, enum queue_sql which)
{
    int rc = sqlite3_exec(queue->sqlite, queue_sql_texts[which].sql, NULL, NULL, NULL);

    return rc == SQLITE_OK ? STATUS_OK : queue_sql_failed(queue, rc);
}

/* ---- transactions ---- */

enum status queue_begin(struct queue *queue)
{
    return queue_sql_done(queue, queue_sql(queue, QUEUE_SQL_BEGIN));
}

/* Where the rollback itself fails, closing the connection is one. */
void queue_rollback(struct queue *queue)
{
    int rc = queue->rc;

    if (queue->sqlite && !sqlite3_get_autocommit(queue->sqlite) &&
        queue_sql_done(queue, queue_sql(queue, QUEUE_SQL_ROLLBACK)) != STATUS_OK)
        queue_disconnect(queue);
    queue->rc = rc;
}

enum status queue_commit(struct queue *queue)
{
    char message[sizeof queue->message];
    enum status st = queue_sql_done(queue, queue_sql(queue, QUEUE_SQL_COMMIT));

    if (st == STATUS_OK)
        return st;
    int rc = queue->rc;
    memcpy(message, queue->message, sizeof message);
    queue_rollback(queue);
    /* Unless it was cut short by a full disk, all of it may be in the log, though not synced: after a crash, or when every process has
     * closed the file, it would be found there. */
    bool is_void = queue->sqlite && queue_sql_done(queue, queue_sql(queue, QUEUE_SQL_VOID)) == STATUS_OK;
    if (!is_void && rc != SQLITE_FULL)
        st = STATUS_UNAVAILABLE;
    queue->rc = rc;
    memcpy(queue->message, message, sizeof message);
    return st;
}

/* ---- opening ---- */

/* The log is never longer than it was counted here: it begins anew once all of it has been copied. */
static int count_log_pages(void *context, sqlite3 *sqlite, const char *name, int pages)
{
    (void)sqlite;
    (void)name;
    ((struct queue *)context)->log_pages = pages;
    return SQLITE_OK;
}

static enum status refuse(struct queue *queue, const char *why)
{
    snprintf(queue->message, sizeof queue->message, "%s", why);
    return STATUS_NOT_SET_UP;
}

static enum status connect_to_file(struct queue *queue)
{
    int chunk_bytes = CHUNK_BYTES;
    int rc = sqlite3_open_v2(queue->path, &queue->sqlite, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE,
                             queue->options.vfs);

    if (rc != SQLITE_OK)
        return queue_sql_failed(queue, queue->sqlite ? sqlite3_extended_errcode(queue->sqlite) : SQLITE_NOMEM);
    if (sqlite3_db_readonly(queue->sqlite, "main"))
        return refuse(queue, "queue.db is read-only");
    sqlite3_extended_result_codes(queue->sqlite, 1);
    sqlite3_busy_timeout(queue->sqlite, queue->options.busy_timeout_ms);
    /* Whoever closes last would copy the log and remove it by its name, which may by then be the name of a new file's log. */
    sqlite3_db_config(queue->sqlite, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    sqlite3_file_control(queue->sqlite, "main", SQLITE_FCNTL_CHUNK_SIZE, &chunk_bytes);
    enum status st = run_script(queue, QUEUE_SQL_SETTINGS);
    sqlite3_wal_hook(queue->sqlite, count_log_pages, queue); /* behind the settings: wal_autocheckpoint = 0 takes the hook away */
    return st;
}

/* Before anything is written: the file may be somebody else's. */
static enum status identify(struct queue *queue, bool *is_new)
{
    int64_t found[3];
    enum status st = queue_sql_numbers(queue, queue_sql(queue, QUEUE_SQL_IDENTITY), found, 3);

    if (st != STATUS_OK)
        return st;
    *is_new = !found[0] && !found[1] && !found[2];
    if (*is_new || (found[0] == APPLICATION_ID && found[1] == FILE_VERSION))
        return STATUS_OK;
    return refuse(queue, found[0] == APPLICATION_ID ? "queue.db is of another release" : "queue.db is no queue");
}

static enum status use_log(struct queue *queue)
{
    sqlite3_stmt *statement = queue_sql(queue, QUEUE_SQL_JOURNAL_MODE);
    enum status st = queue_sql_row(queue, statement);

    if (st != STATUS_OK)
        return st == STATUS_END ? STATUS_INTERNAL : st;
    const unsigned char *mode = sqlite3_column_text(statement, 0);
    bool has_log = mode && strcmp((const char *)mode, "wal") == 0;
    st = queue_sql_done(queue, statement);
    return st == STATUS_OK && !has_log ? refuse(queue, "queue.db cannot have a write-ahead log here") : st;
}

static enum status make_tables(struct queue *queue)
{
    enum status st = queue_begin(queue);

    if (st != STATUS_OK)
        return st;
    st = run_script(queue, QUEUE_SQL_SCHEMA);
    if (st == STATUS_OK)
        return queue_commit(queue);
    queue_rollback(queue);
    return st;
}

enum status queue_connect(struct queue *queue)
{
    bool is_new = false;
    enum status st = connect_to_file(queue);

    if (st == STATUS_OK)
        st = identify(queue, &is_new);
    if (st == STATUS_OK)
        st = use_log(queue);
    if (st == STATUS_OK && is_new)
        st = make_tables(queue);
    if (st != STATUS_OK)
        queue_disconnect(queue);
    return st;
}

void queue_disconnect(struct queue *queue)
{
    for (int i = 0; i < QUEUE_SQL_COUNT; i++) {
        sqlite3_finalize(queue->statements[i]);
        queue->statements[i] = NULL;
    }
    sqlite3_close(queue->sqlite);
    queue->sqlite = NULL;
    queue->batch.is_open = false;
}

/* ---- room ---- */

enum status queue_read_pages(struct queue *queue, struct queue_pages *pages)
{
    int64_t found[3];
    enum status st = queue_sql_numbers(queue, queue_sql(queue, QUEUE_SQL_PAGES), found, 3);

    if (st == STATUS_OK)
        *pages = (struct queue_pages){ .count = found[0], .n_free = found[1], .page_bytes = found[2] };
    return st == STATUS_END ? STATUS_INTERNAL : st;
}

enum status queue_allocate(struct queue *queue, int64_t size_bytes)
{
    struct stat file;

    if (stat(queue->path, &file) == 0 && file.st_size >= size_bytes)
        return STATUS_OK;
    sqlite3_int64 hint = size_bytes;
    int rc = sqlite3_file_control(queue->sqlite, "main", SQLITE_FCNTL_SIZE_HINT, &hint);
    if (rc == SQLITE_OK || rc == SQLITE_NOTFOUND)
        return STATUS_OK;
    return queue_sql_failed(queue, rc == SQLITE_IOERR_NOMEM ? rc : SQLITE_FULL);
}

/* Nobody is waited for: the next who commits tries again. */
static void checkpoint(struct queue *queue, int mode)
{
    sqlite3_busy_timeout(queue->sqlite, 0);
    sqlite3_wal_checkpoint_v2(queue->sqlite, "main", mode, NULL, NULL);
    sqlite3_busy_timeout(queue->sqlite, queue->options.busy_timeout_ms);
}

void queue_checkpoint(struct queue *queue)
{
    if (queue->log_pages >= CHECKPOINT_PAGES)
        checkpoint(queue, SQLITE_CHECKPOINT_PASSIVE);
}

void queue_copy_log(struct queue *queue)
{
    checkpoint(queue, SQLITE_CHECKPOINT_RESTART);
}

void queue_shrink(struct queue *queue)
{
    struct queue_pages pages;

    if (queue_read_pages(queue, &pages) != STATUS_OK)
        return;
    sqlite3_busy_timeout(queue->sqlite, 0);
    if (pages.n_free >= SHRINK_FREE_PAGES && pages.count - pages.n_free <= SHRINK_MAX_USED_PAGES)
        (void)!queue_sql_done(queue, queue_sql(queue, QUEUE_SQL_VACUUM));
    checkpoint(queue, SQLITE_CHECKPOINT_TRUNCATE);
}
