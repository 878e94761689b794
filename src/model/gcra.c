#include "model/gcra.h"

struct gcra_verdict gcra_ask(const struct gcra *gcra, uint64_t tat_ns, uint64_t now_ns, uint64_t n)
{
    uint64_t window_ns = gcra->interval_ns * gcra->burst;
    uint64_t debt_ns = tat_ns > now_ns ? tat_ns - now_ns : 0;

    if (!gcra->interval_ns)
        return (struct gcra_verdict){ .is_admitted = true, .tat_ns = tat_ns, .remaining = UINT64_MAX };
    if (debt_ns > window_ns)
        debt_ns = window_ns;
    uint64_t left = (window_ns - debt_ns) / gcra->interval_ns;
    if (n > gcra->burst)
        return (struct gcra_verdict){ .tat_ns = tat_ns, .wait_ns = UINT64_MAX, .remaining = left };
    uint64_t cost_ns = n * gcra->interval_ns;
    if (debt_ns + cost_ns > window_ns)
        return (struct gcra_verdict){ .tat_ns = tat_ns, .wait_ns = debt_ns + cost_ns - window_ns, .remaining = left };
    return (struct gcra_verdict){ .is_admitted = true, .tat_ns = now_ns + debt_ns + cost_ns, .remaining = left - n };
}
