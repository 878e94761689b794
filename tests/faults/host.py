"""The host under test: a private PostgreSQL, a real web server with the responder behind it, the durable queue; and what can befall them.

Processes are ended by their pids, which are found by the folder that they run from; nothing else is ever signalled.
"""

import json
import os
import pwd
import signal
import socket
import subprocess
import sys

from client import RESOURCE
from cluster import Cluster, children_of, clean_environment, give_away, popen_as_unprivileged, unprivileged
from servers import STOP_TIMEOUT_S, TEMPLATES, Daemon, WebServer, free_port, program, render, wait_until
from writers import Http, NoAnswer

BACKLOG = 512
LEAST_QUEUE_BYTES = 1024 * 1024
GONE_TIMEOUT_S = 30


# ---- PostgreSQL ----


class Database(Cluster):
    """A durable cluster with the product's tables, and more ways to end it."""

    def __init__(self, run_dir):
        super().__init__(run_dir, is_durable=True)

    def set_up(self, command):
        self.init()
        self.start()
        self.create_database()
        self.migrate(command)
        return self

    def processes(self):
        return [self.process.pid, *children_of(self.process.pid)] if self.process else []

    def kill(self):
        """As by kill -9; returns when all are gone, so that the next start finds nobody."""
        pids = self.processes()
        super().kill()
        wait_until(lambda: not any(is_alive(pid) for pid in pids), "killed processes of PostgreSQL stay", GONE_TIMEOUT_S)

    def stop_at_once(self):
        """The immediate mode: no checkpoint, so that it recovers when it starts."""
        self.process.send_signal(signal.SIGQUIT)
        self.process.wait(GONE_TIMEOUT_S)
        self.process = None

    def freeze(self):
        """No process goes on, and none is gone: connections stay, and nothing comes of them. The first one goes first: it starts others."""
        frozen = self.processes()[:1]
        os.kill(frozen[0], signal.SIGSTOP)
        for pid in children_of(frozen[0]):
            frozen.append(pid)
            signal_if_there(pid, signal.SIGSTOP)
        return frozen

    def thaw(self, frozen):
        for pid in reversed(frozen):
            signal_if_there(pid, signal.SIGCONT)

    def ensure_started(self):
        if self.process is None or self.process.poll() is not None:
            self.process = None
            self.start()

    def wait_for_writers(self):
        """Until no transaction of a responder that may be gone is under way."""
        wait_until(lambda: self.execute("SELECT count(*) FROM pg_stat_activity WHERE usename = 'synchrony_writer' AND state <> 'idle'")
                   == [(0,)], "transactions that do not end", GONE_TIMEOUT_S)

    def log_rows(self, event_type):
        """Rows of the history: event_id, key, n, received_at. One by one: there may be a million."""
        yield from self.stream("SELECT event_id::text, session_id, (properties->>'n')::bigint, received_at FROM event_log "
                               "WHERE event_type = %s", event_type)

    def items(self, event_type):
        return self.execute("SELECT session_id, event_id::text FROM events WHERE event_type = %s", (event_type,))

    def stream(self, sql, event_type):
        connection = self.connect()
        try:
            connection.autocommit = False
            with connection.cursor(name="rows") as cursor:
                cursor.itersize = 10000
                cursor.execute(sql, (event_type,))
                yield from cursor
        finally:
            connection.close()


def is_alive(pid):
    """A zombie is gone."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as stat:
            return stat.read().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def signal_if_there(pid, number):
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        pass


# ---- the queue ----


# Read by another process, as the queue's own user: locks of POSIX files are a process's, and a file made by root would be in the way.
READ_TOTALS = """
import sqlite3, sys
connection = sqlite3.connect(f"file:{sys.argv[1]}?mode=ro", uri=True, timeout=5)
print(*connection.execute("SELECT records, quarantined FROM totals").fetchone())
"""


class QueueFolder:
    """The folder of a durable queue, from outside."""

    def __init__(self, path):
        self.path = path
        os.mkdir(path, 0o700)
        give_away(path)
        self.file = os.path.join(path, "queue.db")

    def files(self):
        """What SQLite has of the queue: the file and its companions."""
        return [name for name in (self.file, self.file + "-wal", self.file + "-shm") if os.path.exists(name)]

    def log_bytes(self):
        """Of SQLite's write-ahead log, which takes room besides queue_max_bytes."""
        path = self.file + "-wal"
        return os.path.getsize(path) if os.path.exists(path) else 0

    def totals(self):
        """(records, quarantined); None where they cannot be read now."""
        if not os.path.exists(self.file) or os.path.getsize(self.file) == 0 and len(self.files()) == 1:
            return 0, 0
        result = subprocess.run([sys.executable, "-c", READ_TOTALS, self.file], text=True, check=False, cwd="/",
                                stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, **popen_as_unprivileged())
        return tuple(map(int, result.stdout.split())) if result.returncode == 0 else None


# ---- the responder and what stands before it ----


class SteadyServer(WebServer):
    """A web server that keeps its port. With is_handed, lighttpd has its listening socket from without, as systemd hands one over: what
    connects while no lighttpd is there waits."""

    def __init__(self, kind, name, run_dir, build_dir, settings, environment=None, is_handed=False):
        super().__init__(name, run_dir, build_dir, settings, environment)
        self.kind = kind
        self.port = free_port()
        self.listener = None
        if is_handed:
            self.listener = socket.create_server(("127.0.0.1", self.port), backlog=BACKLOG)

    def configuration(self):
        text = render(TEMPLATES[self.kind], self.values())
        return text + ('\nserver.systemd-socket-activation = "enable"\n' if self.listener else "")

    def command(self):
        if self.kind == "apache":
            return [program("apache2", "apache2-bin"), "-f", self.config, "-DFOREGROUND"]
        command = [program("lighttpd", "lighttpd"), "-D", "-f", self.config]
        if not self.listener:
            return command
        fd = self.listener.fileno()
        script = f'[ {fd} = 3 ] || exec 3<&{fd} {fd}<&-; LISTEN_FDS=1 LISTEN_PID=$$ exec "$@"'
        return ["/bin/bash", "-c", script, "-", *command]

    def start(self):
        with open(self.config, "w", encoding="utf-8") as file:
            file.write(self.configuration())
        self.launch()
        try:
            wait_until(self.answers, f"{self.name} does not answer")
        except TimeoutError:
            self.stop()
            raise RuntimeError(f"{self.name} does not answer {RESOURCE}/healthz with 200:\n{self.tail()}") from None
        return self

    def launch(self):
        """Starts it and waits for nothing."""
        with open(os.path.join(self.log_dir, "server.log"), "ab") as log:
            self.process = subprocess.Popen(
                self.command(), cwd="/", env=clean_environment(), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True, pass_fds=(self.listener.fileno(),) if self.listener else (), **popen_as_unprivileged())

    def answers(self):
        if self.process.poll() is not None:
            raise RuntimeError(f"{self.name} ended with {self.process.returncode}:\n{self.tail()}")
        return self.get("/healthz") == 200

    def get(self, path):
        transport = self.transport()
        try:
            return transport.exchange("GET", path, b"", "probe")[0]
        except NoAnswer:
            return None
        finally:
            transport.close()

    def ready(self):
        """What /readyz says: "database", "queue", or a status."""
        transport = self.transport()
        try:
            status, _, body = transport.exchange("GET", "/readyz", b"", "probe")
            return json.loads(body).get("via", "database") if status == 200 else status
        except (NoAnswer, ValueError):
            return None
        finally:
            transport.close()

    def transport(self):
        return Http(self.port)

    def drain(self):
        """SIGINT to lighttpd: what is under way is finished, and it ends."""
        self.process.send_signal(signal.SIGINT)
        self.process.wait(STOP_TIMEOUT_S)

    def stop(self):
        if self.process is not None:
            super().stop()
        if self.listener:
            self.listener.close()


class HeldDaemon(Daemon):
    """The responder as a service of systemd: the socket stays when it ends, and what connects meanwhile waits."""

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(self.socket_path)
        give_away(self.socket_path)
        self.listener.listen(BACKLOG)

    def start(self, systemd=True, **popen):
        fd = self.listener.fileno()
        script = f'[ {fd} = 3 ] || exec 3<&{fd} {fd}<&-; LISTEN_FDS=1 LISTEN_PID=$$ exec {self.wrapper}'
        with open(os.path.join(self.log_dir, "server.log"), "ab") as log:
            self.process = subprocess.Popen(
                ["/bin/bash", "-c", script], cwd="/", env=clean_environment(), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                pass_fds=(fd,), start_new_session=True, **popen_as_unprivileged(), **popen)
        return self


def kill_responders(site, rng, all_share=0.5):
    """As by kill -9: all of them, or one of several; returns how many."""
    pids = site.responders()
    if len(pids) > 1 and rng.random() >= all_share:
        pids = [rng.choice(pids)]
    for pid in pids:
        signal_if_there(pid, signal.SIGKILL)
    return len(pids)


# ---- a disk that can be full ----


def mount_small_disk(path, size_bytes):
    """A file system of its own on a folder; returns why not, or None."""
    if os.geteuid() != 0:
        return "only root can mount a small file system"
    user = unprivileged() or pwd.getpwuid(os.geteuid())
    options = f"size={size_bytes},uid={user.pw_uid},gid={user.pw_gid},mode=0700"
    result = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "synchrony-faults", path], text=True, check=False,
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return None if result.returncode == 0 else f"cannot mount a tmpfs: {result.stdout.strip()}"


def unmount(path):
    subprocess.run(["umount", "--lazy", path], check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def fill_disk(folder):
    """Takes all the room that there is; returns the file that has it."""
    path = os.path.join(folder, "ballast")
    with open(path, "wb", buffering=0) as file:
        for size in (1 << 20, 4096, 1):
            try:
                while file.write(b"\1" * size) == size:
                    pass
            except OSError:
                pass
    return path
