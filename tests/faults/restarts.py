"""What an administrator does while the service is in use: reload the web server, restart the responder, set the clock."""

import os
import signal
import subprocess
import time

from cluster import clean_environment, give_away
from host import GONE_TIMEOUT_S, HeldDaemon, is_alive
from ledger import CLOSED, KEPT_STATUSES, REFUSED_STATUSES
from servers import wait_until
from trial import Skip
from writers import Fcgi

PROMISED_END_S = 5
END_SLACK_S = 3
HOUR_S = 3600
STEADY_S = 1.0
ALLOWED = KEPT_STATUSES + REFUSED_STATUSES


# ---- the web server ----


def wait_for_processes(server):
    """Until none has been started for a while. A graceful restart loses mod_fcgid's process manager, and a request that waits for it to
    start a process then waits for ever: Apache's own, and nothing of what is tested here."""
    known, since = set(), time.monotonic()
    while time.monotonic() - since < STEADY_S:
        found = set(server.responders())
        if found - known:
            known, since = known | found, time.monotonic()
        time.sleep(0.02)


def reload_server(trial):
    """apachectl graceful; for lighttpd its own graceful restart (SIGUSR1), and SIGINT with a new instance on the same socket, by turns."""
    server = trial.server(is_handed=trial.kind == "lighttpd")
    load = trial.load(server.transport)
    for number in range(trial.params["times"]):
        load.wait_for(200)
        wait_for_processes(server)
        trial.pause(0, 0.3)
        before = set(server.responders())
        if trial.kind == "lighttpd" and number % 2 == 0:
            with trial.fault(f"SIGINT to lighttpd, and a new one {number}"):
                server.drain()
                wait_until(lambda: not any(is_alive(pid) for pid in before), "responders stay behind their server", GONE_TIMEOUT_S)
                server.launch()
                load.wait_for(50)
        else:
            with trial.fault(f"SIGUSR1 to {trial.kind} {number}"):
                server.process.send_signal(signal.SIGUSR1)
                wait_until(lambda: not any(is_alive(pid) for pid in before), "responders of before the restart stay", GONE_TIMEOUT_S)
                load.wait_for(50)
    load.wait_for(200)
    trial.settle(server)
    trial.result.figures["sent again on a fresh connection"] = sum(attempt.how == CLOSED for attempt in trial.ledger.attempts())
    trial.check_statuses(ALLOWED)
    trial.judge()


# ---- the responder ----


def make_daemon(trial, environment=None):
    queue = trial.make_queue() if trial.settings.has_queue else None
    return trial.adopt(HeldDaemon(trial.name, trial.settings.run_dir, trial.settings.build_dir, trial.options(queue), environment))


def end(trial, daemon):
    """SIGTERM; returns how long it took to end."""
    begun = time.monotonic()
    daemon.process.send_signal(signal.SIGTERM)
    code = daemon.process.wait(GONE_TIMEOUT_S)
    took_s = time.monotonic() - begun
    trial.check(code == 0, "exit code", f"{code} after SIGTERM")
    trial.check(took_s < PROMISED_END_S + END_SLACK_S, "late", f"the responder took {took_s:.1f} s to end")
    return took_s


def sigterm(trial):
    """Each time a new one takes over the socket; requests wait there meanwhile. Then also while PostgreSQL hangs."""
    daemon = make_daemon(trial).start()
    load = trial.load(lambda: Fcgi(daemon.socket_path))
    ends = []
    for number in range(trial.params["times"]):
        load.wait_for(200)
        trial.pause(0, 0.1)
        with trial.fault(f"SIGTERM to the responder {number}"):
            ends.append(end(trial, daemon))
            daemon.start()
    load.wait_for(200)
    trial.check_statuses(ALLOWED)
    for number in range(trial.params["frozen"]):
        with trial.fault(f"SIGTERM to the responder while PostgreSQL hangs {number}"):
            frozen = trial.database.freeze()
            trial.closing.callback(trial.database.thaw, frozen)
            trial.pause(0, 1.0)
            ends.append(end(trial, daemon))
            daemon.start()
            trial.database.thaw(frozen)
        load.wait_for(200)
    trial.result.figures["ended in"] = f"at most {max(ends):.2f} s"
    trial.settle()
    trial.judge()


# ---- the clock ----


def find_faketime():
    for folder in ("/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib"):
        path = os.path.join(folder, "faketime", "libfaketimeMT.so.1")
        if os.path.exists(path):
            return path
    raise Skip("libfaketime is not installed (Debian package: libfaketime)")


def check_faketime(path, binary):
    """Whether a program that is linked as the responder is can be told another time by it."""
    libraries = subprocess.run(["ldd", binary], text=True, check=False, stdout=subprocess.PIPE).stdout
    if "libasan" in libraries:
        raise Skip("libfaketime cannot be loaded beside AddressSanitizer; build without --enable-sanitizers")
    result = subprocess.run(["date", "-u", "+%Y"], text=True, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                            env=clean_environment() | {"LD_PRELOAD": path, "FAKETIME": "2001-01-01 00:00:00"})
    if result.stdout.strip() != "2001":
        raise Skip(f"libfaketime does not work here: {result.stdout.strip()!r}")


def write_offset(path, seconds):
    """As a whole: it is read at any time."""
    with open(path + ".new", "w", encoding="ascii") as file:
        file.write(f"{seconds:+d}\n")
    give_away(path + ".new")
    os.rename(path + ".new", path)


def clock(trial):
    """The responder's clock goes back by an hour and later comes right, with the database there and away. Within a process the later
    acceptance stays the later one."""
    library = find_faketime()
    check_faketime(library, os.path.join(trial.settings.build_dir, "synchrony_data_analytics"))
    os.makedirs(trial.folder, exist_ok=True)
    os.chmod(trial.folder, 0o755)
    offset = os.path.join(trial.folder, "offset")
    write_offset(offset, 0)
    environment = {"LD_PRELOAD": library, "FAKETIME_TIMESTAMP_FILE": offset, "FAKETIME_NO_CACHE": "1", "FAKETIME_DONT_FAKE_MONOTONIC": "1",
                   "DONT_FAKE_MONOTONIC": "1", "FAKETIME_DISABLE_SHM": "1"}
    daemon = make_daemon(trial, environment).start()
    load = trial.load(lambda: Fcgi(daemon.socket_path))
    load.wait_for(200)
    with trial.fault("the clock is set back by an hour"):
        write_offset(offset, -HOUR_S)
        time.sleep(trial.params["seconds"])
        load.wait_for(200)
        with trial.fault("PostgreSQL is down"):
            trial.database.stop()
            time.sleep(trial.params["seconds"])
            load.wait_for(200)
            trial.database.start()
        load.wait_for(200)
    with trial.fault("the clock is set right, and forward"):
        write_offset(offset, HOUR_S)
        load.wait_for(200)
        write_offset(offset, 0)
        load.wait_for(200)
    trial.check(daemon.process.poll() is None, "ended", "the responder has ended")
    trial.settle()
    trial.check_statuses(ALLOWED + (503,))
    trial.judge()
