#include "base/log_sink.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <syslog.h>
#include <unistd.h>

#include "base/log.h"
#include "base/metrics.h"
#include "tests/unit/unit.h"

#define LINE BYTES("\n{}\n")

static const char *directory(void)
{
    static char path[] = "/tmp/log_sink_test.XXXXXX";

    cr_assert_not_null(mkdtemp(path));
    return path;
}

static const char *in(const char *directory, const char *name)
{
    static char paths[4][64];
    static int at;

    at = (at + 1) % 4;
    snprintf(paths[at], sizeof paths[at], "%s/%s", directory, name);
    return paths[at];
}

/* What a file holds; to be freed. */
static char *content(const char *path)
{
    char *text = calloc(1, 64 * 1024);
    FILE *file = fopen(path, "r");

    cr_assert(file && text);
    cr_assert(fread(text, 1, 64 * 1024 - 1, file) < 64 * 1024 - 1);
    fclose(file);
    return text;
}

static void expect_content(int line, const char *path, const char *want)
{
    char *text = content(path);

    EXPECT_TEXT(line, text, want);
    free(text);
}

Test(log_sink, a_file_is_made_and_appended_to)
{
    const char *where = directory();
    struct stat file;

    log_sink_open(in(where, "log"));
    EXPECT(__LINE__, log_sink_write(LINE, LOG_INFO) && log_sink_write(LINE, LOG_INFO));
    expect_content(__LINE__, in(where, "log"), "{}\n{}\n");
    EXPECT(__LINE__, stat(in(where, "log"), &file) == 0 && (file.st_mode & 0777 & ~0640) == 0);
    unlink(in(where, "log"));
    rmdir(where);
}

Test(log_sink, a_rotated_file_is_opened_anew_and_no_line_is_lost)
{
    const char *where = directory();
    size_t n = 0;

    log_sink_open(in(where, "log"));
    cr_assert(rename(in(where, "log"), in(where, "log.1")) == 0);
    while (access(in(where, "log"), F_OK) != 0 && n < 400) {
        EXPECT(__LINE__, log_sink_write(LINE, LOG_INFO));
        usleep(10000);
        n++;
    }
    char *old = content(in(where, "log.1"));
    char *new = content(in(where, "log"));
    EXPECT_INT(__LINE__, strlen(old) + strlen(new), 3 * n);
    EXPECT(__LINE__, strlen(new) > 0);
    free(old);
    free(new);
    unlink(in(where, "log"));
    unlink(in(where, "log.1"));
    rmdir(where);
}

/* A full disk takes a part of a line, then nothing. */
Test(log_sink, what_was_cut_short_does_not_spoil_the_next_line)
{
    const char *where = directory();
    struct rlimit limit;

    signal(SIGXFSZ, SIG_IGN);
    cr_assert(getrlimit(RLIMIT_FSIZE, &limit) == 0);
    rlim_t before = limit.rlim_cur;
    limit.rlim_cur = 7;
    cr_assert(setrlimit(RLIMIT_FSIZE, &limit) == 0);
    log_sink_open(in(where, "log"));
    bool first = log_sink_write(BYTES("\n{\"a\"}\n"), LOG_INFO); /* six bytes */
    bool cut = log_sink_write(BYTES("\n{\"b\"}\n"), LOG_INFO);   /* one of them */
    bool none = log_sink_write(BYTES("\n{\"c\"}\n"), LOG_INFO);
    limit.rlim_cur = before;
    setrlimit(RLIMIT_FSIZE, &limit);
    bool after = log_sink_write(BYTES("\n{\"d\"}\n"), LOG_INFO);
    EXPECT(__LINE__, first && !cut && !none && after);
    expect_content(__LINE__, in(where, "log"), "{\"a\"}\n{\n{\"d\"}\n");
    unlink(in(where, "log"));
    rmdir(where);
}

/* Writes lines into a pipe or socket that nobody reads until one is lost. Would hang where the write blocks. */
static void fill(int fd)
{
    int stderr_before = dup(STDERR_FILENO);
    int n = 0;

    cr_assert(dup2(fd, STDERR_FILENO) >= 0);
    log_sink_open("");
    while (n < 1000000 && log_sink_write(LINE, LOG_INFO))
        n++;
    dup2(stderr_before, STDERR_FILENO);
    EXPECT(__LINE__, n > 0 && n < 1000000);
}

Test(log_sink, a_pipe_that_nobody_reads_holds_up_nobody)
{
    int ends[2];

    cr_assert(pipe(ends) == 0);
    fill(ends[1]);
}

Test(log_sink, a_socket_that_nobody_reads_holds_up_nobody)
{
    int ends[2];

    cr_assert(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
    fill(ends[1]);
}

Test(log_sink, the_journal_gets_one_entry_a_line)
{
    const char *where = directory();
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    char target[80], entry[256] = "";
    int journal = socket(AF_UNIX, SOCK_DGRAM, 0);

    snprintf(address.sun_path, sizeof address.sun_path, "%s/socket", where);
    cr_assert(bind(journal, (struct sockaddr *)&address, sizeof address) == 0);
    snprintf(target, sizeof target, "journal:%s/socket", where);
    log_sink_open(target);
    EXPECT(__LINE__, log_sink_write(LINE, LOG_WARNING));
    cr_assert(recv(journal, entry, sizeof entry - 1, MSG_DONTWAIT) > 0);
    EXPECT_TEXT(__LINE__, entry, "PRIORITY=4\nSYSLOG_IDENTIFIER=synchrony\nMESSAGE={}\n");
    close(journal);
    EXPECT(__LINE__, !log_sink_write(LINE, LOG_WARNING));
    unlink(address.sun_path);
    rmdir(where);
}

Test(log, lines_that_were_lost_are_counted_and_told_of)
{
    const char *where = directory();
    const struct log_field field = log_number("n", 1);
    static uint64_t cells[METRIC_CELLS];
    struct rlimit limit;

    signal(SIGXFSZ, SIG_IGN);
    cr_assert(getrlimit(RLIMIT_FSIZE, &limit) == 0);
    rlim_t before = limit.rlim_cur;
    limit.rlim_cur = 0;
    log_open(in(where, "log"));
    setrlimit(RLIMIT_FSIZE, &limit);
    log_line(LOG_LEVEL_INFO, "first", &field, 1);
    log_line(LOG_LEVEL_INFO, "second", &field, 1);
    limit.rlim_cur = before;
    setrlimit(RLIMIT_FSIZE, &limit);
    log_line(LOG_LEVEL_INFO, "third", &field, 1);
    char *text = content(in(where, "log"));
    EXPECT(__LINE__, !strstr(text, "first") && !strstr(text, "second") && strstr(text, "\"message\":\"third\""));
    EXPECT(__LINE__, strstr(text, "\"message\":\"lines of the log were lost\"") && strstr(text, "\"synchrony.lines\":2}\n"));
    metrics_read(cells);
    EXPECT_INT(__LINE__, cells[METRIC_LOG_DROPPED], 2);
    free(text);
    unlink(in(where, "log"));
    rmdir(where);
}
