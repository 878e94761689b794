"""Processes that share a commit (run_directory), as they do under mod_fcgid: one request at a time in each.

What was answered 201 is kept, once, however often the process that leads is killed; and no process waits for one that is gone.
"""

import json
import os
import random
import threading
import time
import uuid

import pytest

from fcgi import Unclean
from servers import Daemon, give_away

PROCESSES = 4
KILLS = 12


class Process:
    """A daemon with one client, which posts one event after the other until it is told to stop."""

    def __init__(self, number, run_dir, build_dir, settings, event_type):
        self.daemon = Daemon(f"host{number}", run_dir, build_dir, settings)
        self.event_type = event_type
        self.acknowledged = []
        self.refused = []
        self.unanswered = 0
        self.stopping = threading.Event()
        self.lock = threading.Lock()
        self.thread = threading.Thread(target=self.post_until_told)

    def post_until_told(self):
        while not self.stopping.is_set():
            event_id = str(uuid.uuid4())
            event = {"event_type": self.event_type, "session_id": str(random.randrange(50)), "event_id": event_id}
            try:
                answer = self.daemon.post(json.dumps(event).encode())
            except (Unclean, OSError, AssertionError):
                self.unanswered += 1  # killed with the request in hand, or not there yet
                continue
            (self.acknowledged if answer.status == 201 else self.refused).append((event_id, answer.status))

    def kill_and_restart(self):
        self.daemon.process.kill()
        self.daemon.process.wait()
        self.daemon.start()

    def stop(self):
        self.stopping.set()
        self.thread.join(60)
        return self.thread.is_alive()


@pytest.fixture
def host(run_dir, build_dir, settings, event_type):
    shared = os.path.join(run_dir, "shared")
    os.makedirs(shared, 0o700, exist_ok=True)
    give_away(shared)
    processes = [Process(i, run_dir, build_dir, settings | {"run_directory": shared}, event_type) for i in range(PROCESSES)]
    for process in processes:
        process.daemon.start()
    for process in processes:
        process.thread.start()
    yield processes
    stuck = [process.daemon.name for process in processes if process.stop()]
    for process in processes:
        process.daemon.stop()
    assert not stuck


def wait_for_progress(processes, more=20, but=None):
    """Until each process that is not the killed one has answered more requests: none of them is stuck."""
    before = {id(process): len(process.acknowledged) for process in processes}
    deadline = time.monotonic() + 60
    waiting = [process for process in processes if process is not but]
    while waiting and time.monotonic() < deadline:
        waiting = [process for process in waiting if len(process.acknowledged) < before[id(process)] + more]
        time.sleep(0.01)
    assert not waiting, f"stuck: {[process.daemon.name for process in waiting]}"


def kept(cluster, event_type):
    return [str(row[0]) for row in cluster.execute("SELECT event_id FROM event_log WHERE event_type = %s", (event_type,))]


def test_a_killed_process_loses_no_acknowledged_event(host, cluster, event_type):
    wait_for_progress(host)
    for kill in range(KILLS):
        victim = host[kill % PROCESSES]
        victim.kill_and_restart()
        wait_for_progress(host, but=victim)
    for process in host:
        assert not process.stop()
    identities = kept(cluster, event_type)
    assert len(identities) == len(set(identities))
    acknowledged = {event_id for process in host for event_id, _ in process.acknowledged}
    assert acknowledged <= set(identities)
    assert [status for process in host for _, status in process.refused] == []

