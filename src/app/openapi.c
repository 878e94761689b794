#include "app/openapi.h"

#include "model/etag.h"

enum status openapi_answer(struct call *call)
{
    struct http_response *response = &call->response;
    struct bytes if_none_match = bytes_of(call->exchange->variable(call->exchange->context, "HTTP_IF_NONE_MATCH"));
    struct bytes text = bytes_of(openapi_text);
    struct buf tag = buf_new(ETAG_MAX_BYTES);

    etag_add(&tag, text, false);
    response->etag = tag.failed ? (struct bytes){ 0 } : arena_copy(&call->arena, buf_bytes(&tag));
    buf_free(&tag);
    if (!response->etag.p)
        return STATUS_NO_MEMORY;
    if (etag_is_named(if_none_match, response->etag)) {
        response->code = 304;
        return STATUS_OK;
    }
    response->hold_bytes = HTTP_HOLD_MAX_BYTES;
    return http_response_write(response, text);
}
