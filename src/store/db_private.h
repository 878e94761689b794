/* What the modules of a connection share: store/db and those whose names begin with it. The only door to libpq. */
#ifndef SYNCHRONY_STORE_DB_PRIVATE_H
#define SYNCHRONY_STORE_DB_PRIVATE_H

#include <libpq-fe.h>
#include <stdint.h>

#include "store/db.h"

enum { DB_BINARY = 1, DB_NO_DEADLINE = -1 };

/* When something began, and what this thread had spent on databases until then. */
struct db_timing {
    int64_t began_ns;
    int64_t spent_before_ns;
};

struct db {
    struct db_options options;
    PGconn *conn; /* NULL: not connected */
    bool prepared[QUERY_COUNT];
    bool is_reused; /* has served since it was connected */
    bool went_stale;
    bool is_row_by_row; /* libpq's single-row mode may still be on */
    bool is_streaming;
    bool is_on_standby;      /* it refuses to write: the next connection may lead to the server that does */
    enum db_plan plan;       /* how the connection plans now */
    int watched_fd;          /* 0: none */
    PGresult *row;           /* the one that db_stream_next went on to */
    struct db_timing stream; /* while is_streaming */
    enum db_query stream_query;
    char *memory; /* of db_memory; owned */
    size_t memory_bytes;
    char message[256];
    char logged[256]; /* the message that was logged last */
    int64_t logged_ms;
};

/* ---- errors (db_failure.c) ---- */

/* Keeps the first line of what libpq or the server said, for db_message. */
void db_keep_message(struct db *db, const char *text);

/* The connection is of no use any more: what was under way has an unknown outcome. Closes it. */
enum status db_lost(struct db *db);

/* The same, where libpq does not know why. */
enum status db_lost_by(struct db *db, const char *cause);

/* The server did not answer in time. Closes the connection. */
enum status db_timed_out(struct db *db);

/* What a result that is an error means; query is its name, for the log. */
enum status db_failed(struct db *db, const PGresult *result, const char *query);

/* ---- connecting (db_connect.c) ---- */

/* Connects where there is no connection. */
enum status db_connect(struct db *db) MUST_USE;

/* ---- waiting (db.c) ---- */

/* Until when the answer to a statement that is sent now is waited for (clock_monotonic_ms), or DB_NO_DEADLINE. */
int64_t db_deadline(const struct db *db);

/* Sends what is to be sent and waits until a result can be had without blocking. */
enum status db_await(struct db *db, int64_t deadline_ms) MUST_USE;

/* The next result, which is the caller's; NULL at the end of a statement's results. */
enum status db_next_result(struct db *db, int64_t deadline_ms, PGresult **result) MUST_USE;

/* ---- how long it takes (db_timing.c) ---- */

struct db_timing db_timing_begin(void);
void db_timing_end(const struct db_timing *timing, enum db_query query);

/* Counts what no thread has waited for. */
void db_timing_count(int64_t elapsed_ns, enum db_query query);

/* ---- statements (db_flight.c) ---- */

/* Each returns false where libpq refuses: the connection is lost. */
bool db_send_prepare(struct db *db, enum db_query query);
bool db_send_query(struct db *db, enum db_query query, const struct db_param *params, size_t n);

/* Takes the answer to db_send_prepare. */
enum status db_take_prepare(struct db *db, int64_t deadline_ms, enum db_query query) MUST_USE;

#endif
