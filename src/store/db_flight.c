#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "store/db_private.h"

enum { PARAMS_MAX = 9 };

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

/* ---- what comes back ---- */

/* The first failure counts; what follows it in the flight was not carried out. */
static void fail(struct db_flight *flight, enum status st)
{
    if (flight->first_failure == STATUS_OK)
        flight->first_failure = st;
}

static void take_prepared(struct db *db, struct db_flight *flight, enum db_query query, const PGresult *result)
{
    db->prepared[query] = PQresultStatus(result) == PGRES_COMMAND_OK;
    if (PQresultStatus(result) == PGRES_FATAL_ERROR)
        fail(flight, db_failed(db, result, db_queries[query].name));
    else if (!db->prepared[query])
        fail(flight, STATUS_INTERNAL); /* PGRES_PIPELINE_ABORTED: the step before it has said why */
}

/* Returns whether the step keeps the result. */
static bool take_rows(struct db *db, struct db_flight *flight, const struct db_step *step, PGresult *result)
{
    ExecStatusType kind = PQresultStatus(result);

    if (kind == PGRES_FATAL_ERROR) {
        fail(flight, db_failed(db, result, db_queries[step->query].name));
    } else if (kind != PGRES_COMMAND_OK && kind != PGRES_TUPLES_OK) {
        fail(flight, STATUS_INTERNAL); /* PGRES_PIPELINE_ABORTED, likewise */
    } else if (step->query == QUERY_COMMIT && strcmp(PQcmdStatus(result), "COMMIT") != 0) {
        /* COMMIT of a transaction that has failed answers ROLLBACK, and no error. */
        db_keep_message(db, "COMMIT was answered by ROLLBACK");
        fail(flight, STATUS_INTERNAL);
    } else if (step->result && !step->result->rows) {
        step->result->rows = result;
        return true;
    }
    return false;
}

/* Behind all steps. What no step has committed is committed now, or fails now. */
static void take_sync(struct db *db, struct db_flight *flight, const PGresult *result)
{
    flight->is_over = true;
    if (PQresultStatus(result) == PGRES_PIPELINE_SYNC)
        return;
    fail(flight, PQresultStatus(result) == PGRES_FATAL_ERROR ? db_failed(db, result, "commit") : STATUS_INTERNAL);
    flight->is_out_of_step = true;
}

/* Takes one of libpq's results, which is there. A statement's end with NULL. */
static void take_result(struct db *db, struct db_flight *flight)
{
    const struct db_step *step = &flight->steps[flight->index];
    PGresult *result = PQgetResult(db->conn);

    if (flight->index == flight->n_steps) {
        take_sync(db, flight, result);
    } else if (!result) {
        flight->index += !flight->prepares;
        flight->prepares = !flight->prepares && flight->must_prepare[flight->index];
    } else if (flight->prepares) {
        take_prepared(db, flight, step->query, result);
    } else if (take_rows(db, flight, step, result)) {
        return;
    }
    PQclear(result);
}

enum status db_take_prepare(struct db *db, int64_t deadline_ms, enum db_query query)
{
    struct db_flight flight = { .must_prepare = { true }, .prepares = true, .n_steps = 1, .steps = { { .query = query } } };
    enum status st = STATUS_OK;

    while (st == STATUS_OK && flight.prepares) {
        st = db_await(db, deadline_ms);
        if (st == STATUS_OK)
            take_result(db, &flight);
    }
    return st == STATUS_OK ? flight.first_failure : st;
}

/* ---- a flight ---- */

/* A stream's single-row mode ends where the next statement is sent outside a pipeline; the first one of a pipeline still has it (libpq 14
 * to 16), and would be answered by one result more than is taken here. Beginning to send one without a name ends it, and sends nothing. */
static void end_row_by_row(struct db *db)
{
    if (db->is_row_by_row)
        (void)PQsendPrepare(db->conn, NULL, "", 0, NULL);
    db->is_row_by_row = false;
}

static bool send_flight(struct db *db, struct db_flight *flight)
{
    bool sent = PQenterPipelineMode(db->conn) == 1;

    for (size_t i = 0; i < flight->n_steps && sent; i++) {
        const struct db_step *step = &flight->steps[i];
        flight->must_prepare[i] = !db->prepared[step->query];
        if (flight->must_prepare[i])
            sent = db_send_prepare(db, step->query);
        sent = sent && db_send_query(db, step->query, step->params, step->n_params);
    }
    return sent && PQpipelineSync(db->conn) == 1 && PQflush(db->conn) >= 0;
}

enum status db_flight_begin(struct db *db, struct db_flight *flight, const struct db_step *steps, size_t n_steps)
{
    *flight = (struct db_flight){ .n_steps = n_steps, .begun_ns = clock_monotonic_ns(), .deadline_ms = db_deadline(db) };
    memcpy(flight->steps, steps, n_steps * sizeof *steps);
    db->went_stale = false;
    end_row_by_row(db);
    if (!send_flight(db, flight))
        return db_lost(db);
    flight->prepares = flight->must_prepare[0];
    return STATUS_OK;
}

static void clear_results(const struct db_step *steps, size_t n_steps)
{
    for (size_t i = 0; i < n_steps; i++) {
        if (steps[i].result)
            db_result_clear(steps[i].result);
    }
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

/* Brings the connection back to where another flight may begin. */
static void recover(struct db *db, const struct db_flight *flight, enum status st)
{
    /* What we cannot explain may lie with the connection (a statement that somebody deallocated, say). */
    if (flight->is_out_of_step || flight->steps[0].query == QUERY_ROLLBACK || st == STATUS_INTERNAL || db->is_on_standby)
        db_disconnect(db);
    else
        db_rollback(db);
}

/* Concludes a flight that is over, or that has failed with its connection. */
static enum status land(struct db *db, struct db_flight *flight, enum status connection)
{
    enum status st = flight->first_failure == STATUS_OK ? connection : flight->first_failure;

    if (connection == STATUS_OK && db->conn && !flight->is_out_of_step && PQexitPipelineMode(db->conn) != 1)
        st = db_lost(db);
    db->is_reused |= st == STATUS_OK;
    if (st == STATUS_OK)
        return st;
    clear_results(flight->steps, flight->n_steps);
    recover(db, flight, st);
    return st;
}

/* The first statement of a transaction says only that one begins. */
static enum db_query subject(const struct db_step *steps, size_t n_steps)
{
    return steps[n_steps > 1 ? 1 : 0].query;
}

bool db_flight_is_over(struct db *db, struct db_flight *flight, enum status *st)
{
    enum status connection = STATUS_OK;

    if (!PQconsumeInput(db->conn))
        connection = db_lost(db);
    while (connection == STATUS_OK && !flight->is_over && !PQisBusy(db->conn))
        take_result(db, flight);
    if (connection == STATUS_OK && !flight->is_over) {
        if (flight->deadline_ms == DB_NO_DEADLINE || clock_monotonic_ms() < flight->deadline_ms)
            return false;
        connection = db_timed_out(db);
    }
    *st = land(db, flight, connection);
    db_timing_count(clock_monotonic_ns() - flight->begun_ns, subject(flight->steps, flight->n_steps));
    return true;
}

bool db_is_sent(struct db *db)
{
    return !db->conn || PQflush(db->conn) != 1;
}

static enum status run(struct db *db, const struct db_step *steps, size_t n_steps)
{
    struct db_flight flight;
    enum status st = db_connect(db);

    if (st == STATUS_OK)
        st = db_flight_begin(db, &flight, steps, n_steps);
    if (st != STATUS_OK)
        return st;
    while (st == STATUS_OK && !flight.is_over) {
        st = db_await(db, flight.deadline_ms);
        if (st == STATUS_OK)
            take_result(db, &flight);
    }
    return land(db, &flight, st);
}

enum status db_run(struct db *db, const struct db_step *steps, size_t n_steps)
{
    struct db_timing timing = db_timing_begin();

    for (size_t i = 0; i < n_steps; i++) {
        if (steps[i].result)
            steps[i].result->rows = NULL;
    }
    if (n_steps > DB_FLIGHT_STEPS)
        return STATUS_INTERNAL;
    db->went_stale = false;
    enum status st = run(db, steps, n_steps);
    db_timing_end(&timing, subject(steps, n_steps));
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
