#include "base/log.h"

#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/utf8.h"

enum { LINE_MAX_BYTES = 4096, TEXT_MAX_BYTES = 1024 };

static const char *const level_names[] = {
    [LOG_LEVEL_DEBUG] = "debug",
    [LOG_LEVEL_INFO] = "info",
    [LOG_LEVEL_WARN] = "warn",
    [LOG_LEVEL_ERROR] = "error",
};
_Static_assert(sizeof level_names / sizeof level_names[0] == LOG_LEVEL_COUNT, "a name for each level");

static enum log_level threshold = LOG_LEVEL_INFO;

void log_set_level(enum log_level level)
{
    threshold = level;
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

static void add_time_stamp(struct buf *line)
{
    int64_t now_us = clock_now_us();
    time_t seconds = (time_t)(now_us / 1000000);
    struct tm utc;
    char text[32];

    gmtime_r(&seconds, &utc);
    strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &utc);
    buf_add_format(line, "{\"@timestamp\":\"%s.%06dZ\"", text, (int)(now_us % 1000000));
}

void log_line(enum log_level level, const char *message, const struct log_field *fields, size_t n)
{
    struct buf line = buf_new(LINE_MAX_BYTES);

    if (level < threshold)
        return;
    add_time_stamp(&line);
    buf_add_format(&line, ",\"log.level\":\"%s\",\"message\":", level_names[level]);
    buf_add_json(&line, bytes_of(message));
    buf_add_text(&line, ",\"service.name\":\"synchrony\"");
    buf_add_format(&line, ",\"process.pid\":%ld", (long)getpid());
    for (size_t i = 0; i < n; i++) {
        buf_add_format(&line, ",\"%s\":", fields[i].name);
        if (fields[i].text.p)
            buf_add_json(&line, fields[i].text);
        else
            buf_add_format(&line, "%lld", (long long)fields[i].number);
    }
    buf_add(&line, BYTES("}\n"));
    if (!line.failed && write(STDERR_FILENO, line.p, line.len) < 0) {
        /* There is nobody left to tell. */
    }
    buf_free(&line);
}
