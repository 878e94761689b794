/* The responder that a web server starts. One program, three ways, chosen by how it is started:
 *
 *   a listening socket as fd 0      FastCGI: spawned by lighttpd or Apache's mod_fcgid
 *   LISTEN_FDS in the environment   FastCGI on fd 3: systemd's socket activation (sd_listen_fds(3))
 *   GATEWAY_INTERFACE               one plain CGI request (RFC 3875)
 *
 * It takes no arguments: a web server would let a query string without "=" become one (RFC 3875, section 4.4). */
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "app/access.h"
#include "app/service.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/process.h"
#include "cgi-bin/cgi.h"
#include "cgi-bin/daemon.h"

enum { SYSTEMD_FIRST_FD = 3 };

static const char *environment(const char *name)
{
    return getenv(name);
}

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
        return daemon_serve(service, fd);
    if (getenv("GATEWAY_INTERFACE"))
        return cgi_serve(service);
    dprintf(STDERR_FILENO, "synchrony_data_analytics is started by a web server or by systemd, not by hand: see "
                           "synchrony_data_analytics(8).\n");
    return STATUS_USAGE;
}

static enum status open_and_serve(struct service *service, const struct config *config)
{
    enum status st = access_open(&service->access, config);

    if (st == STATUS_OK)
        st = serve(service);
    access_close(service->access);
    service_close(service);
    return st;
}

int main(void)
{
    struct config config;
    struct service service;

    signal(SIGPIPE, SIG_IGN);
    process_seal();
    enum status st = config_read(NULL, environment, stderr, &config);
    if (st == STATUS_OK) {
        log_set_level(config.log_level);
        log_open(config.log_to);
        metrics_open(config.run_directory);
        metrics_move(METRIC_PROCESSES, 1);
        metrics_set(METRIC_PROCESS_START, clock_now_us());
        st = service_open(&service, &config);
        if (st == STATUS_OK)
            st = open_and_serve(&service, &config);
        metrics_close();
    }
    config_free(&config);
    return status_info(st)->exit;
}
