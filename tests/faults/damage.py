"""What can befall the queue's folder: no room, no permission, another file in its place."""

import json
import os
import time

from cluster import give_away
from host import LEAST_QUEUE_BYTES, fill_disk, kill_responders, mount_small_disk
from ledger import KEPT, KEPT_STATUSES, REFUSED_STATUSES
from servers import wait_until
from trial import Skip

REFUSALS = 30  # answers of 503 that are awaited
PAUSE_S = 1.0
PAD_BYTES = 600
QUEUED = (100, 10000)  # events before a damage: all in SQLite's log yet, or in the file, too
STORED = 30  # answers of 201 before a damage
GARBAGE_BYTES = 64 * 1024
KILLED = "kill -9 of the responder"
ALLOWED = KEPT_STATUSES + REFUSED_STATUSES + (503,)


def need_queue(trial):
    if not trial.settings.has_queue:
        raise Skip("without a queue")


def count(trial, status, since=0.0):
    return sum(attempt.status == status and attempt.begin >= since for attempt in list(trial.ledger.attempts()))


def wait_for_refusals(trial, load):
    since = time.monotonic()
    load.wait_for(REFUSALS, lambda: count(trial, 503, since))


# ---- no room ----


def quota(trial):
    """The queue has its least size and is filled; then the database comes back."""
    need_queue(trial)
    server = trial.server(queue_max_bytes=LEAST_QUEUE_BYTES)
    load = trial.load(server.transport, batch=20, pad=1500)
    load.wait_for(100)
    with trial.fault("PostgreSQL is down, and the queue fills"):
        trial.database.stop()
        wait_for_refusals(trial, load)
        trial.database.start()
    load.wait_for(500)
    trial.settle(server)
    trial.check(count(trial, 202) > 0, "no answers", "nothing was queued")
    trial.check_statuses(ALLOWED)
    trial.judge()


def disk_full(trial):
    """Another program takes all room of the queue's disk; it is given back; it is taken again, and the database comes back."""
    need_queue(trial)
    queue = trial.make_queue()
    reason = mount_small_disk(queue.path, trial.params["bytes"])
    if reason:
        raise Skip(reason)
    trial.mounts.append(queue.path)
    server = trial.server(queue)
    load = trial.load(server.transport, batch=20, pad=1000, rate=200)
    load.wait_for(100)
    with trial.fault("PostgreSQL is down"):
        trial.database.stop()
        load.wait_for(100)
        with trial.fault("the queue's disk is full"):
            ballast = fill_disk(queue.path)
            wait_for_refusals(trial, load)
            os.unlink(ballast)
        load.wait_for(500)
        with trial.fault("the queue's disk is full again"):
            ballast = fill_disk(queue.path)
            wait_for_refusals(trial, load)
            trial.database.start()
            drained_s = trial.wait_for_replay(server)
            os.unlink(ballast)
    trial.result.figures["replayed with the disk full"] = "never" if drained_s is None else f"in {drained_s:.2f} s"
    trial.check(drained_s is not None, "not replayed", "the queue does not become empty while its disk is full")
    load.wait_for(500)
    trial.settle(server)
    trial.check_statuses(ALLOWED)
    trial.judge()


# ---- what happens to the file ----


def make_read_only(queue, rng):
    """Returns how to undo it."""
    modes = [(path, os.stat(path).st_mode) for path in [*queue.files(), queue.path]]
    for path, mode in modes:
        os.chmod(path, mode & 0o555)

    def undo():
        for path, mode in reversed(modes):
            if os.path.exists(path):
                os.chmod(path, mode)
    return undo


def overwrite(queue, rng):
    """In place, from a random byte on."""
    with open(queue.file, "r+b") as file:
        size = os.path.getsize(queue.file)
        file.seek(rng.choice([0, rng.randrange(max(size, 1))]))
        file.write(rng.randbytes(GARBAGE_BYTES))


def replace(queue, rng):
    """Another file, renamed over it."""
    path = queue.file + ".garbage"
    with open(path, "wb") as file:
        file.write(rng.randbytes(GARBAGE_BYTES))
    os.chmod(path, 0o600)
    give_away(path)
    os.rename(path, queue.file)


def remove(queue, rng):
    for path in queue.files():
        os.unlink(path)


def remove_folder(queue, rng):
    """Moved away with all that is in it, and an empty one made later."""
    aside = f"{queue.path}.{rng.getrandbits(32):08x}"
    os.rename(queue.path, aside)

    def undo():
        os.mkdir(queue.path, 0o700)
        give_away(queue.path)
    return undo


def cut_short(queue, rng):
    os.truncate(queue.file, rng.randrange(os.path.getsize(queue.file) + 1))


DAMAGES = {"read-only": make_read_only, "overwritten": overwrite, "replaced by garbage": replace, "removed": remove, "cut short": cut_short,
           "its folder moved away": remove_folder}
DESTROY_NOTHING = ("read-only",)


def lines_about_queue(server, offset):
    """Warnings and errors of the responder since then that name the queue."""
    found = []
    with open(server.responder_log, "rb") as file:
        file.seek(offset)
        for line in file.read().decode("utf-8", "replace").splitlines():
            try:
                entry = json.loads(line)
            except ValueError:
                continue
            text = json.dumps(entry)
            if "durable queue" in text and any(word in text.lower() for word in ('"warn', '"error')):
                found.append(entry.get("message", text))
    return found


class Damage:
    """One, from the moment that the database went away: what was queued since then may be destroyed by it."""

    def __init__(self, name, down):
        self.name = name
        self.down = down
        self.end = None
        self.refused = 0
        self.lines = []

    def may_have_destroyed(self, request, index):
        """It was queued, no later than the damage: each time that it was acknowledged."""
        if self.name in DESTROY_NOTHING or self.end is None:
            return False
        kept = [attempt for attempt in request.attempts if attempt.outcome(index) == KEPT]
        return all(attempt.status == 202 and self.down <= attempt.end and attempt.begin <= self.end for attempt in kept)


def damage(trial):
    """Each kind while the database is down and events are queued: the service goes on, or answers 503 until it is mended."""
    need_queue(trial)
    queue = trial.make_queue()
    server = trial.server(queue)
    load = trial.load(server.transport, pad=PAD_BYTES)
    done = []
    for name in [name for name in DAMAGES if trial.params["only"] in name] * trial.params["rounds"]:
        load.wait_for(STORED, load.stored)
        offset = os.path.getsize(server.responder_log)
        with trial.fault("PostgreSQL is down") as down:
            done.append(Damage(name, down[1]))
            trial.database.stop()
            load.wait_for(trial.random.choice(QUEUED))
            inflict(trial, server, queue, load, done[-1])
            trial.database.start()
        load.wait_for(STORED, load.stored)
        trial.check(trial.wait_for_replay(server) is not None, "not replayed", f"after the queue was {name}")
        done[-1].lines = lines_about_queue(server, offset)
    trial.settle(server)
    trial.check_statuses(ALLOWED, [attempt for attempt in trial.ledger.attempts()
                                   if KILLED not in trial.ledger.faults_between(attempt.begin, attempt.end)])
    destroyed = trial.judge(lambda request, index: any(one.may_have_destroyed(request, index) for one in done))
    for number, one in enumerate(done):
        lost = sum(one.may_have_destroyed(*event) for event in destroyed)
        trial.result.figures[f"{one.name}{' ' + str(number) if trial.params['rounds'] > 1 else ''}"] = (
            f"{lost} events destroyed, {one.refused} answers of 503; log: {'; '.join(dict.fromkeys(one.lines)) or 'nothing'}")
        trial.check(one.lines or not lost and not one.refused, "silent",
                    f"the queue was {one.name}: {lost} events destroyed, {one.refused} answers of 503, and no line in the log")


def inflict(trial, server, queue, load, one):
    """Does it, and lets the service live with it for a while."""
    begun = time.monotonic()
    with trial.fault(f"the queue is {one.name}"):
        undo = DAMAGES[one.name](queue, trial.random)
        one.end = time.monotonic()
        load.wait_for(30, load.answered)
        time.sleep(PAUSE_S / 2)
        if one.name in DESTROY_NOTHING:  # what has the file open may still write; who opens it anew meets the modes
            with trial.fault(KILLED):
                kill_responders(server, trial.random)
                wait_until(lambda: server.get("/healthz") == 200, "the responder does not come back")
            time.sleep(PAUSE_S / 2)
        if undo:
            undo()
    load.wait_for(30)
    one.refused = count(trial, 503, begun)
