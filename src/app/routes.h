/* The table of routes: which path takes which methods, and who answers. */
#ifndef SYNCHRONY_APP_ROUTES_H
#define SYNCHRONY_APP_ROUTES_H

#include "app/call.h"

/* Writes the answer, but for its end, to call->response; or returns why not, with call->problem, and the caller makes the error answer of
 * it. */
typedef enum status route_handler(struct call *call);

/* What a method does on a path. */
struct route_action {
    route_handler *begin;
    route_handler *end; /* after call->events were committed; NULL: begin does it all */
    bool is_probe;      /* begin says whether the service is well: it must not wait behind other requests */
    bool blocks;        /* begin waits for the database: not to be called where others would have to wait too */
};

/* Finds the action of call->request. Returns STATUS_NOT_FOUND, or STATUS_METHOD_NOT_ALLOWED. */
enum status routes_find(struct call *call) MUST_USE;

#endif
