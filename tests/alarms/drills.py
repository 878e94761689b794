"""The drills: each causes a real fault, sees the alarms fire through Prometheus, takes the fault back and sees them end.

A drill is a function that takes a way to make its stage; @drill names the alarms that it is to fire. Not drilled here, but by
`promtool test rules` alone: SynchronyFewEvents (it looks back a week) and SynchronyProbeFailed (it is the blackbox exporter's)."""

import os
import shutil
import signal
import subprocess
import threading
import time

from cluster import Cluster, clean_environment, give_away, popen_as_unprivileged, server_program
from servers import Daemon, wait_until

DRILLS = {}
CARD = "4111 1111 1111 1111"


def drill(*alarms):
    def enter(function):
        DRILLS[function.__name__.replace("_", "-")] = (function, alarms)
        return function
    return enter


# ---- who serves ----

@drill("SynchronyDatabaseDown", "SynchronyQueueGrowing", "SynchronyQueueOld")
def postgresql_stopped(stage_of, alarms):
    with stage_of(queue_age_seconds=3) as stage, stage.well():
        with stage.away():
            stage.fires(*alarms)
        stage.is_over(*alarms)
    return stage


@drill("SynchronyDown")
def responder_stopped(stage_of, alarms):
    """SIGSTOP: it is there, and does nothing."""
    with stage_of() as stage, stage.well():
        pids = stage.server.responders()
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        try:
            stage.fires(*alarms)
        finally:
            for pid in pids:
                os.kill(pid, signal.SIGCONT)
        stage.is_over(*alarms)
    return stage


@drill("SynchronyNotScraped")
def nothing_to_scrape(stage_of, alarms):
    with stage_of() as stage:
        path = os.path.join(stage.prometheus.folder, "prometheus.yml")
        with open(path, encoding="utf-8") as file:
            text = file.read()
        for change in (text.replace('"job_name": "synchrony"', '"job_name": "another"'), text):
            with open(path, "w", encoding="utf-8") as file:
                file.write(change)
            stage.prometheus.process.send_signal(signal.SIGHUP)
            if change != text:
                stage.fires(*alarms)
        stage.is_over(*alarms)
    return stage


@drill("SynchronyRestarting")
def responder_killed_again_and_again(stage_of, alarms):
    """lighttpd starts it anew each time."""
    with stage_of() as stage, stage.well():
        def kill():
            for pid in stage.server.responders():
                os.kill(pid, signal.SIGKILL)
            time.sleep(1.5)
        stage.fires(*alarms, also=kill)
        stage.is_over(*alarms)
    return stage


@drill("SynchronyProcessesMissing")
def process_missing(stage_of, alarms):
    """One daemon where two are expected."""
    with stage_of(processes=2) as stage:
        stage.fires(*alarms)
    return stage


@drill("SynchronyLogLinesDropped")
def log_disk_full(stage_of, alarms):
    with stage_of({"log_to": "/dev/full"}) as stage, stage.load():
        stage.fires(*alarms)
    return stage


# ---- the queue ----

@drill("SynchronyQueueFilling", "SynchronyNotReady", "SynchronyErrors", "SynchronyThrottling")
def queue_filled(stage_of, alarms):
    with stage_of({"queue_max_bytes": 1024 * 1024}) as stage:
        with stage.away():
            stage.fires(*alarms, also=lambda: stage.post(stage.event(time.monotonic_ns(), pad="x" * 30000)))
        stage.is_over(*alarms)
    return stage


@drill("SynchronyReplayStuck")
def replayer_stopped(stage_of, alarms):
    """Another process of the host has the lead, and is stopped."""
    with stage_of() as stage:
        stage.cluster.stop()
        try:
            wait_until(lambda: stage.post(stage.event(0)) == 202, "no event is queued")
            lock = os.path.join(stage.queue_dir, "queue.lock")
            for pid in stage.server.responders():
                os.kill(pid, signal.SIGKILL)
            leader = Daemon("leader", stage.folder, os.path.dirname(stage.command), stage.settings).start()
            wait_until(lambda: leader.request("GET", "/healthz").status == 200, "no leader")
            wait_until(lambda: is_locked_by(lock, leader.process.pid), "the other process does not lead")
            leader.process.send_signal(signal.SIGSTOP)
        finally:
            stage.cluster.start()
        try:
            wait_until(lambda: stage.post(stage.event(1)) == 201, "no event is stored")
            stage.fires(*alarms)
        finally:
            leader.process.send_signal(signal.SIGCONT)
            stage.is_over(*alarms)
            leader.stop()
    return stage


def is_locked_by(path, pid):
    """Locks of open file descriptions belong to nobody (-1), so the process must have the file open, too."""
    inode = os.stat(path).st_ino
    with open("/proc/locks", encoding="ascii") as locks:
        locked = any(line.split()[5].endswith(f":{inode}") for line in locks)
    names = [os.readlink(f"/proc/{pid}/fd/{fd}") for fd in os.listdir(f"/proc/{pid}/fd")]
    return locked and path in names


@drill("SynchronyQueueErrors")
def queue_out_of_reach(stage_of, alarms):
    with stage_of() as stage:
        os.chmod(stage.queue_dir, 0)
        for pid in stage.server.responders():
            os.kill(pid, signal.SIGKILL)
        with stage.away():
            stage.fires(*alarms, also=lambda: stage.post(stage.event(0)))
            os.chmod(stage.queue_dir, 0o700)
        stage.is_over(*alarms)
    return stage


@drill("SynchronyQueueSetAside")
def event_that_the_database_refuses_for_good(stage_of, alarms):
    never = "CHECK (event_type <> 'event-that-the-database-refuses-for-good' OR 1 / (ascii(session_id) - ascii('x')) <> 0)"
    with stage_of() as stage:
        stage.cluster.execute(f"ALTER TABLE events ADD CONSTRAINT never {never}")
        try:
            with stage.away():
                wait_until(lambda: stage.post(stage.event(0) | {"session_id": "x"}) == 202, "no event is queued")
            stage.fires(*alarms)
        finally:
            stage.cluster.execute("ALTER TABLE events DROP CONSTRAINT never")
        subprocess.run([stage.command, "queue", "requeue"], check=True, cwd="/", stdout=subprocess.DEVNULL,
                       env=clean_environment() | {"SYNCHRONY_CONF": stage.server.conf}, **popen_as_unprivileged())
        stage.is_over(*alarms)
    return stage


# ---- who may, and how much ----

@drill("SynchronyThrottling")
def flood_past_the_plan(stage_of, alarms):
    """A plan for each address of five events a second, which the load passes several times over."""
    with stage_of({"address_rate": 5, "address_burst": 5}) as stage:
        with stage.load():
            stage.fires(*alarms)
        assert stage.prometheus.query("synchrony_rate_limited_total > 0")
        stage.is_over(*alarms)
    return stage


@drill("SynchronyAccessDenied")
def reads_without_a_key(stage_of, alarms):
    with stage_of({"access": "ingest"}) as stage:
        with stage.well():
            stage.fires(*alarms)
        stage.is_over(*alarms)
    return stage


# ---- events ----

@drill("SynchronyNoEvents")
def pages_send_nothing(stage_of, alarms):
    with stage_of() as stage:
        with stage.well():
            wait_until(lambda: stage.prometheus.query("job:synchrony_events_accepted:rate5m > 0"), "no event is seen")
        load = stage.load()
        load.mix = (load.read, load.wrong)
        with load:
            stage.fires(*alarms)
        with stage.well():
            stage.is_over(*alarms)
    return stage


@drill("SynchronyEventsRejected")
def pages_send_wrongly(stage_of, alarms):
    with stage_of() as stage:
        load = stage.load()
        load.mix = (load.one, load.wrong)
        with load:
            stage.fires(*alarms)
        with stage.well():
            stage.is_over(*alarms)
    return stage


@drill("SynchronyScrubHits")
def pages_send_card_numbers(stage_of, alarms):
    with stage_of() as stage, stage.well():
        stage.fires(*alarms, also=lambda: stage.post(stage.event(0, note=CARD)))
    return stage


@drill("SynchronyQuarantineSpike")
def pages_send_what_the_schema_forbids(stage_of, alarms):
    with stage_of() as stage, stage.well():
        stage.cluster.execute("SELECT event_schemas_put(event_catalogue_fingerprint(), ARRAY['drill.enforced'], ARRAY['enforce'], "
                              "ARRAY['{\"required\":[\"n\"]}'], 'drill', '')")
        wrong = {"event_type": "drill.enforced", "session_id": "s"}
        wait_until(lambda: stage.post(wrong) == 400, "the schema is not in force")
        stage.fires(*alarms, also=lambda: stage.post([wrong] * 5))
        stage.is_over(*alarms)
    return stage


@drill("SynchronyCatalogueStale")
def catalogue_out_of_reach(stage_of, alarms):
    change = "{} EXECUTE ON FUNCTION event_catalogue_fingerprint(), event_catalogue_read() {} synchrony_writer"
    with stage_of(catalogue_age_seconds=10) as stage, stage.well():
        with stage.changed(change.format("REVOKE", "FROM"), change.format("GRANT", "TO")):
            stage.fires(*alarms)
        stage.is_over(*alarms)
    return stage


# ---- the database ----

@drill("SynchronyLatency")
def lock_held(stage_of, alarms):
    """Somebody locks the table for a second and a half, again and again: slow, but no time limit is met."""
    with stage_of({"queue_directory": ""}) as stage, stage.well():
        with Locker(stage.cluster, 1.5, 0.1):
            stage.fires(*alarms)
        stage.is_over(*alarms)
    return stage


@drill("SynchronyPoolExhausted")
def readers_stuck(stage_of, alarms):
    with stage_of({"reader_connections": 2, "read_timeout_ms": 3600000, "pool_timeout_ms": 100}) as stage:
        clients = []
        with Locker(stage.cluster, 3600, 0):
            for _ in range(4):
                load = stage.load()
                load.mix = (load.read,)
                clients.append(load.__enter__())
            stage.fires(*alarms)
        for load in clients:
            load.__exit__()
        stage.is_over(*alarms)
    return stage


def without_right(stage_of, alarms, change):
    """What an administrator does by mistake."""
    with stage_of() as stage, stage.well():
        with stage.changed("REVOKE " + change.format("FROM"), "GRANT " + change.format("TO")):
            stage.fires(*alarms)
        stage.is_over(*alarms)
    return stage


@drill("SynchronyDatabaseDown")
def writers_right_revoked(stage_of, alarms):
    """Events are queued then, and the database is asked again."""
    rows = stage_of.cluster.execute("SELECT oid::regprocedure::text FROM pg_proc WHERE proname = 'event_write'")
    functions = ", ".join(row[0] for row in rows)
    return without_right(stage_of, alarms, f"EXECUTE ON FUNCTION {functions} {{}} synchrony_writer")


@drill("SynchronyDatabaseErrors", "SynchronyErrors")
def readers_right_revoked(stage_of, alarms):
    return without_right(stage_of, alarms, "SELECT ON events, event_log {} synchrony_reader")


@drill("SynchronyPartitionsRunningOut")
def partitions_not_made(stage_of, alarms):
    ahead = [row[0] for row in stage_of.cluster.execute(
        "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'event_log'::regclass ORDER BY 1 DESC LIMIT 4")]
    ahead = [name for name in ahead if "default" not in name][:3]
    with stage_of() as stage:
        stage.cluster.execute(f"DROP TABLE {', '.join(ahead)}")
        try:
            stage.fires(*alarms)
        finally:
            subprocess.run([stage.command, "partitions"], check=True, cwd="/", env=clean_environment() | stage.cluster.environment(),
                           stdout=subprocess.DEVNULL)
        stage.is_over(*alarms)
    return stage


@drill("SynchronyReplicaLag")
def standby_behind(stage_of, alarms):
    """A standby that goes on receiving and does not replay."""
    folder = os.path.join(stage_of.folder, "standby")
    os.mkdir(folder)
    give_away(folder)
    standby = Cluster(folder)
    subprocess.run([server_program("pg_basebackup"), "-h", stage_of.cluster.socket_dir, "-U", "postgres", "-D", standby.data_dir, "-R",
                    "-c", "fast", "--no-sync"], check=True, cwd="/", env=clean_environment(), **popen_as_unprivileged())
    with open(os.path.join(standby.data_dir, "postgresql.conf"), "a", encoding="ascii") as conf:
        conf.write(f"unix_socket_directories = '{standby.socket_dir}'\n")
    standby.start()
    try:
        with stage_of({"reader_database": standby.conninfo("synchrony_reader")}, replica_lag_seconds=3) as stage, stage.well():
            standby.execute("SELECT pg_wal_replay_pause()")
            stage.fires(*alarms)
            standby.execute("SELECT pg_wal_replay_resume()")
            stage.is_over(*alarms)
    finally:
        standby.destroy()
        shutil.rmtree(folder, ignore_errors=True)
    return stage


class Locker:
    """Holds a lock on the table of items for hold_s, lets go for pause_s, and so on until it is left."""

    def __init__(self, cluster, hold_s, pause_s):
        self.cluster, self.hold_s, self.pause_s = cluster, hold_s, pause_s
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stopping.set()
        self.thread.join()

    def run(self):
        connection = self.cluster.connect()
        connection.autocommit = False
        try:
            while not self.stopping.is_set():
                with connection.cursor() as cursor:
                    cursor.execute("LOCK TABLE events IN ACCESS EXCLUSIVE MODE")
                self.stopping.wait(self.hold_s)
                connection.rollback()
                self.stopping.wait(self.pause_s)
        finally:
            connection.close()
