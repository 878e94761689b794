/* A response that is written once: status and headers, then a body that may be as long as it likes.
 *
 * What is written collects in a buffer. A body that fits it leaves with its Content-Length at the end; a longer one leaves piece by
 * piece, so memory does not depend on it. Until the first piece has left, a handler may still turn the response into an error, and add what
 * it knows only at the end; so it may have more collect before (hold_bytes), or have the body go elsewhere meanwhile (divert).
 * Left to others: the connection (the sink), which headers a route adds. */
#ifndef SYNCHRONY_MODEL_HTTP_RESPONSE_H
#define SYNCHRONY_MODEL_HTTP_RESPONSE_H

#include <stdbool.h>

#include "base/bytes.h"
#include "model/problem.h"

enum { HTTP_PIECE_BYTES = 64 * 1024, HTTP_HOLD_MAX_BYTES = 1024 * 1024, HTTP_RETRY_AFTER_S = 2 };

/* Where bytes go: all of them, or STATUS_CLIENT_GONE. */
typedef enum status http_sink(void *context, struct bytes bytes);

struct http_response {
    int code;                    /* HTTP status */
    const char *content_type;    /* NULL: application/json */
    struct bytes request_id;     /* borrowed */
    struct bytes allowed_origin; /* of Access-Control-Allow-Origin; absent: the header is left out */
    bool varies_by_origin;
    bool varies_by_accept;
    const char *allow;              /* of Allow; NULL: left out */
    struct bytes location;          /* of Location; absent: left out; borrowed */
    struct bytes etag;              /* of ETag, with its quotes; absent: left out; borrowed */
    struct bytes next;              /* where the next page is, of Link; absent: left out; borrowed */
    const char *applied_preference; /* of Preference-Applied; NULL: left out */
    struct bytes rate_limit;        /* of RateLimit; absent: left out; borrowed */
    struct bytes rate_limit_policy; /* of RateLimit-Policy; likewise */
    bool is_preflight;              /* adds Access-Control-Max-Age */
    bool without_body;              /* answers HEAD: what is written is counted, not sent */
    bool has_begun;                 /* head and a first piece have left */
    size_t hold_bytes;              /* a body of fewer leaves whole; at most HTTP_HOLD_MAX_BYTES; 0: HTTP_PIECE_BYTES */
    int retry_after_s;              /* 0: left out */
    struct buf head;
    struct buf body; /* what has not left yet */
    http_sink *sink;
    void *sink_context;
    http_sink *diverted_from; /* NULL: the body goes where the head does */
    void *diverted_from_context;
};

/* A response with status 200 and no body yet. To be freed. */
struct http_response http_response_new(http_sink *sink, void *sink_context);
void http_response_free(struct http_response *response);

/* Makes it new for another request, keeping sink and memory. */
void http_response_reset(struct http_response *response);

/* Appends to the body. Returns STATUS_CLIENT_GONE, or STATUS_NO_MEMORY. */
enum status http_response_write(struct http_response *response, struct bytes bytes) MUST_USE;

/* Has what was written, and what will be, go to another sink, piece by piece and without a head. Not after has_begun. */
void http_response_divert(struct http_response *response, http_sink *sink, void *sink_context);

/* Ends that, so that a body can be written anew: what is left goes to the other sink first. Returns what that returns. */
enum status http_response_return(struct http_response *response) MUST_USE;

/* Takes back all that was written to the body. Not after has_begun. */
void http_response_rewrite(struct http_response *response);

/* Gives to what from has to say, its body included, but for what is the request's own: identifier, origin, limits. from has a whole body
 * that has not begun to leave. Returns STATUS_NO_MEMORY. */
enum status http_response_share(struct http_response *to, const struct http_response *from) MUST_USE;

/* Sends what is left. The response is then done. Returns STATUS_CLIENT_GONE, or STATUS_NO_MEMORY. */
enum status http_response_end(struct http_response *response) MUST_USE;

/* Replaces body and code by the error answer of st: {"error":…,"code":…,"details":…,"request_id":…}. The two that are published as
 * they stand (missing fields, missing parameter) have the member error alone. Ends a diversion. Not after has_begun. */
void http_response_error(struct http_response *response, enum status st, const struct problem *problem);

#endif
