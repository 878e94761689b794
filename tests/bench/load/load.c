/* Load for one HTTP server on the loopback address: a number of keep-alive connections, each with one request at a time.
 *
 *   load --port PORT --connections N --seconds S [--warm S] [--drain S [--whole]] (--post EVENTS [--array] | --get EVENT_TYPE)
 *        [--sessions N] [--seed N]
 *   load --print EVENTS [--array]      prints a body and ends
 *
 * Prints "begin" and "end" around the seconds that count, so that others may measure at the same time, then one JSON object: how many
 * answers of each status, bytes of their bodies, the percentiles of the time from the first byte sent to the last byte received.
 * What is still under way at the end is awaited for --drain seconds, and of it only the times are counted. With --whole all of it counts
 * as the rest does, and the end is when it has come: for answers so long that few of them fit between a begin and an end.
 *
 * One thread, level-triggered epoll. Client and server share the machine's cores, so it is to be cheap: 10 µs a request, nearly all of
 * it the kernel's TCP, against 12 µs of wrk with a Lua script that varies the body. Why not wrk: it tells errors by classes only, knows
 * no percentiles of its own beyond its histogram's, and its script would cost as much as all else for a batch of 1,000. */
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "answer.h"
#include "corpus.h"
#include "samples.h"

#define RESOURCE "/synchrony_data_analytics"

enum { EVENTS_AT_ONCE = 256, READ_BYTES = 256 * 1024, RECONNECT_PAUSE_MS = 20, NS_PER_MS = 1000000, STATUS_MAX = 600 };

static const uint64_t ns_per_s = UINT64_C(1000000000);

struct options {
    int port;
    size_t connections;
    double seconds;
    double warm_s;
    double drain_s;
    bool counts_drain;
    size_t post_events; /* 0: GET */
    bool is_array;
    const char *get_type;
    size_t print_events;
    uint32_t sessions;
    uint64_t seed;
};

struct connection {
    int fd;            /* -1: to be opened again at reopen_ns */
    uint32_t interest; /* what epoll was told */
    char *request;     /* head and body; the body's events are put anew for each request */
    size_t sent;
    uint64_t begun_ns; /* of the request under way; 0: none */
    uint64_t reopen_ns;
    struct answer answer;
};

/* What is counted, between "begin" and "end". */
struct tally {
    uint64_t statuses[STATUS_MAX];
    uint64_t broken; /* requests whose answer never came whole */
    uint64_t body_bytes;
    uint64_t good_body_bytes; /* of answers 2xx, whole or not */
    struct samples latency;
};

struct load {
    struct options options;
    struct connection *connections;
    size_t head_bytes;
    size_t request_bytes;
    uint64_t random;
    int epoll;
    bool counts; /* between "begin" and "end" */
    bool drains; /* no new requests */
    size_t n_under_way;
    struct tally tally;
};

static char read_buffer[READ_BYTES];

static uint64_t now_ns(clockid_t clock)
{
    struct timespec now;

    clock_gettime(clock, &now);
    return (uint64_t)now.tv_sec * ns_per_s + (uint64_t)now.tv_nsec;
}

static void die(const char *what)
{
    fprintf(stderr, "load: %s: %s\n", what, strerror(errno));
    exit(1);
}

/* xorshift64* (Vigna 2016) */
static uint32_t next_random(struct load *load)
{
    load->random ^= load->random >> 12;
    load->random ^= load->random << 25;
    load->random ^= load->random >> 27;
    return (uint32_t)((load->random * UINT64_C(2685821657736338717)) >> 32);
}

/* ---- requests ---- */

static void put_events(struct load *load, char *body)
{
    const struct options *options = &load->options;
    uint64_t time_ms = now_ns(CLOCK_REALTIME) / NS_PER_MS;

    for (size_t i = 0; i < options->post_events; i++) {
        uint32_t session = (uint32_t)(((uint64_t)next_random(load) * options->sessions) >> 32);
        corpus_event_put(corpus_body_event(body, i, options->is_array), session, time_ms);
    }
}

static size_t head_print(const struct options *options, char *to, size_t size)
{
    size_t body_bytes = corpus_body_bytes(options->post_events, options->is_array);
    int len = options->post_events
                  ? snprintf(to, size,
                             "POST " RESOURCE " HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nContent-Type: application/json\r\n"
                             "Content-Length: %zu\r\n\r\n",
                             options->port, body_bytes)
                  : snprintf(to, size, "GET " RESOURCE "?event_type=%s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n\r\n", options->get_type,
                             options->port);
    return (size_t)len;
}

static void requests_make(struct load *load)
{
    const struct options *options = &load->options;

    load->head_bytes = head_print(options, NULL, 0);
    load->request_bytes = load->head_bytes;
    if (options->post_events)
        load->request_bytes += corpus_body_bytes(options->post_events, options->is_array);
    load->connections = calloc(options->connections, sizeof *load->connections);
    if (!load->connections)
        die("memory");
    for (size_t i = 0; i < options->connections; i++) {
        struct connection *connection = &load->connections[i];
        connection->fd = -1;
        connection->request = malloc(load->request_bytes + 1);
        if (!connection->request)
            die("memory");
        head_print(options, connection->request, load->head_bytes + 1);
        if (options->post_events)
            corpus_body_begin(connection->request + load->head_bytes, options->post_events, options->is_array);
    }
}

/* ---- connections ---- */

static void watch(const struct load *load, struct connection *connection, uint32_t interest)
{
    struct epoll_event event = { .events = interest, .data.ptr = connection };

    if (connection->interest == interest)
        return;
    if (epoll_ctl(load->epoll, connection->interest ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, connection->fd, &event) < 0)
        die("epoll_ctl");
    connection->interest = interest;
}

static void connection_close(struct connection *connection, uint64_t reopen_ns)
{
    close(connection->fd);
    connection->fd = -1;
    connection->interest = 0;
    connection->reopen_ns = reopen_ns;
}

static void connection_open(struct load *load, struct connection *connection)
{
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_port = htons((uint16_t)load->options.port),
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    const int on = 1;

    connection->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (connection->fd < 0)
        die("socket");
    setsockopt(connection->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (connect(connection->fd, (struct sockaddr *)&address, sizeof address) < 0 && errno != EINPROGRESS)
        die("connect");
    watch(load, connection, EPOLLOUT);
}

static void request_end(struct load *load, struct connection *connection)
{
    connection->begun_ns = 0;
    load->n_under_way--;
}

/* The answer under way will not come whole. */
static void request_fail(struct load *load, struct connection *connection)
{
    if (connection->begun_ns) {
        load->tally.broken += load->counts;
        request_end(load, connection);
    }
    connection_close(connection, now_ns(CLOCK_MONOTONIC) + RECONNECT_PAUSE_MS * NS_PER_MS);
}

static void request_send(struct load *load, struct connection *connection)
{
    while (connection->sent < load->request_bytes) {
        ssize_t n =
            send(connection->fd, connection->request + connection->sent, load->request_bytes - connection->sent, MSG_NOSIGNAL);
        if (n < 0 && errno == EAGAIN) {
            watch(load, connection, EPOLLIN | EPOLLOUT);
            return;
        }
        if (n < 0) {
            request_fail(load, connection);
            return;
        }
        connection->sent += (size_t)n;
    }
    watch(load, connection, EPOLLIN);
}

static void request_begin(struct load *load, struct connection *connection)
{
    if (load->options.post_events)
        put_events(load, connection->request + load->head_bytes);
    answer_reset(&connection->answer);
    connection->sent = 0;
    connection->begun_ns = now_ns(CLOCK_MONOTONIC);
    load->n_under_way++;
    request_send(load, connection);
}

static void answer_count(struct load *load, const struct connection *connection)
{
    const struct answer *answer = &connection->answer;

    if (load->counts)
        load->tally.statuses[answer->status < STATUS_MAX ? answer->status : 0]++;
    if ((load->counts || load->drains) && answer->status / 100 == 2)
        samples_add(&load->tally.latency, now_ns(CLOCK_MONOTONIC) - connection->begun_ns);
}

static void answer_done(struct load *load, struct connection *connection)
{
    answer_count(load, connection);
    request_end(load, connection);
    if (connection->answer.closes) {
        connection_close(connection, 0);
        if (!load->drains)
            connection_open(load, connection);
    } else if (!load->drains) {
        request_begin(load, connection);
    }
}

static void answer_read(struct load *load, struct connection *connection)
{
    ssize_t n = recv(connection->fd, read_buffer, sizeof read_buffer, 0);
    uint64_t before = connection->answer.body_bytes;
    enum answer_event event;

    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n < 0 || !connection->begun_ns) {
        request_fail(load, connection);
        return;
    }
    event = n ? answer_take(&connection->answer, read_buffer, (size_t)n) : answer_end(&connection->answer);
    if (load->counts) {
        load->tally.body_bytes += connection->answer.body_bytes - before;
        if (connection->answer.status / 100 == 2)
            load->tally.good_body_bytes += connection->answer.body_bytes - before;
    }
    if (event == ANSWER_BROKEN)
        request_fail(load, connection);
    else if (event == ANSWER_DONE)
        answer_done(load, connection);
}

static void connection_serve(struct load *load, struct connection *connection, uint32_t events)
{
    if (events & EPOLLOUT && connection->begun_ns)
        request_send(load, connection);
    else if (events & EPOLLOUT && !(events & (EPOLLERR | EPOLLHUP)))
        request_begin(load, connection);
    else if (events & (EPOLLIN | EPOLLERR | EPOLLHUP))
        answer_read(load, connection);
}

static void reopen_due(struct load *load)
{
    uint64_t now = now_ns(CLOCK_MONOTONIC);

    for (size_t i = 0; i < load->options.connections; i++) {
        if (load->connections[i].fd < 0 && load->connections[i].reopen_ns <= now)
            connection_open(load, &load->connections[i]);
    }
}

/* ---- the run ---- */

/* Serves the connections for some seconds, or when draining until no request is under way. */
static void run_for(struct load *load, double seconds)
{
    uint64_t end = now_ns(CLOCK_MONOTONIC) + (uint64_t)(seconds * (double)ns_per_s);
    struct epoll_event events[EVENTS_AT_ONCE];

    for (uint64_t now; (now = now_ns(CLOCK_MONOTONIC)) < end && !(load->drains && !load->n_under_way);) {
        uint64_t wait_ms = (end - now) / NS_PER_MS + 1;
        int n = epoll_wait(load->epoll, events, EVENTS_AT_ONCE, (int)(wait_ms < RECONNECT_PAUSE_MS ? wait_ms : RECONNECT_PAUSE_MS));
        if (n < 0 && errno != EINTR)
            die("epoll_wait");
        for (int i = 0; i < n; i++)
            connection_serve(load, events[i].data.ptr, events[i].events);
        if (!load->drains)
            reopen_due(load);
    }
}

static void say(const char *word)
{
    puts(word);
    fflush(stdout);
}

static void report(const struct load *load, double elapsed_s, double cpu_s)
{
    const struct tally *tally = &load->tally;
    const char *separator = "";

    printf("{\"seconds\": %.6f, \"client_cpu_s\": %.6f, \"statuses\": {", elapsed_s, cpu_s);
    for (int status = 0; status < STATUS_MAX; status++) {
        if (!tally->statuses[status])
            continue;
        printf("%s\"%d\": %llu", separator, status, (unsigned long long)tally->statuses[status]);
        separator = ", ";
    }
    printf("}, \"broken\": %llu, \"body_bytes\": %llu, \"good_body_bytes\": %llu, \"n_latency\": %zu",
           (unsigned long long)tally->broken, (unsigned long long)tally->body_bytes, (unsigned long long)tally->good_body_bytes,
           tally->latency.n);
    if (tally->latency.n)
        printf(", \"p50_ms\": %.6f, \"p99_ms\": %.6f, \"max_ms\": %.6f",
               (double)samples_percentile(&tally->latency, 0.5) / NS_PER_MS,
               (double)samples_percentile(&tally->latency, 0.99) / NS_PER_MS,
               (double)samples_percentile(&tally->latency, 1.0) / NS_PER_MS);
    puts("}");
}

/* What has passed since "begin". */
struct span {
    uint64_t begin_ns;
    uint64_t begin_cpu_ns;
    double elapsed_s;
    double cpu_s;
};

static struct span span_begin(void)
{
    say("begin");
    return (struct span){ .begin_ns = now_ns(CLOCK_MONOTONIC), .begin_cpu_ns = now_ns(CLOCK_PROCESS_CPUTIME_ID) };
}

static void span_end(struct span *span)
{
    span->elapsed_s = (double)(now_ns(CLOCK_MONOTONIC) - span->begin_ns) / (double)ns_per_s;
    span->cpu_s = (double)(now_ns(CLOCK_PROCESS_CPUTIME_ID) - span->begin_cpu_ns) / (double)ns_per_s;
    say("end");
}

static void run(struct load *load)
{
    const struct options *options = &load->options;
    struct span span;

    load->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (load->epoll < 0)
        die("epoll_create1");
    requests_make(load);
    reopen_due(load);
    run_for(load, options->warm_s);

    span = span_begin();
    load->counts = true;
    run_for(load, options->seconds);
    if (!options->counts_drain) {
        load->counts = false;
        span_end(&span);
    }
    load->drains = true;
    run_for(load, options->drain_s);
    if (options->counts_drain)
        span_end(&span);
    samples_sort(&load->tally.latency);
    report(load, span.elapsed_s, span.cpu_s);
}

static void print_body(const struct options *options)
{
    size_t len = corpus_body_bytes(options->print_events, options->is_array);
    char *body = malloc(len);

    if (!body)
        die("memory");
    corpus_body_begin(body, options->print_events, options->is_array);
    for (size_t i = 0; i < options->print_events; i++)
        corpus_event_put(corpus_body_event(body, i, options->is_array), (uint32_t)i, now_ns(CLOCK_REALTIME) / NS_PER_MS);
    fwrite(body, 1, len, stdout);
    putchar('\n');
    free(body);
}

static struct options options_read(int argc, char **argv)
{
    static const struct option names[] = {
        { "port", required_argument, NULL, 'p' },
        { "connections", required_argument, NULL, 'c' },
        { "seconds", required_argument, NULL, 's' },
        { "warm", required_argument, NULL, 'w' },
        { "drain", required_argument, NULL, 'd' },
        { "whole", no_argument, NULL, 'e' },
        { "post", required_argument, NULL, 'n' },
        { "array", no_argument, NULL, 'a' },
        { "get", required_argument, NULL, 'g' },
        { "sessions", required_argument, NULL, 'k' },
        { "seed", required_argument, NULL, 'r' },
        { "print", required_argument, NULL, 'o' },
        { NULL, 0, NULL, 0 },
    };
    struct options options = { .connections = 1, .seconds = 1, .sessions = 100000, .seed = 1 };
    bool valid = true;

    for (int letter; (letter = getopt_long(argc, argv, "", names, NULL)) != -1;) {
        switch (letter) {
        case 'p':
            options.port = atoi(optarg);
            break;
        case 'c':
            options.connections = strtoul(optarg, NULL, 10);
            break;
        case 's':
            options.seconds = atof(optarg);
            break;
        case 'w':
            options.warm_s = atof(optarg);
            break;
        case 'd':
            options.drain_s = atof(optarg);
            break;
        case 'e':
            options.counts_drain = true;
            break;
        case 'n':
            options.post_events = strtoul(optarg, NULL, 10);
            break;
        case 'a':
            options.is_array = true;
            break;
        case 'g':
            options.get_type = optarg;
            break;
        case 'k':
            options.sessions = (uint32_t)strtoul(optarg, NULL, 10);
            break;
        case 'r':
            options.seed = strtoull(optarg, NULL, 10);
            break;
        case 'o':
            options.print_events = strtoul(optarg, NULL, 10);
            break;
        default:
            valid = false;
        }
    }
    if (!valid || !(options.print_events || (options.port && (options.post_events != 0) != (options.get_type != NULL)))) {
        fprintf(stderr, "load: see the head of tests/bench/load/load.c\n");
        exit(2);
    }
    return options;
}

int main(int argc, char **argv)
{
    struct load load = { .options = options_read(argc, argv) };

    signal(SIGPIPE, SIG_IGN);
    load.random = load.options.seed * UINT64_C(0x9e3779b97f4a7c15) | 1;
    if (load.options.print_events)
        print_body(&load.options);
    else
        run(&load);
    return 0;
}
