#!/usr/bin/python3
"""A private PostgreSQL cluster for tests: one folder, one Unix socket, no port, gone afterwards.

Used by the HTTP tests as a module and by the SQL tests as a command:

    cluster.py BUILD_DIR COMMAND [ARGUMENT...]

makes a cluster, a database "synchrony" in it, applies `BUILD_DIR/synchrony migrate`, and runs the command
with PGHOST, PGDATABASE, PGUSER (a superuser), SYNCHRONY_COMMAND and SYNCHRONY_SOURCE set. Its exit code is the command's.

Left to others: what is tested. A system PostgreSQL is neither used nor touched. Started by root, everything
runs as an unprivileged user, because PostgreSQL refuses to run as root.
"""

import glob
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import psycopg2

DATABASE = "synchrony"
START_TIMEOUT_S = 60
STOP_TIMEOUT_S = 60


class Unavailable(Exception):
    """A program that the tests need is not installed."""


def server_program(name):
    """The path of a PostgreSQL server program; Debian keeps them out of PATH, a folder per version."""
    def version(path):
        try:
            return float(path.split("/")[4])
        except ValueError:
            return 0.0

    found = sorted(glob.glob("/usr/lib/postgresql/*/bin/" + name), key=version)
    path = found[-1] if found else shutil.which(name)
    if path is None:
        raise Unavailable(name + " is not installed (Debian package: postgresql)")
    return path


def unprivileged():
    """The user to run servers as: None for oneself, else the passwd entry of "postgres" or "nobody"."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            pass
    raise Unavailable("no user to run PostgreSQL as: neither postgres nor nobody exists")


def popen_as_unprivileged():
    """Arguments for subprocess that start a program as unprivileged()."""
    user = unprivileged()
    return {} if user is None else {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def give_away(path):
    """Makes a file or folder that was just made the property of unprivileged()."""
    user = unprivileged()
    if user is not None:
        os.chown(path, user.pw_uid, user.pw_gid)


def make_run_dir():
    """A folder with a name short enough for Unix sockets, owned by unprivileged(). To be removed by the caller."""
    path = tempfile.mkdtemp(prefix="syn.", dir="/tmp")
    give_away(path)
    return path


def clean_environment():
    """The environment without what would lead libpq or the product somewhere else."""
    return {name: value for name, value in os.environ.items()
            if not name.startswith(("PG", "SYNCHRONY_", "LISTEN_"))} | {"LC_ALL": "C.UTF-8"}


def children_of(parent):
    found = []
    for name in os.listdir("/proc"):
        try:
            with open(f"/proc/{name}/stat", encoding="ascii", errors="replace") as stat:
                if name.isdigit() and int(stat.read().rpartition(")")[2].split()[1]) == parent:
                    found.append(int(name))
        except (OSError, ValueError, IndexError):
            pass
    return found


class Cluster:
    """One cluster. start() and stop() may alternate; destroy() ends it for good."""

    def __init__(self, run_dir, is_durable=False):
        self.is_durable = is_durable
        self.socket_dir = os.path.join(run_dir, "pg")
        self.data_dir = os.path.join(run_dir, "pgdata")
        self.log_path = os.path.join(run_dir, "postgresql.log")
        self.process = None
        os.mkdir(self.socket_dir)
        give_away(self.socket_dir)

    def init(self):
        result = subprocess.run(
            [server_program("initdb"), "--pgdata", self.data_dir, "--username", "postgres", "--auth", "trust",
             "--encoding", "UTF8", "--locale", "C.UTF-8", "--no-sync", "--no-instructions"],
            cwd="/", env=clean_environment(), text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            check=False, **popen_as_unprivileged())
        if result.returncode != 0:
            raise RuntimeError("initdb failed:\n" + result.stdout)
        with open(os.path.join(self.data_dir, "postgresql.conf"), "a", encoding="ascii") as conf:
            conf.write("listen_addresses = ''\n"
                       f"unix_socket_directories = '{self.socket_dir}'\n"
                       + ("" if self.is_durable else "fsync = off\nfull_page_writes = off\n") +
                       "shared_buffers = 32MB\n"
                       "log_line_prefix = '%m [%p] %u '\n"
                       "timezone = 'UTC'\n")

    def start(self):
        """Returns once a connection was accepted."""
        with open(self.log_path, "ab") as log:
            # A process group of its own: Ctrl-C in a terminal must reach the tests, which then stop it in order.
            self.process = subprocess.Popen(
                [server_program("postgres"), "-D", self.data_dir], cwd="/", env=clean_environment(),
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
                **popen_as_unprivileged())
        deadline = time.monotonic() + START_TIMEOUT_S
        while True:
            try:
                self.connect(dbname="postgres").close()
                return
            except psycopg2.OperationalError:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    with open(self.log_path, encoding="utf-8", errors="replace") as log:
                        raise RuntimeError("PostgreSQL did not start:\n" + log.read()[-4000:]) from None
                time.sleep(0.02)

    def stop(self):
        """A fast shutdown: sessions are ended, nothing is lost."""
        if self.process is None:
            return
        self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self.process.send_signal(signal.SIGQUIT)
            self.process.wait(STOP_TIMEOUT_S)
        self.process = None

    def kill(self):
        """What a crash does: every process of the server is killed at once, the first one first, so that it starts no other."""
        first = self.process.pid
        self.process.kill()
        for pid in children_of(first):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        self.process.wait()
        self.process = None

    def restart(self):
        self.stop()
        self.start()

    def destroy(self):
        self.stop()
        shutil.rmtree(self.data_dir, ignore_errors=True)
        shutil.rmtree(self.socket_dir, ignore_errors=True)

    def conninfo(self, user="postgres", dbname=DATABASE):
        return f"host={self.socket_dir} dbname={dbname} user={user}"

    def connect(self, user="postgres", dbname=DATABASE):
        """A connection in autocommit mode."""
        connection = psycopg2.connect(host=self.socket_dir, dbname=dbname, user=user)
        connection.autocommit = True
        return connection

    def execute(self, sql, parameters=None, user="postgres", dbname=DATABASE):
        """Runs one statement; returns its rows, or an empty list."""
        connection = self.connect(user=user, dbname=dbname)
        try:
            with connection.cursor() as cursor:
                cursor.execute(sql, parameters)
                return cursor.fetchall() if cursor.description else []
        finally:
            connection.close()

    def create_database(self, dbname=DATABASE):
        self.execute(f'CREATE DATABASE "{dbname}"', dbname="postgres")

    def environment(self, dbname=DATABASE):
        """What `synchrony` and the responder need to find this cluster."""
        return {
            "SYNCHRONY_OWNER_DATABASE": self.conninfo("postgres", dbname),
            "SYNCHRONY_WRITER_DATABASE": self.conninfo("synchrony_writer", dbname),
            "SYNCHRONY_READER_DATABASE": self.conninfo("synchrony_reader", dbname),
        }

    def migrate(self, command, dbname=DATABASE):
        result = subprocess.run([command, "migrate"], cwd="/", text=True, check=False,
                                env=clean_environment() | self.environment(dbname),
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        if result.returncode != 0:
            raise RuntimeError(f"synchrony migrate: exit {result.returncode}:\n{result.stdout}")
        return result.stdout


def main():
    if len(sys.argv) < 3:
        print("usage: cluster.py BUILD_DIR COMMAND [ARGUMENT...]", file=sys.stderr)
        return 2
    command = os.path.join(os.path.abspath(sys.argv[1]), "synchrony")
    run_dir = make_run_dir()
    cluster = None

    def stop_in_order(_signal, _frame):
        sys.exit(1)
    signal.signal(signal.SIGTERM, stop_in_order)
    try:
        cluster = Cluster(run_dir)
        cluster.init()
        cluster.start()
        cluster.create_database()
        print(cluster.migrate(command), file=sys.stderr, end="")
        environment = clean_environment() | cluster.environment() | {
            "PGHOST": cluster.socket_dir, "PGDATABASE": DATABASE, "PGUSER": "postgres",
            "SYNCHRONY_COMMAND": command,
            "SYNCHRONY_SOURCE": os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))}
        return subprocess.run(sys.argv[2:], env=environment, check=False).returncode
    except (RuntimeError, Unavailable) as error:
        print(error, file=sys.stderr)
        return 1
    finally:
        if cluster is not None:
            cluster.destroy()
        shutil.rmtree(run_dir, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
