#include "app/pace.h"

#include <poll.h>

enum { PATIENCE_MAX_MS = 2000, PATIENCES = 10 };

static bool takes_more(const struct pace *pace, int patience_ms)
{
    struct pollfd client = { .fd = pace->peer_fd, .events = POLLOUT };

    return !client.fd || poll(&client, 1, patience_ms) != 0;
}

static enum status await_client(const struct pace *pace)
{
    int patience_ms = pace->timeout_ms / PATIENCES < PATIENCE_MAX_MS ? pace->timeout_ms / PATIENCES : PATIENCE_MAX_MS;

    if (takes_more(pace, patience_ms))
        return STATUS_OK;
    enum status st = pace->slow(pace->context);
    if (st == STATUS_OK && !takes_more(pace, pace->timeout_ms - patience_ms))
        st = STATUS_CLIENT_GONE;
    return st;
}

/* In pieces for which there is room wherever there is any: one that has begun to be written cannot be waited for like this. */
static enum status write_paced(void *context, struct bytes bytes)
{
    const struct pace *pace = context;
    enum status st = STATUS_OK;

    while (bytes.len && st == STATUS_OK) {
        struct bytes piece = { bytes.p, bytes.len < HTTP_PIECE_BYTES ? bytes.len : HTTP_PIECE_BYTES };
        st = await_client(pace);
        if (st == STATUS_OK)
            st = pace->sink(pace->sink_context, piece);
        bytes.p += piece.len;
        bytes.len -= piece.len;
    }
    return st;
}

void pace_begin(struct pace *pace, struct http_response *response, int peer_fd, int timeout_ms, pace_slow *slow, void *context)
{
    *pace = (struct pace){ .peer_fd = peer_fd,
                           .timeout_ms = timeout_ms,
                           .slow = slow,
                           .context = context,
                           .response = response,
                           .sink = response->sink,
                           .sink_context = response->sink_context };
    response->sink = write_paced;
    response->sink_context = pace;
}

void pace_end(struct pace *pace)
{
    if (!pace->response)
        return;
    pace->response->sink = pace->sink;
    pace->response->sink_context = pace->sink_context;
    pace->response = NULL;
}
