/* The durable queue: events that PostgreSQL cannot take now wait in a file of the host until it can. The only door to SQLite.
 *
 * Every process of a host shares the one file. What was put is on disk when the call returns, and stays until it is settled. A file
 * that is damaged is set aside and a new one begun; nothing is deleted unread. A file that cannot be used is tried again at each call,
 * so what an administrator mends is used without a restart. Left to others: when to queue (app/delivery), when to replay (app/replay).
 *
 * Threads may share a handle: its calls take turns. A handle is of one process: not to be carried over a fork. Every call but
 * queue_open may return
 *   STATUS_BUSY         other writers held the file for longer than busy_timeout_ms, or this handle has a batch open
 *   STATUS_NO_ROOM      max_bytes or the disk is full: nothing was changed
 *   STATUS_NOT_SET_UP   the directory or the file is missing, read-only, another user's, not a queue, or of a newer release
 *   STATUS_UNAVAILABLE  the disk fails. What was to be written is in all likelihood not written, but may be
 *   STATUS_NO_MEMORY, STATUS_INTERNAL
 * and then has changed nothing but where it says so. The log has a line when this begins, each minute while it lasts, and when it ends. */
#ifndef SYNCHRONY_STORE_QUEUE_H
#define SYNCHRONY_STORE_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/status.h"
#include "model/event.h"
#include "model/uuid.h"

struct queue;

struct queue_options {
    const char *directory; /* holds queue.db, queue.lock, queue.reserve; for this user alone. Copied. */
    const char *vfs;       /* by which SQLite reaches files; NULL: its own. For tests. Borrowed. */
    size_t max_bytes; /* of the file, what is quarantined included; its log takes some MiB besides. Holds for puts and batches. */
    size_t reserve_bytes; /* kept allocated, and given up where records cannot be removed for want of room; 0: none */
    int busy_timeout_ms;  /* how long to wait for other writers */
};

/* A handle; touches no file yet. Returns STATUS_NO_MEMORY, or STATUS_CONFIG for a path that is too long. */
enum status queue_open(struct queue **queue, const struct queue_options *options) MUST_USE;

/* Gives up an open batch and the lead. NULL is nothing to close. */
void queue_close(struct queue *queue);

/* ---- putting ---- */

/* Writes n accepted events behind all that are there, all or none, and returns STATUS_OK once they are on disk. n may be 0. */
enum status queue_put(struct queue *queue, struct event *const *events, size_t n) MUST_USE;

/* ---- replaying ---- */

/* An event in the queue or the quarantine. */
struct queue_record {
    int64_t seq;         /* its place; none is ever given twice */
    struct event event;  /* with all of its identity; verdict is STATUS_OK and is_duplicate false until the caller says otherwise */
    bool has_batch;      /* it came by queue_batch_add */
    struct bytes reason; /* of the quarantine: the code word of a status; else absent */
    int64_t quarantined_at_us;
};

/* Makes this handle the one that replays, among all of the host. Returns STATUS_BUSY where one does already, this one included. The lead
 * ends with queue_unlead, queue_close or the process, however that ends. */
enum status queue_lead(struct queue *queue) MUST_USE;
void queue_unlead(struct queue *queue);

/* Is there nothing to replay, or nothing that can be read? Cheap enough to be asked several times a second. */
bool queue_is_empty(struct queue *queue);

/* Reads the oldest records behind after_seq (0: from the first), in order; they stay.
 *
 * max_bytes  of their texts together; the first is read whatever its size.
 * records    of arena, as is what they point to; *n ≤ max_records, 0 where there are none.
 * Returns STATUS_NO_MEMORY also where arena is too small. */
enum status queue_peek(struct queue *queue, int64_t after_seq, size_t max_records, size_t max_bytes, struct arena *arena,
                       struct queue_record **records, size_t *n) MUST_USE;

/* Takes out of the queue what is done with, in one transaction, after PostgreSQL's COMMIT was seen. By each record's event.verdict:
 *   STATUS_OK                        it is removed
 *   one that blames the event (4xx)  it moves to the quarantine; of a batch it becomes an error, too
 *   any other                        it stays
 * The batches' counts follow. An event that counts as a duplicate may have been stored by the very replay whose outcome was not learnt:
 * is_duplicate says that PostgreSQL had it, not who brought it.
 *
 * Where room is lacking the reserve is given up; max_bytes is no bound here. With the last record the disk space is given back.
 * Records that are no longer there are passed over. Returns STATUS_INTERNAL where this handle does not lead. */
enum status queue_settle(struct queue *queue, const struct queue_record *records, size_t n) MUST_USE;

/* ---- what there is ---- */

struct queue_state {
    uint64_t records;
    uint64_t quarantined;
    uint64_t bytes; /* of the file that are in use */
    uint64_t max_bytes;
    int64_t oldest_received_at_us; /* of the first record; 0 where there is none */
};

/* Costs the same for one record and for a million. *state is written on STATUS_OK only. */
enum status queue_state(struct queue *queue, struct queue_state *state) MUST_USE;

/* ---- batches on request ---- */

/* Begins a batch: one transaction that queue_batch_commit or queue_batch_abort ends. Meanwhile no other handle can write (each waits for
 * its busy_timeout_ms), so the whole body must be at hand, and other calls on this handle are STATUS_BUSY: a batch wants a handle and a
 * thread of its own. Returns STATUS_CONFLICT where id is taken. */
enum status queue_batch_begin(struct queue *queue, const struct uuid *id, int64_t now_us) MUST_USE;

/* Adds the event of the posted array's index, or the error that stands in its place. pointer may be absent. Each index once.
 * Where either fails the batch is given up, and each further call on it fails alike. */
enum status queue_batch_add(struct queue *queue, size_t index, const struct event *event) MUST_USE;
enum status queue_batch_reject(struct queue *queue, size_t index, struct bytes code, struct bytes error,
                               struct bytes pointer) MUST_USE;

/* Returns STATUS_OK once the batch is on disk. received is how many were added and rejected; where it is not, nothing is written and
 * the status is STATUS_INTERNAL. */
enum status queue_batch_commit(struct queue *queue, size_t received) MUST_USE;

/* Gives up the batch that is open, if one is. */
void queue_batch_abort(struct queue *queue);

enum queue_batch_state {
    QUEUE_BATCH_QUEUED,     /* nothing of it has been replayed yet */
    QUEUE_BATCH_PROCESSING, /* some of it has */
    QUEUE_BATCH_DONE
};

struct queue_batch {
    enum queue_batch_state state;
    uint64_t received; /* the sum of the next four */
    uint64_t inserted;
    uint64_t duplicates; /* see queue_settle */
    uint64_t rejected;   /* each has an error */
    uint64_t pending;
    int64_t created_at_us;
    int64_t done_at_us; /* 0 until then */
};

struct queue_batch_error {
    size_t index;
    struct bytes code;
    struct bytes error;
    struct bytes pointer; /* absent where there is none */
};

/* Returns STATUS_NOT_FOUND where there is no such batch. */
enum status queue_batch_read(struct queue *queue, const struct uuid *id, struct queue_batch *batch) MUST_USE;

/* Reads errors behind after_index (-1: from the first), in order of index. errors are of arena; *n ≤ max. Statuses as
 * queue_batch_read. */
enum status queue_batch_errors(struct queue *queue, const struct uuid *id, int64_t after_index, size_t max, struct arena *arena,
                               struct queue_batch_error **errors, size_t *n) MUST_USE;

/* Removes batches that were done before before_us, with their errors, in steps between which others can write. */
enum status queue_batches_expire(struct queue *queue, int64_t before_us) MUST_USE;

/* ---- the quarantine ---- */

/* Reads what is quarantined, as queue_peek does what is queued. */
enum status queue_quarantine_peek(struct queue *queue, int64_t after_seq, size_t max_records, size_t max_bytes, struct arena *arena,
                                  struct queue_record **records, size_t *n) MUST_USE;

/* Moves records of the quarantine behind all that is queued, all or none; they are of no batch any more. Those that are not there are
 * passed over. */
enum status queue_requeue(struct queue *queue, const struct queue_record *records, size_t n) MUST_USE;

/* Deletes records of the quarantine, all or none: only after they were brought elsewhere. */
enum status queue_quarantine_remove(struct queue *queue, const struct queue_record *records, size_t n) MUST_USE;

#endif
