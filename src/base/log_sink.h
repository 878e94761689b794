/* Where lines of the log go: standard error, a file, or systemd's journal. Part of base/log.
 *
 * A sink that takes no more (a full disk, a pipe that nobody reads) never holds up who writes: the line is dropped and counted. */
#ifndef SYNCHRONY_BASE_LOG_SINK_H
#define SYNCHRONY_BASE_LOG_SINK_H

#include <stdint.h>

#include "base/bytes.h"

/* Chooses the sink: see log_open. */
void log_sink_open(const char *target);

/* Writes one line in one call of the system. text is a line feed, which ends what was cut short before and is else left out, and the line
 * with its own line feed. priority is that of syslog(3). Returns false where it was lost. */
bool log_sink_write(struct bytes text, int priority);

#endif
