#include "base/status.h"

#include <stddef.h>

enum { EXIT_OK = 0, EXIT_FAILED = 1, EXIT_USAGE = 2, EXIT_UNAVAILABLE = 69 };

#define ROW(http_, exit_, level_, retry_, code_, sentence_)                                                                        \
    {                                                                                                                              \
        .code = (code_), .sentence = (sentence_), .http = (http_), .exit = (exit_), .level = LOG_LEVEL_##level_, .retry = (retry_) \
    }

static const struct status_info table[] = {
    [STATUS_OK] = ROW(200, EXIT_OK, DEBUG, false, "ok", "OK"),
    [STATUS_END] = ROW(200, EXIT_OK, DEBUG, false, "end", "Nothing further"),
    [STATUS_QUEUED] = ROW(202, EXIT_OK, DEBUG, false, "queued", "Event queued"),
    [STATUS_INTERNAL] = ROW(500, EXIT_FAILED, ERROR, true, "internal", "Internal server error"),
    [STATUS_NO_MEMORY] = ROW(500, EXIT_FAILED, ERROR, true, "internal", "Internal server error"),
    [STATUS_MISSING_FIELDS] =
        ROW(400, EXIT_FAILED, INFO, false, "missing_fields", "Missing required fields: event_type and session_id"),
    [STATUS_MISSING_PARAMETER] =
        ROW(400, EXIT_FAILED, INFO, false, "missing_parameter", "Missing required query parameter: event_type"),
    [STATUS_INVALID_JSON] = ROW(400, EXIT_FAILED, INFO, false, "invalid_json", "The body is not valid JSON"),
    [STATUS_UNREPRESENTABLE] =
        ROW(400, EXIT_FAILED, INFO, false, "unrepresentable", "The body is valid JSON but cannot be stored faithfully"),
    [STATUS_LIMIT] = ROW(400, EXIT_FAILED, INFO, false, "limit_exceeded", "The JSON exceeds a limit"),
    [STATUS_INVALID_EVENT] = ROW(400, EXIT_FAILED, INFO, false, "invalid_event", "The event is not valid"),
    [STATUS_SCHEMA_VIOLATED] = ROW(400, EXIT_FAILED, INFO, false, "schema", "The event does not fit the schema of its type"),
    [STATUS_SCHEMA_TOO_COSTLY] = ROW(400, EXIT_FAILED, WARN, false, "schema_too_costly",
                                     "The event cannot be judged by the schema of its type within bounds"),
    [STATUS_UNKNOWN_EVENT_TYPE] = ROW(400, EXIT_FAILED, INFO, false, "unknown_event_type", "The event type is not known"),
    [STATUS_INVALID_SCHEMA] = ROW(400, EXIT_FAILED, ERROR, false, "invalid_schema", "The schema cannot be used"),
    [STATUS_SENSITIVE] =
        ROW(400, EXIT_FAILED, INFO, false, "sensitive_data", "The event holds data that this service does not take"),
    [STATUS_INVALID_PARAMETER] = ROW(400, EXIT_FAILED, INFO, false, "invalid_parameter", "Invalid query parameter"),
    [STATUS_INVALID_BODY] = ROW(400, EXIT_FAILED, INFO, false, "incomplete_body", "The body is not as long as it was announced"),
    [STATUS_INVALID_ENCODING] = ROW(400, EXIT_FAILED, INFO, false, "invalid_encoding", "The body is not valid gzip"),
    [STATUS_UNPROCESSABLE] = ROW(400, EXIT_FAILED, WARN, false, "unprocessable", "The event cannot be stored"),
    [STATUS_UNAUTHORIZED] = ROW(401, EXIT_FAILED, WARN, false, "unauthorized", "A valid key is needed"),
    [STATUS_FORBIDDEN] = ROW(403, EXIT_FAILED, WARN, false, "forbidden", "This is not allowed"),
    [STATUS_RATE_LIMITED] = ROW(429, EXIT_FAILED, INFO, true, "rate_limited", "Too many events, try again later"),
    [STATUS_NOT_FOUND] = ROW(404, EXIT_FAILED, INFO, false, "not_found", "Not found"),
    [STATUS_METHOD_NOT_ALLOWED] = ROW(405, EXIT_FAILED, INFO, false, "method_not_allowed", "Method not allowed"),
    [STATUS_NOT_ACCEPTABLE] = ROW(406, EXIT_FAILED, INFO, false, "not_acceptable", "None of the representations is acceptable"),
    [STATUS_TOO_LARGE] = ROW(413, EXIT_FAILED, INFO, false, "too_large", "Request too large"),
    [STATUS_UNSUPPORTED_MEDIA] = ROW(415, EXIT_FAILED, INFO, false, "unsupported_media_type", "Unsupported media type"),
    [STATUS_UNAVAILABLE] =
        ROW(503, EXIT_UNAVAILABLE, ERROR, true, "unavailable", "The service is temporarily unavailable, try again later"),
    [STATUS_NOT_SET_UP] =
        ROW(503, EXIT_FAILED, ERROR, true, "unavailable", "The service is temporarily unavailable, try again later"),
    [STATUS_BUSY] = ROW(503, EXIT_UNAVAILABLE, WARN, true, "busy", "Too many requests are waiting, try again later"),
    [STATUS_NO_ROOM] = ROW(503, EXIT_UNAVAILABLE, ERROR, true, "queue_full", "No event can be queued now, try again later"),
    [STATUS_RETRY] =
        ROW(503, EXIT_UNAVAILABLE, WARN, true, "unavailable", "The service is temporarily unavailable, try again later"),
    [STATUS_CLIENT_GONE] = ROW(0, EXIT_FAILED, INFO, true, "client_gone", "The client has left"),
    [STATUS_USAGE] = ROW(500, EXIT_USAGE, ERROR, false, "usage", "Invalid command line"),
    [STATUS_CONFIG] = ROW(500, EXIT_USAGE, ERROR, false, "configuration", "Invalid configuration"),
    [STATUS_CONFLICT] = ROW(500, EXIT_FAILED, ERROR, false, "conflict", "What is there is not what was expected"),
};
_Static_assert(sizeof table / sizeof table[0] == STATUS_COUNT, "a row for each status");

const struct status_info *status_info(enum status st)
{
    return &table[(unsigned)st < STATUS_COUNT ? st : STATUS_INTERNAL];
}
