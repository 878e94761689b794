/* One connection to PostgreSQL, and the only door to libpq.
 *
 * Runs the named queries of db/queries, prepared once a connection, with binary parameters, several in one flight. Connects by
 * itself when it is first used and again after it was lost. Every wait has a deadline. Left to others: what the queries mean (one
 * module a verb), sharing connections between threads (store/db_pool). */
#ifndef SYNCHRONY_STORE_DB_H
#define SYNCHRONY_STORE_DB_H

#include <stdbool.h>
#include <stddef.h>

#include "base/bytes.h"
#include "base/metrics.h"
#include "base/status.h"
#include "store/queries.h"

struct db;

struct db_options {
    const char *conninfo;     /* libpq connection string or URI; what it leaves out comes from PG* variables. Borrowed. */
    int connect_timeout_s;    /* libpq rounds 1 up to 2 */
    int statement_timeout_ms; /* 0: none, and no deadline for answers either */
    int lock_timeout_ms;      /* 0: none */
    enum metric_pool pool;    /* in a pool: which one it counts as */
};

/* A parameter: the binary form of its type (for text its bytes). */
struct db_param {
    const void *data;
    size_t len;
};

/* A text; NULL where it is absent. Borrowed. */
static inline struct db_param db_text(struct bytes text)
{
    return (struct db_param){ text.p, text.len };
}

/* The rows of an answer; freed with db_result_clear. */
struct db_result {
    void *rows; /* owned */
};

/* One statement of a flight. */
struct db_step {
    enum db_query query;
    const struct db_param *params;
    size_t n_params;
    struct db_result *result; /* NULL: not wanted. On STATUS_OK the caller's to clear. */
};

/* A connection that is not open yet. Returns NULL without memory. */
struct db *db_new(const struct db_options *options);
void db_free(struct db *db);

/* Closes the connection, if there is one; the next call makes it anew. */
void db_disconnect(struct db *db);

enum { DB_ANSWER_GRACE_MS = 1000 }; /* how long past its statement timeout the server's answer is waited for */

/* Memory of the connection, for parameters: kept from call to call, so that the system has not to give and clear the same pages for each
 * group. size_bytes, not cleared, borrowed until the next db_memory or db_memory_rest; NULL where there is none. */
char *db_memory(struct db *db, size_t size_bytes) MUST_USE;

/* It is not used any more: what is larger than the groups of a busy service are goes back to the system. */
void db_memory_rest(struct db *db);

/* Did the last call fail because a connection that had served before was found dead? It may have been so for long, while nobody looked:
 * that says nothing about the server, and the same call will make a new one. */
bool db_went_stale(const struct db *db);

/* What is wrong with a connection string, in libpq's words, one line; false where nothing is. */
bool db_conninfo_error(const char *conninfo, char *text, size_t size);

/* Why the last call failed, for an operator: the server's or libpq's words, one line; never for a client. "" when there is nothing. */
const char *db_message(const struct db *db);

/* How long this thread has waited for databases since it began. */
int64_t db_spent_ns(void);

/* Sends all steps at once and waits for all answers. On any failure a transaction that was open is rolled back, and no result is
 * set. A step that is QUERY_COMMIT fails unless the server says COMMIT.
 *
 * Returns STATUS_UNAVAILABLE when the connection could not be made or was lost (the outcome of a COMMIT is then unknown), or the
 *         server cannot do it now; STATUS_NOT_SET_UP when it refuses the role, or lacks what the query names; STATUS_RETRY for a
 *         deadlock, serialization failure or lock timeout; STATUS_UNPROCESSABLE when a value can never be stored; STATUS_INTERNAL for
 *         anything else. */
enum status db_run(struct db *db, const struct db_step *steps, size_t n_steps) MUST_USE;

/* ---- a flight that nobody waits for ---- */

enum { DB_FLIGHT_STEPS = 8 };

/* A flight that was sent, and whose answers are taken as they come. Nothing else may be done with the connection meanwhile. */
struct db_flight {
    struct db_step steps[DB_FLIGHT_STEPS];
    size_t n_steps;
    bool must_prepare[DB_FLIGHT_STEPS + 1]; /* by step: it is prepared first */
    size_t index;                           /* of the step that is answered next; n_steps: the end of the flight */
    bool prepares;                          /* what is answered next is its preparation */
    bool is_over;
    bool is_out_of_step; /* libpq and we are not at one on where it ends */
    enum status first_failure;
    int64_t begun_ns;
    int64_t deadline_ms;
};

/* Is there a connection, as far as is known? Only then can a flight begin. */
bool db_is_ready(const struct db *db);

/* Its socket; -1 where there is none. */
int db_fd(const struct db *db);

/* Sends the steps without waiting. A transaction that no step opens begins with the first, and is committed at the end. Their results are
 * to be empty. Unless STATUS_OK is returned the connection is lost. */
enum status db_flight_begin(struct db *db, struct db_flight *flight, const struct db_step *steps, size_t n_steps) MUST_USE;

/* Has all been sent? Else db_flight_is_over sends more, once the socket takes it. */
bool db_is_sent(struct db *db);

/* Takes what has come. Returns false while the flight is not over; else *st is as db_run returns it. */
bool db_flight_is_over(struct db *db, struct db_flight *flight, enum status *st);

/* Runs a script of several statements, each on its own unless it opens a transaction. Statuses as db_run. */
enum status db_script(struct db *db, const char *sql) MUST_USE;

/* Gives up the transaction that is open, if one is. */
void db_rollback(struct db *db);

size_t db_result_rows(const struct db_result *result);
/* A value, borrowed until the result is cleared; absent for NULL. */
struct bytes db_result_value(const struct db_result *result, size_t row, int column);
void db_result_clear(struct db_result *result);

/* How a stream's statement is planned. */
enum db_plan {
    DB_PLAN_UNSET, /* of a connection that has not streamed yet */
    DB_PLAN_ONCE,  /* for all values, the first time that a connection runs it */
    DB_PLAN_ANEW   /* each time, with its values: where these decide which plan is good */
};

/* Starts a query whose rows are taken one by one, so that memory does not depend on how many there are. Ends with db_stream_end, whatever
 * was returned. */
enum status db_stream_begin(struct db *db, enum db_query query, enum db_plan plan, const struct db_param *params,
                            size_t n_params) MUST_USE;

/* While this stream is waited for, look whether the other end of fd has left as well; 0: none. Until db_stream_end. */
void db_stream_watch(struct db *db, int fd);

/* Goes on to the next row, the first at first. Returns STATUS_END behind the last row, STATUS_CLIENT_GONE when the other end of
 * what is watched has left, else as db_run. */
enum status db_stream_next(struct db *db) MUST_USE;

/* A value of the row, in the binary form of its type, borrowed until the next call; absent for NULL. */
struct bytes db_stream_value(const struct db *db, int column);

/* Stops a stream's query, so that the server keeps neither its rows nor its snapshot; what db_stream_value gave stays until the next stream
 * has its first row. To be followed by db_stream_begin or db_stream_end. */
void db_stream_stop(struct db *db);

/* Ends a stream. Where rows were not taken the query is cancelled at the server; a connection on which that takes long is made anew when it
 * is used next. */
void db_stream_end(struct db *db);

#endif
