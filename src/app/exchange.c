#include "app/exchange.h"

#include <stdint.h>
#include <string.h>

#include "base/write_all.h"

enum { DRAIN_MAX_BYTES = 64 * 1024 * 1024, UNANNOUNCED_FIRST_BYTES = 8 * 1024 };

static enum status too_large(const struct limits *limits, struct problem *problem)
{
    return problem_set(problem, STATUS_TOO_LARGE, "a body must have at most %zu bytes", limits->body_max_bytes);
}

/* Reads until len bytes are there or the body ends. */
static enum status read_full(const struct exchange *exchange, char *to, size_t len, size_t *got)
{
    for (*got = 0; *got < len;) {
        long n = exchange->read(exchange->context, to + *got, len - *got);
        if (n < 0)
            return STATUS_INVALID_BODY;
        if (n == 0)
            break;
        *got += (size_t)n;
    }
    return STATUS_OK;
}

static enum status read_announced(const struct exchange *exchange, size_t len, struct arena *arena, struct bytes *body,
                                  struct problem *problem)
{
    char *p = arena_alloc(arena, len + 1);
    size_t got;

    if (!p)
        return STATUS_NO_MEMORY;
    enum status st = read_full(exchange, p, len, &got);
    if (st == STATUS_OK && got < len)
        st = STATUS_INVALID_BODY;
    if (st != STATUS_OK)
        return problem_set(problem, st, "%zu bytes were announced, %zu came", len, got);
    p[len] = '\0';
    *body = (struct bytes){ p, len };
    return STATUS_OK;
}

/* Without a length: into a buffer that doubles. One byte past the limit tells that there is too much. */
static enum status read_to_end(const struct exchange *exchange, const struct limits *limits, struct arena *arena,
                               struct bytes *body, struct problem *problem)
{
    struct bytes so_far = { 0 };

    for (size_t capacity = UNANNOUNCED_FIRST_BYTES;; capacity *= 2) {
        size_t got;
        if (capacity > limits->body_max_bytes)
            capacity = limits->body_max_bytes + 1;
        char *p = arena_alloc(arena, capacity + 1);
        if (!p)
            return STATUS_NO_MEMORY;
        if (so_far.len)
            memcpy(p, so_far.p, so_far.len);
        enum status st = read_full(exchange, p + so_far.len, capacity - so_far.len, &got);
        if (st != STATUS_OK)
            return problem_set(problem, st, "the body broke off");
        so_far = (struct bytes){ p, so_far.len + got };
        if (so_far.len > limits->body_max_bytes)
            return too_large(limits, problem);
        if (so_far.len < capacity) {
            p[so_far.len] = '\0';
            break;
        }
    }
    *body = so_far;
    return STATUS_OK;
}

enum status exchange_read_body(const struct exchange *exchange, const struct http_request *request, const struct limits *limits,
                               struct arena *arena, struct bytes *body, struct problem *problem)
{
    size_t len;

    if (!request->content_length.len)
        return read_to_end(exchange, limits, arena, body, problem);
    if (!bytes_to_size(request->content_length, SIZE_MAX, &len))
        return problem_set(problem, STATUS_INVALID_BODY, "the length that was announced is no number");
    if (len > limits->body_max_bytes)
        return too_large(limits, problem);
    return read_announced(exchange, len, arena, body, problem);
}

bool exchange_body_fits(const struct http_request *request, size_t max_bytes)
{
    size_t len;

    return request->content_length.len && bytes_to_size(request->content_length, SIZE_MAX, &len) && len <= max_bytes;
}

/* Copies until the body ends, or has more than max_bytes. */
static enum status spool(const struct exchange *exchange, size_t max_bytes, int fd, size_t *len)
{
    char piece[32 * 1024];
    size_t got;

    for (*len = 0; *len <= max_bytes; *len += got) {
        enum status st = read_full(exchange, piece, sizeof piece, &got);
        if (st != STATUS_OK || !got)
            return st;
        if (!write_all(fd, (struct bytes){ piece, got }))
            return STATUS_UNAVAILABLE;
    }
    return STATUS_TOO_LARGE;
}

enum status exchange_spool_body(const struct exchange *exchange, const struct http_request *request, size_t max_bytes, int fd,
                                size_t *len, struct problem *problem)
{
    size_t announced = SIZE_MAX;
    enum status st = STATUS_OK;

    if (request->content_length.len && !bytes_to_size(request->content_length, SIZE_MAX, &announced))
        return problem_set(problem, STATUS_INVALID_BODY, "the length that was announced is no number");
    if (request->content_length.len && announced > max_bytes)
        st = STATUS_TOO_LARGE;
    if (st == STATUS_OK)
        st = spool(exchange, max_bytes, fd, len);
    if (st == STATUS_TOO_LARGE)
        return problem_set(problem, st, "a body must have at most %zu bytes", max_bytes);
    if (st == STATUS_INVALID_BODY)
        return problem_set(problem, st, "the body broke off");
    if (st == STATUS_OK && request->content_length.len && *len != announced)
        return problem_set(problem, STATUS_INVALID_BODY, "%zu bytes were announced, %zu came", announced, *len);
    return st;
}

void exchange_drain(const struct exchange *exchange)
{
    char waste[16 * 1024];
    size_t total = 0;
    long n;

    while (total < DRAIN_MAX_BYTES && (n = exchange->read(exchange->context, waste, sizeof waste)) > 0)
        total += (size_t)n;
}
