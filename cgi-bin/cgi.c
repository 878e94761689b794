#include "cgi-bin/cgi.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include "app/access.h"
#include "app/catalogue_keeper.h"
#include "app/worker.h"
#include "base/clock.h"
#include "base/write_all.h"

enum { PRUNE_ONE_IN = 64 };

static const char *variable(void *context, const char *name)
{
    (void)context;
    return getenv(name);
}

/* How much of standard input is the body's. A server need not end it there: who reads on may wait for ever (RFC 3875, section 4.2). Without
 * a length there is a body only where it comes in chunks, and then the server does end it. */
static size_t body_length(void)
{
    size_t len = 0;

    if (getenv("HTTP_TRANSFER_ENCODING") && !bytes_of(getenv("CONTENT_LENGTH")).len)
        return SIZE_MAX;
    (void)bytes_to_size(bytes_of(getenv("CONTENT_LENGTH")), SIZE_MAX, &len);
    return len;
}

static long read_body(void *context, char *to, size_t len)
{
    size_t *left = context;
    ssize_t n = 0;

    if (len > *left)
        len = *left;
    do
        n = len ? read(STDIN_FILENO, to, len) : 0;
    while (n < 0 && errno == EINTR);
    *left -= n > 0 ? (size_t)n : 0;
    return n;
}

static enum status write_answer(void *context, struct bytes bytes)
{
    (void)context;
    return write_all(STDOUT_FILENO, bytes) ? STATUS_OK : STATUS_CLIENT_GONE;
}

/* Only what is stored is judged. What keeps the catalogue from being read keeps nobody from being answered. */
static void read_catalogue(struct service *service)
{
    struct catalogue_keeper *keeper;
    struct db *db;

    if (!bytes_equal(bytes_of(getenv("REQUEST_METHOD")), BYTES("POST")) || catalogue_keeper_new(service, &keeper) != STATUS_OK)
        return;
    if (db_pool_take(service->writers, &db) == STATUS_OK) {
        catalogue_keeper_glance(keeper, db);
        db_pool_give(service->writers, db);
    }
    catalogue_keeper_close(keeper);
}

/* The answer has been written; what is refused is few, as each request is a process. */
static void keep_quarantine(struct service *service)
{
    struct db *db;

    if (!quarantine_is_waiting(service->quarantine) || db_pool_take(service->writers, &db) != STATUS_OK)
        return;
    quarantine_flush(service->quarantine, db);
    if (getpid() % PRUNE_ONE_IN == 0)
        quarantine_prune(service->quarantine, db, clock_monotonic_ms());
    db_pool_give(service->writers, db);
}

enum status cgi_serve(struct service *service)
{
    size_t left = body_length();
    const struct exchange exchange = {
        .variable = variable, .read = read_body, .write = write_answer, .context = &left, .peer_fd = STDOUT_FILENO
    };
    struct worker *worker = worker_new(service);
    struct call *call = call_new(service);
    enum status st = STATUS_NO_MEMORY;

    read_catalogue(service);
    if (service->access)
        access_glance(service->access);
    if (worker && call)
        st = worker_serve(worker, call, &exchange) == CALL_ANSWERED ? STATUS_OK : STATUS_CLIENT_GONE;
    keep_quarantine(service);
    call_free(call);
    worker_free(worker);
    return st;
}
