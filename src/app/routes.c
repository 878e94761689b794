#include "app/routes.h"

#include "app/health.h"
#include "app/ingest.h"
#include "app/read.h"

struct route {
    const char *path;  /* below the resource */
    const char *allow; /* the methods, for people */
    route_handler *handlers[HTTP_METHOD_COUNT];
};

/* OPTIONS: the headers say all, and every response has them. */
static enum status preflight(struct call *call)
{
    call->response->code = 204;
    call->response->is_preflight = true;
    return STATUS_OK;
}

static const struct route routes[] = {
    { "",
      "GET, HEAD, POST, OPTIONS",
      { [HTTP_GET] = read_items, [HTTP_HEAD] = read_items, [HTTP_POST] = ingest, [HTTP_OPTIONS] = preflight } },
    { "/healthz", "GET, HEAD, OPTIONS", { [HTTP_GET] = health_alive, [HTTP_HEAD] = health_alive, [HTTP_OPTIONS] = preflight } },
    { "/readyz", "GET, HEAD, OPTIONS", { [HTTP_GET] = health_ready, [HTTP_HEAD] = health_ready, [HTTP_OPTIONS] = preflight } },
};

enum status routes_dispatch(struct call *call)
{
    const struct http_request *request = &call->request;

    for (size_t i = 0; i < sizeof routes / sizeof routes[0]; i++) {
        if (!request->path.p || !bytes_equal(request->path, bytes_of(routes[i].path)))
            continue;
        route_handler *handler = routes[i].handlers[request->method];
        if (!handler || request->method == HTTP_OPTIONS)
            call->response->allow = routes[i].allow;
        return handler ? handler(call) : STATUS_METHOD_NOT_ALLOWED;
    }
    return STATUS_NOT_FOUND;
}
