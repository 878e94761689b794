#include "base/log.h"

#include <stdatomic.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log_sink.h"
#include "base/metrics.h"
#include "base/utf8.h"

enum { LINE_MAX_BYTES = 4096, TEXT_MAX_BYTES = 1024 };

static const char *const level_names[] = {
    [LOG_LEVEL_DEBUG] = "debug",
    [LOG_LEVEL_INFO] = "info",
    [LOG_LEVEL_WARN] = "warn",
    [LOG_LEVEL_ERROR] = "error",
};
_Static_assert(sizeof level_names / sizeof level_names[0] == LOG_LEVEL_COUNT, "a name for each level");

static const int priorities[] = {
    [LOG_LEVEL_DEBUG] = LOG_DEBUG,
    [LOG_LEVEL_INFO] = LOG_INFO,
    [LOG_LEVEL_WARN] = LOG_WARNING,
    [LOG_LEVEL_ERROR] = LOG_ERR,
};

static _Atomic uint64_t n_lost; /* lines, since one told of them */

static enum log_level threshold = LOG_LEVEL_INFO;

void log_set_level(enum log_level level)
{
    threshold = level;
}

bool log_is_on(enum log_level level)
{
    return level >= threshold;
}

void log_open(const char *target)
{
    log_sink_open(target);
}

struct log_field log_text(const char *name, struct bytes text)
{
    if (!text.p)
        text = BYTES("");
    return (struct log_field){ .name = name, .text = utf8_cut(text, TEXT_MAX_BYTES) };
}

struct log_field log_number(const char *name, int64_t number)
{
    return (struct log_field){ .name = name, .number = number };
}

/* 2026-11-22T19:00:00: made once a second. */
static struct bytes seconds_text(int64_t now_s)
{
    static _Thread_local int64_t made_s = -1;
    static _Thread_local char text[24];
    static _Thread_local size_t len;

    if (now_s != made_s) {
        struct tm utc;
        time_t seconds = (time_t)now_s;
        gmtime_r(&seconds, &utc);
        len = strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &utc);
        made_s = now_s;
    }
    return (struct bytes){ text, len };
}

static void add_number(struct buf *line, int64_t number)
{
    char digits[20];
    size_t at = sizeof digits;
    uint64_t left = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;

    if (number < 0)
        buf_add(line, BYTES("-"));
    do
        digits[--at] = (char)('0' + left % 10);
    while (left /= 10);
    buf_add(line, (struct bytes){ digits + at, sizeof digits - at });
}

/* .000001: formatting by printf would cost as much as all the rest of a line's head. */
static void add_micros(struct buf *line, int64_t micros)
{
    char text[] = { '.', '0', '0', '0', '0', '0', '0' };

    for (size_t at = sizeof text - 1; micros; micros /= 10)
        text[at--] = (char)('0' + micros % 10);
    buf_add(line, (struct bytes){ text, sizeof text });
}

static void add_head(struct buf *line, enum log_level level, const char *message)
{
    int64_t now_us = clock_now_us();

    buf_add(line, BYTES("\n{\"@timestamp\":\""));
    buf_add(line, seconds_text(now_us / 1000000));
    add_micros(line, now_us % 1000000);
    buf_add(line, BYTES("Z\",\"log.level\":\""));
    buf_add_text(line, level_names[level]);
    buf_add(line, BYTES("\",\"message\":"));
    buf_add_json(line, bytes_of(message));
    buf_add(line, BYTES(",\"service.name\":\"synchrony\",\"process.pid\":"));
    add_number(line, (int64_t)getpid());
}

static void add_field(struct buf *line, const struct log_field *field)
{
    buf_add(line, BYTES(",\""));
    buf_add_text(line, field->name);
    buf_add(line, BYTES("\":"));
    if (field->text.p)
        buf_add_json(line, field->text);
    else
        add_number(line, field->number);
}

/* Returns false where it was lost. */
static bool write_line(enum log_level level, const char *message, const struct log_field *fields, size_t n)
{
    char memory[LINE_MAX_BYTES + 2];
    struct buf line = buf_in(memory, sizeof memory);

    add_head(&line, level, message);
    for (size_t i = 0; i < n; i++)
        add_field(&line, &fields[i]);
    buf_add(&line, BYTES("}\n"));
    return !line.failed && log_sink_write(buf_bytes(&line), priorities[level]);
}

static void lose(uint64_t n)
{
    metrics_add(METRIC_LOG_DROPPED, n);
    atomic_fetch_add(&n_lost, n);
}

/* Tells of lines that were lost, as soon as one can be written again. */
static void confess(void)
{
    uint64_t n = atomic_exchange(&n_lost, 0);
    const struct log_field field = log_number("synchrony.lines", (int64_t)n);

    if (n && !write_line(LOG_LEVEL_WARN, "lines of the log were lost", &field, 1))
        atomic_fetch_add(&n_lost, n);
}

void log_line(enum log_level level, const char *message, const struct log_field *fields, size_t n)
{
    if (level < threshold)
        return;
    if (atomic_load_explicit(&n_lost, memory_order_relaxed))
        confess();
    if (!write_line(level, message, fields, n))
        lose(1);
}
