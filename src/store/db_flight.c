#include <stdlib.h>
#include <string.h>

#include "store/db_private.h"

enum { PARAMS_MAX = 9, STEPS_MAX = 8 };

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
        packed->formats[i] = DB_BINARY;
    }
    return true;
}

bool db_send_prepare(struct db *db, enum db_query query)
{
    return PQsendPrepare(db->conn, db_queries[query].name, db_queries[query].sql, 0, NULL) == 1;
}

bool db_send_query(struct db *db, enum db_query query, const struct db_param *params, size_t n)
{
    struct packed_params packed;

    return pack(params, n, &packed) && PQsendQueryPrepared(db->conn, db_queries[query].name, (int)n, packed.values, packed.lengths,
                                                           packed.formats, DB_BINARY) == 1;
}

/* Takes one statement's result, and the NULL behind it. On success *result is the caller's. */
static enum status take(struct db *db, int64_t deadline_ms, const char *query, PGresult **result)
{
    PGresult *end = NULL;
    enum status st = db_next_result(db, deadline_ms, result);

    if (st != STATUS_OK)
        return st;
    ExecStatusType kind = PQresultStatus(*result);
    if (kind == PGRES_FATAL_ERROR)
        st = db_failed(db, *result, query);
    else if (kind != PGRES_COMMAND_OK && kind != PGRES_TUPLES_OK)
        st = STATUS_INTERNAL; /* PGRES_PIPELINE_ABORTED: the step before it has said why */

    enum status ended = db_next_result(db, deadline_ms, &end);
    PQclear(end);
    if (st == STATUS_OK)
        st = ended;
    if (st != STATUS_OK) {
        PQclear(*result);
        *result = NULL;
    }
    return st;
}

enum status db_take_prepare(struct db *db, int64_t deadline_ms, enum db_query query)
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
        db_keep_message(db, "COMMIT was answered by ROLLBACK");
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
    enum status st = db_next_result(db, deadline_ms, &result);

    if (st == STATUS_OK && PQresultStatus(result) != PGRES_PIPELINE_SYNC)
        st = STATUS_INTERNAL;
    PQclear(result);
    return st;
}

/* A stream's single-row mode ends where the next statement is sent outside a pipeline; the first one of a pipeline still has it (libpq 14
 * to 16), and would be answered by one result more than is taken here. Beginning to send one without a name ends it, and sends nothing. */
static void end_row_by_row(struct db *db)
{
    if (db->is_row_by_row)
        (void)PQsendPrepare(db->conn, NULL, "", 0, NULL);
    db->is_row_by_row = false;
}

static enum status send_flight(struct db *db, const struct db_step *steps, size_t n_steps, bool *must_prepare)
{
    end_row_by_row(db);
    bool sent = PQenterPipelineMode(db->conn) == 1;

    for (size_t i = 0; i < n_steps && sent; i++) {
        must_prepare[i] = !db->prepared[steps[i].query];
        if (must_prepare[i])
            sent = db_send_prepare(db, steps[i].query);
        sent = sent && db_send_query(db, steps[i].query, steps[i].params, steps[i].n_params);
    }
    return sent && PQpipelineSync(db->conn) == 1 ? STATUS_OK : db_lost(db);
}

/* The first failure counts; what follows it in the flight was not carried out. */
static enum status take_flight(struct db *db, const struct db_step *steps, size_t n_steps, const bool *must_prepare)
{
    int64_t deadline_ms = db_deadline(db);
    enum status first = STATUS_OK;

    for (size_t i = 0; i < n_steps && db->conn; i++) {
        enum status st = must_prepare[i] ? db_take_prepare(db, deadline_ms, steps[i].query) : STATUS_OK;
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
        return db_lost(db);
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

enum status db_run(struct db *db, const struct db_step *steps, size_t n_steps)
{
    bool must_prepare[STEPS_MAX] = { false };
    struct db_timing timing = db_timing_begin();

    for (size_t i = 0; i < n_steps; i++) {
        if (steps[i].result)
            steps[i].result->rows = NULL;
    }
    if (n_steps > STEPS_MAX)
        return STATUS_INTERNAL;
    db->went_stale = false;
    enum status st = db_connect(db);
    if (st == STATUS_OK)
        st = send_flight(db, steps, n_steps, must_prepare);
    if (st == STATUS_OK)
        st = take_flight(db, steps, n_steps, must_prepare);
    db_timing_end(&timing, steps[n_steps > 1 ? 1 : 0].query); /* the first of a transaction says only that one begins */
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
    enum status st = db_connect(db);

    if (st != STATUS_OK)
        return st;
    PGresult *result = PQexec(db->conn, sql);
    ExecStatusType kind = PQresultStatus(result);
    if (kind != PGRES_COMMAND_OK && kind != PGRES_TUPLES_OK)
        st = db_failed(db, result, "script");
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
