#include "app/rate_limit.h"

#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/unit.h"

enum { ADDRESSES = 200000 };

#define MS UINT64_C(1000000)

static struct rate_limit *open_in(const char *directory, size_t slots)
{
    struct rate_limit *limit;

    cr_assert_eq(rate_limit_open(&limit, directory, slots), STATUS_OK);
    return limit;
}

static struct rate_demand address(const uint32_t *number, uint64_t n)
{
    return (struct rate_demand){
        .table = RATE_ADDRESSES, .who = { (const char *)number, sizeof *number }, .rate = { .interval_ns = MS, .burst = 10 }, .n = n
    };
}

static bool asks(struct rate_limit *limit, uint32_t who, uint64_t n, uint64_t now_ns)
{
    struct rate_demand demand = address(&who, n);
    const struct rate_time time = { .now_ns = now_ns, .day = 1, .day_left_s = 100 };

    return rate_limit_ask(limit, &demand, &time).is_admitted;
}

Test(rate_limit, each_client_has_a_burst_and_a_rate_of_its_own)
{
    struct rate_limit *limit = open_in("", 1024);

    EXPECT(__LINE__, asks(limit, 1, 10, 1000 * MS));
    EXPECT(__LINE__, !asks(limit, 1, 1, 1000 * MS));
    EXPECT(__LINE__, asks(limit, 2, 10, 1000 * MS));
    EXPECT(__LINE__, asks(limit, 1, 1, 1001 * MS));
    EXPECT(__LINE__, !asks(limit, 1, 1, 1001 * MS));
    EXPECT(__LINE__, asks(limit, 1, 10, 1011 * MS));
    EXPECT(__LINE__, !asks(limit, 1, 11, 5000 * MS));
    rate_limit_close(limit);
}

Test(rate_limit, says_how_long_to_wait_and_what_is_left)
{
    struct rate_limit *limit = open_in("", 1024);
    const uint32_t who = 1;
    const struct rate_time time = { .now_ns = 1, .day = 1, .day_left_s = 100 };
    struct rate_demand demand = address(&who, 8);
    demand.rate.interval_ns = 1000 * MS;

    struct rate_answer answer = rate_limit_ask(limit, &demand, &time);
    EXPECT(__LINE__, answer.is_admitted && answer.remaining == 2);
    answer = rate_limit_ask(limit, &demand, &time);
    EXPECT(__LINE__, !answer.is_admitted && answer.wait_s == 6 && answer.remaining == 2 && !answer.is_daily && !answer.is_too_much);
    demand.n = 11;
    EXPECT(__LINE__, rate_limit_ask(limit, &demand, &time).is_too_much);
    rate_limit_close(limit);
}

Test(rate_limit, quota_is_a_days)
{
    struct rate_limit *limit = open_in("", 1024);
    const uint32_t who = 1;
    struct rate_time time = { .now_ns = 1, .day = 20000, .day_left_s = 100 };
    struct rate_demand demand = { .table = RATE_KEYS, .who = { (const char *)&who, sizeof who }, .daily_quota = 10, .n = 6 };

    EXPECT(__LINE__, rate_limit_ask(limit, &demand, &time).is_admitted);
    struct rate_answer answer = rate_limit_ask(limit, &demand, &time);
    EXPECT(__LINE__,
           !answer.is_admitted && answer.is_daily && !answer.is_too_much && answer.wait_s == 100 && answer.remaining == 4);
    demand.n = 4;
    EXPECT(__LINE__, rate_limit_ask(limit, &demand, &time).is_admitted);
    EXPECT(__LINE__, !rate_limit_ask(limit, &demand, &time).is_admitted);
    time.day++;
    EXPECT(__LINE__, rate_limit_ask(limit, &demand, &time).is_admitted);
    demand.n = 11;
    EXPECT(__LINE__, rate_limit_ask(limit, &demand, &time).is_too_much);
    rate_limit_close(limit);
}

/* What the rate refuses does not count. */
Test(rate_limit, quota_is_charged_for_what_was_admitted)
{
    struct rate_limit *limit = open_in("", 1024);
    const uint32_t who = 1;
    const struct rate_time time = { .now_ns = 1, .day = 20000, .day_left_s = 100 };
    struct rate_demand demand = address(&who, 10);
    demand.daily_quota = 100;
    demand.table = RATE_KEYS;

    EXPECT(__LINE__, rate_limit_ask(limit, &demand, &time).is_admitted);
    for (int i = 0; i < 50; i++)
        EXPECT(__LINE__, !rate_limit_ask(limit, &demand, &time).is_admitted);
    EXPECT(__LINE__, rate_limit_usage(limit, demand.who, 20000).used == 10);
    EXPECT(__LINE__, rate_limit_usage(limit, demand.who, 20001).used == 0);
    rate_limit_close(limit);
}

/* The database's sums come back, whatever was used meanwhile, here and elsewhere. */
Test(rate_limit, counts_of_other_hosts_are_added_once)
{
    struct rate_limit *limit = open_in("", 1024);
    const uint32_t who = 1;
    const struct bytes key = { (const char *)&who, sizeof who };
    const struct rate_time time = { .now_ns = 1, .day = 20000, .day_left_s = 100 };
    struct rate_demand demand = { .table = RATE_KEYS, .who = key, .is_counted = true, .n = 7 };
    static const struct {
        int line;
        uint64_t total; /* as the database says */
        uint64_t used;  /* behind it; before the next look 7 more are */
    } cases[] = { { __LINE__, 907, 907 }, { __LINE__, 914, 914 }, { __LINE__, 1000, 1000 }, { __LINE__, 1007, 1007 } };

    rate_limit_settle(limit, key, 20000, &(struct rate_usage){ 0 }, 0);
    EXPECT(__LINE__, rate_limit_usage(limit, key, 20000).used == 0);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        EXPECT(cases[i].line, rate_limit_ask(limit, &demand, &time).is_admitted);
        struct rate_usage usage = rate_limit_usage(limit, key, 20000);
        rate_limit_settle(limit, key, 20000, &usage, cases[i].total);
        usage = rate_limit_usage(limit, key, 20000);
        EXPECT(cases[i].line, usage.used == cases[i].used && usage.reported == cases[i].used);
    }
    rate_limit_settle(limit, key, 19999, &(struct rate_usage){ 0 }, 5); /* late */
    EXPECT(__LINE__, rate_limit_usage(limit, key, 20000).used == 1007);
    rate_limit_close(limit);
}

/* However many addresses come, none that has run up a debt gets away: each of the offenders is admitted at most what an exact count of
 * its own would have admitted. */
static void flood(size_t slots, uint32_t n_addresses)
{
    enum { OFFENDERS = 256 };
    struct rate_limit *limit = open_in("", slots);
    static const struct gcra plan = { .interval_ns = MS, .burst = 10 };
    uint64_t exact[OFFENDERS] = { 0 };
    uint64_t now_ns = 1000 * MS;
    uint32_t random = 1;

    for (uint32_t i = 0; i < n_addresses; i++) {
        random = random * 1664525 + 1013904223;
        uint32_t offender = random >> 24;
        (void)asks(limit, 1000 + i, 1 + i % 3, now_ns);
        for (uint64_t n = 10; n; n--) {
            struct gcra_verdict fair = gcra_ask(&plan, exact[offender], now_ns, n);
            if (!asks(limit, offender, n, now_ns))
                continue;
            cr_assert(fair.is_admitted, "offender %u was forgiven behind %u addresses", offender, i);
            exact[offender] = fair.tat_ns;
        }
        /* By turns more than the slots can tell apart, and so few that slots come free. */
        now_ns += i / 4096 % 2 ? MS / 50 : MS / 1000;
    }
    rate_limit_close(limit);
}

Test(rate_limit, flood_of_addresses_forgives_no_offender)
{
    const char *more = getenv("SYNCHRONY_RATE_LIMIT_ADDRESSES"); /* 10000000, say: some seconds */
    size_t n = ADDRESSES;

    if (more)
        cr_assert(bytes_to_size(bytes_of(more), UINT32_MAX / 2, &n));
    flood(1024, (uint32_t)n);
    flood(8, ADDRESSES / 10); /* nearly all share one slot */
}

Test(rate_limit, quiet_table_admits_everybody)
{
    struct rate_limit *limit = open_in("", 262144);

    for (uint32_t i = 0; i < 50000; i++)
        cr_assert(asks(limit, i, 1, 1000 * MS), "address %u", i);
    rate_limit_close(limit);
}

static char directory[] = "/tmp/synchrony.rate_limit.XXXXXX";

static void make_directory(void)
{
    cr_assert(mkdtemp(directory));
}

static void remove_directory(void)
{
    char path[sizeof directory + 8];

    snprintf(path, sizeof path, "%s/limits", directory);
    unlink(path);
    rmdir(directory);
}

Test(rate_limit, processes_count_together, .init = make_directory, .fini = remove_directory)
{
    enum { PROCESSES = 4, EACH = 1000 };
    const uint64_t now_ns = 1000 * MS;
    int admitted[2];
    char byte;
    int n = 0;

    cr_assert(pipe(admitted) == 0);
    for (int i = 0; i < PROCESSES; i++) {
        if (fork() == 0) {
            struct rate_limit *limit = open_in(directory, 1024);
            for (int k = 0; k < EACH; k++) { /* 4,000 events in 50 ms: 50 and the burst are admitted */
                if (asks(limit, 7, 1, now_ns + (uint64_t)k * MS / 20) && write(admitted[1], "x", 1) != 1)
                    _exit(1);
            }
            rate_limit_close(limit);
            _exit(0);
        }
    }
    close(admitted[1]);
    while (read(admitted[0], &byte, 1) == 1)
        n++;
    while (wait(NULL) > 0) {
        /* until all have ended */
    }
    /* Each process has a clock of its own here, so a late one meets the debts of the others: never more than one of them would get. */
    cr_expect(n >= 10 && n <= 60, "%d were admitted", n);
    struct rate_limit *limit = open_in(directory, 1024);
    EXPECT(__LINE__, !asks(limit, 7, 10, now_ns + 50 * MS)); /* and it is there behind a restart */
    EXPECT(__LINE__, asks(limit, 7, 10, now_ns + 70 * MS));
    rate_limit_close(limit);
}
