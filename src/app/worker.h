/* A worker answers one request after the other: it reads what was asked, lets the route answer, and makes an error answer of what
 * fails.
 *
 * Left to others: accepting connections (cgi-bin/), what each route does (app/routes and the handlers it names). */
#ifndef SYNCHRONY_APP_WORKER_H
#define SYNCHRONY_APP_WORKER_H

#include "app/exchange.h"
#include "app/service.h"

/* What one thread needs. Used by one thread at a time. */
struct worker;

/* service is borrowed until worker_free. Returns NULL without memory. */
struct worker *worker_new(struct service *service);
void worker_free(struct worker *worker);

/* Answers one request. Returns STATUS_OK, or another status when the answer is not whole: the connection must then be broken so that
 * the client can tell. */
enum status worker_serve(struct worker *worker, const struct exchange *exchange) MUST_USE;

#endif
