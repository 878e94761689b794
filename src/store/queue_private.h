/* What the files of the durable queue share, and nobody else includes. SQLite's header comes in here alone. */
#ifndef SYNCHRONY_STORE_QUEUE_PRIVATE_H
#define SYNCHRONY_STORE_QUEUE_PRIVATE_H

#include <pthread.h>
#include <sqlite3.h>
#include <sys/stat.h>

#include "store/queue.h"
#include "store/queue_statements.h"

enum { QUEUE_PATH_BYTES = 512, QUEUE_UNLOCKED = -1 };

struct queue_open_batch {
    bool is_open;
    enum status failure; /* of the one that was given up; what further calls on it return */
    int64_t number;
    int64_t last_seq; /* before it */
    int64_t added;
    int64_t rejected;
};

struct queue {
    pthread_mutex_t mutex; /* guards all that follows; taken before any lock of a file */
    struct queue_options options;
    char directory[QUEUE_PATH_BYTES];
    char path[QUEUE_PATH_BYTES]; /* of queue.db */
    sqlite3 *sqlite;             /* NULL: not open */
    sqlite3_stmt *statements[QUEUE_SQL_COUNT];
    dev_t device; /* of the file that is open, or was to be */
    ino_t inode;
    char wreck
        [QUEUE_PATH_BYTES]; /* the damaged file that this handle has set aside last; "": none, or what can be has been brought over */
    int lead_fd;            /* QUEUE_UNLOCKED: does not lead */
    int log_pages;          /* in the write-ahead log, as of the last commit */
    int rc;                 /* SQLite's last failure; this and the next two of the current call */
    bool lacks_room;        /* on the disk; the quota is none of it */
    char message[256];
    struct queue_open_batch batch;
    enum status logged; /* STATUS_OK: no failure that lasts */
    int64_t logged_at_ms;
};

/* ---- queue.c: how a call runs ---- */

enum {
    QUEUE_BY_LEADER = 1, /* may have the reserve, if this handle leads */
    QUEUE_IN_BATCH = 2   /* belongs to the open batch: no other connection would do */
};

typedef enum status queue_work(struct queue *queue, void *context);

/* Says in the log what a call came to, where that is worth a line. With the handle locked. */
void queue_report(struct queue *queue, enum status st);

/* Runs work on an open file, with the handle locked. Where the file turns out to be damaged, or no longer the one of that name, it runs
 * again on the one that is; work must therefore begin anew each time. */
enum status queue_run(struct queue *queue, int flags, queue_work *work, void *context) MUST_USE;

/* The same in a transaction: work between begin and commit. */
enum status queue_run_transaction(struct queue *queue, int flags, queue_work *work, void *context) MUST_USE;

/* Writes one event as record seq; batch 0: none. */
enum status queue_write_record(struct queue *queue, int64_t seq, const struct event *event, int64_t batch, int64_t index) MUST_USE;

/* Takes n numbers for records that are to be written. *last_seq is the last of them. */
enum status queue_take_seqs(struct queue *queue, int64_t n, int64_t *last_seq) MUST_USE;

/* STATUS_NO_ROOM where what the transaction has written, and more_bytes besides, is not within the quota and on the disk. */
enum status queue_check_room(struct queue *queue, size_t more_bytes) MUST_USE;

/* Changes the totals. *n_records is what is queued then. */
enum status queue_change_totals(struct queue *queue, int64_t records, int64_t quarantined, int64_t *n_records) MUST_USE;

/* ---- queue_file.c: files and locks, without SQLite ---- */

enum queue_lock { QUEUE_LOCK_LEAD, QUEUE_LOCK_FILES }; /* each a byte of queue.lock */

/* Takes a lock that no other handle has, and that ends with the process. Waits up to timeout_ms, then STATUS_BUSY. *fd is to be closed. */
enum status queue_lock(struct queue *queue, enum queue_lock lock, int timeout_ms, int *fd) MUST_USE;

/* Is a row of record_read of the kinds that were written? A page may be damaged in a way that SQLite does not see. */
bool queue_row_is_whole(sqlite3_stmt *row);

/* Brings over what can be read in a damaged file that was set aside, into the new one, which is open; the rest stays where it is. */
void queue_salvage(struct queue *queue, const char *from);

/* Makes queue.db, empty, where there is none; sees to it that it is ours alone; notes which file it is. Where somebody else has replaced
 * or removed it while this handle had it open, the log is moved out of the new one's way. lock_fd is that of QUEUE_LOCK_FILES, which is
 * held. */
enum status queue_file_prepare(struct queue *queue, int lock_fd) MUST_USE;

/* Is the file that was prepared still the one of that name? */
bool queue_file_is_current(const struct queue *queue);

/* Renames the file that was prepared, unless that was done meanwhile. Not to be called with QUEUE_LOCK_FILES, nor while it is open. */
enum status queue_file_set_aside(struct queue *queue) MUST_USE;

/* Makes the reserve where it is missing and the disk has room for twice as much. */
void queue_reserve_make(const struct queue *queue);

/* Returns whether there was one. */
bool queue_reserve_give_up(const struct queue *queue);

/* Keeps "what: why" for the log. Returns what errno means. */
enum status queue_system_failed(struct queue *queue, const char *what) MUST_USE;

/* ---- queue_sql.c: SQLite ---- */

/* Opens the file that was prepared. With QUEUE_LOCK_FILES. */
enum status queue_connect(struct queue *queue) MUST_USE;

/* Also rolls back what is open. */
void queue_disconnect(struct queue *queue);

/* Did the last failure say that the file is damaged? */
bool queue_is_damaged(const struct queue *queue);

/* Keeps what SQLite said. Returns what it means. */
enum status queue_sql_failed(struct queue *queue, int rc) MUST_USE;

/* A statement to bind values to and to step through; NULL where it cannot be prepared, which the first step then reports. */
sqlite3_stmt *queue_sql(struct queue *queue, enum queue_sql which);

/* Binds an absent text as empty. It is borrowed until the statement's last step. */
void queue_bind_bytes(sqlite3_stmt *statement, int parameter, struct bytes text);

/* Binds seq and event_id as the parameters 1 and 2. The seq alone would do but for a file that has been replaced by an operator. */
void queue_bind_identity(sqlite3_stmt *statement, const struct queue_record *record);

/* STATUS_OK with a row, STATUS_END behind the last one; the statement is reset in every case but the first. */
enum status queue_sql_row(struct queue *queue, sqlite3_stmt *statement) MUST_USE;

/* Ends a statement of which rows were not taken. */
void queue_sql_end(sqlite3_stmt *statement);

/* Steps to the end. */
enum status queue_sql_done(struct queue *queue, sqlite3_stmt *statement) MUST_USE;

/* The first row, whose columns from the first on are numbers. STATUS_END where there is none. */
enum status queue_sql_numbers(struct queue *queue, sqlite3_stmt *statement, int64_t *numbers, int n) MUST_USE;

/* A copy of a column's bytes; the absent value for NULL. Sets *st to STATUS_NO_MEMORY where that fails. */
struct bytes queue_column_copy(sqlite3_stmt *statement, int column, struct arena *arena, enum status *st);

/* Begins a transaction that writes. */
enum status queue_begin(struct queue *queue) MUST_USE;

/* Returns STATUS_OK when it is on disk. Otherwise it is rolled back; with STATUS_UNAVAILABLE some of it may come back. */
enum status queue_commit(struct queue *queue) MUST_USE;
void queue_rollback(struct queue *queue);

/* What the file has of pages. */
struct queue_pages {
    int64_t count;
    int64_t n_free;
    int64_t page_bytes;
};
enum status queue_read_pages(struct queue *queue, struct queue_pages *pages) MUST_USE;

/* Sees to it that the disk has room for a file of that size: then what is in the log will fit the file. */
enum status queue_allocate(struct queue *queue, int64_t size_bytes) MUST_USE;

/* Copies the log into the file, where it has grown and nobody is in the way. */
void queue_checkpoint(struct queue *queue);

/* Copies all of it, so that it begins anew. */
void queue_copy_log(struct queue *queue);

/* Gives back the disk space of an empty queue, where nobody is in the way. */
void queue_shrink(struct queue *queue);

/* ---- queue_replay.c ---- */

/* Reads records by a statement whose columns are those of record_read. For queue_peek, which says what the parameters are. */
struct queue_reading {
    enum queue_sql statement;
    int64_t after_seq;
    size_t max_records;
    size_t max_bytes;
    struct arena *arena;
    struct queue_record *records;
    size_t n;
};
queue_work queue_read_records;

/* ---- queue_batch.c ---- */

/* place: the batch and the index in it. */
enum status queue_write_batch_error(struct queue *queue, const int64_t place[2], struct bytes code, struct bytes error,
                                    struct bytes pointer) MUST_USE;

#endif
