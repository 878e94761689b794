/* A request as plain values, read from the CGI variables (RFC 3875) that every kind of web server gives.
 *
 * Left to others: reading the body (app/exchange), what a path means (app/routes). */
#ifndef SYNCHRONY_MODEL_HTTP_REQUEST_H
#define SYNCHRONY_MODEL_HTTP_REQUEST_H

#include "base/arena.h"
#include "base/bytes.h"

enum http_method { HTTP_GET, HTTP_HEAD, HTTP_POST, HTTP_OPTIONS, HTTP_OTHER, HTTP_METHOD_COUNT };

#define HTTP_RESOURCE "/synchrony_data_analytics"

struct http_request {
    enum http_method method;
    struct bytes path;       /* below the resource: "" is the resource itself, "/healthz" what hangs below; absent: neither */
    struct bytes query;      /* still encoded */
    struct bytes request_id; /* the caller's, or the one made for this request */
    struct bytes origin;
    struct bytes content_type;
    struct bytes content_encoding;
    struct bytes prefer;
    struct bytes content_length; /* as announced; absent: read to the end */
};

/* GET and so on; "other" for HTTP_OTHER. */
const char *http_method_name(enum http_method method);

/* Looks up one CGI variable; NULL where it is not set. */
typedef const char *http_variable(void *context, const char *name);

/* Reads the variables. All values are borrowed from them but path, which lives in arena; request_id stays absent where the caller
 * sent none, or one that is not 1 to 64 of [A-Za-z0-9._-].
 * The path is SCRIPT_NAME and PATH_INFO together, from the first segment that names the resource: so it does not matter where a web
 * server mounts the program, nor where it splits the path.
 * Returns STATUS_NO_MEMORY. */
enum status http_request_read(http_variable *variable, void *context, struct arena *arena, struct http_request *request) MUST_USE;

/* Does the client state a preference (RFC 7240), such as "respond-async"? */
bool http_request_prefers(const struct http_request *request, struct bytes preference);

#endif
