#include "cgi-bin/connection.h"

#include <limits.h>
#include <sys/socket.h>
#include <sys/time.h>

static const char *variable(void *context, const char *name)
{
    const FCGX_Request *request = context;

    return FCGX_GetParam(name, request->envp);
}

static long read_body(void *context, char *to, size_t len)
{
    const FCGX_Request *request = context;
    int n = FCGX_GetStr(to, len > INT_MAX ? INT_MAX : (int)len, request->in);

    return FCGX_GetError(request->in) ? -1 : n;
}

static enum status write_answer(void *context, struct bytes bytes)
{
    const FCGX_Request *request = context;

    while (bytes.len) {
        int n = FCGX_PutStr(bytes.p, bytes.len > INT_MAX ? INT_MAX : (int)bytes.len, request->out);
        if (n <= 0 || FCGX_GetError(request->out))
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

/* A peer that neither sends nor reads must not hold a thread for ever. */
static void bound_waiting(int fd, int timeout_ms)
{
    const struct timeval timeout = { .tv_sec = timeout_ms / 1000, .tv_usec = (timeout_ms % 1000) * 1000 };

    (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
    (void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof timeout);
}

bool connection_open(struct connection *connection, int fd, int timeout_ms)
{
    FCGX_Request *request = &connection->request;

    bound_waiting(fd, timeout_ms);
    FCGX_InitRequest(request, -1, 0);
    /* libfcgi is handed the connection as one that it kept: its own accept would wait for the next where this one brings no request. */
    request->ipcFd = fd;
    request->keepConnection = 1;
    connection->exchange = (struct exchange){ .variable = variable, .read = read_body, .write = write_answer, .context = request };
    if (FCGX_Accept_r(request) < 0)
        return false;
    /* One request a connection: a web server that keeps connections would bind a request to a thread that is busy. */
    request->keepConnection = 0;
    return true;
}

void connection_close(struct connection *connection, bool is_whole)
{
    FCGX_Request *request = &connection->request;

    /* Otherwise libfcgi waits for the web server to close its side. There is nothing to wait for: a body that was answered has been read to
     * its end, and a connection that is broken is to look so. */
    FCGX_Detach(request);
    if (is_whole)
        FCGX_Finish_r(request);
    else
        FCGX_Free(request, 1);
}
