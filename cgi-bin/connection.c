#include "cgi-bin/connection.h"

#include <limits.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "base/clock.h"

static const char *variable(void *context, const char *name)
{
    const struct connection *connection = context;

    return FCGX_GetParam(name, connection->request.envp);
}

/* One read of the connection at most, so that the deadline is looked at behind each: what is left in libfcgi's buffer, or what comes next
 * (for which it is asked for a single byte). */
static long read_body(void *context, char *to, size_t len)
{
    const struct connection *connection = context;
    FCGX_Stream *in = connection->request.in;
    long got = 0;

    if (in->rdNext == in->stop) {
        if (clock_monotonic_ms() >= connection->deadline_ms)
            return -1;
        got = FCGX_GetStr(to, 1, in);
        if (FCGX_GetError(in))
            return -1;
        if (got == 0)
            return 0;
    }
    size_t there = (size_t)(in->stop - in->rdNext);
    size_t more = len - (size_t)got < there ? len - (size_t)got : there;
    return got + FCGX_GetStr(to + got, (int)more, in);
}

static enum status write_answer(void *context, struct bytes bytes)
{
    const struct connection *connection = context;
    FCGX_Stream *out = connection->request.out;

    while (bytes.len) {
        int n = FCGX_PutStr(bytes.p, bytes.len > INT_MAX ? INT_MAX : (int)bytes.len, out);
        if (n <= 0 || FCGX_GetError(out))
            return STATUS_CLIENT_GONE;
        bytes.p += n;
        bytes.len -= (size_t)n;
    }
    return STATUS_OK;
}

enum status connection_library_init(void)
{
    return FCGX_Init() == 0 ? STATUS_OK : STATUS_INTERNAL;
}

void connection_bound(int fd, int timeout_ms)
{
    const struct timeval timeout = { .tv_sec = timeout_ms / 1000, .tv_usec = (timeout_ms % 1000) * 1000 };

    (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
    (void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof timeout);
}

bool connection_open(struct connection *connection, int fd, int timeout_ms)
{
    FCGX_Request *request = &connection->request;

    FCGX_InitRequest(request, -1, 0);
    /* libfcgi is handed the connection as one that it kept: its own accept would wait for the next where this one brings no request. */
    request->ipcFd = fd;
    request->keepConnection = 1;
    connection->exchange =
        (struct exchange){ .variable = variable, .read = read_body, .write = write_answer, .context = connection, .peer_fd = fd };
    connection->deadline_ms = clock_monotonic_ms() + timeout_ms;
    /* Otherwise libfcgi waits, when it closes a connection, for the web server to close its side. There is nothing to wait for: a body that
     * was answered has been read to its end, and a connection that is broken is to look so. */
    FCGX_Detach(request);
    if (FCGX_Accept_r(request) < 0)
        return false;
    /* One request a connection: a web server that keeps connections would bind a request to a thread that is busy. */
    request->keepConnection = 0;
    return true;
}

void connection_close(struct connection *connection, bool is_whole)
{
    FCGX_Request *request = &connection->request;

    if (is_whole)
        FCGX_Finish_r(request);
    else
        FCGX_Free(request, 1);
}
