#include "base/metrics.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/hash.h"
#include "base/labels.h"
#include "base/process.h"
#include "base/shared_file.h"

enum { SHARDS = 64, LAYOUT = 2 };

/* One process's counts. A page of its own and more, so that no two processes write to one cache line. */
struct shard {
    _Alignas(64) _Atomic uint64_t owner; /* process_identity; 0: nobody's, and to be had */
    _Alignas(64) _Atomic uint64_t cells[METRIC_CELLS];
};

/* Values of open labels, behind one another. */
enum {
#define X(id, label, size) LABELS_##id, LABELS_LAST_##id = LABELS_##id + (size)-1,
    METRIC_LABEL_LIST(X)
#undef X
        LABELS_TOTAL
};

struct file {
    struct shared_file_header header;
    int64_t since_us;
    struct label_texts texts;
    _Atomic uint64_t labels[LABELS_TOTAL];
    struct shard shards[SHARDS];
};

/* What a process has by itself. */
struct local {
    struct label_texts texts;
    _Atomic uint64_t labels[LABELS_TOTAL];
    struct shard shard;
};

static struct local local;
static struct file *file; /* NULL: counts are local */
static struct shard *own; /* this process's in file; NULL: it shares another's */
static int64_t since_us;

_Atomic uint64_t *metrics_counters_ = local.shard.cells;
_Atomic uint64_t *metrics_gauges_ = local.shard.cells;

/* ---- the tables ---- */

const struct metric_info metric_infos[METRIC_COUNT] = {
#define X(id, type_, name_, a, b, c, help_)                               \
    { .name = name_,                                                      \
      .help = help_,                                                      \
      .type = METRIC_##type_,                                             \
      .labels = { METRIC_LABEL_##a, METRIC_LABEL_##b, METRIC_LABEL_##c }, \
      .first = METRIC_##id,                                               \
      .width = METRIC_WIDTH_##type_ },
    METRIC_LIST(X)
#undef X
};

static const struct {
    const char *name;
    unsigned size;
    unsigned first; /* among the values of open labels */
} labels[METRIC_LABEL_COUNT] = {
#define X(id, label, size_) { .name = label, .size = size_, .first = LABELS_##id },
    METRIC_LABEL_LIST(X)
#undef X
};

static const char *const closed_values[METRIC_LABEL_FIRST_OPEN][METRIC_SIZE_CODE] = {
    [METRIC_LABEL_NONE] = { "" },
    [METRIC_LABEL_METHOD] = { "GET", "HEAD", "POST", "OPTIONS", "other" },
    [METRIC_LABEL_CODE] = { "other", "broken", "200", "201", "202", "204", "207", "304", "400", "401", "403", "404",
                            "405",   "406",    "408", "409", "412", "413", "415", "429", "500", "502", "503", "504" },
    [METRIC_LABEL_OUTCOME] = { "stored", "duplicate", "queued", "rejected", "refused" },
    [METRIC_LABEL_TARGET] = { "database", "queue" },
    [METRIC_LABEL_SUCCESS] = { "failed", "ok" },
    [METRIC_LABEL_POOL] = { "writers", "readers" },
    [METRIC_LABEL_REPLAY] = { "stored", "quarantined" },
    [METRIC_LABEL_MODE] = { "observe", "enforce" },
    [METRIC_LABEL_CACHE_RESULT] = { "miss", "hit" },
    [METRIC_LABEL_DROP] = { "timeout", "crowded", "invalid", "no_memory" },
};

unsigned metrics_code(int code)
{
    enum { BROKEN = 1, FIRST = 2 };
    static const short codes[METRIC_SIZE_CODE] = { 0,   0,   200, 201, 202, 204, 207, 304, 400, 401, 403, 404,
                                                   405, 406, 408, 409, 412, 413, 415, 429, 500, 502, 503, 504 };

    if (!code)
        return BROKEN;
    for (unsigned i = FIRST; i < METRIC_SIZE_CODE; i++) {
        if (codes[i] == code)
            return i;
    }
    return 0;
}

const char *metrics_label_name(enum metric_label label)
{
    return labels[label].name;
}

unsigned metrics_label_size(enum metric_label label)
{
    return labels[label].size;
}

static struct label_set set_of(enum metric_label label)
{
    return (struct label_set){
        .places = (file ? file->labels : local.labels) + labels[label].first,
        .n = labels[label].size,
        .texts = file ? &file->texts : &local.texts,
    };
}

struct bytes metrics_label_value(enum metric_label label, unsigned number)
{
    if (label < METRIC_LABEL_FIRST_OPEN)
        return number < labels[label].size ? bytes_of(closed_values[label][number]) : (struct bytes){ 0 };
    const struct label_set set = set_of(label);
    return number == LABEL_OTHER ? BYTES("other") : labels_name(&set, number);
}

unsigned metrics_label(enum metric_label label, struct bytes value)
{
    const struct label_set set = set_of(label);

    return labels_add(&set, value);
}

unsigned metrics_known_label(enum metric_label label, struct bytes value)
{
    const struct label_set set = set_of(label);

    return labels_find(&set, value);
}

/* ---- histograms ---- */

enum { BOUNDS = METRIC_BUCKETS - 1 };

static const int64_t second_bounds[BOUNDS] = {
    100000,   250000,    500000,    1000000,   2500000,    5000000,    10000000,   25000000,
    50000000, 100000000, 250000000, 500000000, 1000000000, 2500000000, 5000000000, 10000000000,
};

static const int64_t size_bounds[BOUNDS] = {
    1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000, 20000, 50000, 100000,
};

const int64_t *metrics_bounds(enum metric_type type)
{
    return type == METRIC_SECONDS ? second_bounds : size_bounds;
}

/* The first bucket whose bound is not below value: four steps among sixteen bounds. */
static unsigned bucket_of(const int64_t bounds[BOUNDS], int64_t value)
{
    unsigned at = 0;

    for (unsigned step = BOUNDS / 2; step; step /= 2)
        at += value > bounds[at + step - 1] ? step : 0;
    return at + (value > bounds[at]);
}

static void observe(unsigned cell, const int64_t bounds[BOUNDS], int64_t value)
{
    if (value < 0)
        value = 0;
    metrics_add(cell + bucket_of(bounds, value), 1);
    metrics_add(cell + METRIC_SUM, (uint64_t)value);
}

void metrics_observe_ns(unsigned cell, int64_t ns)
{
    observe(cell, second_bounds, ns);
}

void metrics_observe_size(unsigned cell, uint64_t n)
{
    observe(cell, size_bounds, n > INT64_MAX ? INT64_MAX : (int64_t)n);
}

/* ---- the file ---- */

/* Another table of metrics is another file: the cells would mean something else. */
static uint32_t layout_version(void)
{
    uint64_t hash = LAYOUT;

    for (size_t i = 0; i < METRIC_COUNT; i++) {
        hash = hash_fnv1a_on(hash, bytes_of(metric_infos[i].name));
        hash = hash_fnv1a_on(hash, (struct bytes){ (const char *)&metric_infos[i].first, sizeof metric_infos[i].first });
    }
    return (uint32_t)(hash ^ hash >> 32);
}

static void file_init(void *memory)
{
    struct file *new = memory;

    new->since_us = clock_now_us();
}

static bool is_gauge(enum metric_type type)
{
    return type == METRIC_GAUGE || type == METRIC_OLDEST;
}

static unsigned cells_of(size_t metric)
{
    return (metric + 1 < METRIC_COUNT ? metric_infos[metric + 1].first : METRIC_CELLS) - metric_infos[metric].first;
}

static void clear_gauges(struct shard *shard)
{
    for (size_t i = 0; i < METRIC_COUNT; i++) {
        for (unsigned at = 0; is_gauge(metric_infos[i].type) && at < cells_of(i); at++)
            atomic_store_explicit(&shard->cells[metric_infos[i].first + at], 0, memory_order_relaxed);
    }
}

/* Strikes out the owner of a shard, if it is no more. */
static void reap(struct shard *shard)
{
    uint64_t owner = atomic_load(&shard->owner);

    if (owner && !process_is_alive(owner))
        atomic_compare_exchange_strong(&shard->owner, &owner, 0);
}

/* The first that is free, so that few are ever in use; NULL: none is. */
static struct shard *claim(uint64_t self)
{
    for (size_t i = 0; i < SHARDS; i++) {
        uint64_t nobody = 0;
        reap(&file->shards[i]);
        if (!atomic_compare_exchange_strong(&file->shards[i].owner, &nobody, self))
            continue;
        clear_gauges(&file->shards[i]);
        return &file->shards[i];
    }
    return NULL;
}

void metrics_open(const char *run_directory)
{
    uint64_t self = process_identity();
    void *memory = NULL;

    since_us = clock_now_us();
    atomic_store(&local.shard.owner, self);
    if (!*run_directory ||
        shared_file_map(run_directory, "metrics", layout_version(), sizeof(struct file), file_init, &memory) != STATUS_OK)
        return;
    file = memory;
    own = claim(self);
    /* Where all are taken this process counts in another's shard; its gauges are not seen. */
    metrics_counters_ = own ? own->cells : file->shards[self % SHARDS].cells;
    metrics_gauges_ = own ? own->cells : local.shard.cells;
}

void metrics_close(void)
{
    if (!own)
        return;
    atomic_store(&own->owner, 0);
    own = NULL;
}

int64_t metrics_since_us(void)
{
    return file ? file->since_us : since_us;
}

/* ---- asking ---- */

static void add_cell(enum metric_type type, uint64_t value, uint64_t *sum)
{
    if (type != METRIC_OLDEST)
        *sum += value;
    else if (value && (!*sum || value < *sum))
        *sum = value;
}

static void add_shard(struct shard *shard, uint64_t *cells)
{
    bool runs = atomic_load(&shard->owner) != 0;

    for (size_t i = 0; i < METRIC_COUNT; i++) {
        const struct metric_info *info = &metric_infos[i];
        if (is_gauge(info->type) && !runs)
            continue;
        for (unsigned at = info->first; at < info->first + cells_of(i); at++)
            add_cell(info->type, atomic_load_explicit(&shard->cells[at], memory_order_relaxed), &cells[at]);
    }
}

void metrics_read(uint64_t *cells)
{
    memset(cells, 0, METRIC_CELLS * sizeof *cells);
    for (size_t i = 0; file && i < SHARDS; i++) {
        reap(&file->shards[i]);
        add_shard(&file->shards[i], cells);
    }
    if (!file)
        add_shard(&local.shard, cells);
}
