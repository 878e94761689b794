#include <stdio.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "ctl/queue.h"
#include "ctl/queue_line.h"

enum { US_PER_S = 1000000, JSON_MAX_BYTES = 8 * 1024 };

static void print_size(unsigned long long bytes)
{
    static const char *const units[] = { "bytes", "KiB", "MiB", "GiB", "TiB" };
    size_t unit = 0;
    double size = (double)bytes;

    for (; size >= 1024 && unit + 1 < sizeof units / sizeof units[0]; unit++)
        size /= 1024;
    printf("%.*f %s", unit ? 1 : 0, size, units[unit]);
}

static void print_age(int64_t seconds)
{
    if (seconds < 60)
        printf("%lld s", (long long)seconds);
    else if (seconds < 60 * 60)
        printf("%lld min %lld s", (long long)seconds / 60, (long long)seconds % 60);
    else if (seconds < 24 * 60 * 60)
        printf("%lld h %lld min", (long long)seconds / 3600, (long long)seconds / 60 % 60);
    else
        printf("%lld d %lld h", (long long)seconds / 86400, (long long)seconds / 3600 % 24);
}

/* A clock that was set back makes no event younger than now. */
static int64_t age_s(const struct queue_state *state)
{
    int64_t age_us = clock_now_us() - state->oldest_received_at_us;

    return age_us > 0 ? age_us / US_PER_S : 0;
}

static void print_table(const char *directory, const struct queue_state *state)
{
    char oldest[QUEUE_LINE_TIME_BYTES];

    printf("directory    %s\n", directory);
    printf("records      %llu\n", (unsigned long long)state->records);
    printf("oldest       ");
    if (state->records) {
        queue_line_format_time(state->oldest_received_at_us, oldest);
        struct bytes text = bytes_trim(bytes_of(oldest), "\"");
        printf("%.*s, ", (int)text.len, text.p);
        print_age(age_s(state));
        printf(" ago\n");
    } else {
        printf("-\n");
    }
    printf("size         ");
    print_size(state->bytes);
    printf(" of ");
    print_size(state->max_bytes);
    printf(" (%.1f %%)\n", 100.0 * (double)state->bytes / (double)state->max_bytes);
    printf("quarantined  %llu\n", (unsigned long long)state->quarantined);
}

static enum status print_json(const char *directory, const struct queue_state *state)
{
    struct buf json = buf_new(JSON_MAX_BYTES);
    char oldest[QUEUE_LINE_TIME_BYTES] = "null";
    enum status st = STATUS_NO_MEMORY;

    if (state->records)
        queue_line_format_time(state->oldest_received_at_us, oldest);
    buf_add_text(&json, "{\"directory\":");
    buf_add_json(&json, bytes_of(directory));
    buf_add_format(&json, ",\"records\":%llu,\"bytes\":%llu,\"max_bytes\":%llu,\"quarantined\":%llu,\"oldest_received_at\":%s",
                   (unsigned long long)state->records, (unsigned long long)state->bytes, (unsigned long long)state->max_bytes,
                   (unsigned long long)state->quarantined, oldest);
    if (state->records)
        buf_add_format(&json, ",\"oldest_age_s\":%lld}", (long long)age_s(state));
    else
        buf_add_text(&json, ",\"oldest_age_s\":null}");
    if (!json.failed) {
        printf("%s\n", json.p);
        st = STATUS_OK;
    }
    buf_free(&json);
    return st;
}

enum status queue_status(struct command_call *call)
{
    const struct queue_args *args = call->args;
    struct queue_state state = { 0 };
    enum status st = queue_state(args->queue, &state);

    if (st != STATUS_OK)
        return queue_failed("status", st);
    if (call->json)
        return print_json(call->config.queue_directory, &state);
    print_table(call->config.queue_directory, &state);
    return STATUS_OK;
}
