#include "model/http_response.h"

#include <stddef.h>

/* A body is at most one piece longer than what is held, and an error answer is shorter. A head holds a URL with its parameters. */
enum { HEAD_MAX_BYTES = 32 * 1024, BODY_MAX_BYTES = HTTP_HOLD_MAX_BYTES + HTTP_PIECE_BYTES };

static const struct {
    int code;
    const char *phrase;
} phrases[] = {
    { 200, "OK" },
    { 201, "Created" },
    { 202, "Accepted" },
    { 204, "No Content" },
    { 207, "Multi-Status" },
    { 400, "Bad Request" },
    { 401, "Unauthorized" },
    { 403, "Forbidden" },
    { 404, "Not Found" },
    { 405, "Method Not Allowed" },
    { 406, "Not Acceptable" },
    { 413, "Content Too Large" },
    { 415, "Unsupported Media Type" },
    { 429, "Too Many Requests" },
    { 500, "Internal Server Error" },
    { 503, "Service Unavailable" },
};

static const char *phrase_of(int code)
{
    for (size_t i = 0; i < sizeof phrases / sizeof phrases[0]; i++) {
        if (phrases[i].code == code)
            return phrases[i].phrase;
    }
    return "Unknown";
}

struct http_response http_response_new(http_sink *sink, void *sink_context)
{
    return (struct http_response){
        .code = 200,
        .head = buf_new(HEAD_MAX_BYTES),
        .body = buf_new(BODY_MAX_BYTES),
        .sink = sink,
        .sink_context = sink_context,
    };
}

void http_response_free(struct http_response *response)
{
    buf_free(&response->head);
    buf_free(&response->body);
}

void http_response_reset(struct http_response *response)
{
    struct buf head = response->head;
    struct buf body = response->body;

    buf_reset(&head);
    buf_reset(&body);
    *response = http_response_new(response->sink, response->sink_context);
    response->head = head;
    response->body = body;
}

static void add_cors(struct buf *head, const struct http_response *response)
{
    if (response->allowed_origin.p) {
        buf_add_text(head, "Access-Control-Allow-Origin: ");
        buf_add(head, response->allowed_origin);
        buf_add_text(head, "\r\n");
    }
    if (response->varies_by_origin || response->varies_by_accept)
        buf_add_format(head, "Vary: %s%s%s\r\n", response->varies_by_accept ? "Accept" : "",
                       response->varies_by_accept && response->varies_by_origin ? ", " : "",
                       response->varies_by_origin ? "Origin" : "");
    buf_add_text(head,
                 "Access-Control-Allow-Methods: GET,POST,OPTIONS\r\n"
                 "Access-Control-Allow-Headers: Content-Type,X-Amz-Date,Authorization,X-Api-Key,X-Amz-Security-Token\r\n"
                 "Access-Control-Expose-Headers: X-Request-Id, Retry-After, Link, ETag, Location, RateLimit, RateLimit-Policy\r\n");
    if (response->is_preflight)
        buf_add_text(head, "Access-Control-Max-Age: 86400\r\n");
}

static void add_rate_limit(struct buf *head, const struct http_response *response)
{
    buf_add_text(head, "RateLimit-Policy: ");
    buf_add(head, response->rate_limit_policy);
    buf_add_text(head, "\r\nRateLimit: ");
    buf_add(head, response->rate_limit);
    buf_add_text(head, "\r\n");
}

/* The head as CGI has it (RFC 3875, section 6.3); the web server makes an HTTP head of it. */
static enum status send_head(struct http_response *response, bool length_is_known)
{
    struct buf *head = &response->head;

    buf_reset(head);
    if (response->code == 304) /* it tells nothing of the body that is not sent */
        buf_add_text(head, "Status: 304 Not Modified\r\n");
    else
        buf_add_format(head, "Status: %d %s\r\nContent-Type: %s\r\n", response->code, phrase_of(response->code),
                       response->content_type ? response->content_type : "application/json");
    if (length_is_known && response->code != 204 && response->code != 304)
        buf_add_format(head, "Content-Length: %zu\r\n", response->body.len);
    add_cors(head, response);
    buf_add_text(head, "X-Content-Type-Options: nosniff\r\nCache-Control: no-store\r\nX-Request-Id: ");
    buf_add(head, response->request_id);
    buf_add_text(head, "\r\n");
    if (response->allow)
        buf_add_format(head, "Allow: %s\r\n", response->allow);
    if (response->location.p) {
        buf_add_text(head, "Location: ");
        buf_add(head, response->location);
        buf_add_text(head, "\r\n");
    }
    if (response->etag.p) {
        buf_add_text(head, "ETag: ");
        buf_add(head, response->etag);
        buf_add_text(head, "\r\n");
    }
    if (response->next.p) {
        buf_add_text(head, "Link: <");
        buf_add(head, response->next);
        buf_add_text(head, ">; rel=\"next\"\r\n");
    }
    if (response->applied_preference)
        buf_add_format(head, "Preference-Applied: %s\r\n", response->applied_preference);
    if (response->code == 401) /* RFC 9110, section 11.6.1, asks for it */
        buf_add_text(head, "WWW-Authenticate: ApiKey realm=\"synchrony\"\r\n");
    if (response->rate_limit.p)
        add_rate_limit(head, response);
    if (response->retry_after_s)
        buf_add_format(head, "Retry-After: %d\r\n", response->retry_after_s);
    buf_add_text(head, "\r\n");
    return head->failed ? STATUS_NO_MEMORY : response->sink(response->sink_context, buf_bytes(head));
}

static enum status send_body(struct http_response *response)
{
    enum status st = STATUS_OK;

    if (response->body.failed)
        return STATUS_NO_MEMORY;
    if (response->body.len && (!response->without_body || response->diverted_from))
        st = response->sink(response->sink_context, buf_bytes(&response->body));
    buf_reset(&response->body);
    return st;
}

static enum status send_piece(struct http_response *response)
{
    if (response->diverted_from)
        return send_body(response);
    enum status st = response->has_begun ? STATUS_OK : send_head(response, false);
    response->has_begun = true;
    return st == STATUS_OK ? send_body(response) : st;
}

enum status http_response_write(struct http_response *response, struct bytes bytes)
{
    size_t full =
        response->hold_bytes && !response->has_begun && !response->diverted_from ? response->hold_bytes : HTTP_PIECE_BYTES;

    while (bytes.len) {
        struct bytes part = bytes;
        if (part.len > HTTP_PIECE_BYTES)
            part.len = HTTP_PIECE_BYTES;
        bytes.p += part.len;
        bytes.len -= part.len;
        buf_add(&response->body, part);
        if (response->body.failed)
            return STATUS_NO_MEMORY;
        if (response->body.len >= full) {
            enum status st = send_piece(response);
            if (st != STATUS_OK)
                return st;
        }
    }
    return STATUS_OK;
}

enum status http_response_end(struct http_response *response)
{
    if (response->has_begun)
        return send_body(response);
    response->has_begun = true;

    enum status st = send_head(response, true);
    return st == STATUS_OK ? send_body(response) : st;
}

void http_response_divert(struct http_response *response, http_sink *sink, void *sink_context)
{
    response->diverted_from = response->sink;
    response->diverted_from_context = response->sink_context;
    response->sink = sink;
    response->sink_context = sink_context;
}

static void end_diversion(struct http_response *response)
{
    if (!response->diverted_from)
        return;
    response->sink = response->diverted_from;
    response->sink_context = response->diverted_from_context;
    response->diverted_from = NULL;
}

enum status http_response_return(struct http_response *response)
{
    enum status st = send_body(response);

    end_diversion(response);
    return st;
}

void http_response_rewrite(struct http_response *response)
{
    end_diversion(response);
    buf_reset(&response->body);
}

enum status http_response_share(struct http_response *to, const struct http_response *from)
{
    to->code = from->code;
    to->content_type = from->content_type;
    to->varies_by_accept = from->varies_by_accept;
    to->etag = from->etag;
    to->next = from->next;
    buf_reset(&to->body);
    buf_add(&to->body, buf_bytes(&from->body));
    return to->body.failed ? STATUS_NO_MEMORY : STATUS_OK;
}

static bool is_published_as_it_stands(enum status st)
{
    return st == STATUS_MISSING_FIELDS || st == STATUS_MISSING_PARAMETER;
}

void http_response_error(struct http_response *response, enum status st, const struct problem *problem)
{
    const struct status_info *info = status_info(st);
    struct buf *body = &response->body;

    http_response_rewrite(response);
    response->code = info->http;
    response->content_type = NULL;
    response->etag = (struct bytes){ 0 };
    response->next = (struct bytes){ 0 };
    if (info->http != 429)
        response->retry_after_s = info->http == 503 ? HTTP_RETRY_AFTER_S : 0;
    buf_add_text(body, "{\"error\":");
    buf_add_json(body, bytes_of(info->sentence));
    if (!is_published_as_it_stands(st)) {
        buf_add_format(body, ",\"code\":\"%s\"", info->code);
        if (problem->details[0]) {
            buf_add_text(body, ",\"details\":");
            buf_add_json(body, bytes_of(problem->details));
        }
        if (problem->has_offset)
            buf_add_format(body, ",\"offset\":%zu", problem->offset);
        if (problem->pointer) {
            buf_add_text(body, ",\"pointer\":");
            buf_add_json(body, bytes_of(problem->pointer));
        }
        if (problem->violations.p) {
            buf_add_text(body, ",\"violations\":");
            buf_add(body, problem->violations);
        }
        buf_add_text(body, ",\"request_id\":");
        buf_add_json(body, response->request_id);
    }
    buf_add_text(body, "}");
}
