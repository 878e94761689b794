#include "app/rate_limit.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "base/entropy.h"
#include "base/shared_file.h"
#include "base/siphash.h"

enum { FILE_VERSION = 1, OWN_SLOTS = RATE_SLOTS_PER_BUCKET - 1, ATTEMPTS = 8, COUNT_BITS = 48, S_PER_DAY = 24 * 60 * 60 };

#define NS_PER_S 1000000000u
#define COUNT_MAX ((UINT64_C(1) << COUNT_BITS) - 1)

struct slot {
    _Atomic uint64_t id;       /* of who has it, a hash; 0: nobody */
    _Atomic uint64_t tat_ns;   /* model/gcra.h */
    _Atomic uint64_t used;     /* a day, and how many events on it: one word, so that a new day begins at nought in one step */
    _Atomic uint64_t reported; /* likewise, what the database knows of them */
};

/* All slots but the last have one client each. The last is shared by those that find no other. */
struct bucket {
    struct slot slots[RATE_SLOTS_PER_BUCKET];
};

struct file {
    struct shared_file_header header;
    struct siphash_key secret; /* who does not know it cannot choose names that meet in a bucket */
    struct bucket buckets[];
};

struct rate_limit {
    struct file *file;
    bool is_shared;
    struct {
        struct bucket *buckets;
        uint64_t mask;
    } tables[RATE_TABLE_COUNT];
};

/* ---- the file ---- */

static void file_init(void *memory)
{
    struct file *file = memory;
    struct entropy entropy = { 0 };

    /* Without randomness the table still works, only not against who aims. */
    if (entropy_take(&entropy, &file->secret, sizeof file->secret) != STATUS_OK)
        file->secret.words[0] = (uint64_t)clock_now_us();
}

static size_t buckets_for(size_t slots)
{
    size_t n = 1;

    while (n * RATE_SLOTS_PER_BUCKET < slots)
        n *= 2;
    return n;
}

enum status rate_limit_open(struct rate_limit **limit, const char *run_directory, size_t address_slots)
{
    const size_t n[RATE_TABLE_COUNT] = { buckets_for(RATE_KEY_SLOTS), buckets_for(address_slots) };
    size_t size = sizeof(struct file) + (n[RATE_KEYS] + n[RATE_ADDRESSES]) * sizeof(struct bucket);
    struct rate_limit *made = calloc(1, sizeof *made);
    void *memory = NULL;

    *limit = made;
    if (!made)
        return STATUS_NO_MEMORY;
    if (*run_directory)
        made->is_shared = shared_file_map(run_directory, "limits", FILE_VERSION, size, file_init, &memory) == STATUS_OK;
    if (!made->is_shared) {
        memory = calloc(1, size);
        if (!memory) {
            rate_limit_close(made);
            *limit = NULL;
            return STATUS_NO_MEMORY;
        }
        file_init(memory);
    }
    made->file = memory;
    made->tables[RATE_KEYS].buckets = made->file->buckets;
    made->tables[RATE_ADDRESSES].buckets = made->file->buckets + n[RATE_KEYS];
    for (int i = 0; i < RATE_TABLE_COUNT; i++)
        made->tables[i].mask = n[i] - 1;
    return STATUS_OK;
}

void rate_limit_close(struct rate_limit *limit)
{
    if (limit && !limit->is_shared)
        free(limit->file);
    free(limit);
}

struct rate_time rate_time_now(void)
{
    struct timespec now;
    uint64_t seconds = (uint64_t)(clock_now_us() / 1000000);

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (struct rate_time){
        .now_ns = (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec,
        .day = seconds / S_PER_DAY,
        .day_left_s = S_PER_DAY - seconds % S_PER_DAY,
    };
}

/* ---- a slot's words ---- */

static uint64_t word_of(uint64_t day, uint64_t count)
{
    return day << COUNT_BITS | (count > COUNT_MAX ? COUNT_MAX : count);
}

/* What the word counts on the day: nothing, if it is another day's. */
static uint64_t count_on(uint64_t word, uint64_t day)
{
    return word >> COUNT_BITS == (day & UINT16_MAX) ? word & COUNT_MAX : 0;
}

/* May another client have it? */
static bool is_idle(struct slot *slot, const struct rate_time *time)
{
    return atomic_load(&slot->tat_ns) <= time->now_ns && count_on(atomic_load(&slot->used), time->day) == 0;
}

static void raise(_Atomic uint64_t *word, uint64_t to)
{
    uint64_t is = atomic_load(word);

    while (is < to && !atomic_compare_exchange_weak(word, &is, to)) {
        /* until it is as much, by whomever */
    }
}

/* Takes what an idle slot's last owner has left, and with it what was run up in the shared slot, by whomever. That comes first: another
 * process that finds the new owner's name must find its debt. (What the last owner asks for in this very instant falls on the new one.)
 * Returns false where somebody was faster. */
static bool take_over(struct slot *slot, uint64_t id, const struct slot *shared, uint64_t day)
{
    uint64_t last_id = atomic_load(&slot->id);
    uint64_t shared_used = atomic_load(&shared->used);

    raise(&slot->tat_ns, atomic_load(&shared->tat_ns));
    if (count_on(shared_used, day))
        raise(&slot->used, shared_used);
    return atomic_compare_exchange_strong(&slot->id, &last_id, id);
}

static struct slot *find(struct bucket *bucket, uint64_t id)
{
    for (size_t i = 0; i < OWN_SLOTS; i++) {
        if (atomic_load_explicit(&bucket->slots[i].id, memory_order_relaxed) == id)
            return &bucket->slots[i];
    }
    return NULL;
}

static struct slot *claim(struct bucket *bucket, uint64_t id, const struct rate_time *time)
{
    struct slot *shared = &bucket->slots[OWN_SLOTS];

    for (size_t i = 0; i < OWN_SLOTS; i++) {
        struct slot *slot = &bucket->slots[i];
        if (!is_idle(slot, time))
            continue;
        if (take_over(slot, id, shared, time->day))
            return slot;
        slot = find(bucket, id); /* another process has asked for the same client */
        if (slot)
            return slot;
    }
    return shared;
}

/* ---- charging ---- */

/* Counts n more on the day, unless that is more than the quota. Returns false then, with what is left. */
static bool count(struct slot *slot, const struct rate_demand *demand, uint64_t day, uint64_t *left)
{
    uint64_t word = atomic_load(&slot->used);
    uint64_t used;

    do {
        used = count_on(word, day);
        *left = demand->daily_quota > used ? demand->daily_quota - used : 0;
        if (demand->daily_quota && demand->n > *left)
            return false;
    } while (!atomic_compare_exchange_weak(&slot->used, &word, word_of(day, used + demand->n)));
    *left -= demand->daily_quota ? demand->n : 0;
    return true;
}

static void count_back(struct slot *slot, uint64_t n, uint64_t day)
{
    uint64_t word = atomic_load(&slot->used);

    while (count_on(word, day) >= n && !atomic_compare_exchange_weak(&slot->used, &word, word_of(day, count_on(word, day) - n))) {
        /* until it is done, or has become another day's */
    }
}

static struct gcra_verdict charge_rate(struct slot *slot, const struct rate_demand *demand, uint64_t now_ns)
{
    uint64_t tat_ns = atomic_load(&slot->tat_ns);
    struct gcra_verdict verdict;

    do
        verdict = gcra_ask(&demand->rate, tat_ns, now_ns, demand->n);
    while (verdict.is_admitted && verdict.tat_ns != tat_ns &&
           !atomic_compare_exchange_weak(&slot->tat_ns, &tat_ns, verdict.tat_ns));
    return verdict;
}

static uint64_t seconds_of(uint64_t ns)
{
    return ns ? (ns - 1) / NS_PER_S + 1 : 1;
}

static struct rate_answer charge(struct slot *slot, const struct rate_demand *demand, const struct rate_time *time)
{
    bool is_counted = demand->daily_quota || demand->is_counted;
    uint64_t left = 0;

    if (is_counted && !count(slot, demand, time->day, &left))
        return (struct rate_answer){
            .is_daily = true, .is_too_much = demand->n > demand->daily_quota, .wait_s = time->day_left_s, .remaining = left
        };
    struct gcra_verdict verdict = charge_rate(slot, demand, time->now_ns);
    if (!verdict.is_admitted && is_counted)
        count_back(slot, demand->n, time->day);
    return (struct rate_answer){
        .is_admitted = verdict.is_admitted,
        .is_too_much = verdict.wait_ns == UINT64_MAX,
        .wait_s = seconds_of(verdict.wait_ns),
        .remaining = verdict.remaining,
    };
}

static struct bucket *bucket_of(struct rate_limit *limit, enum rate_table table, struct bytes who, uint64_t *id)
{
    uint64_t hash = siphash(&limit->file->secret, who);

    *id = hash ? hash : 1;
    return &limit->tables[table].buckets[hash & limit->tables[table].mask];
}

struct rate_answer rate_limit_ask(struct rate_limit *limit, const struct rate_demand *demand, const struct rate_time *time)
{
    uint64_t id;
    struct bucket *bucket = bucket_of(limit, demand->table, demand->who, &id);
    struct slot *shared = &bucket->slots[OWN_SLOTS];
    struct rate_answer answer = { 0 };

    for (int i = 0; i < ATTEMPTS; i++) {
        struct slot *slot = find(bucket, id);
        if (!slot)
            slot = claim(bucket, id, time);
        answer = charge(slot, demand, time);
        /* Somebody may have taken the slot over between finding and charging it. What was charged then falls on him, and again on the
         * client itself: rare, and never too lax. */
        if (slot == shared || atomic_load_explicit(&slot->id, memory_order_relaxed) == id)
            break;
    }
    return answer;
}

/* ---- the counts of keys ---- */

struct rate_usage rate_limit_usage(struct rate_limit *limit, struct bytes key, uint64_t day)
{
    uint64_t id;
    struct bucket *bucket = bucket_of(limit, RATE_KEYS, key, &id);
    struct slot *slot = find(bucket, id);

    if (!slot)
        return (struct rate_usage){ 0 };
    return (struct rate_usage){ .used = count_on(atomic_load(&slot->used), day),
                                .reported = count_on(atomic_load(&slot->reported), day) };
}

void rate_limit_settle(struct rate_limit *limit, struct bytes key, uint64_t day, const struct rate_usage *usage, uint64_t total)
{
    const struct rate_time time = { .now_ns = rate_time_now().now_ns, .day = day };
    uint64_t id;
    struct bucket *bucket = bucket_of(limit, RATE_KEYS, key, &id);
    struct slot *slot = find(bucket, id);

    if (!slot && total)
        slot = claim(bucket, id, &time);
    if (!slot || slot == &bucket->slots[OWN_SLOTS])
        return;
    uint64_t word = atomic_load(&slot->used);
    if (word >> COUNT_BITS > (day & UINT16_MAX))
        return;                                                      /* a new day has begun meanwhile */
    uint64_t others = total > usage->used ? total - usage->used : 0; /* of other hosts, or before the last boot */
    while (others && !atomic_compare_exchange_weak(&slot->used, &word, word_of(day, count_on(word, day) + others))) {
        /* until it is added to what has been used meanwhile */
    }
    atomic_store(&slot->reported, word_of(day, total > usage->used ? total : usage->used));
}
