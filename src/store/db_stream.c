#include <poll.h>
#include <string.h>

#include "base/clock.h"
#include "store/db_private.h"

enum { CANCEL_GRACE_MS = 500 };

static enum status ensure_prepared(struct db *db, enum db_query query)
{
    if (db->prepared[query])
        return STATUS_OK;
    return db_send_prepare(db, query) ? db_take_prepare(db, db_deadline(db), query) : db_lost(db);
}

static enum status ensure_plan(struct db *db, enum db_plan plan)
{
    static const struct {
        struct db_param params[2];
    } modes[] = {
        [DB_PLAN_ONCE] = { { { "force_generic_plan", sizeof "force_generic_plan" - 1 }, { "off", 3 } } },
        [DB_PLAN_ANEW] = { { { "force_custom_plan", sizeof "force_custom_plan" - 1 }, { "on", 2 } } },
    };
    const struct db_step step = { .query = QUERY_PLAN_MODE, .params = modes[plan].params, .n_params = 2 };

    if (db->plan == plan)
        return STATUS_OK;
    enum status st = db_run(db, &step, 1);
    if (st == STATUS_OK)
        db->plan = plan;
    return st;
}

enum status db_stream_begin(struct db *db, enum db_query query, enum db_plan plan, const struct db_param *params, size_t n_params)
{
    db->went_stale = false;
    db->stream = db_timing_begin();
    db->stream_query = query;
    enum status st = db_connect(db);
    if (st == STATUS_OK)
        st = ensure_plan(db, plan);
    if (st == STATUS_OK)
        st = ensure_prepared(db, query);
    if (st != STATUS_OK)
        return st;
    if (!db_send_query(db, query, params, n_params) || !PQsetSingleRowMode(db->conn))
        return db_lost(db);
    db->is_streaming = true;
    db->is_row_by_row = true;
    return STATUS_OK;
}

void db_stream_watch(struct db *db, int fd)
{
    db->watched_fd = fd;
}

/* Takes the NULL behind a stream's last result, so that the connection is idle again. */
static enum status stream_is_over(struct db *db, enum status st)
{
    PGresult *end = NULL;
    enum status ended = db_next_result(db, db_deadline(db), &end);

    PQclear(end);
    db_timing_end(&db->stream, db->stream_query);
    db->is_streaming = false;
    db->is_reused = db->conn != NULL;
    return ended == STATUS_OK ? st : ended;
}

enum status db_stream_next(struct db *db)
{
    PQclear(db->row);
    db->row = NULL;
    enum status st = db_next_result(db, db_deadline(db), &db->row);

    if (st != STATUS_OK)
        return st;
    switch (PQresultStatus(db->row)) {
    case PGRES_SINGLE_TUPLE:
        return STATUS_OK;
    case PGRES_TUPLES_OK:
        return stream_is_over(db, STATUS_END);
    default:
        return stream_is_over(db, db_failed(db, db->row, "stream"));
    }
}

struct bytes db_stream_value(const struct db *db, int column)
{
    if (PQgetisnull(db->row, 0, column))
        return (struct bytes){ 0 };
    return (struct bytes){ PQgetvalue(db->row, 0, column), (size_t)PQgetlength(db->row, 0, column) };
}

/* Takes what is still on its way. Returns whether the last of it says that the query was cancelled: the request to do so has then struck
 * it, and can strike no other. */
static bool take_cancelled(struct db *db)
{
    int64_t deadline_ms = clock_monotonic_ms() + CANCEL_GRACE_MS;
    bool is_cancelled = false;

    for (;;) {
        if (PQisBusy(db->conn)) {
            struct pollfd ready = { .fd = PQsocket(db->conn), .events = POLLIN };
            int64_t left_ms = deadline_ms - clock_monotonic_ms();
            if (left_ms <= 0 || poll(&ready, 1, (int)left_ms) <= 0 || !PQconsumeInput(db->conn))
                return false;
            continue;
        }
        PGresult *result = PQgetResult(db->conn);
        if (!result)
            return is_cancelled;
        const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
        is_cancelled = sqlstate && strcmp(sqlstate, "57014") == 0;
        PQclear(result);
    }
}

/* Tells the server to stop. The connection is used again only where it has: else the request could reach it late, and strike the next
 * query. */
static void cancel(struct db *db)
{
    char error[64];
    PGresult *row = db->row;
    PGcancel *handle = PQgetCancel(db->conn);

    db->row = NULL; /* it outlives the connection */
    if (handle && PQcancel(handle, error, sizeof error) && take_cancelled(db))
        db->is_reused = true;
    else
        db_disconnect(db);
    db->row = row;
    PQfreeCancel(handle);
}

void db_stream_stop(struct db *db)
{
    db->watched_fd = 0;
    if (db->is_streaming) {
        db_timing_end(&db->stream, db->stream_query);
        cancel(db);
    }
    db->is_streaming = false;
}

void db_stream_end(struct db *db)
{
    PQclear(db->row);
    db->row = NULL;
    db_stream_stop(db);
}
