#include "store/db.h"

#include <errno.h>
#include <libpq-fe.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"

enum { PARAMS_MAX = 8, BINARY = 1, TEXT = 0, NO_DEADLINE = -1, LOG_AGAIN_MS = 60000 };

struct db {
    struct db_options options;
    PGconn *conn; /* NULL: not connected */
    bool prepared[QUERY_COUNT];
    bool is_reused; /* has served since it was connected */
    bool went_stale;
    bool is_streaming;
    bool is_on_standby; /* it refuses to write: the next connection may lead to the server that does */
    PGresult *row;      /* the one that db_stream_next gave last */
    char message[256];
    char logged[256]; /* the message that was logged last */
    int64_t logged_ms;
};

struct db *db_new(const struct db_options *options)
{
    struct db *db = calloc(1, sizeof *db);

    if (db)
        db->options = *options;
    return db;
}

void db_disconnect(struct db *db)
{
    PQclear(db->row);
    PQfinish(db->conn);
    db->row = NULL;
    db->conn = NULL;
    db->is_reused = false;
    db->is_streaming = false;
    db->is_on_standby = false;
    memset(db->prepared, 0, sizeof db->prepared);
}

void db_free(struct db *db)
{
    if (!db)
        return;
    db_disconnect(db);
    free(db);
}

bool db_went_stale(const struct db *db)
{
    return db->went_stale;
}

const char *db_message(const struct db *db)
{
    return db->message;
}

/* ---- errors ---- */

/* What a SQLSTATE means; the longest prefix that fits counts. */
static const struct {
    const char *prefix;
    enum status status;
} sqlstates[] = {
    { "08", STATUS_UNAVAILABLE },      /* connection exception */
    { "22", STATUS_UNPROCESSABLE },    /* data exception */
    { "23502", STATUS_UNPROCESSABLE }, /* not null violation */
    { "25006", STATUS_UNAVAILABLE },   /* read-only transaction: a standby, or on its way to be one */
    { "28", STATUS_NOT_SET_UP },       /* invalid authorization */
    { "3D", STATUS_NOT_SET_UP },       /* invalid catalog name: no such database */
    { "40001", STATUS_RETRY },         /* serialization failure */
    { "40P01", STATUS_RETRY },         /* deadlock */
    { "42501", STATUS_NOT_SET_UP },    /* insufficient privilege */
    { "42883", STATUS_NOT_SET_UP },    /* undefined function: not migrated yet */
    { "42P01", STATUS_NOT_SET_UP },    /* undefined table: not migrated yet */
    { "53", STATUS_UNAVAILABLE },      /* insufficient resources */
    { "54", STATUS_UNPROCESSABLE },    /* program limit exceeded */
    { "55P03", STATUS_RETRY },         /* lock not available */
    { "57014", STATUS_UNAVAILABLE },   /* query canceled: the statement timeout */
    { "57P", STATUS_UNAVAILABLE },     /* operator intervention: shutdown, crash, cannot connect now */
    { "58", STATUS_UNAVAILABLE },      /* system error outside PostgreSQL */
    { "XX", STATUS_UNAVAILABLE },      /* internal error, corruption */
};

static enum status status_of_sqlstate(const char *sqlstate)
{
    if (!sqlstate)
        return STATUS_UNAVAILABLE; /* a lost connection has none */
    for (size_t i = 0; i < sizeof sqlstates / sizeof sqlstates[0]; i++) {
        if (strncmp(sqlstate, sqlstates[i].prefix, strlen(sqlstates[i].prefix)) == 0)
            return sqlstates[i].status;
    }
    return STATUS_INTERNAL;
}

/* Keeps the first line of what libpq or the server said. */
static void keep_message(struct db *db, const char *text)
{
    snprintf(db->message, sizeof db->message, "%.*s", (int)strcspn(text, "\n"), text);
}

/* Has db->message not been logged for a while? A server that is away is asked several times a second whether it is back. */
static bool is_news(struct db *db)
{
    int64_t now_ms = clock_monotonic_ms();

    if (strcmp(db->message, db->logged) == 0 && now_ms - db->logged_ms < LOG_AGAIN_MS)
        return false;
    memcpy(db->logged, db->message, sizeof db->logged);
    db->logged_ms = now_ms;
    return true;
}

/* The connection is of no use any more: what was under way has an unknown outcome. */
static enum status lost(struct db *db)
{
    keep_message(db, PQerrorMessage(db->conn));
    db->went_stale = db->is_reused;
    if (!db->went_stale && is_news(db))
        LOG(ERROR, "database connection failed", log_text("error.message", bytes_of(db->message)));
    db_disconnect(db);
    return STATUS_UNAVAILABLE;
}

static enum status timed_out(struct db *db)
{
    keep_message(db, "no answer in time");
    LOG(ERROR, "database did not answer in time",
        log_number("db.timeout_ms", db->options.statement_timeout_ms + DB_ANSWER_GRACE_MS));
    db_disconnect(db);
    return STATUS_UNAVAILABLE;
}

/* Messages of the classes 22 and 23 quote values, so they are not logged. */
static bool quotes_values(const char *sqlstate)
{
    return sqlstate && sqlstate[0] == '2' && (sqlstate[1] == '2' || sqlstate[1] == '3');
}

static enum status failed(struct db *db, const PGresult *result, const char *query)
{
    const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const char *primary = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);

    keep_message(db, primary ? primary : PQresultErrorMessage(result));
    /* The server's last words on a connection that it ends, or none at all. */
    if (!sqlstate || strncmp(sqlstate, "57P", 3) == 0) {
        db->went_stale = db->is_reused;
        if (db->went_stale)
            return STATUS_UNAVAILABLE;
    }
    if (sqlstate && strcmp(sqlstate, "25006") == 0)
        db->is_on_standby = true;
    LOG(ERROR, "database refused a statement", log_text("db.query", bytes_of(query)), log_text("db.sqlstate", bytes_of(sqlstate)),
        log_text("error.message", quotes_values(sqlstate) ? BYTES("") : bytes_of(db->message)));
    return status_of_sqlstate(sqlstate);
}

/* ---- waiting ---- */

static int64_t deadline_of(const struct db *db)
{
    return db->options.statement_timeout_ms ? clock_monotonic_ms() + db->options.statement_timeout_ms + DB_ANSWER_GRACE_MS
                                            : NO_DEADLINE;
}

/* Sends what is to be sent and waits until a result can be had without blocking. */
static enum status await(struct db *db, int64_t deadline_ms)
{
    for (;;) {
        int unsent = PQflush(db->conn);
        if (unsent < 0)
            return lost(db);
        if (!PQisBusy(db->conn))
            return STATUS_OK;

        int64_t left_ms = deadline_ms == NO_DEADLINE ? -1 : deadline_ms - clock_monotonic_ms();
        struct pollfd ready = { .fd = PQsocket(db->conn), .events = (short)(unsent ? POLLIN | POLLOUT : POLLIN) };
        if (deadline_ms != NO_DEADLINE && left_ms <= 0)
            return timed_out(db);
        if (poll(&ready, 1, (int)left_ms) < 0 && errno != EINTR)
            return lost(db);
        if (ready.revents & (POLLIN | POLLHUP | POLLERR) && !PQconsumeInput(db->conn))
            return lost(db);
    }
}

/* The next result; NULL at the end of a statement's results. */
static enum status next_result(struct db *db, int64_t deadline_ms, PGresult **result)
{
    enum status st = await(db, deadline_ms);

    if (st == STATUS_OK)
        *result = PQgetResult(db->conn);
    return st;
}

/* ---- connecting ---- */

static void ignore_notice(void *context, const PGresult *notice)
{
    (void)context;
    (void)notice;
}

static enum status session_setup(struct db *db)
{
    char statement_timeout[16], lock_timeout[16];

    snprintf(statement_timeout, sizeof statement_timeout, "%d", db->options.statement_timeout_ms);
    snprintf(lock_timeout, sizeof lock_timeout, "%d", db->options.lock_timeout_ms);
    const struct db_param params[] = { { statement_timeout, strlen(statement_timeout) }, { lock_timeout, strlen(lock_timeout) } };
    const struct db_step step = { .query = QUERY_SESSION_SETUP, .params = params, .n_params = 2 };
    enum status st = db_run(db, &step, 1);

    db->is_reused = false; /* it has served nobody yet */
    if (st != STATUS_OK)
        db_disconnect(db);
    return st;
}

static enum status ensure_connected(struct db *db)
{
    char timeout[16];

    if (db->conn && PQstatus(db->conn) == CONNECTION_OK)
        return STATUS_OK;
    db_disconnect(db);
    snprintf(timeout, sizeof timeout, "%d", db->options.connect_timeout_s);
    /* What stands before dbname is a default that the connection string may override; what stands behind it is not. */
    const char *const keywords[] = { "connect_timeout", "fallback_application_name", "dbname", "client_encoding", NULL };
    const char *const values[] = { timeout, "synchrony", db->options.conninfo, "UTF8", NULL };
    db->conn = PQconnectdbParams(keywords, values, 1);
    if (!db->conn)
        return STATUS_NO_MEMORY;
    if (PQstatus(db->conn) != CONNECTION_OK || PQsetnonblocking(db->conn, 1) != 0)
        return lost(db);
    PQsetNoticeReceiver(db->conn, ignore_notice, NULL);
    return session_setup(db);
}

bool db_conninfo_error(const char *conninfo, char *text, size_t size)
{
    char *error = NULL;
    PQconninfoOption *options = PQconninfoParse(conninfo, &error);

    if (!options)
        snprintf(text, size, "%.*s", (int)strcspn(error ? error : "out of memory", "\n"), error ? error : "out of memory");
    PQfreemem(error);
    PQconninfoFree(options);
    return !options;
}

/* ---- flights ---- */

struct packed_params {
    const char *values[PARAMS_MAX];
    int lengths[PARAMS_MAX];
    int formats[PARAMS_MAX];
};

static bool pack(const struct db_param *params, size_t n, struct packed_params *packed)
{
    if (n > PARAMS_MAX)
        return false;
    for (size_t i = 0; i < n; i++) {
        if (params[i].len > 0x3fffffff)
            return false;
        packed->values[i] = params[i].data;
        packed->lengths[i] = (int)params[i].len;
        packed->formats[i] = BINARY;
    }
    return true;
}

static bool send_prepare(struct db *db, enum db_query query)
{
    return PQsendPrepare(db->conn, db_queries[query].name, db_queries[query].sql, 0, NULL) == 1;
}

static bool send_query(struct db *db, enum db_query query, const struct db_param *params, size_t n, int result_format)
{
    struct packed_params packed;

    return pack(params, n, &packed) && PQsendQueryPrepared(db->conn, db_queries[query].name, (int)n, packed.values, packed.lengths,
                                                           packed.formats, result_format) == 1;
}

/* Takes one statement's result, and the NULL behind it. On success *result is the caller's. */
static enum status take(struct db *db, int64_t deadline_ms, const char *query, PGresult **result)
{
    PGresult *end = NULL;
    enum status st = next_result(db, deadline_ms, result);

    if (st != STATUS_OK)
        return st;
    ExecStatusType kind = PQresultStatus(*result);
    if (kind == PGRES_FATAL_ERROR)
        st = failed(db, *result, query);
    else if (kind != PGRES_COMMAND_OK && kind != PGRES_TUPLES_OK)
        st = STATUS_INTERNAL; /* PGRES_PIPELINE_ABORTED: the step before it has said why */

    enum status ended = next_result(db, deadline_ms, &end);
    PQclear(end);
    if (st == STATUS_OK)
        st = ended;
    if (st != STATUS_OK) {
        PQclear(*result);
        *result = NULL;
    }
    return st;
}

static enum status take_prepare(struct db *db, int64_t deadline_ms, enum db_query query)
{
    PGresult *result = NULL;
    enum status st = take(db, deadline_ms, db_queries[query].name, &result);

    PQclear(result);
    db->prepared[query] = st == STATUS_OK;
    return st;
}

static enum status take_step(struct db *db, int64_t deadline_ms, const struct db_step *step)
{
    PGresult *result = NULL;
    enum status st = take(db, deadline_ms, db_queries[step->query].name, &result);

    /* COMMIT of a transaction that has failed answers ROLLBACK, and no error. */
    if (st == STATUS_OK && step->query == QUERY_COMMIT && strcmp(PQcmdStatus(result), "COMMIT") != 0) {
        keep_message(db, "COMMIT was answered by ROLLBACK");
        st = STATUS_INTERNAL;
    }
    if (st == STATUS_OK && step->result)
        step->result->rows = result;
    else
        PQclear(result);
    return st;
}

/* Takes the answer to the end of a flight. */
static enum status take_sync(struct db *db, int64_t deadline_ms)
{
    PGresult *result = NULL;
    enum status st = next_result(db, deadline_ms, &result);

    if (st == STATUS_OK && PQresultStatus(result) != PGRES_PIPELINE_SYNC)
        st = STATUS_INTERNAL;
    PQclear(result);
    return st;
}

static enum status send_flight(struct db *db, const struct db_step *steps, size_t n_steps, bool *must_prepare)
{
    bool sent = PQenterPipelineMode(db->conn) == 1;

    for (size_t i = 0; i < n_steps && sent; i++) {
        must_prepare[i] = !db->prepared[steps[i].query];
        if (must_prepare[i])
            sent = send_prepare(db, steps[i].query);
        sent = sent && send_query(db, steps[i].query, steps[i].params, steps[i].n_params, BINARY);
    }
    return sent && PQpipelineSync(db->conn) == 1 ? STATUS_OK : lost(db);
}

/* The first failure counts; what follows it in the flight was not carried out. */
static enum status take_flight(struct db *db, const struct db_step *steps, size_t n_steps, const bool *must_prepare)
{
    int64_t deadline_ms = deadline_of(db);
    enum status first = STATUS_OK;

    for (size_t i = 0; i < n_steps && db->conn; i++) {
        enum status st = must_prepare[i] ? take_prepare(db, deadline_ms, steps[i].query) : STATUS_OK;
        if (db->conn) {
            enum status step_st = take_step(db, deadline_ms, &steps[i]);
            st = st == STATUS_OK ? step_st : st;
        }
        first = first == STATUS_OK ? st : first;
    }
    if (db->conn) {
        enum status st = take_sync(db, deadline_ms);
        first = first == STATUS_OK ? st : first;
    }
    if (db->conn && PQexitPipelineMode(db->conn) != 1)
        return lost(db);
    return first;
}

void db_rollback(struct db *db)
{
    if (!db->conn)
        return;
    PGTransactionStatusType state = PQtransactionStatus(db->conn);
    if (state == PQTRANS_IDLE)
        return;
    const struct db_step step = { .query = QUERY_ROLLBACK };
    if ((state != PQTRANS_INTRANS && state != PQTRANS_INERROR) || db_run(db, &step, 1) != STATUS_OK)
        db_disconnect(db);
}

enum { STEPS_MAX = 8 };

enum status db_run(struct db *db, const struct db_step *steps, size_t n_steps)
{
    bool must_prepare[STEPS_MAX] = { false };

    for (size_t i = 0; i < n_steps; i++) {
        if (steps[i].result)
            steps[i].result->rows = NULL;
    }
    if (n_steps > STEPS_MAX)
        return STATUS_INTERNAL;
    db->went_stale = false;
    enum status st = ensure_connected(db);
    if (st == STATUS_OK)
        st = send_flight(db, steps, n_steps, must_prepare);
    if (st == STATUS_OK)
        st = take_flight(db, steps, n_steps, must_prepare);
    if (st == STATUS_OK) {
        db->is_reused = true;
        return STATUS_OK;
    }
    for (size_t i = 0; i < n_steps; i++) {
        if (steps[i].result)
            db_result_clear(steps[i].result);
    }
    /* What we cannot explain may lie with the connection (a statement that somebody deallocated, say). */
    if (steps[0].query == QUERY_ROLLBACK || st == STATUS_INTERNAL || db->is_on_standby)
        db_disconnect(db);
    else
        db_rollback(db);
    return st;
}

enum status db_script(struct db *db, const char *sql)
{
    enum status st = ensure_connected(db);

    if (st != STATUS_OK)
        return st;
    PGresult *result = PQexec(db->conn, sql);
    ExecStatusType kind = PQresultStatus(result);
    if (kind != PGRES_COMMAND_OK && kind != PGRES_TUPLES_OK)
        st = failed(db, result, "script");
    PQclear(result);
    if (st != STATUS_OK)
        db_rollback(db);
    return st;
}

size_t db_result_rows(const struct db_result *result)
{
    return (size_t)PQntuples(result->rows);
}

struct bytes db_result_value(const struct db_result *result, size_t row, int column)
{
    if (PQgetisnull(result->rows, (int)row, column))
        return (struct bytes){ 0 };
    return (struct bytes){ PQgetvalue(result->rows, (int)row, column), (size_t)PQgetlength(result->rows, (int)row, column) };
}

void db_result_clear(struct db_result *result)
{
    PQclear(result->rows);
    result->rows = NULL;
}

/* ---- streams ---- */

static enum status ensure_prepared(struct db *db, enum db_query query)
{
    if (db->prepared[query])
        return STATUS_OK;
    return send_prepare(db, query) ? take_prepare(db, deadline_of(db), query) : lost(db);
}

enum status db_stream_begin(struct db *db, enum db_query query, const struct db_param *params, size_t n_params)
{
    db->went_stale = false;
    enum status st = ensure_connected(db);
    if (st == STATUS_OK)
        st = ensure_prepared(db, query);
    if (st != STATUS_OK)
        return st;
    if (!send_query(db, query, params, n_params, TEXT) || !PQsetSingleRowMode(db->conn))
        return lost(db);
    db->is_streaming = true;
    return STATUS_OK;
}

/* Takes the NULL behind a stream's last result, so that the connection is idle again. */
static enum status stream_is_over(struct db *db, enum status st)
{
    PGresult *end = NULL;
    enum status ended = next_result(db, deadline_of(db), &end);

    PQclear(end);
    db->is_streaming = false;
    db->is_reused = db->conn != NULL;
    return ended == STATUS_OK ? st : ended;
}

enum status db_stream_next(struct db *db, struct bytes *value)
{
    PQclear(db->row);
    db->row = NULL;
    enum status st = next_result(db, deadline_of(db), &db->row);

    if (st != STATUS_OK)
        return st;
    switch (PQresultStatus(db->row)) {
    case PGRES_SINGLE_TUPLE:
        *value = (struct bytes){ PQgetvalue(db->row, 0, 0), (size_t)PQgetlength(db->row, 0, 0) };
        return STATUS_OK;
    case PGRES_TUPLES_OK:
        return stream_is_over(db, STATUS_END);
    default:
        return stream_is_over(db, failed(db, db->row, "stream"));
    }
}

/* Tells the server to stop, and leaves. The connection is not used again: the request to cancel could reach it late, and strike the next
 * query. */
static void cancel(struct db *db)
{
    char error[64];
    PGcancel *handle = PQgetCancel(db->conn);

    if (handle)
        (void)PQcancel(handle, error, sizeof error);
    PQfreeCancel(handle);
    db_disconnect(db);
}

void db_stream_end(struct db *db)
{
    PQclear(db->row);
    db->row = NULL;
    if (db->is_streaming)
        cancel(db);
    db->is_streaming = false;
}
