/* The line that the log has of a request: all that is known of it, and nothing that a client has sent but what names the request.
 *
 * Failures are always logged. Of what succeeds the processes of a host together log log_successes_per_s lines a second at most, the
 * first that come: at a quiet site every request, at a busy one as many as the disk and the reader can do with. Left to others: levels,
 * and where lines go (base/log). */
#ifndef SYNCHRONY_APP_ACCESS_LOG_H
#define SYNCHRONY_APP_ACCESS_LOG_H

#include "app/call.h"

/* Writes the line of a call that is over, if it is to have one. */
void access_log_note(const struct call *call, enum status st, bool is_broken, int64_t duration_ns, int64_t now_ns);

#endif
