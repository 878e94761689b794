"""The operator's command `synchrony queue`: what is in the durable queue, and getting it to the database, into a file and back.

Needs no web server. The queue is filled by import; one test has a responder that replays beside the command.
"""

import json
import os
import pty
import signal
import stat
import subprocess
import threading
import uuid

import pytest

from cluster import clean_environment, give_away, popen_as_unprivileged, unprivileged
from servers import Site, wait_until

TIMEOUT_S = 60  # a hang guard
AWAY = "host=/nonexistent dbname=synchrony user=synchrony_writer"
OCCURRED, RECEIVED = "2026-11-20T10:00:00.123456Z", "2026-11-20T10:00:01.000001Z"


def line_of(event_type, session="s1", properties='{"n":1.10}', event_id=None, occurred=OCCURRED, received=RECEIVED):
    """A line as the command writes it, byte for byte."""
    return (f'{{"event_id":"{event_id or uuid.uuid4()}","occurred_at":"{occurred}","received_at":"{received}",'
            f'"event_type":"{event_type}","session_id":"{session}","properties":{properties}}}\n')


class Queue:
    """A queue's directory, a configuration that names it, and the command with both."""

    def __init__(self, run_dir, command, settings, more=None):
        self.command = command
        self.dir = os.path.join(run_dir, "queue." + uuid.uuid4().hex[:8])
        self.directory = os.path.join(self.dir, "queue")
        for path, mode in ((self.dir, 0o755), (self.directory, 0o700)):
            os.mkdir(path, mode)
            give_away(path)
        self.settings = settings | {"queue_directory": self.directory} | (more or {})
        self.conf = self.configure("synchrony.conf", self.settings)

    def configure(self, name, settings):
        path = os.path.join(self.dir, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write("".join(f"{option} = {Site.literal(value)}\n" for option, value in settings.items()))
        os.chmod(path, 0o644)
        return path

    def without_database(self):
        return self.configure("away.conf", self.settings | {"writer_database": AWAY})

    def path(self, name):
        return os.path.join(self.dir, name)

    def arguments(self, *arguments, conf=None):
        return [self.command, "--config", conf or self.conf, "queue", *arguments]

    def run(self, *arguments, stdin="", conf=None, user=None):
        return subprocess.run(self.arguments(*arguments, conf=conf), cwd="/", env=clean_environment(), input=stdin, text=True,
                              capture_output=True, timeout=TIMEOUT_S, check=False, **(popen_as_unprivileged() if user is None else user))

    def ok(self, *arguments, **more):
        result = self.run(*arguments, **more)
        assert result.returncode == 0, result
        return result

    def status(self):
        return json.loads(self.ok("status", "--json").stdout)

    def counts(self):
        state = self.status()
        return state["records"], state["quarantined"]


@pytest.fixture
def queue(run_dir, command, settings):
    return Queue(run_dir, command, settings)


def stored(cluster, event_type):
    """What of a type is in the history, in an order of its own."""
    return cluster.execute("SELECT session_id, event_id::text, occurred_at, received_at FROM event_log WHERE event_type = %s ORDER BY 1, 2",
                           (event_type,))


def everything(cluster, event_type):
    """All that the database has of a type."""
    return [cluster.execute(f"SELECT to_jsonb(t)::text FROM {table} t WHERE event_type = %s ORDER BY 1", (event_type,))
            for table in ("events", "event_log")]


# --- status ---

def test_status_of_an_empty_queue(queue):
    state = queue.status()
    assert state == {"directory": queue.directory, "records": 0, "bytes": state["bytes"], "max_bytes": 1 << 30, "quarantined": 0,
                     "oldest_received_at": None, "oldest_age_s": None}
    assert 0 < state["bytes"] < 1 << 20
    table = queue.ok("status").stdout
    assert [line.split()[0] for line in table.splitlines()] == ["directory", "records", "oldest", "size", "quarantined"]


def test_status_tells_what_waits(queue, event_type):
    queue.ok("import", stdin=line_of(event_type) + line_of(event_type, received="2026-11-20T11:00:00Z"))
    state = queue.status()
    assert (state["records"], state["quarantined"], state["oldest_received_at"]) == (2, 0, RECEIVED)
    assert state["oldest_age_s"] >= 0
    table = queue.ok("status").stdout
    assert "\nrecords      2\n" in table and RECEIVED in table and " of 1.0 GiB" in table


# --- import and export ---

def test_export_gives_what_was_imported_byte_for_byte(queue, event_type):
    text = "".join([
        line_of(event_type), line_of(event_type, "s\\\"2", '{"a":18446744073709551615, "b" : [1.10,"\\u00e9\\n"]}'),
        line_of(event_type, "s3", "{}", occurred="0000-01-01T00:00:00.000000Z"), line_of(event_type, "é", "{}"),
        line_of(event_type, "s5", "{}").replace(f'"{OCCURRED}"', "281474976710655000")])
    assert queue.ok("import", stdin=text).stdout == "Imported 5 events.\n"
    result = queue.ok("export")
    assert (result.stdout, result.stderr) == (text, "Exported 5 events.\n")
    assert queue.counts() == (5, 0)


def test_export_of_an_empty_queue_is_an_empty_file(queue):
    assert queue.ok("export").stdout == ""
    queue.ok("export", "--remove", queue.path("empty"))
    assert os.path.getsize(queue.path("empty")) == 0


def test_export_to_a_file_is_private_and_complete(queue, event_type):
    text = "".join(line_of(event_type, f"s{n}") for n in range(2500))
    queue.ok("import", stdin=text)
    file = queue.path("events.ndjson")
    assert queue.ok("export", file).stdout == "Exported 2500 events.\n"
    with open(file, encoding="utf-8") as exported:
        assert exported.read() == text
    assert stat.S_IMODE(os.stat(file).st_mode) == 0o600
    assert not os.path.exists(file + ".part")
    assert queue.counts() == (2500, 0)


def test_export_overwrites_no_file_but_a_part_that_was_left(queue, event_type):
    queue.ok("import", stdin=line_of(event_type))
    file = queue.path("events.ndjson")
    with open(file + ".part", "w", encoding="utf-8") as part:
        part.write("what a killed export has left\n" * 100)
    give_away(file + ".part")
    queue.ok("export", file)
    with open(file, encoding="utf-8") as exported:
        assert len(exported.readlines()) == 1
    result = queue.run("export", "--remove", file)
    assert result.returncode == 1 and "is there already" in result.stderr
    assert queue.counts() == (1, 0)


def test_export_removes_what_it_has_written(queue, event_type):
    text = "".join(line_of(event_type, f"s{n}") for n in range(1500))
    queue.ok("import", stdin=text)
    file = queue.path("events.ndjson")
    assert queue.ok("export", "--remove", file).stdout == "Exported 1500 events, removed 1500.\n"
    assert queue.counts() == (0, 0)
    queue.ok("import", file)
    assert queue.ok("export").stdout == text


def test_export_removes_nothing_where_the_file_cannot_be_written(queue, event_type):
    queue.ok("import", stdin=line_of(event_type))
    for file in (queue.path("no/such/folder"), "/dev/full/x", "x" * 5000):
        result = queue.run("export", "--remove", file)
        assert result.returncode == 1 and result.stderr.startswith("synchrony: queue export: "), result
    with open("/dev/full", "w", encoding="ascii") as full:
        result = subprocess.run(queue.arguments("export"), env=clean_environment(), stdout=full, stderr=subprocess.PIPE, text=True,
                                check=False, **popen_as_unprivileged())
    assert result.returncode == 1 and "No space left" in result.stderr
    assert queue.counts() == (1, 0)


@pytest.mark.parametrize("file", [[], ["-"]])
def test_export_does_not_remove_what_went_to_standard_output(queue, event_type, file):
    queue.ok("import", stdin=line_of(event_type))
    result = queue.run("export", "--remove", *file)
    assert result.returncode == 2 and "--remove needs a FILE" in result.stderr
    assert queue.counts() == (1, 0)


def test_import_tells_broken_lines_and_takes_the_others(queue, event_type):
    good = [line_of(event_type, f"s{n}") for n in range(3)]
    text = (good[0] + '{"event_id":\n' + "\n" + good[1] + line_of(event_type, event_id="no-uuid") + good[1].replace("received_at", "received")
            + "[]\n" + good[2].rstrip("\n"))
    result = queue.run("import", stdin=text)
    assert result.returncode == 1
    assert result.stdout == "Imported 3 events, refused 4 lines.\n"
    assert result.stderr.splitlines() == [
        "synchrony: queue import: standard input: line 2: a value was expected at byte 12",
        'synchrony: queue import: standard input: line 5: event_id must be a UUID, got "no-uuid"',
        'synchrony: queue import: standard input: line 6: no member of that name is known: "received"',
        "synchrony: queue import: standard input: line 7: an object was expected, got []"]
    assert queue.ok("export").stdout == "".join(good)


def test_import_of_a_wrong_file_says_little_and_stores_nothing(queue):
    result = queue.run("import", stdin="no,json\n" * 1000)
    assert (result.returncode, result.stdout) == (1, "Imported 0 events, refused 1000 lines.\n")
    assert len(result.stderr.splitlines()) == 20 and result.stderr.endswith("(and so on)\n")
    assert queue.counts() == (0, 0)


def test_import_of_a_line_without_end(queue, event_type):
    result = queue.run("import", stdin='{"event_id":"' + "x" * (17 << 20) + "\n" + line_of(event_type))
    assert result.returncode == 1 and "line 1: it is longer than" in result.stderr
    assert queue.counts() == (1, 0)


def test_import_of_a_file_that_is_not_there(queue):
    result = queue.run("import", queue.path("missing"))
    assert result.returncode == 1 and "missing: cannot be read: No such file" in result.stderr


def test_import_past_the_limit_keeps_what_fits(run_dir, command, settings, event_type):
    queue = Queue(run_dir, command, settings, {"queue_max_bytes": 1 << 20})
    properties = '{"x":"' + "x" * 1000 + '"}'
    result = queue.run("import", stdin="".join(line_of(event_type, f"s{n}", properties) for n in range(5000)))
    assert result.returncode == 69
    assert result.stderr.endswith("synchrony: queue import: the queue has reached queue_max_bytes, or its disk is full\n")
    assert result.stdout == f"Imported {queue.counts()[0]} events.\n"


# --- drain ---

def test_drain_of_an_empty_queue_needs_no_database(queue):
    result = queue.ok("drain", conf=queue.without_database())
    assert (result.stdout, result.stderr) == ("The queue is empty.\n", "")


def test_drain_stores_all_with_their_identity(queue, cluster, event_type):
    ids = sorted(str(uuid.uuid4()) for _ in range(2500))
    queue.ok("import", stdin="".join(line_of(event_type, "s1", event_id=event_id) for event_id in ids))
    result = queue.ok("drain")
    assert (result.stdout, result.stderr) == ("Stored 2500 events; the queue is empty.\n", "")
    assert queue.counts() == (0, 0)
    rows = stored(cluster, event_type)
    assert [row[1] for row in rows] == ids
    assert {(row[2].isoformat(), row[3].isoformat()) for row in rows} == {(OCCURRED.replace("Z", "+00:00"), RECEIVED.replace("Z", "+00:00"))}


def test_the_same_file_imported_twice_changes_nothing(queue, cluster, event_type):
    text = "".join(line_of(event_type, f"s{n % 7}", received=f"2026-11-20T10:00:01.{n:06}Z") for n in range(50))
    queue.ok("import", stdin=text)
    queue.ok("drain")
    before = everything(cluster, event_type)
    assert len(before[1]) == 50
    for _ in range(2):
        queue.ok("import", stdin=text)
    queue.ok("drain")
    assert everything(cluster, event_type) == before


def test_drain_without_a_database_is_69_and_keeps_all(queue, event_type):
    queue.ok("import", stdin=line_of(event_type))
    result = queue.run("drain", conf=queue.without_database())
    assert result.returncode == 69
    assert result.stderr.splitlines()[-1].startswith("synchrony: queue drain: connection to server on socket")
    assert result.stdout == "Stored 0 events; 1 is left in the queue.\n"
    assert queue.counts() == (1, 0)


def test_drain_draws_on_a_terminal_alone(queue, event_type):
    queue.ok("import", stdin="".join(line_of(event_type, f"s{n}") for n in range(1200)))
    ours, theirs = pty.openpty()
    drawn = []

    def read():
        try:
            while piece := os.read(ours, 65536):
                drawn.append(piece)
        except OSError:
            pass  # the terminal is closed

    thread = threading.Thread(target=read)
    thread.start()
    try:
        result = subprocess.run(queue.arguments("drain"), env=clean_environment(), stdout=subprocess.PIPE, stderr=theirs, check=False,
                                timeout=TIMEOUT_S, **popen_as_unprivileged())
    finally:
        os.close(theirs)
        thread.join()
        os.close(ours)
    assert (result.returncode, result.stdout) == (0, b"Stored 1200 events; the queue is empty.\n")
    text = b"".join(drawn)
    assert b"] 0 / 1200" in text and b"[########################] 1200 / 1200" in text and b"ETA" in text
    assert text.endswith(b"\r\n")


def test_drain_ends_between_portions_when_interrupted(queue, cluster, event_type):
    """The first portion waits for a lock when the signal comes: it is finished, and no other is begun."""
    queue.ok("import", stdin="".join(line_of(event_type, f"s{n}") for n in range(3000)))
    locker = cluster.connect()
    locker.autocommit = False
    try:
        locker.cursor().execute("LOCK TABLE event_log IN SHARE MODE")
        process = subprocess.Popen(queue.arguments("drain"), env=clean_environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                   text=True, **popen_as_unprivileged())
        wait_until(lambda: cluster.execute("SELECT 1 FROM pg_locks WHERE NOT granted AND relation = 'event_log'::regclass"), "drain does not come to the lock")
        process.send_signal(signal.SIGINT)
        locker.rollback()
        output, errors = process.communicate(timeout=TIMEOUT_S)
    finally:
        locker.close()
    assert process.returncode == 1
    assert output == "Stored 1000 events; 2000 are left in the queue.\n"
    assert errors == "synchrony: queue drain: interrupted\n"
    assert queue.counts() == (2000, 0)
    assert len(stored(cluster, event_type)) == 1000


def test_drain_follows_a_responder_that_replays(queue, make_daemon, cluster, event_type):
    responder = make_daemon(queue.settings).start()
    assert responder.request("GET", "/readyz").status == 200
    queue.ok("import", stdin="".join(line_of(event_type, f"s{n}") for n in range(3000)))
    queue.ok("drain")
    assert queue.counts() == (0, 0)
    assert len(stored(cluster, event_type)) == 3000


def leads(responder, queue):
    """Has the responder taken the lead? Then its process holds a lock of the queue's lock file."""
    inode = os.stat(os.path.join(queue.directory, "queue.lock")).st_ino if os.path.exists(os.path.join(queue.directory, "queue.lock")) else None
    pids = responder.responders()
    fds = [os.path.join("/proc", str(pid), "fd", fd) for pid in pids for fd in os.listdir(f"/proc/{pid}/fd")]
    return any(os.path.exists(fd) and os.stat(fd).st_ino == inode for fd in fds)


def test_a_responder_that_cannot_replay_either(queue, make_daemon, event_type):
    """Its database is away, so it has given up the lead: an operator may bring elsewhere what waits."""
    responder = make_daemon(queue.settings | {"writer_database": AWAY}).start()
    wait_until(lambda: leads(responder, queue), "the responder does not lead")
    queue.ok("import", stdin=line_of(event_type))
    wait_until(lambda: not leads(responder, queue), "the responder leads without a database")
    result = queue.run("drain", conf=queue.without_database())
    assert result.returncode == 69
    assert result.stderr.splitlines()[-1].startswith("synchrony: queue drain: connection to server on socket")
    assert queue.counts() == (1, 0)
    queue.ok("export", "--remove", queue.path("events.ndjson"))
    assert queue.counts() == (0, 0)


# --- quarantine ---

@pytest.fixture
def poison(cluster, event_type):
    """A session that the database refuses, until the function is called."""
    name = "poison_" + uuid.uuid4().hex
    cluster.execute(f"ALTER TABLE event_log ADD CONSTRAINT {name} CHECK (event_type <> '{event_type}' OR session_id <> 'poison')")
    state = {"is_there": True}

    def mend():
        if state["is_there"]:
            cluster.execute(f"ALTER TABLE event_log DROP CONSTRAINT {name}")
        state["is_there"] = False
    yield mend
    mend()


def test_quarantine_from_drain_to_requeue(queue, cluster, event_type, poison):
    lines = [line_of(event_type, session) for session in ("good", "poison", "better")]
    queue.ok("import", stdin="".join(lines))
    assert queue.ok("drain").stdout == "Stored 2 events, quarantined 1 that can never be stored; the queue is empty.\n"
    assert queue.counts() == (0, 1)
    assert [row[0] for row in stored(cluster, event_type)] == ["better", "good"]

    assert queue.ok("export").stdout == ""
    exported = queue.ok("export", "--quarantine").stdout
    assert exported.startswith(lines[1][:-2] + ',"reason":"unprocessable","quarantined_at":"20')
    assert set(json.loads(exported)) - set(json.loads(lines[1])) == {"reason", "quarantined_at"}

    poison()
    assert queue.ok("requeue").stdout == "Moved 1 event back to the queue.\n"
    assert queue.counts() == (1, 0)
    assert queue.ok("export").stdout == lines[1]
    queue.ok("drain")
    assert [row[0] for row in stored(cluster, event_type)] == ["better", "good", "poison"]


def test_quarantine_exported_removed_and_imported(queue, cluster, event_type, poison):
    lines = [line_of(event_type, session) for session in ("good", "poison", "poison")]
    queue.ok("import", stdin="".join(lines))
    queue.ok("drain")
    assert queue.counts() == (0, 2)
    file = queue.path("quarantine.ndjson")
    result = queue.run("export", "--quarantine", "--remove")
    assert result.returncode == 2 and queue.counts() == (0, 2)
    assert queue.ok("export", "--quarantine", "--remove", file).stdout == "Exported 2 events, removed 2.\n"
    assert queue.counts() == (0, 0)
    poison()
    assert queue.ok("import", file).stdout == "Imported 2 events.\n"
    queue.ok("drain")
    assert [row[0] for row in stored(cluster, event_type)] == ["good", "poison", "poison"]


def test_requeue_of_an_empty_quarantine(queue):
    assert queue.ok("requeue").stdout == "Moved 0 events back to the queue.\n"


# --- who runs it, and how ---

def test_without_a_queue_in_the_configuration(queue, settings):
    conf = queue.configure("none.conf", settings)
    for arguments in (["status"], ["drain"], ["export"], ["import"], ["requeue"]):
        result = queue.run(*arguments, conf=conf)
        assert (result.returncode, result.stdout) == (2, "")
        assert result.stderr == "synchrony: queue: there is none: queue_directory is not set in the configuration\n"


@pytest.mark.parametrize("arguments", [
    [], ["nonsense"], ["status", "more"], ["status", "--remove"], ["drain", "--json"], ["drain", "x"], ["export", "a", "b"], ["export", "--nonsense"],
    ["import", "--quarantine"], ["requeue", "x"]])
def test_wrong_arguments_are_a_usage_error(queue, arguments):
    result = queue.run(*arguments)
    assert (result.returncode, result.stdout) == (2, "")
    assert "usage: synchrony queue" in result.stderr
    assert os.listdir(queue.directory) == []


def test_help_names_every_action(queue):
    for arguments in (["--help"], ["-h"], ["status", "--help"]):
        help_text = queue.ok(*arguments).stdout
        assert all(f"\n  {action} " in help_text for action in ("status", "drain", "export", "import", "requeue")), help_text


def test_directory_that_cannot_be_used_is_named(queue, settings):
    missing = queue.path("missing")
    file = queue.configure("file", {})
    for directory, why in ((missing, "No such file"), (file, "a directory was expected")):
        result = queue.run("status", conf=queue.configure("bad.conf", settings | {"queue_directory": directory}))
        assert result.returncode == 1
        assert result.stderr.startswith(f"synchrony: queue_directory {directory}: ") and why in result.stderr
    assert not os.path.exists(missing)


def test_directory_of_another_user_is_not_touched(queue, settings):
    if unprivileged() is None and os.stat("/").st_uid == os.geteuid():
        pytest.skip("needs a directory of another user")
    result = queue.run("status", conf=queue.configure("root.conf", settings | {"queue_directory": "/"}))
    assert result.returncode == 1
    assert result.stderr == "synchrony: queue_directory / belongs to root: run this command as that user (sudo -u root) or as root\n"


def test_root_becomes_the_user_of_the_directory(queue, event_type):
    """So that no file of root is made, which the responder could not use."""
    user = unprivileged()
    if user is None:
        pytest.skip("needs root")
    queue.ok("import", stdin=line_of(event_type), user={})
    queue.ok("export", "--remove", queue.path("by-root.ndjson"), user={})
    made = [os.path.join(queue.directory, name) for name in os.listdir(queue.directory)]
    assert os.path.join(queue.directory, "queue.db") in made
    for path in made + [queue.path("by-root.ndjson")]:
        assert (os.stat(path).st_uid, os.stat(path).st_gid) == (user.pw_uid, user.pw_gid), path
    assert queue.counts() == (0, 0)
    secret = queue.path("of-root")
    with open(secret, "w", encoding="ascii") as file:
        os.fchmod(file.fileno(), 0o600)
    result = queue.run("import", secret, user={})
    assert result.returncode == 1 and "Permission denied" in result.stderr


def test_damaged_queue_is_told_and_set_aside(queue, event_type):
    queue.ok("import", stdin=line_of(event_type))
    path = os.path.join(queue.directory, "queue.db")
    with open(path, "r+b") as file:
        file.write(b"\xff" * 4096)
    for name in ("queue.db-wal", "queue.db-shm"):
        if os.path.exists(os.path.join(queue.directory, name)):
            os.unlink(os.path.join(queue.directory, name))
    result = queue.ok("status", "--json")
    assert json.loads(result.stdout)["records"] == 0
    assert "damaged" in result.stderr and "queue.db.corrupt-" in result.stderr
