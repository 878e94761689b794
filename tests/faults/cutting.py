"""The connection between the responder and PostgreSQL is cut behind byte N, for each N: while it is made (fresh), while a group is written
over one that is there (flight), and while the queue is replayed (replay)."""

import os
import threading
import time
import traceback

from ledger import KEPT_STATUSES, REFUSED_STATUSES
from proxy import TO_DATABASE, TO_RESPONDER, Proxy
from trial import CONNECT_TIMEOUT_S
from writers import Writer, attempt

FAR = 1 << 40
IDLE_TIMEOUT_S = 30
REPLAYED = 3  # events that are queued before a replay that is cut
MODES = ("fresh", "flight", "replay")


class Lane:
    """A host with a proxy of its own, so that several places are tried at a time."""

    def __init__(self, trial, number):
        self.trial = trial
        self.proxy = Proxy(os.path.join(trial.settings.run_dir, f"p{number}.{os.path.basename(trial.folder)}"), trial.database.socket_dir)
        self.proxy.start()
        trial.closing.callback(self.proxy.stop)
        self.queue = trial.make_queue() if trial.settings.has_queue else None
        self.server = trial.server(self.queue, write_timeout_ms=2000, writer_database=self.conninfo("synchrony_writer"))
        self.writer = Writer(number, trial.plan(batch=3, shared_share=0, bad_share=0, again_share=0, keys=5), self.server.transport(),
                             trial.ledger.book(), f"{trial.settings.seed} {trial.name}", None)
        self.cuts = 0
        self.error = None

    def conninfo(self, user):
        return f"host={self.proxy.folder} dbname=synchrony user={user} connect_timeout={CONNECT_TIMEOUT_S}"

    def post(self):
        request, body = self.writer.make_request()
        return attempt(self.writer.transport, request, body)

    def wait_until_idle(self):
        """Nothing queued, and the database is taken to be there: the next event goes to it at once."""
        deadline = time.monotonic() + IDLE_TIMEOUT_S
        while time.monotonic() < deadline:
            if self.queue is None and self.server.ready() == "database":
                return
            if self.queue and self.queue.totals() == (0, 0) and self.post().status == 201:
                return
            time.sleep(0.05)
        raise TimeoutError(f"no event goes to the database; /readyz: {self.server.ready()}, queue: {self.queue and self.queue.totals()}")

    def fly(self, mode, direction, n_bytes):
        """One try; returns how many bytes went that way, and whether it was cut."""
        self.wait_until_idle()
        cuts = self.proxy.cuts
        if mode == "replay":
            self.proxy.set_open(False)
            for _ in range(REPLAYED):
                self.post()
        elif mode == "fresh":
            self.proxy.cut_all()
        self.proxy.arm(direction, n_bytes)
        if mode == "replay":
            self.proxy.set_open(True)
            self.wait_for_replay(cuts)
        else:
            self.post()
        counted = self.proxy.disarm()
        self.cuts += self.proxy.cuts - cuts
        return counted, self.proxy.cuts > cuts

    def wait_for_replay(self, cuts):
        deadline = time.monotonic() + IDLE_TIMEOUT_S
        while self.proxy.cuts == cuts and self.queue.totals() != (0, 0) and time.monotonic() < deadline:
            time.sleep(0.01)

    def sweep(self, places):
        try:
            for mode, direction, n_bytes in places:
                with self.trial.fault(f"cut behind byte {n_bytes} {direction} ({mode})"):
                    self.fly(mode, direction, n_bytes)
            self.wait_until_idle()
        except Exception:  # pylint: disable=broad-except
            self.error = traceback.format_exc()


def cut(trial):
    lanes = [Lane(trial, number) for number in range(trial.params["lanes"])]
    places, lengths = [], {}
    for mode in MODES if trial.settings.has_queue else MODES[:2]:
        for direction in (TO_DATABASE, TO_RESPONDER):
            counted, _ = lanes[0].fly(mode, direction, FAR)
            lengths[f"{mode}, {direction}"] = counted
            first = trial.random.randrange(trial.params["step"])
            places += [(mode, direction, n_bytes) for n_bytes in range(first, counted + 1, trial.params["step"])]
    threads = [threading.Thread(target=lane.sweep, args=(places[number::len(lanes)],)) for number, lane in enumerate(lanes)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    trial.result.figures["bytes"] = lengths
    trial.result.figures["cuts"] = f"{sum(lane.cuts for lane in lanes)} of {len(places)}"
    for lane in lanes:
        trial.check(lane.error is None, "stuck", lane.error)
    trial.check(sum(lane.cuts for lane in lanes) > len(places) / 2, "no cuts", "the proxy has cut too little to prove anything")
    trial.settle()
    trial.check_statuses(KEPT_STATUSES + REFUSED_STATUSES + (() if trial.settings.has_queue else (503,)))
    trial.judge()
