/* An event of the durable queue as a line of NDJSON, as `synchrony queue export` writes it and `import` reads it:
 *
 *   {"event_id":"…","occurred_at":"…","received_at":"…","event_type":"…","session_id":"…","properties":{…}}
 *
 * and of the quarantine "reason" and "quarantined_at" besides. Times are RFC 3339 with microseconds; one that RFC 3339 cannot say (a year
 * of more than four digits) is a whole number of microseconds since 1970. Left to others: files, the queue. */
#ifndef SYNCHRONY_CTL_QUEUE_LINE_H
#define SYNCHRONY_CTL_QUEUE_LINE_H

#include "base/arena.h"
#include "base/bytes.h"
#include "base/status.h"
#include "model/event.h"
#include "model/problem.h"
#include "model/scrub.h"
#include "store/queue.h"

enum {
    QUEUE_LINE_EVENT_MAX_BYTES = 16 * 1024 * 1024,                 /* the most that event_max_bytes may be set to */
    QUEUE_LINE_MAX_BYTES = QUEUE_LINE_EVENT_MAX_BYTES + 64 * 1024, /* with the identity, and every byte of the key escaped */
    QUEUE_LINE_TIME_BYTES = 32
};

/* Writes a time as JSON, with its quotes where it is a string, and a NUL. */
void queue_line_format_time(int64_t us, char text[QUEUE_LINE_TIME_BYTES]);

/* Appends a record's line, with the line's end. A line feed within properties, which can only be white space there, becomes a blank. */
void queue_line_write(const struct queue_record *record, struct buf *line);

/* Reads a line, without its end, in any order of its members.
 *
 * scrubber  takes out of the event what it takes out of a posted one.
 * line      there must be a byte behind it, whatever it is.
 * event     on STATUS_OK all of it is set, of arena and line. It is judged as a posted one by the widest limits that can be configured, for
 *           it was accepted once.
 * Returns STATUS_INVALID_JSON, STATUS_UNREPRESENTABLE, STATUS_LIMIT, STATUS_INVALID_EVENT, STATUS_TOO_LARGE, STATUS_SENSITIVE or
 *         STATUS_MISSING_FIELDS with the reason in problem; STATUS_NO_MEMORY, STATUS_INTERNAL. */
enum status queue_line_read(struct scrubber *scrubber, struct bytes line, struct document_reader *reader, struct arena *arena,
                            struct event *event, struct problem *problem) MUST_USE;

#endif
