/* A service without a database behind it, and requests to it that come from memory and are answered into memory. */
#ifndef SYNCHRONY_TESTS_SITE_H
#define SYNCHRONY_TESTS_SITE_H

#include "app/worker.h"
#include "tests/unit/unit.h"

struct site {
    struct config config;
    struct service service;
    struct worker *worker;
    struct call *call;
};

static inline void site_open(struct site *site)
{
    static char none[] = "";

    *site = (struct site){ .config = { .writer_database = (char[]){ "host=/nonexistent/writer" },
                                       .reader_database = (char[]){ "host=/nonexistent/reader" },
                                       .queue_directory = (char[]){ "" },
                                       .run_directory = none,
                                       .log_session_key_file = (char[]){ "" },
                                       .writer_connections = 2,
                                       .reader_connections = 1,
                                       .connect_timeout_s = 2,
                                       .write_timeout_ms = 1000,
                                       .read_timeout_ms = 1000,
                                       .pool_timeout_ms = 10,
                                       .limits = LIMITS_DEFAULT } };
    site->config.writer_database = strdup(site->config.writer_database);
    site->config.reader_database = strdup(site->config.reader_database);
    site->config.queue_directory = strdup(site->config.queue_directory);
    site->config.log_session_key_file = strdup(site->config.log_session_key_file);
    cr_assert_eq(service_open(&site->service, &site->config), STATUS_OK);
    site->worker = worker_new(&site->service);
    site->call = call_new(&site->service);
    cr_assert(site->worker && site->call);
}

static inline void site_close(struct site *site)
{
    call_free(site->call);
    worker_free(site->worker);
    service_close(&site->service);
    free(site->config.writer_database);
    free(site->config.reader_database);
    free(site->config.queue_directory);
    free(site->config.log_session_key_file);
}

/* One request. What is NULL is not set. */
struct request {
    const char *method;
    const char *path;
    const char *query;
    const char *content_type;
    const char *content_encoding;
    const char *content_length; /* NULL: as long as the body is */
    const char *origin;
    const char *request_id;
    const char *api_key;
    const char *remote_user;
    const char *remote_addr;
    struct bytes body;
};

/* A request on its way, and what came back. */
struct visit {
    struct request request;
    char length[24];
    size_t read; /* of the body */
    struct buf answer;
    size_t leaves_after; /* the client leaves when it has as many bytes */
    struct exchange exchange;
};

static inline const char *visit_variable(void *context, const char *name)
{
    const struct visit *visit = context;
    const struct request *request = &visit->request;
    const struct {
        const char *name;
        const char *value;
    } variables[] = {
        { "REQUEST_METHOD", request->method },
        { "SCRIPT_NAME", request->path },
        { "QUERY_STRING", request->query },
        { "CONTENT_TYPE", request->content_type },
        { "HTTP_CONTENT_ENCODING", request->content_encoding },
        { "CONTENT_LENGTH", visit->length },
        { "HTTP_ORIGIN", request->origin },
        { "HTTP_X_REQUEST_ID", request->request_id },
        { "HTTP_X_API_KEY", request->api_key },
        { "REMOTE_USER", request->remote_user },
        { "REMOTE_ADDR", request->remote_addr },
    };

    for (size_t i = 0; i < COUNT_OF(variables); i++) {
        if (strcmp(name, variables[i].name) == 0)
            return variables[i].value;
    }
    return NULL;
}

static inline long visit_read(void *context, char *to, size_t len)
{
    struct visit *visit = context;
    size_t left = visit->request.body.len - visit->read;

    if (len > left)
        len = left;
    if (len)
        memcpy(to, visit->request.body.p + visit->read, len);
    visit->read += len;
    return (long)len;
}

static inline enum status visit_write(void *context, struct bytes bytes)
{
    struct visit *visit = context;

    if (visit->answer.len + bytes.len > visit->leaves_after)
        return STATUS_CLIENT_GONE;
    buf_add(&visit->answer, bytes);
    return STATUS_OK;
}

static inline void visit_begin(struct visit *visit, const struct request *request)
{
    *visit =
        (struct visit){ .request = *request,
                        .answer = buf_new(16 * 1024 * 1024),
                        .leaves_after = SIZE_MAX,
                        .exchange = { .variable = visit_variable, .read = visit_read, .write = visit_write, .context = visit } };
    snprintf(visit->length, sizeof visit->length, "%zu", request->body.len);
    if (request->content_length)
        snprintf(visit->length, sizeof visit->length, "%s", request->content_length);
    cr_assert_not_null(buf_room(&visit->answer, 1024 * 1024)); /* so that it allocates nothing later */
}

static inline void visit_end(struct visit *visit)
{
    buf_free(&visit->answer);
}

/* The status of the answer; 0: there is none. */
static inline int visit_code(const struct visit *visit)
{
    return visit->answer.len ? (int)strtol(visit->answer.p + strlen("Status: "), NULL, 10) : 0;
}

static inline struct bytes visit_body(const struct visit *visit)
{
    const char *end = visit->answer.len ? strstr(visit->answer.p, "\r\n\r\n") : NULL;

    return end ? bytes_of(end + 4) : (struct bytes){ 0 };
}

/* Does the head have this line? */
static inline bool visit_has(const struct visit *visit, const char *line)
{
    char whole[256];
    const char *at, *end = visit->answer.len ? strstr(visit->answer.p, "\r\n\r\n") : NULL;

    snprintf(whole, sizeof whole, "\r\n%s\r\n", line);
    at = end ? strstr(visit->answer.p, whole) : NULL;
    return at && at <= end;
}

/* The value of a header in the answer, up to its line's end; absent where there is none. */
static inline struct bytes visit_header(const struct visit *visit, const char *name)
{
    char begin[64];
    const char *at;

    snprintf(begin, sizeof begin, "\r\n%s: ", name);
    at = visit->answer.len ? strstr(visit->answer.p, begin) : NULL;
    if (!at)
        return (struct bytes){ 0 };
    at += strlen(begin);
    return (struct bytes){ at, strcspn(at, "\r") };
}

#endif
