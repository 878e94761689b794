/* The table of routes: which path takes which methods, and who answers. */
#ifndef SYNCHRONY_APP_ROUTES_H
#define SYNCHRONY_APP_ROUTES_H

#include "app/call.h"
#include "model/api_key.h"

/* Writes the answer, but for its end, to call->response; or returns why not, with call->problem, and the caller makes the error answer of
 * it. */
typedef enum status route_handler(struct call *call);

/* Answers a call as another was answered that asks the same and is still whole: what begin does for each caller is done, what it does to
 * find the answer is not. Returns as a handler. */
typedef enum status route_joiner(struct call *call, const struct call *answered);

struct route;

/* What a method does on a path. */
struct route_action {
    const char *name; /* of what is done, for the log */
    route_handler *begin;
    route_handler *end;                           /* after call->events were committed; NULL: begin does it all */
    route_joiner *join;                           /* where calls that ask the same may share an answer; NULL: they may not */
    bool (*needs_place)(const struct call *call); /* among the long answers, before begin; NULL: never */
    api_scopes needs;                             /* one of these scopes (model/api_key); none: anybody may */
    bool is_probe; /* begin says whether the service is well: it must not wait behind other requests */
    bool blocks;   /* begin waits for the database: not to be called where others would have to wait too */
};

/* The path of a route with a placeholder for what differs, for the log; NULL gives "other". */
const char *routes_name(const struct route *route);

/* Its number in METRIC_LABEL_ROUTE. */
unsigned routes_label(const struct route *route);

/* Finds route and action of call->request. Returns STATUS_NOT_FOUND, or STATUS_METHOD_NOT_ALLOWED. */
enum status routes_find(struct call *call) MUST_USE;

#endif
