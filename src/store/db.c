#include "store/db.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/metrics.h"
#include "store/db_private.h"

enum { MEMORY_KEPT_BYTES = 1024 * 1024 };

struct db *db_new(const struct db_options *options)
{
    struct db *db = calloc(1, sizeof *db);

    if (db)
        db->options = *options;
    return db;
}

void db_disconnect(struct db *db)
{
    metrics_move(METRIC_DB_CONNECTIONS, -(db->conn != NULL));
    PQclear(db->row);
    PQfinish(db->conn);
    db->row = NULL;
    db->conn = NULL;
    db->is_reused = false;
    db->is_streaming = false;
    db->is_row_by_row = false;
    db->is_on_standby = false;
    db->plan = DB_PLAN_UNSET;
    memset(db->prepared, 0, sizeof db->prepared);
}

void db_free(struct db *db)
{
    if (!db)
        return;
    db_disconnect(db);
    free(db->memory);
    free(db);
}

char *db_memory(struct db *db, size_t size_bytes)
{
    if (size_bytes <= db->memory_bytes)
        return db->memory;
    size_t capacity = size_bytes > MEMORY_KEPT_BYTES / 2 ? size_bytes : 2 * size_bytes;
    free(db->memory); /* not realloc, which would copy what nobody needs */
    db->memory = malloc(capacity);
    db->memory_bytes = db->memory ? capacity : 0;
    return db->memory;
}

void db_memory_rest(struct db *db)
{
    if (db->memory_bytes <= MEMORY_KEPT_BYTES)
        return;
    free(db->memory);
    db->memory = NULL;
    db->memory_bytes = 0;
}

bool db_is_ready(const struct db *db)
{
    return db->conn && PQstatus(db->conn) == CONNECTION_OK;
}

int db_fd(const struct db *db)
{
    return db_is_ready(db) ? PQsocket(db->conn) : -1;
}

bool db_went_stale(const struct db *db)
{
    return db->went_stale;
}

const char *db_message(const struct db *db)
{
    return db->message;
}

/* ---- waiting ---- */

int64_t db_deadline(const struct db *db)
{
    return db->options.statement_timeout_ms ? clock_monotonic_ms() + db->options.statement_timeout_ms + DB_ANSWER_GRACE_MS
                                            : DB_NO_DEADLINE;
}

enum status db_await(struct db *db, int64_t deadline_ms)
{
    for (;;) {
        int unsent = PQflush(db->conn);
        if (unsent < 0)
            return db_lost(db);
        if (!PQisBusy(db->conn))
            return STATUS_OK;

        int64_t left_ms = deadline_ms == DB_NO_DEADLINE ? -1 : deadline_ms - clock_monotonic_ms();
        struct pollfd ready[] = {
            { .fd = PQsocket(db->conn), .events = (short)(unsent ? POLLIN | POLLOUT : POLLIN) },
            { .fd = db->watched_fd }, /* POLLHUP and POLLERR are told of unasked */
        };
        if (deadline_ms != DB_NO_DEADLINE && left_ms <= 0)
            return db_timed_out(db);
        if (poll(ready, db->watched_fd ? 2 : 1, (int)left_ms) < 0 && errno != EINTR)
            return db_lost(db);
        if (ready[1].revents)
            return STATUS_CLIENT_GONE;
        if (ready[0].revents & (POLLIN | POLLHUP | POLLERR) && !PQconsumeInput(db->conn))
            return db_lost(db);
    }
}

enum status db_next_result(struct db *db, int64_t deadline_ms, PGresult **result)
{
    enum status st = db_await(db, deadline_ms);

    if (st == STATUS_OK)
        *result = PQgetResult(db->conn);
    return st;
}
