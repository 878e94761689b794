/* The responder that a web server starts. One program, three ways, chosen by how it is started:
 *
 *   a listening socket as fd 0      FastCGI: spawned by lighttpd or Apache's mod_fcgid
 *   LISTEN_FDS in the environment   FastCGI on fd 3: systemd's socket activation (sd_listen_fds(3))
 *   GATEWAY_INTERFACE               one plain CGI request (RFC 3875)
 *
 * It takes no arguments: a web server would let a query string without "=" become one (RFC 3875, section 4.4).
 *
 * A daemon's threads take turns: one leads, that is waits for a connection and accepts it; then it lets the next lead and answers. A
 * thread is added when the last idle one takes a request, so a process that gets one request at a time stays at two. */
#include <errno.h>
#include <fcgiapp.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "app/worker.h"
#include "base/log.h"

enum { SYSTEMD_FIRST_FD = 3, STOP_GRACE_MS = 4500, THREAD_STACK_BYTES = 512 * 1024, ACCEPT_PAUSE_MS = 50 };

static const char *environment(const char *name)
{
    return getenv(name);
}

/* ---- plain CGI ---- */

static const char *cgi_variable(void *context, const char *name)
{
    (void)context;
    return getenv(name);
}

static long cgi_read(void *context, char *to, size_t len)
{
    ssize_t n;

    (void)context;
    do
        n = read(STDIN_FILENO, to, len);
    while (n < 0 && errno == EINTR);
    return n;
}

static enum status cgi_write(void *context, struct bytes bytes)
{
    (void)context;
    while (bytes.len) {
        ssize_t n = write(STDOUT_FILENO, bytes.p, bytes.len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return STATUS_CLIENT_GONE;
        bytes.p += n;
        bytes.len -= (size_t)n;
    }
    return STATUS_OK;
}

static enum status serve_cgi(struct service *service)
{
    const struct exchange exchange = { .variable = cgi_variable, .read = cgi_read, .write = cgi_write };
    struct worker *worker = worker_new(service);
    enum status st = worker ? worker_serve(worker, &exchange) : STATUS_NO_MEMORY;

    worker_free(worker);
    return st;
}

/* ---- FastCGI: one request ---- */

static const char *fcgi_variable(void *context, const char *name)
{
    const FCGX_Request *request = context;

    return FCGX_GetParam(name, request->envp);
}

static long fcgi_read(void *context, char *to, size_t len)
{
    const FCGX_Request *request = context;
    int n = FCGX_GetStr(to, len > INT_MAX ? INT_MAX : (int)len, request->in);

    return FCGX_GetError(request->in) ? -1 : n;
}

static enum status fcgi_write(void *context, struct bytes bytes)
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

/* A peer that neither sends nor reads must not hold a thread for ever. */
static void bound_waiting(int fd, int timeout_ms)
{
    const struct timeval timeout = { .tv_sec = timeout_ms / 1000, .tv_usec = (timeout_ms % 1000) * 1000 };

    (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
    (void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof timeout);
}

/* Answers the request on an accepted connection and closes it. libfcgi is handed the connection as one that was kept: its own accept
 * cannot be woken up without a signal, which would also break reads of requests under way. */
static void serve_connection(struct worker *worker, int fd, int timeout_ms)
{
    FCGX_Request request;
    const struct exchange exchange = { .variable = fcgi_variable, .read = fcgi_read, .write = fcgi_write, .context = &request };

    bound_waiting(fd, timeout_ms);
    FCGX_InitRequest(&request, -1, 0);
    request.ipcFd = fd;
    request.keepConnection = 1;
    if (FCGX_Accept_r(&request) < 0)
        return; /* no request came; libfcgi has closed the connection */
    request.keepConnection = 0;
    if (worker_serve(worker, &exchange) == STATUS_OK)
        FCGX_Finish_r(&request);
    else
        FCGX_Free(&request, 1); /* without an end of request, so that the web server breaks its connection too */
}

/* ---- FastCGI: the daemon ---- */

struct daemon {
    struct service *service;
    int listen_fd;
    int stop_fd; /* readable once the daemon is to stop */
    pthread_mutex_t lead;
    pthread_mutex_t lock; /* of what follows */
    pthread_cond_t ended; /* a thread has */
    size_t n_threads;
    size_t n_idle; /* leading, or waiting to */
};

/* Waits for a connection. Returns -1 when the daemon is to stop. */
static int accept_next(const struct daemon *daemon)
{
    struct pollfd ready[] = { { .fd = daemon->stop_fd, .events = POLLIN }, { .fd = daemon->listen_fd, .events = POLLIN } };

    for (;;) {
        if (poll(ready, 2, -1) < 0 && errno != EINTR)
            return -1;
        if (ready[0].revents)
            return -1;
        int fd = accept4(daemon->listen_fd, NULL, NULL, SOCK_CLOEXEC);
        if (fd >= 0)
            return fd;
        if (errno == EBADF || errno == EINVAL || errno == ENOTSOCK) {
            LOG(ERROR, "the listening socket is gone", log_text("error.message", bytes_of(strerror(errno))));
            return -1;
        }
        if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED) /* out of descriptors or memory: it may pass */
            poll(NULL, 0, ACCEPT_PAUSE_MS);
    }
}

static void *thread_main(void *context);

/* Called with the lock held, so that the count is right before the thread runs. */
static bool add_thread(struct daemon *daemon)
{
    pthread_attr_t attributes;
    pthread_t thread;

    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&attributes, THREAD_STACK_BYTES);
    bool added = pthread_create(&thread, &attributes, thread_main, daemon) == 0;
    pthread_attr_destroy(&attributes);
    daemon->n_threads += added;
    daemon->n_idle += added;
    return added;
}

/* Counts this thread as busy, and sees to it that another one can lead. */
static void become_busy(struct daemon *daemon)
{
    pthread_mutex_lock(&daemon->lock);
    daemon->n_idle--;
    if (!daemon->n_idle && daemon->n_threads < daemon->service->config->threads)
        (void)add_thread(daemon);
    pthread_mutex_unlock(&daemon->lock);
}

static void become_idle(struct daemon *daemon)
{
    pthread_mutex_lock(&daemon->lock);
    daemon->n_idle++;
    pthread_mutex_unlock(&daemon->lock);
}

static void *thread_main(void *context)
{
    struct daemon *daemon = context;
    struct worker *worker = worker_new(daemon->service);

    while (worker) {
        pthread_mutex_lock(&daemon->lead);
        int fd = accept_next(daemon);
        pthread_mutex_unlock(&daemon->lead);
        if (fd < 0)
            break;
        become_busy(daemon);
        serve_connection(worker, fd, daemon->service->config->client_timeout_ms);
        become_idle(daemon);
    }
    worker_free(worker);
    pthread_mutex_lock(&daemon->lock);
    daemon->n_threads--;
    daemon->n_idle--;
    pthread_cond_signal(&daemon->ended);
    pthread_mutex_unlock(&daemon->lock);
    return NULL;
}

/* Waits until all threads have ended, or the grace is over. Returns whether they have. */
static bool await_threads(struct daemon *daemon)
{
    struct timespec deadline;
    int waited = 0;

    clock_gettime(CLOCK_REALTIME, &deadline);
    deadline.tv_sec += STOP_GRACE_MS / 1000;
    deadline.tv_nsec += STOP_GRACE_MS % 1000 * 1000000L;
    if (deadline.tv_nsec >= 1000000000L) {
        deadline.tv_sec++;
        deadline.tv_nsec -= 1000000000L;
    }
    pthread_mutex_lock(&daemon->lock);
    while (daemon->n_threads && waited == 0)
        waited = pthread_cond_timedwait(&daemon->ended, &daemon->lock, &deadline);
    bool all_ended = daemon->n_threads == 0;
    pthread_mutex_unlock(&daemon->lock);
    return all_ended;
}

static void warn_of_open_access(const struct config *config)
{
    LOG(WARN, "reads are open: whoever can reach this service can read every event",
        log_number("synchrony.allowed_origins", (int64_t)config->n_allowed_origins));
}

/* Serves until SIGTERM, SIGINT or SIGUSR1, which all threads block and this one waits for. */
static enum status serve_daemon(struct service *service, int listen_fd)
{
    struct daemon daemon = {
        .service = service,
        .listen_fd = listen_fd,
        .stop_fd = eventfd(0, EFD_CLOEXEC),
        .lead = PTHREAD_MUTEX_INITIALIZER,
        .lock = PTHREAD_MUTEX_INITIALIZER,
        .ended = PTHREAD_COND_INITIALIZER,
    };
    const uint64_t stop = 1;
    sigset_t signals;
    int signal_number;

    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGUSR1);
    pthread_sigmask(SIG_BLOCK, &signals, NULL);
    /* Another process may take the connection that poll announced. */
    if (daemon.stop_fd < 0 || fcntl(listen_fd, F_SETFL, fcntl(listen_fd, F_GETFL) | O_NONBLOCK) < 0 || FCGX_Init() != 0)
        return STATUS_INTERNAL;
    warn_of_open_access(service->config);

    pthread_mutex_lock(&daemon.lock);
    bool started = add_thread(&daemon);
    pthread_mutex_unlock(&daemon.lock);
    if (!started)
        return STATUS_NO_MEMORY;
    sigwait(&signals, &signal_number);
    if (write(daemon.stop_fd, &stop, sizeof stop) != sizeof stop)
        return STATUS_INTERNAL;
    if (!await_threads(&daemon)) {
        LOG(WARN, "ended with requests under way", log_number("synchrony.grace_ms", STOP_GRACE_MS));
        _exit(status_info(STATUS_OK)->exit); /* their threads still use what would be released */
    }
    close(daemon.stop_fd);
    return STATUS_OK;
}

/* ---- how was it started? ---- */

static bool is_listening(int fd)
{
    int listening = 0;
    socklen_t len = sizeof listening;

    return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &len) == 0 && listening;
}

/* The descriptor to accept on; -1: none was handed over. */
static int listening_fd(void)
{
    struct bytes owner = bytes_of(getenv("LISTEN_PID"));
    size_t pid;

    if (getenv("LISTEN_FDS") && bytes_to_size(owner, INT_MAX, &pid) && (pid_t)pid == getpid() && is_listening(SYSTEMD_FIRST_FD))
        return SYSTEMD_FIRST_FD;
    return is_listening(STDIN_FILENO) ? STDIN_FILENO : -1;
}

static enum status serve(struct service *service)
{
    int fd = listening_fd();

    if (fd >= 0)
        return serve_daemon(service, fd);
    if (getenv("GATEWAY_INTERFACE"))
        return serve_cgi(service);
    dprintf(STDERR_FILENO, "synchrony_data_analytics is started by a web server or by systemd, not by hand: see "
                           "synchrony_data_analytics(8).\n");
    return STATUS_USAGE;
}

int main(void)
{
    struct config config;
    struct service service;

    signal(SIGPIPE, SIG_IGN);
    enum status st = config_read(NULL, environment, stderr, &config);
    if (st == STATUS_OK) {
        log_set_level(config.log_level);
        st = service_open(&service, &config);
        if (st == STATUS_OK) {
            st = serve(&service);
            service_close(&service);
        }
    }
    config_free(&config);
    return status_info(st)->exit;
}
