/* Rates and daily quotas of all processes of a host together, in a mapped file: who asks for n events is admitted or told how long to wait.
 *
 * Lock-free and of one size, however many clients there are. A client has a slot in the bucket that its name hashes to. A slot is taken
 * over only from a client that has its whole burst again and has used nothing of a daily quota today: nothing is ever forgiven. A client
 * that finds no such slot shares the bucket's last one with all others that find none, and who gets a slot of its own later takes over
 * what was run up there: too strict for some, for as long as the bucket is full, never too lax.
 *
 * Without a run directory each process counts for itself. Left to others: who is asked for, and which plan it has (app/access); bringing
 * counts to the database (app/key_keeper). */
#ifndef SYNCHRONY_APP_RATE_LIMIT_H
#define SYNCHRONY_APP_RATE_LIMIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "model/gcra.h"

/* Keys and addresses have tables of their own: a flood of addresses takes no key's slot. */
enum rate_table { RATE_KEYS, RATE_ADDRESSES, RATE_TABLE_COUNT };

enum { RATE_SLOTS_PER_BUCKET = 8, RATE_KEY_SLOTS = 65536 };

struct rate_limit;

struct rate_demand {
    enum rate_table table;
    struct bytes who;
    struct gcra rate;
    uint64_t daily_quota; /* 0: none */
    bool is_counted;      /* what is used is counted though there is no quota */
    uint64_t n;           /* events, 1 ≤ n < 2^32 */
};

struct rate_time {
    uint64_t now_ns; /* monotonic: the file does not outlive a boot */
    uint64_t day;    /* since 1970, UTC */
    uint64_t day_left_s;
};

struct rate_answer {
    bool is_admitted;
    bool is_too_much; /* more than the burst, or than the quota of a day: never */
    bool is_daily;    /* the quota refuses, not the rate */
    uint64_t wait_s;  /* until it is worth to ask again; at least 1 */
    uint64_t remaining;
};

/* address_slots  of 32 bytes each; rounded up to a power of two.
 * Where the file cannot be used (a line in the log says why) each process counts for itself. Returns STATUS_NO_MEMORY. */
enum status rate_limit_open(struct rate_limit **limit, const char *run_directory, size_t address_slots) MUST_USE;
void rate_limit_close(struct rate_limit *limit);

struct rate_answer rate_limit_ask(struct rate_limit *limit, const struct rate_demand *demand, const struct rate_time *time);

/* The present time on both clocks. */
struct rate_time rate_time_now(void);

/* ---- the counts of keys ---- */

struct rate_usage {
    uint64_t used;     /* on that day, as far as this host knows */
    uint64_t reported; /* of these, what the database knows */
};

/* What a key has used on the day. */
struct rate_usage rate_limit_usage(struct rate_limit *limit, struct bytes key, uint64_t day);

/* The database has taken the report of usage, and says that all hosts together have used total. */
void rate_limit_settle(struct rate_limit *limit, struct bytes key, uint64_t day, const struct rate_usage *usage, uint64_t total);

#endif
