#include <arpa/inet.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "store/db.h"
#include "tests/unit/unit.h"

/* ---- what a server says ---- */

#define FATAL_TEXT "terminating connection due to administrator command"
#define WARNING_TEXT "database has a collation version mismatch"

/* Messages of PostgreSQL's protocol, by the letter that each begins with. */
static struct bytes message(char letter)
{
    static const struct bytes bodies[] = {
        ['R'] = TEXT("\0\0\0\0"), /* the client is who it says */
        ['Z'] = TEXT("I"),        /* it may ask */
        ['S'] = TEXT("in_hot_standby\0off\0"),
        ['N'] = TEXT("SWARNING\0VWARNING\0C01000\0M" WARNING_TEXT "\0\0"),
        ['E'] = TEXT("SFATAL\0VFATAL\0C57P01\0M" FATAL_TEXT "\0\0"),
    };

    return bodies[(unsigned char)letter];
}

/* A server that says on each connection what it has to say at once, and leaves. */
struct server {
    int fd;
    int port;
    const char *letters; /* NULL: it takes none, and says nothing */
    pthread_t thread;
};

static void say(int fd, const char *letters)
{
    char text[1024], heard[1024];
    struct buf said = buf_in(text, sizeof text);

    for (const char *letter = letters; *letter; letter++) {
        uint32_t len = htonl((uint32_t)(message(*letter).len + sizeof len));
        buf_add(&said, (struct bytes){ letter, 1 });
        buf_add(&said, (struct bytes){ (const char *)&len, sizeof len });
        buf_add(&said, message(*letter));
    }
    (void)!read(fd, heard, sizeof heard);
    (void)!write(fd, said.p, said.len);
    shutdown(fd, SHUT_WR);
    while (read(fd, heard, sizeof heard) > 0) {
        /* so that what was said is not lost with what was not heard */
    }
}

static void *serve(void *context)
{
    struct server *server = context;
    int fd;

    while ((fd = accept(server->fd, NULL, NULL)) >= 0) {
        say(fd, server->letters);
        close(fd);
    }
    return NULL;
}

static struct server server_begin(const char *letters)
{
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t len = sizeof address;
    struct server server = { .fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), .letters = letters };

    cr_assert_eq(bind(server.fd, (struct sockaddr *)&address, sizeof address), 0);
    cr_assert_eq(listen(server.fd, 8), 0);
    cr_assert_eq(getsockname(server.fd, (struct sockaddr *)&address, &len), 0);
    server.port = ntohs(address.sin_port);
    return server;
}

static void server_serve(struct server *server)
{
    if (server->letters)
        cr_assert_eq(pthread_create(&server->thread, NULL, serve, server), 0);
}

static void server_end(struct server *server)
{
    shutdown(server->fd, SHUT_RDWR); /* nobody will come any more */
    if (server->letters)
        pthread_join(server->thread, NULL);
    close(server->fd);
}

/* ---- what the client makes of it ---- */

/* What came of a first question, and what was written to standard error meanwhile. */
struct outcome {
    enum status st;
    char message[256];
    char errors[8192];
};

static void ask(const char *conninfo, struct outcome *outcome)
{
    const struct db_options options = { .conninfo = conninfo, .connect_timeout_s = 1, .statement_timeout_ms = 1000 };
    const struct db_step step = { .query = QUERY_BEGIN };
    struct db *db = db_new(&options);
    FILE *file = tmpfile();
    int kept = dup(STDERR_FILENO);

    cr_assert(db && file && kept >= 0);
    dup2(fileno(file), STDERR_FILENO);
    outcome->st = db_run(db, &step, 1);
    fflush(stderr);
    dup2(kept, STDERR_FILENO);
    close(kept);
    rewind(file);
    outcome->errors[fread(outcome->errors, 1, sizeof outcome->errors - 1, file)] = '\0';
    fclose(file);
    snprintf(outcome->message, sizeof outcome->message, "%s", db_message(db));
    db_free(db);
}

/* Standard error is the log, each line of which is JSON. */
static void expect_log_alone(int line, const struct outcome *outcome)
{
    struct bytes text = bytes_of(outcome->errors), each;

    while (bytes_cut(&text, '\n', &each))
        cr_expect(!each.len || each.p[0] == '{', "line %d: on standard error: %.*s", line, (int)each.len, each.p);
}

static void expect(int line, const struct outcome *outcome, const char *message)
{
    EXPECT_STATUS(line, outcome->st, STATUS_UNAVAILABLE);
    cr_expect(strstr(outcome->message, message), "line %d: %s", line, outcome->message);
    expect_log_alone(line, outcome);
}

Test(db_connect, keeps_to_itself_what_a_server_says)
{
    static const struct {
        int line;
        const char *letters;
        const char *message;
    } cases[] = {
        { __LINE__, "", "server closed the connection" },
        { __LINE__, "E", FATAL_TEXT },
        { __LINE__, "R", "server closed the connection" },
        { __LINE__, "RE", FATAL_TEXT },
        { __LINE__, "RNE", FATAL_TEXT },
        { __LINE__, "RNZ", "server closed the connection" },
        { __LINE__, "RZE", "server closed the connection" }, /* it ends the connection in the instant in which it is made */
        { __LINE__, "RNZE", "server closed the connection" },
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct server server = server_begin(cases[i].letters);
        struct outcome outcome;
        char conninfo[128];
        snprintf(conninfo, sizeof conninfo, "host=127.0.0.1 port=%d sslmode=disable gssencmode=disable", server.port);
        server_serve(&server);
        ask(conninfo, &outcome);
        server_end(&server);
        expect(cases[i].line, &outcome, cases[i].message);
    }
}

Test(db_connect, tells_who_refuses)
{
    struct server server = server_begin(NULL);
    struct outcome outcome;
    char conninfo[128];

    server_end(&server);
    snprintf(conninfo, sizeof conninfo, "host=127.0.0.1 port=%d", server.port);
    ask(conninfo, &outcome);
    expect(__LINE__, &outcome, "Connection refused");
}

Test(db_connect, does_not_wait_for_ever_for_who_is_silent)
{
    struct server silent = server_begin(NULL);
    struct outcome outcome;
    char conninfo[128], want[128];

    snprintf(conninfo, sizeof conninfo, "host=127.0.0.1 port=%d", silent.port);
    snprintf(want, sizeof want, "connection to server at \"127.0.0.1\", port %d failed: timeout expired", silent.port);
    ask(conninfo, &outcome);
    expect(__LINE__, &outcome, want);
    server_end(&silent);
}

/* It tries those behind the silent one, and comes back to the one before it, which would do if no standby is found. */
Test(db_connect, goes_on_where_one_is_silent)
{
    struct server primary = server_begin("RSZ"), silent = server_begin(NULL), gone = server_begin(NULL);
    struct outcome outcome;
    char conninfo[256];

    server_end(&gone);
    snprintf(conninfo, sizeof conninfo,
             "postgresql://127.0.0.1:%d,127.0.0.1:%d,127.0.0.1:%d/name?sslmode=disable&gssencmode=disable&connect_timeout=1"
             "&target_session_attrs=prefer-standby",
             primary.port, silent.port, gone.port);
    server_serve(&primary);
    ask(conninfo, &outcome);
    server_end(&primary);
    server_end(&silent);
    expect(__LINE__, &outcome, "server closed the connection");
}

Test(db_connect, reads_connect_timeout_as_libpq_does)
{
    static const struct {
        int line;
        const char *text;
        const char *message;
    } cases[] = {
        { __LINE__, "5", "refused" },
        { __LINE__, "0", "refused" },
        { __LINE__, "-1", "refused" },
        { __LINE__, "+3", "refused" },
        { __LINE__, "' 3 '", "refused" },
        { __LINE__, "2147483647", "refused" },
        { __LINE__, "''", "invalid integer" },
        { __LINE__, "x", "invalid integer" },
        { __LINE__, "3s", "invalid integer" },
        { __LINE__, "-", "invalid integer" },
        { __LINE__, "2147483648", "invalid integer" },
    };
    struct server server = server_begin(NULL);

    server_end(&server);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct outcome outcome;
        char conninfo[128];
        snprintf(conninfo, sizeof conninfo, "host=127.0.0.1 port=%d connect_timeout=%s", server.port, cases[i].text);
        ask(conninfo, &outcome);
        expect(cases[i].line, &outcome, cases[i].message);
    }
}
