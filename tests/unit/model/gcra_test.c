#include "model/gcra.h"

#include "tests/unit/unit.h"

enum { MS = 1000000 };

/* One event a millisecond, ten at once; now is 1 s. */
static const struct gcra plan = { .interval_ns = MS, .burst = 10 };

Test(gcra, admits_what_rate_and_burst_allow)
{
    static const struct {
        int line;
        int64_t tat_ms; /* before (-) or behind now */
        uint64_t n;
        bool is_admitted;
        int64_t new_tat_ms;
        uint64_t wait_ms;
        uint64_t remaining;
    } cases[] = {
        { __LINE__, -1000, 1, true, 1, 0, 9 },    { __LINE__, 0, 1, true, 1, 0, 9 },      { __LINE__, 0, 10, true, 10, 0, 0 },
        { __LINE__, 5, 5, true, 10, 0, 0 },       { __LINE__, 5, 6, false, 5, 1, 5 },     { __LINE__, 10, 1, false, 10, 1, 0 },
        { __LINE__, 10, 10, false, 10, 10, 0 },   { __LINE__, 9, 1, true, 10, 0, 0 },     { __LINE__, -1, 10, true, 10, 0, 0 },
        { __LINE__, 0, 11, false, 0, -1, 10 },    { __LINE__, 10, 11, false, 10, -1, 0 }, { __LINE__, 500, 1, false, 500, 1, 0 },
        { __LINE__, 500, 10, false, 500, 10, 0 },
    };
    const uint64_t now_ns = 1000 * MS;

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct gcra_verdict got = gcra_ask(&plan, now_ns + (uint64_t)(cases[i].tat_ms * MS), now_ns, cases[i].n);
        EXPECT(cases[i].line, got.is_admitted == cases[i].is_admitted);
        EXPECT(cases[i].line, got.tat_ns == now_ns + (uint64_t)(cases[i].new_tat_ms * MS));
        EXPECT(cases[i].line, got.wait_ns == (cases[i].wait_ms == UINT64_MAX ? UINT64_MAX : cases[i].wait_ms * MS));
        EXPECT(cases[i].line, got.remaining == cases[i].remaining);
    }
}

Test(gcra, without_a_limit_admits_everything)
{
    const struct gcra none = { 0 };
    struct gcra_verdict got = gcra_ask(&none, UINT64_MAX, 1, UINT64_MAX);

    EXPECT(__LINE__, got.is_admitted && got.tat_ns == UINT64_MAX && got.remaining == UINT64_MAX);
}

Test(gcra, in_the_long_run_is_the_rate_and_the_burst)
{
    uint64_t tat_ns = 0, now_ns = 5000 * (uint64_t)MS, admitted = 0;
    const uint64_t end_ns = now_ns + 10000 * (uint64_t)MS;

    for (uint64_t step = 0; now_ns < end_ns; step++) { /* far more than is allowed, by uneven steps */
        struct gcra_verdict got = gcra_ask(&plan, tat_ns, now_ns, 1 + step % 3);
        tat_ns = got.tat_ns;
        admitted += got.is_admitted ? 1 + step % 3 : 0;
        now_ns += 1 + step * 7919 % (MS / 2);
    }
    cr_expect(admitted <= 10000 + 10 + 1, "%lu", (unsigned long)admitted);
    cr_expect(admitted >= 10000, "%lu", (unsigned long)admitted);
}

/* The largest plan that can be put does not overflow. */
Test(gcra, at_its_bounds)
{
    const struct gcra slowest = { .interval_ns = 1000000000000u, .burst = 1000000 };
    const uint64_t now_ns = 1ull << 60;
    struct gcra_verdict got = gcra_ask(&slowest, 0, now_ns, 1000000);

    EXPECT(__LINE__, got.is_admitted && got.tat_ns == now_ns + slowest.interval_ns * slowest.burst && got.remaining == 0);
    got = gcra_ask(&slowest, got.tat_ns, now_ns, 1000000);
    EXPECT(__LINE__, !got.is_admitted && got.wait_ns == slowest.interval_ns * slowest.burst);
    got = gcra_ask(&slowest, UINT64_MAX, now_ns, UINT64_MAX);
    EXPECT(__LINE__, !got.is_admitted && got.wait_ns == UINT64_MAX);
}
