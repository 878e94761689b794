"""Reads from a standby: a real one, made of the tests' own cluster."""

import os
import shutil
import subprocess
import threading

import pytest

from cluster import Cluster, clean_environment, popen_as_unprivileged, server_program
from servers import wait_until


class Standby(Cluster):
    """A hot standby that streams from another cluster."""

    def __init__(self, run_dir, primary):
        os.mkdir(run_dir)
        super().__init__(run_dir)
        self.primary = primary

    def init(self):
        # In a folder that is ours to write to; pg_basebackup makes the data directory itself.
        parent = os.path.dirname(self.data_dir)
        os.chmod(parent, 0o777)
        subprocess.run([shutil.which("pg_basebackup") or server_program("pg_basebackup"), "-D", self.data_dir, "-R", "-X", "stream", "-c", "fast",
                        "--no-sync", "-h", self.primary.socket_dir, "-U", "postgres"],
                       cwd="/", env=clean_environment(), check=True, timeout=60, capture_output=True, **popen_as_unprivileged())
        with open(os.path.join(self.data_dir, "postgresql.auto.conf"), "a", encoding="ascii") as conf:
            conf.write(f"unix_socket_directories = '{self.socket_dir}'\nmax_standby_streaming_delay = 200ms\nhot_standby_feedback = off\n")

    def has_caught_up(self):
        position = self.primary.execute("SELECT pg_current_wal_lsn()")[0][0]
        return self.execute("SELECT pg_last_wal_replay_lsn() >= %s::pg_lsn", (position,))[0][0]


@pytest.fixture(scope="module")
def standby(run_dir, cluster):
    result = Standby(os.path.join(run_dir, "standby"), cluster)
    result.init()
    result.start()
    yield result
    result.destroy()


def either(cluster, standby):
    """The primary stands first, and is not asked while the other can be."""
    return f"host={cluster.socket_dir},{standby.socket_dir} dbname=synchrony user=synchrony_reader target_session_attrs=prefer-standby"


def post(daemon, event_type, session):
    assert daemon.post(b'{"event_type":"%s","session_id":"%s"}' % (event_type.encode(), session.encode())).status == 201


def readers(server):
    return server.execute("SELECT count(*) FROM pg_stat_activity WHERE usename = 'synchrony_reader'")[0][0]


def test_reads_go_to_the_standby_and_to_the_primary_without_one(make_daemon, cluster, standby, event_type):
    daemon = make_daemon({"reader_database": either(cluster, standby)}).start()
    on_primary = readers(cluster)
    post(daemon, event_type, "s1")
    wait_until(standby.has_caught_up, "the standby lags behind")
    assert len(daemon.items(event_type=event_type)) == 1
    assert readers(standby) == 1 and readers(cluster) == on_primary
    assert daemon.items(event_type=event_type, since="2000-01-01T00:00:00Z", order="time", history="true", limit=5)
    standby.stop()
    try:
        post(daemon, event_type, "s2")
        assert len(daemon.items(event_type=event_type)) == 2
        assert readers(cluster) == on_primary + 1
    finally:
        standby.start()


@pytest.fixture
def slow(cluster, standby):
    """A query takes a second, on the standby too."""
    for statement in ("CREATE FUNCTION takes_long() RETURNS boolean LANGUAGE plpgsql AS $$BEGIN PERFORM pg_sleep(1); RETURN true; END$$",
                      "ALTER TABLE events ENABLE ROW LEVEL SECURITY",
                      "CREATE POLICY slow ON events FOR SELECT TO synchrony_reader USING ((SELECT takes_long()))"):
        cluster.execute(statement)
    yield
    for statement in ("DROP POLICY slow ON events", "ALTER TABLE events DISABLE ROW LEVEL SECURITY", "DROP FUNCTION takes_long"):
        cluster.execute(statement)


def test_conflict_with_recovery_is_tried_again(make_daemon, cluster, standby, slow, event_type):
    """A lock on the primary is replayed while a query on the standby is in its way: the standby cancels the query (40001)."""
    daemon = make_daemon({"reader_database": standby.conninfo("synchrony_reader")}).start()
    post(daemon, event_type, "s")
    wait_until(standby.has_caught_up, "the standby lags behind")
    conflicts = "SELECT confl_lock FROM pg_stat_database_conflicts WHERE datname = 'synchrony'"
    answers = []
    reader = threading.Thread(target=lambda: answers.append(daemon.get(event_type=event_type)))
    before = standby.execute(conflicts)[0][0]
    reader.start()
    wait_until(lambda: standby.execute("SELECT 1 FROM pg_stat_activity WHERE usename = 'synchrony_reader' AND state = 'active' "
                                       "AND query LIKE '%session_id > %'"), "no query")
    cluster.execute("BEGIN; LOCK TABLE events IN ACCESS EXCLUSIVE MODE; COMMIT")
    reader.join()
    assert (answers[0].status, len(answers[0].json())) == (200, 1)
    wait_until(lambda: standby.execute(conflicts)[0][0] > before, "there was no conflict", 5)


def test_promoted_standby_goes_on(make_daemon, cluster, standby, event_type):
    """What was a standby and is a primary now still answers; the connection is of no account."""
    daemon = make_daemon({"reader_database": standby.conninfo("synchrony_reader")}).start()
    post(daemon, event_type, "s1")
    wait_until(standby.has_caught_up, "the standby lags behind")
    assert len(daemon.items(event_type=event_type)) == 1
    standby.execute("SELECT pg_promote()")
    assert len(daemon.items(event_type=event_type)) == 1
