#include "cgi-bin/cgi.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "app/worker.h"

static const char *variable(void *context, const char *name)
{
    (void)context;
    return getenv(name);
}

static long read_body(void *context, char *to, size_t len)
{
    ssize_t n;

    (void)context;
    do
        n = read(STDIN_FILENO, to, len);
    while (n < 0 && errno == EINTR);
    return n;
}

static enum status write_answer(void *context, struct bytes bytes)
{
    (void)context;
    while (bytes.len) {
        ssize_t n = write(STDOUT_FILENO, bytes.p, bytes.len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return STATUS_CLIENT_GONE;
        bytes.p += n;
        bytes.len -= (size_t)n;
    }
    return STATUS_OK;
}

enum status cgi_serve(struct service *service)
{
    const struct exchange exchange = { .variable = variable, .read = read_body, .write = write_answer };
    struct worker *worker = worker_new(service);
    struct call *call = call_new(service);
    enum status st = STATUS_NO_MEMORY;

    if (worker && call)
        st = worker_serve(worker, call, &exchange) == CALL_ANSWERED ? STATUS_OK : STATUS_CLIENT_GONE;
    call_free(call);
    worker_free(worker);
    return st;
}
