"""What becomes of events that PostgreSQL cannot take now: the durable queue, and its way back."""

import json
import os
import sqlite3
import stat
import time

import pytest

from cluster import Cluster, give_away

PATIENCE_S = 20


def post(daemon, event):
    return daemon.post(json.dumps(event).encode())


def wait_for(condition):
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.fixture
def queue_dir(tmp_path_factory, run_dir, event_type):
    path = os.path.join(run_dir, "queue." + event_type)
    os.mkdir(path, 0o700)
    give_away(path)
    return path


@pytest.fixture
def queueing(make_daemon, queue_dir):
    return make_daemon({"queue_directory": queue_dir}).start()


def queued(queue_dir):
    with sqlite3.connect(f"file:{queue_dir}/queue.db?mode=ro", uri=True) as db:
        return db.execute("SELECT count(*) FROM records").fetchone()[0]


def items(daemon, event_type):
    response = daemon.get(event_type=event_type)
    return response.json() if response.status == 200 else None


def test_event_is_queued_while_the_database_is_away_and_stored_when_it_is_back(queueing, queue_dir, away, event_type):
    for n in range(3):
        response = post(queueing, {"event_type": event_type, "session_id": "s1", "n": n})
        assert (response.status, response.body) == (202, b'{"message":"Event queued","queued":1}')
    ready = queueing.request("GET", "/readyz")
    assert (ready.status, ready.json()) == (200, {"status": "ready", "via": "queue"})
    assert queued(queue_dir) == 3

    away.start()
    wait_for(lambda: queued(queue_dir) == 0)
    assert items(queueing, event_type) == [{"event_type": event_type, "session_id": "s1", "n": 2}]
    assert away.execute("SELECT count(*) FROM event_log WHERE event_type = %s", (event_type,)) == [(3,)]
    wait_for(lambda: queueing.request("GET", "/readyz").json()["via"] == "database")
    assert post(queueing, {"event_type": event_type, "session_id": "s1", "n": 3}).status == 201


def test_batch_is_queued_with_a_verdict_per_event(queueing, queue_dir, away, event_type):
    batch = [{"event_type": event_type, "session_id": "a"}, {"event_type": event_type}, {"event_type": event_type, "session_id": "b"}]
    response = post(queueing, batch)
    assert response.status == 202
    answer = response.json()
    errors = answer.pop("errors")
    assert answer == {"message": "Event queued", "queued": 2, "received": 3, "inserted": 0, "duplicates": 0, "rejected": 1}
    assert [(error["index"], error["code"], error["retry"]) for error in errors] == [(1, "missing_fields", False)]

    away.start()
    wait_for(lambda: queued(queue_dir) == 0)
    assert [item["session_id"] for item in items(queueing, event_type)] == ["a", "b"]


def test_queued_event_does_not_replace_one_that_was_accepted_later(queueing, queue_dir, cluster, event_type):
    event = {"event_type": event_type, "session_id": "s1"}
    assert post(queueing, event | {"n": 1}).status == 201
    cluster.stop()
    try:
        assert post(queueing, event | {"n": 2}).status == 202
        queueing.process.send_signal(19)  # it shall not replay before the next event is there
    finally:
        cluster.start()
    with cluster.connect("synchrony_writer") as connection, connection.cursor() as cursor:
        cursor.execute("""SELECT event_write(ARRAY['s1'], ARRAY[now()], ARRAY[gen_random_uuid()], ARRAY[%s], ARRAY[now()],
                                             ARRAY['{"n":3}'::jsonb])""", (event_type,))
    queueing.process.send_signal(18)
    wait_for(lambda: queued(queue_dir) == 0)
    assert items(queueing, event_type) == [event | {"n": 3}]
    assert cluster.execute("SELECT count(*) FROM event_log WHERE event_type = %s", (event_type,)) == [(3,)]


def test_same_event_in_queue_and_database_is_one(queueing, queue_dir, cluster, event_type, event_id):
    event = {"event_type": event_type, "session_id": "s1", "event_id": event_id, "timestamp": "2026-11-20T10:00:00Z"}
    assert post(queueing, event).status == 201
    cluster.stop()
    try:
        assert post(queueing, event).status == 202
    finally:
        cluster.start()
    wait_for(lambda: queued(queue_dir) == 0)
    assert cluster.execute("SELECT count(*) FROM event_log WHERE event_type = %s", (event_type,)) == [(1,)]


def test_queue_outlives_the_process(make_daemon, queue_dir, away, event_type):
    first = make_daemon({"queue_directory": queue_dir}).start()
    assert post(first, {"event_type": event_type, "session_id": "s1"}).status == 202
    first.process.kill()
    first.process.wait()
    first.process = None
    away.start()
    second = make_daemon({"queue_directory": queue_dir}).start()
    wait_for(lambda: queued(queue_dir) == 0)
    assert items(second, event_type) == [{"event_type": event_type, "session_id": "s1"}]


def test_event_that_can_never_be_stored_blocks_nothing(queueing, queue_dir, cluster, event_type):
    """The guard lets none through that PostgreSQL refuses, so the refusal is made here."""
    cluster.stop()
    try:
        for session in "abc":
            assert post(queueing, {"event_type": event_type, "session_id": session}).status == 202
        queueing.process.send_signal(19)
    finally:
        cluster.start()
    cluster.execute(f"ALTER TABLE events ADD CONSTRAINT never CHECK (event_type <> '{event_type}' OR 1 / (ascii(session_id) - 98) <> 0)")
    try:
        queueing.process.send_signal(18)
        wait_for(lambda: queued(queue_dir) == 0)
    finally:
        cluster.execute("ALTER TABLE events DROP CONSTRAINT never")
    assert [item["session_id"] for item in items(queueing, event_type)] == ["a", "c"]
    with sqlite3.connect(f"file:{queue_dir}/queue.db?mode=ro", uri=True) as db:
        assert db.execute("SELECT session_id FROM quarantine").fetchall() in ([("b",)], [(b"b",)])


def test_full_queue_is_503_and_takes_events_again_once_there_is_room(make_daemon, queue_dir, away, event_type):
    daemon = make_daemon({"queue_directory": queue_dir, "queue_max_bytes": 1024 * 1024}).start()
    event = {"event_type": event_type, "session_id": "s1", "pad": "x" * 60000}
    acknowledged = 0
    for n in range(100):
        response = post(daemon, event | {"n": n})
        if response.status == 503:
            break
        assert response.status == 202
        acknowledged += 1
    assert 5 < acknowledged < 20
    assert (response.status, response.json()["code"]) == (503, "queue_full")
    assert 1 <= int(response.header("Retry-After")) <= 4
    assert daemon.request("GET", "/healthz").status == 200

    away.start()
    wait_for(lambda: queued(queue_dir) == 0)
    assert away.execute("SELECT count(*) FROM event_log WHERE event_type = %s", (event_type,)) == [(acknowledged,)]
    away.stop()
    wait_for(lambda: post(daemon, event).status == 202)
    away.start()
    wait_for(lambda: queued(queue_dir) == 0)


def test_queue_is_for_its_user_alone(queueing, queue_dir, away, event_type):
    assert post(queueing, {"event_type": event_type, "session_id": "s1"}).status == 202
    for name in os.listdir(queue_dir):
        assert stat.S_IMODE(os.stat(os.path.join(queue_dir, name)).st_mode) == 0o600, name


def test_queue_that_cannot_be_used_is_503_and_is_used_once_it_can_be(make_daemon, queue_dir, away, event_type):
    away_dir = queue_dir + ".away"
    os.rename(queue_dir, away_dir)
    daemon = make_daemon({"queue_directory": queue_dir}).start()
    event = {"event_type": event_type, "session_id": "s1"}
    response = post(daemon, event)
    assert (response.status, response.json()["code"]) == (503, "unavailable")
    assert daemon.request("GET", "/readyz").status == 503
    os.rename(away_dir, queue_dir)
    assert post(daemon, event).status == 202


def test_database_that_hangs_holds_up_no_event_for_long(make_daemon, queue_dir, cluster, event_type):
    """A lock that nobody gives back: the group that waits for it is queued when its time is over, those behind it at once."""
    daemon = make_daemon({"queue_directory": queue_dir, "write_timeout_ms": 3000}).start()
    event = {"event_type": event_type, "session_id": "s1"}
    assert post(daemon, event).status == 201
    with cluster.connect() as connection, connection.cursor() as cursor:
        cursor.execute("LOCK TABLE events IN ACCESS EXCLUSIVE MODE")
        for n in range(3):
            assert post(daemon, event | {"n": n}).status == 202
    wait_for(lambda: queued(queue_dir) == 0)
    assert items(daemon, event_type) == [event | {"n": 2}]


def test_no_queue_is_the_default(make_daemon, away, event_type):
    response = post(make_daemon().start(), {"event_type": event_type, "session_id": "s1"})
    assert (response.status, json.loads(response.body)["code"]) == (503, "unavailable")


def take_writes(cluster):
    connection = cluster.connect()
    try:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute("SET default_transaction_read_only = off")
            cursor.execute("ALTER SYSTEM RESET default_transaction_read_only")
            cursor.execute("SELECT pg_reload_conf()")
    finally:
        connection.close()


def test_failover_needs_no_restart(make_daemon, queue_dir, run_dir, cluster, command, event_type):
    """Two servers in the connection string; the one that takes writes is asked, whichever it is at the time."""
    os.mkdir(os.path.join(run_dir, "standby." + event_type))
    give_away(os.path.join(run_dir, "standby." + event_type))
    other = Cluster(os.path.join(run_dir, "standby." + event_type))
    other.init()
    other.start()
    try:
        other.create_database()
        other.migrate(command)
        other.execute("ALTER SYSTEM SET default_transaction_read_only = on")
        other.execute("SELECT pg_reload_conf()")
        conninfo = (f"host={cluster.socket_dir},{other.socket_dir} dbname=synchrony user=synchrony_writer "
                    "target_session_attrs=read-write")
        daemon = make_daemon({"queue_directory": queue_dir, "writer_database": conninfo}).start()
        event = {"event_type": event_type, "session_id": "s1"}
        assert post(daemon, event | {"n": 1}).status == 201

        # The primary turns into a standby under an open connection, and the other is promoted.
        cluster.execute("ALTER SYSTEM SET default_transaction_read_only = on")
        cluster.execute("SELECT pg_reload_conf()")
        try:
            wait_for(lambda: cluster.execute("SHOW default_transaction_read_only") == [("on",)])
            assert post(daemon, event | {"n": 2}).status == 202
            take_writes(other)
            wait_for(lambda: queued(queue_dir) == 0)
            wait_for(lambda: post(daemon, event | {"n": 3}).status == 201)
            rows = "SELECT properties->'n' FROM event_log WHERE event_type = %s ORDER BY received_at"
            assert [row[0] for row in cluster.execute(rows, (event_type,))] == [1]
            assert [row[0] for row in other.execute(rows, (event_type,))][0] == 2
        finally:
            take_writes(cluster)
    finally:
        other.destroy()
