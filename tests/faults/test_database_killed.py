"""PostgreSQL is killed under load, all its processes at once. What was answered 201 is there afterwards, once, and each item is the
last event of its key that was acknowledged, or a later one that was not."""

import json
import os
import threading
import time
import uuid

import pytest

from cluster import Cluster, make_run_dir
from fcgi import Unclean
from servers import Daemon

KILLS = int(os.environ.get("SYNCHRONY_TEST_KILLS", "5"))
CLIENTS = 8
KEYS = 20


class Client(threading.Thread):
    """Posts events and batches, one after the other. Each key belongs to one client, so the order of its events is known."""

    def __init__(self, number, daemon, event_type):
        super().__init__()
        self.number = number
        self.daemon_ = daemon
        self.event_type = event_type
        self.sent = {}          # session: event ids in the order in which they were sent
        self.acknowledged = {}  # session: those answered 201
        self.statuses = set()
        self.stopping = threading.Event()

    def run(self):
        n = 0
        while not self.stopping.is_set():
            n += 1
            events = [self.event(n, i) for i in range(1 if n % 3 else 10)]
            try:
                answer = self.daemon_.post(json.dumps(events if len(events) > 1 else events[0]).encode())
            except (Unclean, OSError):
                continue
            self.statuses.add(answer.status)
            if answer.status == 201:
                for event in events:
                    self.acknowledged.setdefault(event["session_id"], []).append(event["event_id"])

    def event(self, n, i):
        session = f"{self.number}.{(n + i) % KEYS}"
        event_id = str(uuid.uuid4())
        self.sent.setdefault(session, []).append(event_id)
        return {"event_type": self.event_type, "session_id": session, "event_id": event_id}

    def count(self):
        return sum(len(ids) for ids in self.acknowledged.values())


@pytest.fixture
def durable(command):
    folder = make_run_dir()
    cluster = Cluster(folder, is_durable=True)
    cluster.init()
    cluster.start()
    cluster.create_database()
    cluster.migrate(command)
    yield cluster
    cluster.destroy()
    os.path.exists(cluster.log_path) and os.unlink(cluster.log_path)
    os.rmdir(folder)


def wait_for(clients, more):
    target = sum(client.count() for client in clients) + more
    deadline = time.monotonic() + 60
    while sum(client.count() for client in clients) < target:
        assert time.monotonic() < deadline, f"no progress: {[client.statuses for client in clients]}"
        time.sleep(0.005)


def test_an_acknowledged_event_survives_the_database(durable, run_dir, build_dir, event_type):
    settings = {"writer_database": durable.conninfo("synchrony_writer"), "reader_database": durable.conninfo("synchrony_reader")}
    daemon = Daemon("killed", run_dir, build_dir, settings).start()
    clients = [Client(i, daemon, event_type) for i in range(CLIENTS)]
    for client in clients:
        client.start()
    for _ in range(KILLS):
        wait_for(clients, 200)
        durable.kill()
        durable.start()
    wait_for(clients, 200)
    for client in clients:
        client.stopping.set()
    for client in clients:
        client.join(60)
    assert daemon.stop() == 0

    rows = durable.execute("SELECT session_id, event_id::text FROM event_log WHERE event_type = %s", (event_type,))
    items = dict(durable.execute("SELECT session_id, event_id::text FROM events WHERE event_type = %s", (event_type,)))
    history = {}
    for session, event_id in rows:
        history.setdefault(session, []).append(event_id)
    assert all(len(ids) == len(set(ids)) for ids in history.values())
    for client in clients:
        assert client.statuses <= {201, 503}
        for session, ids in client.acknowledged.items():
            missing = set(ids) - set(history[session])
            assert not missing, f"acknowledged and lost: {missing}"
            sent = client.sent[session]
            assert sent.index(items[session]) >= sent.index(ids[-1])
