#include "app/key_keeper.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/host_file.h"
#include "base/log.h"
#include "store/key_store.h"

enum {
    LOOK_EVERY_MS = 1000,
    ASK_EVERY_MS = 2000,
    ASK_AGAIN_MS = 30000, /* a database that lacks the tables, or refuses the role: an administrator is at work there */
    US_PER_S = 1000000,
    USAGES_AT_ONCE = 1000,
    STATEMENT_TIMEOUT_MS = 5000
};

/* What is promised to who revokes a key, with time left for the questions themselves. */
_Static_assert(ASK_EVERY_MS + LOOK_EVERY_MS <= 3000, "a key is revoked everywhere within five seconds");

struct key_keeper {
    const struct config *config;
    struct rate_limit *limit;
    struct db *db;
    struct host_file file; /* who leads asks for the host */
    int64_t ask_ms;        /* when the database is to be asked next (clock_monotonic_ms) */
    uint64_t day;          /* of the last report */
    int64_t seen_us;       /* when the file was written that was read last */
    bool is_in_trouble;    /* as the log was told */
    pthread_mutex_t lock;
    struct key_ring *ring; /* under lock; NULL: none is known */
    bool is_old;           /* under lock: the log was told that the keys are too old */
};

/* ---- beginning and end ---- */

enum status key_keeper_open(struct key_keeper **keeper, const struct config *config, struct rate_limit *limit)
{
    const struct db_options options = {
        .conninfo = config->writer_database,
        .connect_timeout_s = config->connect_timeout_s,
        .statement_timeout_ms = STATEMENT_TIMEOUT_MS,
        .lock_timeout_ms = STATEMENT_TIMEOUT_MS,
    };
    const char *directory = *config->queue_directory ? config->queue_directory : config->run_directory;
    struct key_keeper *made = calloc(1, sizeof *made);

    *keeper = NULL;
    if (!made)
        return STATUS_NO_MEMORY;
    made->config = config;
    made->limit = limit;
    made->day = rate_time_now().day;
    pthread_mutex_init(&made->lock, NULL);
    made->db = db_new(&options);
    enum status st = host_file_open(&made->file, directory, "keys", bytes_of(config->database_identity));
    if (!made->db)
        st = STATUS_NO_MEMORY;
    if (st == STATUS_OK)
        *keeper = made;
    else
        key_keeper_close(made);
    return st;
}

void key_keeper_close(struct key_keeper *keeper)
{
    if (!keeper)
        return;
    host_file_close(&keeper->file);
    db_free(keeper->db);
    key_ring_free(keeper->ring);
    pthread_mutex_destroy(&keeper->lock);
    free(keeper);
}

static void take(struct key_keeper *keeper, struct key_ring *ring)
{
    pthread_mutex_lock(&keeper->lock);
    struct key_ring *last = keeper->ring;
    keeper->ring = ring;
    keeper->is_old = false;
    pthread_mutex_unlock(&keeper->lock);
    key_ring_free(last);
}

/* ---- the file ---- */

static void write_file(const struct key_keeper *keeper, const struct key_ring *ring)
{
    const struct bytes text = key_ring_bytes(ring);

    if (*keeper->file.path && host_file_replace(keeper->file.path, &text, 1) != STATUS_OK)
        LOG(ERROR, "the keys cannot be kept for other processes and the next start",
            log_text("file.path", bytes_of(keeper->file.path)), log_text("error.message", bytes_of(strerror(errno))));
}

static enum status read_ring(int fd, const struct stat *found, struct key_ring **ring)
{
    size_t len = (size_t)found->st_size;
    char *text = found->st_size <= KEY_RING_MAX_BYTES ? malloc(len + 1) : NULL;
    enum status st = text ? STATUS_CONFLICT : STATUS_NO_MEMORY;

    if (text && host_file_read(fd, 0, text, len))
        st = key_ring_parse((struct bytes){ text, len }, ring);
    free(text);
    return st;
}

/* Takes over what another process has written, if it has. */
static void look_at_file(struct key_keeper *keeper)
{
    struct stat found;
    struct key_ring *ring;
    int fd;

    if (!*keeper->file.path || host_file_read_begin(keeper->file.path, &fd, &found) != STATUS_OK)
        return;
    int64_t written_us = host_file_written_us(&found);
    if (!keeper->ring || written_us != keeper->seen_us) {
        keeper->seen_us = written_us;
        if (read_ring(fd, &found, &ring) == STATUS_OK)
            take(keeper, ring);
        else
            LOG(WARN, "the file of keys is damaged or another version's; it is not used",
                log_text("file.path", bytes_of(keeper->file.path)));
    }
    close(fd);
}

/* ---- the database ---- */

/* Brings what was used of some keys on a day to the database, and takes what all hosts have. */
static enum status report_some(struct key_keeper *keeper, uint64_t day, struct key_usage *usages, const struct rate_usage *counts,
                               size_t n)
{
    enum status st = n ? key_store_add_usage(keeper->db, day, usages, n) : STATUS_OK;

    for (size_t i = 0; st == STATUS_OK && i < n; i++)
        rate_limit_settle(keeper->limit, bytes_of(usages[i].id), day, &counts[i], usages[i].total);
    return st;
}

static enum status report_day(struct key_keeper *keeper, const struct key_ring *ring, uint64_t day)
{
    struct key_usage *usages = calloc(USAGES_AT_ONCE, sizeof *usages);
    struct rate_usage *counts = calloc(USAGES_AT_ONCE, sizeof *counts);
    enum status st = usages && counts ? STATUS_OK : STATUS_NO_MEMORY;
    size_t n = 0;

    for (size_t i = 0; st == STATUS_OK && i < key_ring_length(ring); i++) {
        struct key_grant grant;
        key_ring_at(ring, i, &grant);
        counts[n] = rate_limit_usage(keeper->limit, bytes_of(grant.id), day);
        usages[n].added = counts[n].used > counts[n].reported ? counts[n].used - counts[n].reported : 0;
        if (!grant.daily_quota && !usages[n].added)
            continue;
        memcpy(usages[n].id, grant.id, sizeof grant.id);
        if (++n == USAGES_AT_ONCE) {
            st = report_some(keeper, day, usages, counts, n);
            n = 0;
        }
    }
    if (st == STATUS_OK)
        st = report_some(keeper, day, usages, counts, n);
    free(counts);
    free(usages);
    return st;
}

/* The thread that looks is the only one that replaces the ring, so it needs no lock to read it. */
static enum status report(struct key_keeper *keeper)
{
    uint64_t today = rate_time_now().day, last = keeper->day;
    enum status st = STATUS_OK;

    if (!keeper->ring)
        return STATUS_OK;
    if (last != today)
        st = report_day(keeper, keeper->ring, last); /* what came between the last report and midnight */
    if (st == STATUS_OK)
        keeper->day = today;
    return st == STATUS_OK ? report_day(keeper, keeper->ring, today) : st;
}

/* The log has a line when it begins that keys cannot be read, and when it ends. */
static void tell(struct key_keeper *keeper, enum status st)
{
    if (st != STATUS_OK && !keeper->is_in_trouble)
        LOG(ERROR, "the keys cannot be read; the last good ones stay in force",
            log_text("event.outcome", bytes_of(status_info(st)->code)),
            log_number("synchrony.keys_max_age_s", keeper->config->keys_max_age_s));
    if (st == STATUS_OK && keeper->is_in_trouble)
        LOG(INFO, "the keys can be read again", log_number("synchrony.keys", (int64_t)key_ring_length(keeper->ring)));
    keeper->is_in_trouble = st != STATUS_OK;
}

static void ask(struct key_keeper *keeper, bool writes)
{
    struct key_ring *ring;
    enum status st = key_store_read(keeper->db, clock_now_us(), &ring);

    if (st == STATUS_UNAVAILABLE && db_went_stale(keeper->db))
        st = key_store_read(keeper->db, clock_now_us(), &ring);
    if (st == STATUS_OK) {
        if (writes)
            write_file(keeper, ring);
        take(keeper, ring);
        st = report(keeper);
    }
    keeper->ask_ms = clock_monotonic_ms() + (st == STATUS_NOT_SET_UP ? ASK_AGAIN_MS : ASK_EVERY_MS);
    tell(keeper, st);
}

/* ---- who asks for the host ---- */

void key_keeper_begin(struct key_keeper *keeper)
{
    bool is_leader = host_file_lead(&keeper->file);

    look_at_file(keeper);
    if (is_leader || !keeper->ring)
        ask(keeper, is_leader); /* the first of a host also for what is left of quotas */
}

int key_keeper_look(struct key_keeper *keeper)
{
    if (host_file_lead(&keeper->file)) {
        if (clock_monotonic_ms() >= keeper->ask_ms)
            ask(keeper, true);
        int64_t due_ms = keeper->ask_ms - clock_monotonic_ms();
        return due_ms < 1 ? 1 : due_ms < LOOK_EVERY_MS ? (int)due_ms : LOOK_EVERY_MS;
    }
    db_disconnect(keeper->db); /* a host may have many processes */
    look_at_file(keeper);
    return LOOK_EVERY_MS;
}

void key_keeper_end(struct key_keeper *keeper)
{
    if (!keeper->is_in_trouble && host_file_is_led(&keeper->file))
        (void)report(keeper);
}

void key_keeper_glance(struct key_keeper *keeper)
{
    look_at_file(keeper);
    int64_t age_us = keeper->ring ? clock_now_us() - key_ring_read_at_us(keeper->ring) : -1;

    if ((age_us < 0 || age_us >= (int64_t)ASK_EVERY_MS * 1000) && (host_file_lead(&keeper->file) || !keeper->ring))
        ask(keeper, host_file_is_led(&keeper->file));
}

/* ---- finding ---- */

static enum status check_age(struct key_keeper *keeper, int64_t now_us)
{
    int64_t max_us = (int64_t)keeper->config->keys_max_age_s * US_PER_S;

    if (!keeper->ring)
        return STATUS_UNAVAILABLE;
    if (now_us - key_ring_read_at_us(keeper->ring) <= max_us)
        return STATUS_OK;
    if (!keeper->is_old)
        LOG(ERROR, "the keys are too old to go by: no request that needs one is served",
            log_number("synchrony.keys_max_age_s", keeper->config->keys_max_age_s));
    keeper->is_old = true;
    return STATUS_UNAVAILABLE;
}

static enum status find(struct key_keeper *keeper, const struct api_key_digest *digest, int64_t now_us, struct arena *arena,
                        struct key_grant *grant)
{
    enum status st = check_age(keeper, now_us);

    if (st != STATUS_OK)
        return st;
    if (!key_ring_find(keeper->ring, digest, grant) || (grant->expires_us && grant->expires_us <= now_us))
        return STATUS_UNAUTHORIZED;
    if (grant->origins.len)
        grant->origins = arena_copy(arena, grant->origins);
    if (grant->event_types.len)
        grant->event_types = arena_copy(arena, grant->event_types);
    return grant->origins.p && grant->event_types.p ? STATUS_OK : STATUS_NO_MEMORY;
}

enum status key_keeper_find(struct key_keeper *keeper, struct bytes key, int64_t now_us, struct arena *arena,
                            struct key_grant *grant)
{
    struct api_key_digest digest;

    if (!api_key_is_likely(key))
        return STATUS_UNAUTHORIZED;
    digest = api_key_digest_of(key);
    pthread_mutex_lock(&keeper->lock);
    enum status st = find(keeper, &digest, now_us, arena, grant);
    pthread_mutex_unlock(&keeper->lock);
    return st;
}
