/* Structured log: one JSON object a line, one write a line.
 *
 * Field names are those of the Elastic Common Schema and OpenTelemetry. Control characters are escaped, so no value can forge
 * a line. Left to the callers: never to pass a body, a value of an event, a query string or a secret. */
#ifndef SYNCHRONY_BASE_LOG_H
#define SYNCHRONY_BASE_LOG_H

#include <stdint.h>

#include "base/bytes.h"
#include "base/status.h"

/* A member of a log line: text, or a number where text is absent. */
struct log_field {
    const char *name;
    struct bytes text;
    int64_t number;
};

struct log_field log_text(const char *name, struct bytes text);
struct log_field log_number(const char *name, int64_t number);

/* Lines below level are dropped. Default: info. Not to be called while other threads log. */
void log_set_level(enum log_level level);

/* Are lines of this level written? */
bool log_is_on(enum log_level level);

/* Where lines go from now on: "", standard error, which every host of the responder collects; an absolute path, of a file that is opened
 * anew within a second when it was rotated; "journal", systemd's, or "journal:" with the path of its socket. Not to be called while other
 * threads log. */
void log_open(const char *target);

/* Writes one line. One that cannot be written at once, or is longer than 4,096 bytes, is lost, and counted: logging neither fails nor holds
 * up its caller. The next line that can be written is preceded by one that tells how many were lost. */
void log_line(enum log_level level, const char *message, const struct log_field *fields, size_t n);

/* LOG(WARN, "reads are open", log_text("file", path)): at least one field. */
#define LOG(level, message, ...)                                                      \
    log_line(LOG_LEVEL_##level, (message), (const struct log_field[]){ __VA_ARGS__ }, \
             sizeof((const struct log_field[]){ __VA_ARGS__ }) / sizeof(struct log_field))

#endif
