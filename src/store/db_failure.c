#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "store/db_private.h"

enum { LOG_AGAIN_MS = 60000 };

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

void db_keep_message(struct db *db, const char *text)
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

static void count_error(struct bytes sqlstate)
{
    metrics_add(METRIC_1(DB_ERRORS, metrics_label(METRIC_LABEL_SQLSTATE, sqlstate)), 1);
}

enum status db_lost_by(struct db *db, const char *cause)
{
    db_keep_message(db, cause);
    count_error(BYTES("lost"));
    db->went_stale = db->is_reused;
    if (!db->went_stale && is_news(db))
        LOG(ERROR, "database connection failed", log_text("error.message", bytes_of(db->message)));
    db_disconnect(db);
    return STATUS_UNAVAILABLE;
}

enum status db_timed_out(struct db *db)
{
    db_keep_message(db, "no answer in time");
    count_error(BYTES("timeout"));
    LOG(ERROR, "database did not answer in time",
        log_number("db.timeout_ms", db->options.statement_timeout_ms + DB_ANSWER_GRACE_MS));
    db_disconnect(db);
    return STATUS_UNAVAILABLE;
}

enum status db_lost(struct db *db)
{
    return db_lost_by(db, PQerrorMessage(db->conn));
}

/* Messages of the classes 22 and 23 quote values, so they are not logged. */
static bool quotes_values(const char *sqlstate)
{
    return sqlstate && sqlstate[0] == '2' && (sqlstate[1] == '2' || sqlstate[1] == '3');
}

enum status db_failed(struct db *db, const PGresult *result, const char *query)
{
    const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const char *primary = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);

    db_keep_message(db, primary ? primary : PQresultErrorMessage(result));
    count_error(sqlstate ? bytes_of(sqlstate) : BYTES("lost"));
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
