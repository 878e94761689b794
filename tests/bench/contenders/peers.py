"""What a user might run instead, each as one deploys it who knows it; see peers/ for the programs.

Numbers of processes and threads are the best of those that were tried on two cores: PHP with 4, 8, 12, 16, 32 and 64 workers, Node alone
and as a cluster of two, gunicorn with 2, 4 and 8 workers of 4, 8 and 16 threads, the gateway with 2, 3, 4 and 8 workers. The plain C is
given 32 processes."""

import os
import socket
import subprocess

import processes
import web
from contenders.base import Contender, Failed, Served
from servers import free_port, program, render, wait_until

PHP_WORKERS = 8
NODE_WORKERS = 1
GUNICORN_WORKERS, GUNICORN_THREADS = 4, 8
PLAIN_PROCESSES = 32
GATEWAY_WORKERS = 2
PREPARE_TIMEOUT_S = 600


class Php(Served):
    """PHP-FPM with pdo_pgsql."""
    group = "peer"
    packages = ("php-fpm", "php-pgsql")

    def fpm(self):
        """Starts PHP-FPM; returns the script and the socket."""
        script = os.path.join(self.bench.peer_dir("php"), "event.php")
        path = os.path.join(self.dir, "sockets", "php")
        config = os.path.join(self.dir, "php-fpm.conf")
        with open(config, "w", encoding="utf-8") as file:
            file.write(render(os.path.join(self.bench.peer_dir("php"), "php-fpm.conf.in"),
                              {"DIR": self.dir, "SOCKET": path, "WORKERS": PHP_WORKERS}))
        self.launch([php_fpm(), "--nodaemonize", "--fpm-config", config], self.peer_environment())
        return script, path


def php_fpm():
    """Debian has the version in the name."""
    names = sorted((name for name in os.listdir("/usr/sbin") if name.startswith("php-fpm")), key=lambda name: (len(name), name))
    if not names:
        raise Failed("php-fpm is not installed (Debian package: php-fpm)")
    return "/usr/sbin/" + names[-1]


class PhpLighttpd(Php):
    name = "php-lighttpd"
    about = "PHP-FPM, pdo_pgsql, behind lighttpd"
    server = "lighttpd"

    def site(self, workload):
        return web.lighttpd_php(*self.fpm())


class PhpApache(Php):
    name = "php-apache"
    about = "PHP-FPM, pdo_pgsql, behind Apache mod_proxy_fcgi"
    server = "apache"

    def site(self, workload):
        return web.apache_php(*self.fpm())


class Node(Contender):
    name = "node"
    group = "peer"
    about = "Node, fastify and pg"
    npm = "node"

    def start(self, workload):
        self.port = free_port()
        self.launch([program("node", "nodejs"), os.path.join(self.bench.peer_dir("node"), "server.js")],
                    self.peer_environment() | {"BENCH_PORT": str(self.port), "BENCH_WORKERS": str(NODE_WORKERS),
                                               "NODE_ENV": "production"})


def gunicorn(port, application, folder, workers, threads):
    """With threads, since its other workers keep no connection."""
    return ["/usr/bin/python3", "-m", "gunicorn", "--worker-class", "gthread", "--workers", str(workers), "--threads", str(threads),
            "--bind", f"127.0.0.1:{port}", "--backlog", "2048", "--keep-alive", "60", "--worker-connections", "1000",
            "--worker-tmp-dir", "/dev/shm", "--pythonpath", folder, "--chdir", folder, application]


class Gunicorn(Contender):
    name = "gunicorn"
    group = "peer"
    about = "Python, psycopg2, behind gunicorn"
    packages = ("gunicorn", "python3-psycopg2")

    def start(self, workload):
        self.port = free_port()
        self.launch(gunicorn(self.port, "collector:application", self.bench.peer_dir("python"), GUNICORN_WORKERS, GUNICORN_THREADS),
                    self.peer_environment())


class PlainLighttpd(Served):
    name = "plain-c-lighttpd"
    group = "peer"
    about = f"C, libfcgi, a commit per event, {PLAIN_PROCESSES} processes behind lighttpd"
    server = "lighttpd"

    def site(self, workload):
        return web.lighttpd_processes(self.wrapper(self.bench.tools["plain"], self.peer_environment()),
                                      self.dir + "/sockets/responder", PLAIN_PROCESSES)


class PlainFcgid(Served):
    name = "plain-c-fcgid"
    group = "peer"
    about = "C, libfcgi, a commit per event, under Apache mod_fcgid"
    server = "apache"
    settle_s = web.FCGID_SETTLE_S

    def site(self, workload):
        return web.apache_fcgid(self.dir, self.bench.deploy, self.wrapper(self.bench.tools["plain"], self.peer_environment()),
                                "/dev/null")


class Serverless(Contender):
    """The original's two handlers, the emulator being their database. It keeps its table in LevelDB, but does not wait for the disk
    with each write, as all others here do."""
    name = "serverless"
    group = "peer"
    about = "the serverless original: Python and boto3 on dynalite"
    packages = ("python3-boto3", "gunicorn")
    npm = "serverless"
    uses_database = False
    table = "events"

    database_pid = None

    def start(self, workload):
        folder = self.bench.peer_dir("serverless")
        table_port = free_port()
        environment = {"AWS_ACCESS_KEY_ID": "bench", "AWS_SECRET_ACCESS_KEY": "bench", "AWS_DEFAULT_REGION": "us-east-1",
                       "AWS_EC2_METADATA_DISABLED": "true", "TABLE_NAME": self.table, "TABLE_ENDPOINT": f"http://127.0.0.1:{table_port}"}
        self.start_table(folder, table_port, workload, environment)
        self.port = free_port()
        self.launch(gunicorn(self.port, "gateway:application", folder, GATEWAY_WORKERS, 1), environment)

    def start_table(self, folder, port, workload, environment):
        """A new table for writes; for reads one that is filled once and kept, since that takes minutes."""
        is_kept = workload.kind == "get"
        data = os.path.join(self.bench.data_dir, "table." + workload.name) if is_kept else os.path.join(self.dir, "www", "table")
        is_filled = os.path.isdir(data)
        process = self.launch([program("node", "nodejs"), os.path.join(folder, "node_modules", "dynalite", "cli.js"),
                               "--host", "127.0.0.1", "--port", str(port), "--path", data, "--createTableMs", "0"])
        self.database_pid = process.pid
        wait_until(lambda: answers(port), "dynalite does not answer")
        if is_filled:
            return
        items = [workload.event_type, str(workload.size), self.bench.properties] if is_kept else []
        result = subprocess.run(["/usr/bin/python3", os.path.join(folder, "make_table.py"), self.table, *items], cwd="/", check=False,
                                env=processes.clean_environment() | environment, text=True, stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=PREPARE_TIMEOUT_S,
                                **processes.popen_as_unprivileged())
        if result.returncode != 0:
            raise Failed(f"make_table.py: {result.stdout[-600:]}")

    def roots(self):
        return [(process.pid, "database" if process.pid == self.database_pid else "responder") for process in self.running]


def answers(port):
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
    except OSError:
        return False


PEERS = [PhpLighttpd, PhpApache, Node, Gunicorn, PlainLighttpd, PlainFcgid, Serverless]
