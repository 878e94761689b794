#include "app/replay.h"

#include "app/group.h"
#include "base/clock.h"
#include "base/entropy.h"
#include "base/log.h"
#include "base/metrics.h"
#include "store/readiness.h"

enum {
    PAUSE_MS = 200,           /* between two looks of who leads, or at a database that is away */
    FOLLOWER_PAUSE_MS = 1000, /* of who does not lead */
    EXPIRE_EVERY_MS = 60000
};

/* ---- a portion ---- */

/* A failure that nobody can explain is the record's own only where another of its portion could be stored; else it is everybody's. */
static void judge_unexplained(struct db *db, struct event **events, size_t n, struct arena *arena)
{
    bool any_stored = false;

    for (size_t i = 0; i < n; i++) {
        group_write(db, &events[i], 1, arena);
        any_stored |= events[i]->verdict == STATUS_OK;
    }
    for (size_t i = 0; i < n; i++) {
        if (any_stored && events[i]->verdict == STATUS_INTERNAL)
            events[i]->verdict = STATUS_UNPROCESSABLE;
    }
}

static enum status write_records(struct db *db, struct queue_record *records, size_t n, struct arena *arena)
{
    struct event **events = arena_alloc_array(arena, n, sizeof *events);
    enum status st = STATUS_OK;

    if (!events)
        return STATUS_NO_MEMORY;
    for (size_t i = 0; i < n; i++)
        events[i] = &records[i].event;
    group_write(db, events, n, arena);
    if (events[0]->verdict == STATUS_INTERNAL)
        judge_unexplained(db, events, n, arena);
    for (size_t i = 0; i < n; i++) {
        if (events[i]->verdict != STATUS_OK && events[i]->verdict != STATUS_UNPROCESSABLE)
            st = events[i]->verdict;
    }
    return st;
}

static void count(const struct queue_record *records, size_t n, struct replay_progress *progress)
{
    uint64_t stored = 0, quarantined = 0;

    for (size_t i = 0; i < n; i++) {
        stored += records[i].event.verdict == STATUS_OK;
        quarantined += records[i].event.verdict == STATUS_UNPROCESSABLE;
    }
    metrics_add(METRIC_1(QUEUE_REPLAYED, METRIC_REPLAY_STORED), stored);
    metrics_add(METRIC_1(QUEUE_REPLAYED, METRIC_REPLAY_QUARANTINED), quarantined);
    progress->stored += stored;
    progress->quarantined += quarantined;
}

enum status replay_portion(struct queue *queue, struct db *db, struct arena *arena, struct replay_progress *progress)
{
    struct queue_record *records;
    size_t n;
    enum status st = queue_peek(queue, 0, REPLAY_EVENTS, REPLAY_BYTES, arena, &records, &n);

    progress->database = STATUS_OK;
    if (st == STATUS_OK && n == 0)
        st = STATUS_END;
    if (st == STATUS_OK) {
        progress->database = write_records(db, records, n, arena);
        st = queue_settle(queue, records, n);
    }
    if (st == STATUS_OK)
        count(records, n, progress);
    metrics_add(METRIC_QUEUE_ERRORS, st != STATUS_OK && st != STATUS_END);
    arena_reset(arena);
    return st == STATUS_OK ? progress->database : st;
}

/* ---- the thread ---- */

struct replayer {
    struct delivery *delivery;
    struct queue *queue; /* NULL: none */
    struct db *db;
    struct bell *bell;
    struct arena arena;
    struct entropy entropy;
    struct replay_progress progress; /* since the queue was empty */
    bool leads;
    int64_t expire_ms; /* when batches are to be expired next */
};

/* Waits from ms to twice that: what failed for many processes at once is not tried again by all at once. */
static void pause_for(struct replayer *replayer, int ms)
{
    uint16_t random;

    if (entropy_take(&replayer->entropy, &random, sizeof random) != STATUS_OK)
        random = 0;
    (void)bell_wait(replayer->bell, ms + random % ms);
}

static void probe(struct replayer *replayer)
{
    enum status st = readiness_check(replayer->db);

    if (st == STATUS_OK)
        delivery_restore(replayer->delivery);
    if (!replayer->leads)
        db_disconnect(replayer->db); /* a host may have many processes */
}

static void log_progress(struct replayer *replayer)
{
    if (!replayer->progress.stored && !replayer->progress.quarantined)
        return;
    LOG(INFO, "the queue has been replayed", log_number("synchrony.events", (int64_t)replayer->progress.stored),
        log_number("synchrony.quarantined", (int64_t)replayer->progress.quarantined));
    replayer->progress = (struct replay_progress){ 0 };
}

/* Replays until the queue is empty or something is in the way. */
static void replay(struct replayer *replayer)
{
    enum status st = STATUS_OK;

    while (st == STATUS_OK && bell_goes_on(replayer->bell))
        st = replay_portion(replayer->queue, replayer->db, &replayer->arena, &replayer->progress);
    if (st == STATUS_END)
        log_progress(replayer);
    if (replayer->progress.database == STATUS_UNAVAILABLE || replayer->progress.database == STATUS_NOT_SET_UP)
        delivery_trip(replayer->delivery);
}

/* What fails is tried again the next time; the queue has logged it. */
static void expire_batches(struct replayer *replayer)
{
    replayer->expire_ms = clock_monotonic_ms() + EXPIRE_EVERY_MS;
    if (queue_batches_expire(replayer->queue, clock_now_us() - replayer->delivery->batch_retention_us) != STATUS_OK)
        replayer->expire_ms += EXPIRE_EVERY_MS;
}

/* Who cannot reach the database leads nobody: another process may, or an operator who brings the records elsewhere. */
static void lead_or_not(struct replayer *replayer)
{
    bool is_down = delivery_is_down(replayer->delivery);

    if (replayer->leads && is_down)
        queue_unlead(replayer->queue);
    replayer->leads = !is_down && replayer->queue && (replayer->leads || queue_lead(replayer->queue) == STATUS_OK);
}

static int look(struct replayer *replayer)
{
    if (delivery_is_down(replayer->delivery))
        probe(replayer);
    lead_or_not(replayer);
    if (replayer->leads && clock_monotonic_ms() >= replayer->expire_ms)
        expire_batches(replayer);
    if (replayer->leads && !queue_is_empty(replayer->queue))
        replay(replayer);
    return replayer->leads || delivery_is_down(replayer->delivery) ? PAUSE_MS : FOLLOWER_PAUSE_MS;
}

void replay_run(struct delivery *delivery, struct queue *queue, struct db *db, struct bell *bell)
{
    struct replayer replayer = {
        .delivery = delivery, .queue = queue, .db = db, .bell = bell, .arena = arena_new(REPLAY_ARENA_BYTES)
    };

    atomic_store(&delivery->is_watched, true);
    while (bell_goes_on(bell))
        pause_for(&replayer, look(&replayer));
    atomic_store(&delivery->is_watched, false);
    delivery_restore(delivery);
    if (replayer.leads)
        queue_unlead(queue);
    arena_free(&replayer.arena);
}
