/* The running service: configuration, connections and the acceptance clock, shared by all workers; and a worker, which answers one
 * request after the other.
 *
 * Left to others: accepting connections (cgi-bin/), what each route does (app/ingest, app/read, app/health). */
#ifndef SYNCHRONY_APP_SERVICE_H
#define SYNCHRONY_APP_SERVICE_H

#include "app/config.h"
#include "app/exchange.h"
#include "model/json_document.h"
#include "store/db_pool.h"

struct service {
    const struct config *config;
    struct db_pool *writers;
    struct db_pool *readers;
    _Atomic int64_t last_received_at_us;
};

/* Opens no connection yet. config is borrowed until service_close. Returns STATUS_NO_MEMORY. */
enum status service_open(struct service *service, const struct config *config) MUST_USE;
void service_close(struct service *service);

/* The acceptance times of n events: the one that is returned and the n-1 microseconds behind it. Later calls give later times, even
 * when the clock is set back. */
int64_t service_accept_times(struct service *service, size_t n, int64_t now_us);

/* What one thread needs to answer requests. Used by one thread at a time. */
struct worker;

struct worker *worker_new(struct service *service);
void worker_free(struct worker *worker);

/* Answers one request. Returns STATUS_OK, or another status when the answer is not whole: the connection must then be broken so that
 * the client can tell. */
enum status worker_serve(struct worker *worker, const struct exchange *exchange) MUST_USE;

/* One request under way, as the handlers of the routes see it. */
struct call {
    struct service *service;
    const struct exchange *exchange;
    struct http_request request;
    struct http_response *response;
    struct problem problem;
    struct arena *arena;
    struct document_reader *reader;
};

#endif
