"""One run of one scenario: what is under test, who writes to it, the ledger, and what came of it."""

import contextlib
import dataclasses
import glob
import json
import os
import random
import shutil
import time
import traceback

import ledger as ledgers
from cluster import Unavailable
from host import QueueFolder, SteadyServer, unmount
from writers import Load, Plan, Stuck

SETTLE_TIMEOUT_S = 120
DEADLINE_SLACK_MS = 2000
CONNECT_TIMEOUT_S = 2
REPORT_BYTES = 6000
SHOWN = ("acknowledged", "queued", "refused", "unknown", "5xx")


class Skip(Exception):
    """A scenario cannot be run here; the reason is for people."""


@dataclasses.dataclass
class Settings:
    """What all trials of a run have in common."""
    run_dir: str
    build_dir: str
    database: object
    seed: int
    log_dir: str = None  # where the logs of a trial that fails are kept
    keeps_all: bool = False  # of one that passes, too
    clients: int = 6
    has_queue: bool = True
    say: object = lambda text: None


@dataclasses.dataclass
class Result:
    """What a trial came to."""
    scenario: str
    server: str
    seed: int
    seconds: float = 0.0
    skipped: str = None
    summary: dict = dataclasses.field(default_factory=dict)
    figures: dict = dataclasses.field(default_factory=dict)  # of this scenario, for people
    findings: list = dataclasses.field(default_factory=list)
    logs: str = None

    @property
    def failed(self):
        return bool(self.findings)

    def as_json(self):
        return dataclasses.asdict(self) | {"kinds": ledgers.count_kinds(self.findings), "failed": self.failed}

    def lines(self):
        """For people."""
        head = f"{self.scenario} ({self.server}), seed {self.seed}, {self.seconds:.1f} s: "
        if self.skipped:
            return [head + "skipped: " + self.skipped]
        lines = [head + ("FAILED" if self.failed else "passed")]
        if self.summary:
            kinds = ledgers.count_kinds(self.findings)
            milliseconds = " ".join(f"{name} {value:.1f}" for name, value in self.summary["ms"].items() if value is not None)
            lines.append("  " + ", ".join(f"{self.summary[name]} {name}" for name in SHOWN)
                         + f", {kinds.get('lost', 0)} lost, {kinds.get('twice', 0)} twice; ms: {milliseconds}")
            lines.append("  attempts: " + ", ".join(f"{end} {count}" for end, count in self.summary["attempts"].items()))
        lines += [f"  {name}: {value}" for name, value in self.figures.items()]
        lines += ["  " + line for line in ledgers.tell_findings(self.findings)]
        if self.logs:
            lines.append(f"  logs: {self.logs}")
        return lines


class Trial:
    """What a scenario is handed. It makes servers and load by it, calls fault() around what it does to them, and judge() at the end."""

    def __init__(self, settings, scenario, kind, params, number):
        self.settings = settings
        self.database = settings.database
        self.kind = kind
        self.params = params
        self.name = f"{scenario}-{kind}"
        self.result = Result(scenario, kind, settings.seed)
        self.random = random.Random(f"{settings.seed} {self.name}")
        self.event_type = f"fault.{self.name}.{number}"
        self.ledger = ledgers.Ledger()
        self.loads = []
        self.servers = []
        self.queues = []
        self.mounts = []
        self.closing = contextlib.ExitStack()
        self.folder = os.path.join(settings.run_dir, f"f{number}")

    # ---- making ----

    def make_queue(self):
        os.makedirs(self.folder, exist_ok=True)
        os.chmod(self.folder, 0o755)
        self.queues.append(QueueFolder(os.path.join(self.folder, f"queue{len(self.queues)}")))
        return self.queues[-1]

    def options(self, queue, **more):
        """What synchrony.conf says."""
        found = {"writer_database": self.database.conninfo("synchrony_writer"),
                 "reader_database": self.database.conninfo("synchrony_reader"), "connect_timeout_s": CONNECT_TIMEOUT_S}
        return found | ({"queue_directory": queue.path} if queue else {}) | more

    def server(self, queue=None, environment=None, is_handed=False, **more):
        """A web server with the responder, started; with a queue of its own."""
        if queue is None and self.settings.has_queue:
            queue = self.make_queue()
        server = SteadyServer(self.kind, f"{self.name}{len(self.servers) or ''}", self.settings.run_dir, self.settings.build_dir,
                              self.options(queue, **more), environment, is_handed)
        self.servers.append(server)
        return server.start()

    def adopt(self, site):
        """Has the trial end it, and keep its logs."""
        self.servers.append(site)
        return site

    def plan(self, **more):
        return Plan(self.event_type, **more)

    def load(self, make_transport, clients=None, **plan):
        """Writers, started."""
        self.loads.append(Load(self.ledger, self.plan(**plan), make_transport, clients or self.settings.clients,
                               f"{self.settings.seed} {self.name} {len(self.loads)}"))
        return self.loads[-1].start()

    @contextlib.contextmanager
    def fault(self, what):
        entry = [what, time.monotonic(), None]
        self.ledger.faults.append(entry)
        self.settings.say(f"{entry[1] - self.ledger.begun:8.3f} {what}")
        try:
            yield entry
        finally:
            entry[2] = time.monotonic()

    def pause(self, least, most):
        time.sleep(self.random.uniform(least, most))

    # ---- judging ----

    def find(self, kind, text):
        self.result.findings.append(ledgers.Finding(kind, text))

    def check(self, is_right, kind, text):
        if not is_right:
            self.find(kind, text)

    def check_statuses(self, allowed, attempts=None, what=""):
        """No attempt ended otherwise: a status, or one of the ledger's words. What every HTTP client sends again by itself is no matter."""
        for attempt in self.ledger.attempts() if attempts is None else attempts:
            end = attempt.status or attempt.how
            self.check(end in allowed or end == ledgers.CLOSED, "unexpected answer", f"{what}{self.ledger.describe(attempt)}")

    def check_deadline(self, deadline_ms):
        for attempt in self.ledger.attempts():
            took_ms = (attempt.end - attempt.begin) * 1000
            self.check(took_ms <= deadline_ms, "late", f"over {deadline_ms} ms: {self.ledger.describe(attempt)}")

    def queue_is_empty(self):
        """None where that cannot be read now."""
        totals = [queue.totals() for queue in self.queues]
        return None if None in totals else not any(records for records, _ in totals)

    def wait_for_replay(self, server=None, timeout_s=SETTLE_TIMEOUT_S):
        """Until the queue is empty and the database takes events; returns the seconds, or None after a timeout."""
        begun = time.monotonic()
        while time.monotonic() - begun < timeout_s:
            if self.queue_is_empty() and (server is None or server.ready() == "database"):
                return time.monotonic() - begun
            time.sleep(0.02)
        return None

    def stop_loads(self):
        for load in self.loads:
            load.stop()

    def settle(self, server=None):
        """Ends the load and waits until nothing is on its way any more."""
        self.stop_loads()
        took_s = self.wait_for_replay(server)
        self.result.figures["queue empty after"] = "never" if took_s is None else f"{took_s:.2f} s"
        self.check(took_s is not None, "not replayed", f"after {SETTLE_TIMEOUT_S} s the queue holds "
                   f"{[queue.totals() for queue in self.queues]} (records, quarantined); /readyz: {server and server.ready()}")
        for queue in self.queues:
            quarantined = (queue.totals() or (0, 0))[1]
            self.check(not quarantined, "quarantined", f"{quarantined} events that PostgreSQL takes as they are")
        self.database.wait_for_writers()

    def judge(self, tolerates=None):
        """Compares ledger and database; returns (request, index) of what is not there, and tolerates has let pass."""
        judge = ledgers.Judge(self.ledger, tolerates or (lambda request, index: False))
        judge.read_log(self.database.log_rows(self.event_type))
        judge.check_requests()
        judge.check_items(dict(self.database.items(self.event_type)))
        self.result.findings += judge.findings
        for attempt in self.ledger.attempts():
            self.check(not attempt.text.startswith("without"), "no Retry-After", self.ledger.describe(attempt))
        return judge.destroyed

    # ---- the end ----

    def run(self, function):
        try:
            function(self)
        except (Skip, Unavailable) as reason:
            self.result.skipped = str(reason)
        except Stuck as stuck:
            self.find("stuck", f"no progress: {stuck}; the last answers: {self.last_answers()}")
        except Exception:  # pylint: disable=broad-except
            self.find("error", traceback.format_exc())
        finally:
            self.close()
        self.result.seconds = time.monotonic() - self.ledger.begun
        self.result.summary = ledgers.summarize(self.ledger)
        slowest = max(self.ledger.attempts(), key=lambda attempt: attempt.end - attempt.begin, default=None)
        if slowest:
            self.result.figures["slowest"] = self.ledger.describe(slowest)
        return self.result

    def last_answers(self):
        last = sorted(self.ledger.attempts(), key=lambda attempt: attempt.end)[-5:]
        return "; ".join(map(self.ledger.describe, last))

    def attempt_to(self, end):
        """One step of the end; what fails is a finding and keeps no other step from being done."""
        try:
            end()
        except Exception:  # pylint: disable=broad-except
            self.find("error", traceback.format_exc())

    def close(self):
        for load in self.loads:
            self.attempt_to(load.stop)
        self.attempt_to(self.closing.close)
        for server in self.servers:
            self.attempt_to(server.stop)
        self.attempt_to(self.database.ensure_started)
        for path in self.sanitizer_reports():
            with open(path, encoding="utf-8", errors="replace") as file:
                self.find("sanitizer", file.read(REPORT_BYTES))
        if (self.result.failed or self.settings.keeps_all) and self.settings.log_dir:
            self.attempt_to(self.keep_logs)
        for mount in self.mounts:
            unmount(mount)
        shutil.rmtree(self.folder, ignore_errors=True)

    def sanitizer_reports(self):
        return sorted(path for server in self.servers for path in glob.glob(f"{self.settings.run_dir}/sanitizer/{server.name}.*"))

    def keep_logs(self):
        """What was logged, what is queued, and the ledger."""
        to = os.path.join(self.settings.log_dir, f"{self.name}.{self.settings.seed}")
        shutil.rmtree(to, ignore_errors=True)
        os.makedirs(to)
        self.result.logs = to
        with open(os.path.join(to, "ledger.jsonl"), "w", encoding="utf-8") as file:
            file.write(json.dumps({"seed": self.settings.seed, "params": self.params, "event_type": self.event_type,
                                   "begun": time.time() - (time.monotonic() - self.ledger.begun)}) + "\n")
            self.ledger.dump(file)
        for server in self.servers:
            for path in [*server.logs(), server.conf]:
                shutil.copyfile(path, os.path.join(to, f"{server.name}.{os.path.basename(path)}"))
        for path in self.sanitizer_reports():
            shutil.copyfile(path, os.path.join(to, "sanitizer." + os.path.basename(path)))
        shutil.copyfile(self.database.log_path, os.path.join(to, "postgresql.log"))
        for queue in self.queues:
            shutil.copytree(queue.path, os.path.join(to, os.path.basename(queue.path)), dirs_exist_ok=True)
