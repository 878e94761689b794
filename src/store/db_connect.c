#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/metrics.h"
#include "store/db_hosts.h"
#include "store/db_private.h"

enum { OPTIONS_MAX = 96, LEAST_TIMEOUT_S = 2 };

static void ignore_notice(void *context, const PGresult *notice)
{
    (void)context;
    (void)notice;
}

/* libpq prints notices to standard error until it is told otherwise, and a server may send some before the connection is made. So it is
 * made here step by step: PQconnectdbParams, which does all of them, leaves no time to tell. */
static PGconn *start(const char *const *keywords, const char *const *values, int expand_dbname)
{
    PGconn *conn = PQconnectStartParams(keywords, values, expand_dbname);

    PQsetNoticeReceiver(conn, ignore_notice, NULL);
    return conn;
}

static PGconn *start_first(const struct db_options *options)
{
    char timeout[16];

    snprintf(timeout, sizeof timeout, "%d", options->connect_timeout_s);
    /* What stands before dbname is a default that the connection string may override; what stands behind it is not. */
    const char *const keywords[] = { "connect_timeout", "fallback_application_name", "dbname", "client_encoding", NULL };
    const char *const values[] = { timeout, "synchrony", options->conninfo, "UTF8", NULL };
    return start(keywords, values, 1);
}

/* ---- until it is made, or one was silent for too long ---- */

/* Returns false past the deadline. */
static bool await_socket(const PGconn *conn, short events, int64_t deadline_ms)
{
    for (;;) {
        int64_t left_ms = deadline_ms == DB_NO_DEADLINE ? -1 : deadline_ms - clock_monotonic_ms();
        struct pollfd ready = { .fd = PQsocket(conn), .events = events };

        if (deadline_ms != DB_NO_DEADLINE && left_ms <= 0)
            return false;
        int n = poll(&ready, 1, left_ms < INT_MAX ? (int)left_ms : INT_MAX);
        if (n != 0 && (n > 0 || errno != EINTR))
            return n > 0;
    }
}

/* Has libpq gone on to another address since *place was written? */
static bool has_moved(const PGconn *conn, char *place, size_t size)
{
    char now[512];

    snprintf(now, sizeof now, "%s %s %s", PQhost(conn), PQhostaddr(conn), PQport(conn));
    if (strcmp(now, place) == 0)
        return false;
    snprintf(place, size, "%s", now);
    return true;
}

/* Takes the steps that libpq asks for. Each address has timeout_ms, 0: for ever. Returns false when one has not answered in that time. */
static bool finish(PGconn *conn, int64_t timeout_ms)
{
    PostgresPollingStatusType wanted = PGRES_POLLING_WRITING;
    int64_t deadline_ms = DB_NO_DEADLINE;
    char place[512] = "";

    while (PQstatus(conn) != CONNECTION_BAD && (wanted == PGRES_POLLING_READING || wanted == PGRES_POLLING_WRITING)) {
        if (has_moved(conn, place, sizeof place) && timeout_ms)
            deadline_ms = clock_monotonic_ms() + timeout_ms;
        if (!await_socket(conn, wanted == PGRES_POLLING_READING ? POLLIN : POLLOUT, deadline_ms))
            return false;
        wanted = PQconnectPoll(conn);
    }
    return true;
}

/* ---- the hosts that are left ---- */

static const char *option(const PQconninfoOption *options, const char *keyword)
{
    while (options->keyword && strcmp(options->keyword, keyword) != 0)
        options++;
    return options->keyword && options->val ? options->val : "";
}

/* As libpq reads connect_timeout: 0 or less is none. Returns false for what is no number. */
static bool read_timeout(const char *text, int64_t *timeout_ms)
{
    struct bytes digits = bytes_trim(bytes_of(text), " \t\n\v\f\r");
    bool is_negative = bytes_begins_with(digits, BYTES("-"));
    size_t seconds;

    if (is_negative || bytes_begins_with(digits, BYTES("+")))
        digits = (struct bytes){ digits.p + 1, digits.len - 1 };
    if (!bytes_to_size(digits, INT_MAX, &seconds))
        return false;
    *timeout_ms = is_negative || !seconds ? 0 : INT64_C(1000) * (int64_t)(seconds < LEAST_TIMEOUT_S ? LEAST_TIMEOUT_S : seconds);
    return true;
}

static const char *other_value(const PQconninfoOption *option, const struct db_host_lists *lists)
{
    if (strcmp(option->keyword, "host") == 0)
        return lists->names;
    if (strcmp(option->keyword, "hostaddr") == 0)
        return lists->addresses;
    return strcmp(option->keyword, "port") == 0 ? lists->ports : option->val;
}

/* Begins anew: all as it was, but for the hosts. */
static PGconn *start_again(const PQconninfoOption *options, const struct db_hosts *hosts)
{
    const char *keywords[OPTIONS_MAX + 1] = { NULL }, *values[OPTIONS_MAX + 1] = { NULL };
    struct db_host_lists lists;

    db_hosts_list(hosts, &lists);
    for (size_t i = 0; options[i].keyword && i < OPTIONS_MAX; i++) {
        keywords[i] = options[i].keyword;
        values[i] = other_value(&options[i], &lists);
    }
    return start(keywords, values, 0);
}

/* Connects, and takes conn for it. libpq goes on to the next address by itself where one refuses, not where one is silent: then it begins
 * anew without that one. Not behind it, for target_session_attrs=prefer-standby comes back to those that it has passed over. What libpq
 * does not tell of is written to fault. */
static PGconn *finish_somewhere(PGconn *conn, const PQconninfoOption *options, struct buf *fault)
{
    struct db_hosts hosts;
    int64_t timeout_ms;

    if (!read_timeout(option(options, "connect_timeout"), &timeout_ms)) {
        buf_add_format(fault, "invalid integer value \"%s\" for connection option \"connect_timeout\"",
                       option(options, "connect_timeout"));
        return conn;
    }
    db_hosts_read(&hosts, option(options, "host"), option(options, "hostaddr"), option(options, "port"));
    while (!finish(conn, timeout_ms)) {
        if (!db_hosts_strike(&hosts, PQhost(conn), PQhostaddr(conn), PQport(conn))) {
            buf_add_format(fault, "connection to server at \"%s\", port %s failed: timeout expired", PQhost(conn), PQport(conn));
            break;
        }
        PQfinish(conn);
        conn = start_again(options, &hosts);
    }
    return conn;
}

static PGconn *make(const struct db_options *options, struct buf *fault)
{
    PGconn *conn = start_first(options);
    PQconninfoOption *all = conn ? PQconninfo(conn) : NULL; /* with what comes from the environment and from a service file */

    if (!all) {
        PQfinish(conn);
        return NULL;
    }
    if (PQstatus(conn) != CONNECTION_BAD)
        conn = finish_somewhere(conn, all, fault);
    PQconninfoFree(all);
    return conn;
}

/* ---- the connection ---- */

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

enum status db_connect(struct db *db)
{
    char text[512] = "";
    struct buf fault = buf_in(text, sizeof text);

    if (db_is_ready(db))
        return STATUS_OK;
    db_disconnect(db);
    db->conn = make(&db->options, &fault);
    if (!db->conn)
        return STATUS_NO_MEMORY;
    metrics_move(METRIC_DB_CONNECTIONS, 1);
    metrics_add(METRIC_1(DB_CONNECTS, PQstatus(db->conn) == CONNECTION_OK), 1);
    if (PQstatus(db->conn) != CONNECTION_OK || PQsetnonblocking(db->conn, 1) != 0)
        return db_lost_by(db, fault.len ? text : PQerrorMessage(db->conn));
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
