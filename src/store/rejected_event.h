/* The quarantine as it is kept: events that were refused, until they are replayed or their time is over.
 *
 * The responder's role can put events there and remove what is past its bounds, and read nothing. Left to others: which events are kept
 * (app/quarantine), taking them in after all (ctl/quarantine_replay). */
#ifndef SYNCHRONY_STORE_REJECTED_EVENT_H
#define SYNCHRONY_STORE_REJECTED_EVENT_H

#include "base/arena.h"
#include "model/event.h"
#include "store/row_report.h"

struct rejected_event {
    struct uuid rejection_id;
    struct event event;      /* as it would have been stored; properties: its payload, which may have been cut */
    struct bytes reason;     /* the code word of a status */
    struct bytes pointer;    /* of the first value at fault; absent: none is */
    struct bytes keyword;    /* that it failed; absent: none */
    struct bytes violations; /* a JSON array; absent: none */
    size_t schema_version;   /* 0: no schema refused it */
    size_t size_bytes;       /* of the payload before it was cut */
    bool is_cut;
};

/* Puts n of them, all or none. Putting one twice is putting it once. Statuses as db_run; also STATUS_NO_MEMORY. */
enum status rejected_event_write(struct db *db, const struct rejected_event *const *events, size_t n) MUST_USE;

enum { REJECTED_EVENT_PIECE = 1000 };

/* Removes up to REJECTED_EVENT_PIECE that are older than retention_s, or the oldest where there are more than max_rows. */
enum status rejected_event_prune(struct db *db, int retention_s, size_t max_rows, size_t *n_removed) MUST_USE;

/* ---- for an operator ---- */

/* Which ones: absent members are any. */
struct rejected_event_filter {
    struct bytes event_type;
    struct bytes reason;
    const char *since; /* RFC 3339; NULL: from the first */
};

/* Reads up to max that were not replayed, behind the one of after (NULL: from the first), in the order of their refusal. events is of the
 * arena, as is what they show; identity, key, payload, reason and is_cut are set. */
enum status rejected_event_read(struct db *db, const struct rejected_event_filter *filter, const struct uuid *after, size_t max,
                                struct arena *arena, struct rejected_event **events, size_t *n) MUST_USE;

/* Notes that they were taken in, by os_user; after the commit that stored them. */
enum status rejected_event_settle(struct db *db, struct bytes os_user, const struct uuid *rejection_ids, size_t n) MUST_USE;

/* A row of a list, or a line of one event: texts, the last of them all that there is as JSON. */
enum { REJECTED_EVENT_LIST_COLUMNS = 10, REJECTED_EVENT_GET_COLUMNS = 3 };

/* Reports up to max, newest first: rejection_id, time, type, reason, keyword, pointer, version, size, state, JSON. */
enum status rejected_event_list(struct db *db, const struct rejected_event_filter *filter, size_t max, row_reporter *report,
                                void *context) MUST_USE;

/* Reports all that is kept of one, if it is there: name, value, JSON. */
enum status rejected_event_get(struct db *db, const struct uuid *rejection_id, row_reporter *report, void *context) MUST_USE;

#endif
