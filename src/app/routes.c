#include "app/routes.h"

#include "app/bulk.h"
#include "app/health.h"
#include "app/ingest.h"
#include "app/read.h"

struct route {
    const char *path;  /* below the resource; one that ends with a slash is where paths begin */
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

#define PREFLIGHT [HTTP_OPTIONS] = { .begin = preflight }
#define GET_AND_HEAD(...) [HTTP_GET] = { __VA_ARGS__ }, [HTTP_HEAD] = { __VA_ARGS__ }

static const struct route routes[] = {
    { .path = "",
      .allow = "GET, HEAD, POST, OPTIONS",
      .actions = { GET_AND_HEAD(.begin = read_items, .blocks = true), [HTTP_POST] = { .begin = ingest_begin, .end = ingest_end },
                   PREFLIGHT } },
    { .path = BULK_PATH,
      .allow = "GET, HEAD, OPTIONS",
      .actions = { GET_AND_HEAD(.begin = bulk_report, .blocks = true), PREFLIGHT } },
    { .path = "/healthz", .allow = "GET, HEAD, OPTIONS", .actions = { GET_AND_HEAD(.begin = health_alive), PREFLIGHT } },
    { .path = "/readyz",
      .allow = "GET, HEAD, OPTIONS",
      .actions = { GET_AND_HEAD(.begin = health_ready, .blocks = true, .is_probe = true), PREFLIGHT } },
};

static bool leads_to(const struct route *route, struct bytes path)
{
    struct bytes own = bytes_of(route->path);
    bool is_prefix = own.len && own.p[own.len - 1] == '/';

    return path.p && (is_prefix ? bytes_begins_with(path, own) : bytes_equal(path, own));
}

enum status routes_find(struct call *call)
{
    const struct http_request *request = &call->request;

    for (size_t i = 0; i < sizeof routes / sizeof routes[0]; i++) {
        if (!leads_to(&routes[i], request->path))
            continue;
        call->action = &routes[i].actions[request->method];
        if (!call->action->begin || request->method == HTTP_OPTIONS)
            call->response.allow = routes[i].allow;
        return call->action->begin ? STATUS_OK : STATUS_METHOD_NOT_ALLOWED;
    }
    return STATUS_NOT_FOUND;
}
