"""The faults, by name: what is done while clients write, and what must hold meanwhile. That everything acknowledged is kept, once and in
order, is judged at the end of each."""

import dataclasses
import time

import cutting
import damage
import restarts
from host import kill_responders
from ledger import KEPT_STATUSES, REFUSED_STATUSES, Timeline, percentile
from trial import CONNECT_TIMEOUT_S, DEADLINE_SLACK_MS, Trial

MEDIAN_MAX_MS = 1000    # a tenth of it is what we want; it is reported
FCGID_SCORE_S = 1.1     # for each process that has ended
ALL_SHARE = {"lighttpd": 1, "apache": 0.1}  # of the kills of responders that take all of them
STORED = 30             # answers of 201 before most of the kills
LOG_MAX_BYTES = 16 * 1024 * 1024  # SQLite begins it anew at some 4 MiB
EVENTS_PER_REQUEST = 4  # in the mean, with batches of ten


@dataclasses.dataclass
class Scenario:
    """function(trial); parameters of the short and the long form; servers it is run through; whether it is in the short form."""
    function: object
    what: str
    short: dict
    long: dict
    servers: tuple = ("lighttpd",)
    short_servers: tuple = None  # as servers, but for the short form; () leaves it out


# ---- what is killed ----


def kill_database(trial, number):
    with trial.fault(f"kill -9 of PostgreSQL {number}"):
        trial.database.kill()
        trial.pause(0, trial.params["pause_s"])
        trial.database.start()


def kill_responder(trial, server, number):
    with trial.fault(f"kill -9 of the responder {number}"):
        count = kill_responders(server, trial.random, ALL_SHARE[trial.kind])
    await_fcgid(trial, count)


def await_fcgid(trial, count):
    """mod_fcgid starts no process for a while where too many have ended (FcgidTerminationScore, FcgidTimeScore): not what is tested."""
    if trial.kind == "apache":
        time.sleep(count * FCGID_SCORE_S)


def kill_both(trial, server, number):
    with trial.fault(f"kill -9 of both {number}"):
        victims = [trial.database.kill, lambda: kill_responders(server, trial.random, ALL_SHARE[trial.kind])]
        trial.random.shuffle(victims)
        counts = []
        for kill in victims:
            counts.append(kill() or 0)
            trial.pause(0, 0.01)
        trial.pause(0, trial.params["pause_s"])
        trial.database.start()
    await_fcgid(trial, sum(counts))


def kills(trial):
    """PostgreSQL, the responder and both are killed in random order, so many times each; some as soon as there is something to lose, which
    is often while the queue is replayed, the others once events go to the database again."""
    params = trial.params
    server = trial.server()
    load = trial.load(server.transport, batch=params["batch"])
    what = ["database"] * params["database"] + ["responder"] * params["responder"] + ["both"] * params["both"]
    trial.random.shuffle(what)
    each = params["events"] // (len(what) + 1)
    for number, victim in enumerate(what):
        load.wait_for(each)
        if trial.random.random() < 0.6:
            load.wait_for(STORED, load.stored)
        trial.pause(0, 0.05)
        if victim == "database":
            kill_database(trial, number)
        elif victim == "responder":
            kill_responder(trial, server, number)
        else:
            kill_both(trial, server, number)
    load.wait_for(each)
    trial.settle(server)
    trial.judge()


# ---- what is away, or hangs ----


def freeze(trial):
    """All processes of PostgreSQL are stopped for some seconds and go on again: nothing refuses, nothing answers."""
    params = trial.params
    server = trial.server(write_timeout_ms=params["write_timeout_ms"])
    load = trial.load(server.transport)
    for number in range(params["times"]):
        load.wait_for(200)
        with trial.fault(f"SIGSTOP of PostgreSQL {number}"):
            frozen = trial.database.freeze()
            trial.closing.callback(trial.database.thaw, frozen)
            trial.pause(params["least_s"], params["most_s"])
            trial.database.thaw(frozen)
    load.wait_for(200)
    trial.settle(server)
    trial.check_statuses(KEPT_STATUSES + REFUSED_STATUSES + (503,))
    trial.check_deadline(params["write_timeout_ms"] + CONNECT_TIMEOUT_S * 1000 + DEADLINE_SLACK_MS)
    trial.judge()


def restart_database(trial):
    """As an administrator does, in both modes."""
    server = trial.server()
    load = trial.load(server.transport)
    for number in range(trial.params["times"]):
        load.wait_for(200)
        stop, mode = (trial.database.stop, "fast") if number % 2 else (trial.database.stop_at_once, "immediate")
        with trial.fault(f"restart of PostgreSQL {number} ({mode})"):
            stop()
            trial.pause(0, trial.params["pause_s"])
            trial.database.start()
    load.wait_for(200)
    trial.settle(server)
    trial.check_statuses(KEPT_STATUSES + REFUSED_STATUSES + (503,))
    trial.judge()


def outage(trial):
    """The database is away for long, and clients notice no more of it than 202."""
    params = trial.params
    server = trial.server()
    load = trial.load(server.transport, rate=params["events_per_s"] / EVENTS_PER_REQUEST)
    load.wait_for(params["events_per_s"])
    with trial.fault("PostgreSQL is down") as down:
        trial.database.stop()
        begun = time.monotonic()
        time.sleep(params["seconds"])
        trial.check(server.ready() == ("queue" if trial.settings.has_queue else 503), "readyz", f"/readyz says {server.ready()}")
        log_bytes = max([queue.log_bytes() for queue in trial.queues], default=0)
        ended = time.monotonic()
        trial.database.start()
    trial.result.figures["SQLite's log"] = f"{log_bytes} bytes"
    trial.check(log_bytes <= LOG_MAX_BYTES, "log grows", f"SQLite's log of the queue has {log_bytes} bytes: it is not begun anew")
    back_s = down[2]
    drained_s = trial.wait_for_replay()
    trial.result.figures["queue empty, with clients at work"] = "never" if drained_s is None else f"{drained_s:.2f} s after the start"
    trial.check(drained_s is not None, "not replayed", "the queue does not become empty while clients write")
    load.wait_for(params["events_per_s"])
    trial.settle(server)

    timeline = Timeline(trial.ledger)
    meanwhile = [attempt for attempt in timeline.begun_between(begun, ended) if attempt.end < ended]
    expected = (202,) if trial.settings.has_queue else (503,)
    trial.check_statuses(expected + REFUSED_STATUSES, meanwhile, "while the database was down: ")
    took = sorted((attempt.end - attempt.begin) * 1000 for attempt in meanwhile)
    median = percentile(took, 0.5)
    trial.check(bool(took), "no answers", "none while the database was down")
    trial.result.figures["answers while down"] = (f"{len(took)}, ms: p50 {median:.1f} p99 {percentile(took, 0.99):.1f} max {took[-1]:.1f}"
                                                  if took else "none")
    trial.check(not took or median < MEDIAN_MAX_MS, "slow", f"median of {median} ms while the database was down")
    after = timeline.begun_between(back_s, timeline.begins[-1])
    trial.check_statuses(KEPT_STATUSES + REFUSED_STATUSES, after, "with the database back: ")
    trial.judge()


BOTH = ("lighttpd", "apache")
SCENARIOS = {
    "kills": Scenario(
        kills, "kill -9 of PostgreSQL, of the responder, of both, under load",
        {"database": 9, "responder": 9, "both": 1, "events": 4000, "batch": 10, "pause_s": 0.3},
        {"database": 90, "responder": 90, "both": 10, "events": 500000, "batch": 50, "pause_s": 1.0}, BOTH, ("lighttpd",)),
    "freeze": Scenario(
        freeze, "SIGSTOP of all of PostgreSQL, then SIGCONT: every answer within its deadline",
        {"times": 1, "least_s": 3.0, "most_s": 3.5, "write_timeout_ms": 1500},
        {"times": 5, "least_s": 2.0, "most_s": 15.0, "write_timeout_ms": 5000}, BOTH, ("lighttpd",)),
    "restart-database": Scenario(
        restart_database, "restarts of PostgreSQL, fast and immediate, under load",
        {"times": 4, "pause_s": 0.3}, {"times": 20, "pause_s": 2.0}, BOTH, ()),
    "outage": Scenario(
        outage, "the database down for long: 202 at once, replayed in order afterwards",
        {"seconds": 4, "events_per_s": 300}, {"seconds": 60, "events_per_s": 500}, BOTH, ("lighttpd",)),
    "quota": Scenario(
        damage.quota, "the queue is full by queue_max_bytes: 503, and it recovers by itself",
        {}, {}, BOTH, ("lighttpd",)),
    "disk-full": Scenario(
        damage.disk_full, "the queue's disk is full: 503, recovers when there is room, and replays while there is none",
        {"bytes": 128 * 1024 * 1024}, {"bytes": 128 * 1024 * 1024}, BOTH, ("lighttpd",)),
    "damage": Scenario(
        damage.damage, "the queue's file read-only, overwritten, replaced, removed, cut while it is used",
        {"rounds": 1, "only": ""}, {"rounds": 5, "only": ""}, BOTH, ()),
    "cut": Scenario(
        cutting.cut, "the connection to PostgreSQL cut behind byte N of a flight, in each direction",
        {"step": 211, "lanes": 2}, {"step": 1, "lanes": 4}, ("lighttpd",)),
    "reload": Scenario(
        restarts.reload_server, "graceful restarts of the web server under load: no request fails",
        {"times": 2}, {"times": 20}, BOTH),
    "sigterm": Scenario(
        restarts.sigterm, "SIGTERM to the responder as a systemd service, under load: ends in time, drops nothing",
        {"times": 3, "frozen": 0}, {"times": 20, "frozen": 3}, ("daemon",), ()),
    "clock": Scenario(
        restarts.clock, "the clock set back while events come",
        {"seconds": 1}, {"seconds": 5}, ("daemon",), ()),
}


def run_scenario(settings, name, kind, is_long, number, changes=None):
    """Runs one; returns its result."""
    scenario = SCENARIOS[name]
    params = dict(scenario.long if is_long else scenario.short)
    params |= {key: value for key, value in (changes or {}).items() if key in params}
    trial = Trial(settings, name, kind, params, number)
    return trial.run(scenario.function)
