"""Flat cost: the product on an empty history and on one of millions of events, in turns within one run."""

import plan as plans
from bench import HISTORY_DATABASE, say
from cluster import DATABASE
from contenders.product import ProductLighttpd

CELLS = ((plans.SINGLE, 64), (plans.BATCH_100, 16))
ROUNDS = 3


def measure(bench, n, plan):
    """[{workload, connections, round, empty, filled}], with events per second. No checkpoint falls between the rounds."""
    say(f"filling a history of {n:,} events")
    bench.database.make(HISTORY_DATABASE)
    bench.database.fill_history(n, HISTORY_DATABASE)
    rows = []
    for workload, connections in CELLS:
        for round_number in range(1, ROUNDS + 1):
            row = {"workload": workload.name, "connections": connections, "round": round_number}
            bench.database.prepare_for(workload, checkpoint=False)
            for key, dbname in (("empty", DATABASE), ("filled", HISTORY_DATABASE)):
                sample = bench.turn(ProductLighttpd, workload, (connections,), plan, dbname)[connections]
                row[key] = sample.events_per_s
            say(f"{workload.name:>10}  round {round_number}  {row['empty']:,.0f} events/s on an empty history, "
                f"{row['filled']:,.0f} on one of {n:,}")
            rows.append(row)
    return rows
