/* The table of routes: which path takes which methods, and who answers. */
#ifndef SYNCHRONY_APP_ROUTES_H
#define SYNCHRONY_APP_ROUTES_H

#include "app/call.h"

/* Writes the answer, but for its end, to call->response; or returns why not, with call->problem, and the caller makes the error
 * answer of it. */
typedef enum status route_handler(struct call *call);

/* Finds the route of call->request and lets it answer. Returns also STATUS_NOT_FOUND and STATUS_METHOD_NOT_ALLOWED. */
enum status routes_dispatch(struct call *call) MUST_USE;

#endif
