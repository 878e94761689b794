#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/bytes.h"
#include "ctl/doctor.h"

/* Requests are made by curl(1), which knows TLS and proxies as the administrator has set them up. */

enum { ANSWER_MAX_BYTES = 64 * 1024, URL_MAX_BYTES = 2048, CURL_NOT_FOUND = 127 };

static const char advice_413[] = "raise the web server's own limit above body_max_bytes: server.max-request-size (lighttpd), "
                                 "FcgidMaxRequestLen (mod_fcgid), client_max_body_size (nginx)";

/* A file without a name that holds len blanks, at its beginning; -1: there is none. */
static int body_file(size_t len)
{
    int fd = open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    char piece[4096];

    memset(piece, ' ', sizeof piece);
    while (fd >= 0 && len) {
        size_t part = len < sizeof piece ? len : sizeof piece;
        if (write(fd, piece, part) != (ssize_t)part) {
            close(fd);
            return -1;
        }
        len -= part;
    }
    if (fd >= 0)
        lseek(fd, 0, SEEK_SET);
    return fd;
}

/* Runs in the child. */
static void become_curl(const char *url, int body, int answer)
{
    const char *const get[] = { "curl", "-s", "-m", "30", "-w", "\n%{errormsg}\n%{http_code}", "--", url, NULL };
    const char *const post[] = { "curl",
                                 "-sS",
                                 "-m",
                                 "30",
                                 "-w",
                                 "\n%{http_code}",
                                 "-H",
                                 "Content-Type: application/json",
                                 "-H",
                                 "Expect:",
                                 "-X",
                                 "POST",
                                 "--data-binary",
                                 "@-",
                                 "--",
                                 url,
                                 NULL };

    if (body >= 0)
        dup2(body, STDIN_FILENO);
    dup2(answer, STDOUT_FILENO);
    execvp("curl", (char *const *)(body >= 0 ? post : get));
    _exit(CURL_NOT_FOUND);
}

static void read_all(int fd, struct buf *text)
{
    char piece[4096];
    ssize_t n;

    while ((n = read(fd, piece, sizeof piece)) > 0 || (n < 0 && errno == EINTR))
        buf_add(text, (struct bytes){ piece, n > 0 ? (size_t)n : 0 });
}

/* What a request came to: text is the body, curl's words and the status, each behind a line feed; the status is also returned; 0: none,
 * -1: there is no curl. */
static int request(const char *url, int body, struct buf *text)
{
    int ends[2], how = 0;
    size_t status = 0;

    if (pipe(ends) != 0)
        return 0;
    pid_t child = fork();
    if (child == 0)
        become_curl(url, body, ends[1]);
    close(ends[1]);
    if (child > 0)
        read_all(ends[0], text);
    close(ends[0]);
    if (child < 0 || waitpid(child, &how, 0) != child)
        return 0;
    if (WIFEXITED(how) && WEXITSTATUS(how) == CURL_NOT_FOUND)
        return -1;
    struct bytes all = buf_bytes(text);
    return all.len > 3 && bytes_to_size((struct bytes){ all.p + all.len - 3, 3 }, 999, &status) ? (int)status : 0;
}

/* Curl's words on a request that has no status. */
static struct bytes words_of(const struct buf *text)
{
    struct bytes rest = buf_bytes(text);
    struct bytes line = { 0 };
    struct bytes words = { 0 };

    while (bytes_cut(&rest, '\n', &line)) {
        if (line.len && rest.p)
            words = line;
    }
    return words;
}

/* Is an answer our own, with this code? */
static bool is_ours(const struct buf *text, const char *code)
{
    char member[64];

    snprintf(member, sizeof member, "\"code\":\"%s\"", code);
    return text->p && strstr(text->p, member);
}

static void check_health(struct doctor *doctor, const char *url, const char *path, const char *check)
{
    char target[URL_MAX_BYTES];
    struct buf text = buf_new(ANSWER_MAX_BYTES);

    snprintf(target, sizeof target, "%s%s", url, path);
    int status = request(target, -1, &text);
    doctor_found(doctor, status == 200 ? DOCTOR_OK : DOCTOR_FAULT, check,
                 "look into the logs of the web server and of the responder", "%s: %d", target, status);
    buf_free(&text);
}

/* One byte past our limit must meet ours, and no lower one before it. */
static void check_limit(struct doctor *doctor, const char *url)
{
    size_t len = doctor->config->limits.body_max_bytes + 1;
    struct buf text = buf_new(ANSWER_MAX_BYTES);
    int body = body_file(len);
    int status = body >= 0 ? request(url, body, &text) : 0;
    bool is_good = status == 413 && is_ours(&text, "too_large");

    doctor_found(doctor, is_good ? DOCTOR_OK : DOCTOR_FAULT, "web.body_limit", advice_413, "a body of %zu bytes is answered %d, %s",
                 len, status,
                 is_good         ? "by the responder"
                 : status == 413 ? "but not by the responder"
                                 : "not 413");
    if (body >= 0)
        close(body);
    buf_free(&text);
}

void doctor_check_url(struct doctor *doctor, const char *url)
{
    struct buf text = buf_new(ANSWER_MAX_BYTES);
    int status = request(url, -1, &text);
    struct bytes words = words_of(&text);

    if (status == -1)
        doctor_found(doctor, DOCTOR_SKIPPED, "web", NULL, "curl(1) is not installed: the web server is not looked at");
    else if (!status)
        doctor_found(doctor, DOCTOR_FAULT, "web", "is the web server there, and the URL right?", "%s does not answer: %.*s", url,
                     (int)words.len, words.p ? words.p : "");
    buf_free(&text);
    if (status <= 0)
        return;
    check_health(doctor, url, "/healthz", "web.healthz");
    check_health(doctor, url, "/readyz", "web.readyz");
    check_limit(doctor, url);
}
