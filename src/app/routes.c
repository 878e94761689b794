#include "app/routes.h"

#include "app/bulk.h"
#include "app/health.h"
#include "app/ingest.h"
#include "app/metrics.h"
#include "app/openapi.h"
#include "app/read.h"
#include "base/metrics.h"

struct route {
    const char *path;  /* below the resource; one that ends with a slash is where paths begin */
    const char *name;  /* of the whole path, for those who look at many requests */
    const char *allow; /* the methods, for people */
    struct route_action actions[HTTP_METHOD_COUNT];
};

/* OPTIONS: the headers say all, and every response has them. */
static enum status preflight(struct call *call)
{
    call->response.code = 204;
    call->response.is_preflight = true;
    return STATUS_OK;
}

#define PREFLIGHT [HTTP_OPTIONS] = { .name = "preflight", .begin = preflight }
#define GET_AND_HEAD(...) [HTTP_GET] = { __VA_ARGS__ }, [HTTP_HEAD] = { __VA_ARGS__ }

enum { INGEST = 1 << API_SCOPE_INGEST, READ = 1 << API_SCOPE_READ, METRICS = 1 << API_SCOPE_METRICS };

static const struct route routes[] = {
    { .path = "",
      .name = HTTP_RESOURCE,
      .allow = "GET, HEAD, POST, OPTIONS",
      .actions = { GET_AND_HEAD(.name = "read", .begin = read_items, .join = read_join, .needs_place = read_needs_place,
                                .needs = READ, .blocks = true),
                   [HTTP_POST] = { .name = "ingest", .begin = ingest_begin, .end = ingest_end, .needs = INGEST }, PREFLIGHT } },
    { .path = BULK_PATH,
      .name = HTTP_RESOURCE BULK_PATH "{id}",
      .allow = "GET, HEAD, OPTIONS",
      .actions = { GET_AND_HEAD(.name = "batch-state", .begin = bulk_report, .needs = INGEST, .blocks = true), PREFLIGHT } },
    { .path = "/healthz",
      .name = HTTP_RESOURCE "/healthz",
      .allow = "GET, HEAD, OPTIONS",
      .actions = { GET_AND_HEAD(.name = "health", .begin = health_alive, .is_probe = true), PREFLIGHT } },
    { .path = "/readyz",
      .name = HTTP_RESOURCE "/readyz",
      .allow = "GET, HEAD, OPTIONS",
      .actions = { GET_AND_HEAD(.name = "readiness", .begin = health_ready, .blocks = true, .is_probe = true), PREFLIGHT } },
    { .path = "/metrics",
      .name = HTTP_RESOURCE "/metrics",
      .allow = "GET, HEAD, OPTIONS",
      .actions = { GET_AND_HEAD(.name = "metrics", .begin = metrics_answer, .needs = METRICS, .blocks = true, .is_probe = true),
                   PREFLIGHT } },
    /* It waits for nobody, but it is long: a client that takes its time with it holds up a reader, and not who commits. */
    { .path = "/openapi.json",
      .name = HTTP_RESOURCE "/openapi.json",
      .allow = "GET, HEAD, OPTIONS",
      .actions = { GET_AND_HEAD(.name = "description", .begin = openapi_answer, .blocks = true), PREFLIGHT } },
};

enum { ROUTES = sizeof routes / sizeof routes[0] };

const char *routes_name(const struct route *route)
{
    return route ? route->name : "other";
}

unsigned routes_label(const struct route *route)
{
    static _Atomic unsigned labels[ROUTES]; /* as they were asked for first */
    _Atomic unsigned *label = &labels[route ? route - routes : 0];

    if (!route)
        return 0;
    unsigned number = atomic_load_explicit(label, memory_order_relaxed);
    if (!number) {
        number = metrics_label(METRIC_LABEL_ROUTE, bytes_of(route->name));
        atomic_store_explicit(label, number, memory_order_relaxed);
    }
    return number;
}

static bool leads_to(const struct route *route, struct bytes path)
{
    struct bytes own = bytes_of(route->path);
    bool is_prefix = own.len && own.p[own.len - 1] == '/';

    return path.p && (is_prefix ? bytes_begins_with(path, own) : bytes_equal(path, own));
}

enum status routes_find(struct call *call)
{
    const struct http_request *request = &call->request;

    for (size_t i = 0; i < ROUTES; i++) {
        if (!leads_to(&routes[i], request->path))
            continue;
        call->route = &routes[i];
        call->action = &routes[i].actions[request->method];
        if (!call->action->begin || request->method == HTTP_OPTIONS)
            call->response.allow = routes[i].allow;
        return call->action->begin ? STATUS_OK : STATUS_METHOD_NOT_ALLOWED;
    }
    return STATUS_NOT_FOUND;
}
