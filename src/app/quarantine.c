#include "app/quarantine.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/utf8.h"

enum {
    WAITING_MAX = 1000,
    WAITING_MAX_BYTES = 4 * 1024 * 1024,
    BUCKETS = 256, /* types and reasons whose hashes meet share one */
    ALL_FACTOR = 10,
    PRUNE_EVERY_MS = 60000,
    PRUNE_PIECES = 20,
    US_PER_S = 1000000
};

/* How many came in the present second. */
struct bucket {
    int64_t second;
    size_t n;
};

/* One that waits: a copy, whose texts stand behind it. */
struct waiting {
    struct rejected_event rejected;
    size_t size_bytes;
    char texts[];
};

struct quarantine {
    struct quarantine_options options;
    struct bell *bell; /* NULL: nobody waits */
    pthread_mutex_t lock;
    struct waiting *waiting[WAITING_MAX];
    _Atomic size_t n_waiting;
    size_t waiting_bytes;
    struct bucket buckets[BUCKETS];
    struct bucket all;
    int64_t prune_ms;
};

struct quarantine *quarantine_new(const struct quarantine_options *options)
{
    struct quarantine *quarantine = calloc(1, sizeof *quarantine);

    if (!quarantine)
        return NULL;
    quarantine->options = *options;
    pthread_mutex_init(&quarantine->lock, NULL);
    return quarantine;
}

void quarantine_free(struct quarantine *quarantine)
{
    if (!quarantine)
        return;
    for (size_t i = 0; i < quarantine->n_waiting; i++)
        free(quarantine->waiting[i]);
    pthread_mutex_destroy(&quarantine->lock);
    free(quarantine);
}

void quarantine_watch(struct quarantine *quarantine, struct bell *bell)
{
    quarantine->bell = bell;
}

/* ---- sampling ---- */

static bool has_room(struct bucket *bucket, int64_t second, size_t rate)
{
    if (bucket->second != second)
        *bucket = (struct bucket){ .second = second };
    return bucket->n < rate;
}

/* With the lock. */
static bool is_sampled(struct quarantine *quarantine, const struct rejected_event *rejected, int64_t now_us)
{
    uint64_t hash = hash_fnv1a(rejected->event.event_type) * 31 + hash_fnv1a(rejected->reason);
    struct bucket *bucket = &quarantine->buckets[(hash ^ hash >> 32) % BUCKETS];
    int64_t second = now_us / US_PER_S;
    size_t rate = quarantine->options.rate;

    if (!has_room(bucket, second, rate) || !has_room(&quarantine->all, second, ALL_FACTOR * rate))
        return false;
    bucket->n++;
    quarantine->all.n++;
    return true;
}

static void drop(const char *reason, size_t n)
{
    metrics_add(METRIC_1(QUARANTINE_DROPPED, metrics_label(METRIC_LABEL_REASON, bytes_of(reason))), n);
}

/* ---- laying aside ---- */

enum { TEXTS = 7 };

/* The texts of a rejected event, absent ones too. */
static void texts_of(struct rejected_event *rejected, struct bytes *texts[TEXTS])
{
    struct bytes *const all[TEXTS] = { &rejected->event.event_type, &rejected->event.session_id, &rejected->event.properties,
                                       &rejected->reason,           &rejected->pointer,          &rejected->keyword,
                                       &rejected->violations };

    memcpy(texts, all, sizeof all);
}

/* Returns NULL without memory. */
static struct waiting *copy(const struct rejected_event *rejected, size_t payload_max_bytes)
{
    struct rejected_event cut = *rejected;
    struct bytes *texts[TEXTS];
    size_t len = 0, at = 0;

    cut.size_bytes = rejected->event.properties.len;
    cut.is_cut = cut.size_bytes > payload_max_bytes;
    cut.event.properties = utf8_cut(rejected->event.properties, payload_max_bytes);
    texts_of(&cut, texts);
    for (int i = 0; i < TEXTS; i++)
        len += texts[i]->len;
    struct waiting *waiting = malloc(sizeof *waiting + len + 1);
    if (!waiting)
        return NULL;
    waiting->rejected = cut;
    waiting->size_bytes = sizeof *waiting + len;
    texts_of(&waiting->rejected, texts);
    for (int i = 0; i < TEXTS; i++) {
        if (texts[i]->p)
            texts[i]->p = memcpy(waiting->texts + at, texts[i]->p, texts[i]->len);
        at += texts[i]->len;
    }
    return waiting;
}

/* With the lock. Returns why it was not taken; NULL: it was. */
static const char *take(struct quarantine *quarantine, const struct rejected_event *rejected, struct uuid id, int64_t now_us)
{
    if (!is_sampled(quarantine, rejected, now_us))
        return "sampled";
    if (quarantine->n_waiting == WAITING_MAX || quarantine->waiting_bytes > WAITING_MAX_BYTES)
        return "full";
    struct waiting *waiting = copy(rejected, quarantine->options.payload_max_bytes);
    if (!waiting)
        return "full";
    waiting->rejected.rejection_id = id;
    quarantine->waiting_bytes += waiting->size_bytes;
    quarantine->waiting[quarantine->n_waiting++] = waiting;
    if (quarantine->bell && quarantine->n_waiting == 1)
        bell_ring(quarantine->bell);
    return NULL;
}

bool quarantine_add(struct quarantine *quarantine, const struct rejected_event *rejected, int64_t now_us,
                    const unsigned char random[UUID_RANDOM_BYTES])
{
    if (!quarantine->options.max_rows)
        return false;
    struct uuid id = uuid_v7(now_us, random);
    pthread_mutex_lock(&quarantine->lock);
    const char *why_not = take(quarantine, rejected, id, now_us);
    pthread_mutex_unlock(&quarantine->lock);
    if (why_not)
        drop(why_not, 1);
    return !why_not;
}

/* ---- writing ---- */

bool quarantine_is_waiting(struct quarantine *quarantine)
{
    return atomic_load_explicit(&quarantine->n_waiting, memory_order_relaxed) > 0;
}

/* Takes all that wait. */
static size_t take_all(struct quarantine *quarantine, struct waiting *taken[WAITING_MAX])
{
    pthread_mutex_lock(&quarantine->lock);
    size_t n = quarantine->n_waiting;
    memcpy(taken, quarantine->waiting, n * sizeof *taken);
    quarantine->n_waiting = 0;
    quarantine->waiting_bytes = 0;
    pthread_mutex_unlock(&quarantine->lock);
    return n;
}

/* What the database can never hold shall not take the others with it: halves are tried on their own. */
static void write_all(struct db *db, const struct rejected_event *const *events, size_t n)
{
    enum status st = db ? rejected_event_write(db, events, n) : STATUS_UNAVAILABLE;

    if (st == STATUS_UNPROCESSABLE && n > 1) {
        write_all(db, events, n / 2);
        write_all(db, events + n / 2, n - n / 2);
        return;
    }
    if (st != STATUS_OK)
        drop("database", n);
    for (size_t i = 0; i < n && st == STATUS_OK; i++)
        metrics_add(METRIC_1(QUARANTINED, metrics_label(METRIC_LABEL_REASON, events[i]->reason)), 1);
}

void quarantine_flush(struct quarantine *quarantine, struct db *db)
{
    struct waiting *taken[WAITING_MAX];
    const struct rejected_event *events[WAITING_MAX];
    size_t n = take_all(quarantine, taken);

    for (size_t i = 0; i < n; i++)
        events[i] = &taken[i]->rejected;
    if (n)
        write_all(db, events, n);
    for (size_t i = 0; i < n; i++)
        free(taken[i]);
}

void quarantine_prune(struct quarantine *quarantine, struct db *db, int64_t now_ms)
{
    size_t n = REJECTED_EVENT_PIECE, removed = 0;
    enum status st = STATUS_OK;

    if (now_ms < quarantine->prune_ms)
        return;
    quarantine->prune_ms = now_ms + PRUNE_EVERY_MS;
    for (int i = 0; i < PRUNE_PIECES && st == STATUS_OK && n == REJECTED_EVENT_PIECE; i++) {
        st = rejected_event_prune(db, quarantine->options.retention_s, quarantine->options.max_rows, &n);
        removed += n;
    }
    if (removed)
        LOG(INFO, "the quarantine was brought within its bounds", log_number("synchrony.events", (int64_t)removed));
}
