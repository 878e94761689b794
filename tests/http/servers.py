"""The processes that the HTTP tests talk to: web servers with the responder behind them, and the responder alone.

Each has a folder of its own under the run folder, with its configuration, its logs and a copy of the responder; a
responder process is told by that copy, so nothing that others have started is ever signalled.
Nothing runs as root.
"""

import glob
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCE = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(SOURCE, "tests", "db"))

# pylint: disable=wrong-import-position
from cluster import Unavailable, clean_environment, give_away, popen_as_unprivileged  # noqa: E402

import fcgi  # noqa: E402
from client import RESOURCE, Api  # noqa: E402

RESPONDER = "synchrony_data_analytics"
START_TIMEOUT_S = 30
STOP_TIMEOUT_S = 20


def free_port():
    """A port that the kernel has just called free."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until(condition, what, timeout_s=START_TIMEOUT_S):
    """Returns the condition's first true value; a hang guard, not a measurement."""
    deadline = time.monotonic() + timeout_s
    while not (value := condition()):
        if time.monotonic() > deadline:
            raise TimeoutError(what)
        time.sleep(0.01)
    return value


def program(name, package):
    path = shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
    if path is None:
        raise Unavailable(f"{name} is not installed (Debian package: {package})")
    return path


def render(template, values):
    """A configuration from its template. A name that is not known here is an error, not an empty text."""
    with open(template, encoding="utf-8") as file:
        return re.sub(r"@([A-Za-z_]+)@", lambda match: str(values[match.group(1)]), file.read())


class Site:
    """A folder with a responder in it: its configuration, its environment, its logs."""

    def __init__(self, name, run_dir, build_dir, settings, environment=None):
        """settings: the options of synchrony.conf; a string, a number, or a list of strings each."""
        self.name = name
        self.dir = os.path.join(run_dir, name)
        self.log_dir = os.path.join(self.dir, "log")
        self.sockets = os.path.join(self.dir, "sockets")
        for folder in (self.dir, self.log_dir, os.path.join(self.dir, "run"), self.sockets):
            os.mkdir(folder)
            give_away(folder)
        os.mkdir(os.path.join(self.dir, "bin"))
        self.binary = os.path.join(self.dir, "bin", RESPONDER)
        shutil.copy2(os.path.join(build_dir, RESPONDER), self.binary)
        self.conf = os.path.join(self.dir, "synchrony.conf")
        with open(self.conf, "w", encoding="utf-8") as file:
            file.write("".join(f"{name} = {self.literal(value)}\n" for name, value in settings.items()))
        reports = os.path.join(run_dir, "sanitizer", name)
        self.environment = {
            "ASAN_OPTIONS": f"log_path={reports}:detect_leaks=1:detect_stack_use_after_return=1",
            "LSAN_OPTIONS": f"log_path={reports}",
            "UBSAN_OPTIONS": f"log_path={reports}:print_stacktrace=1"} | (environment or {})
        self.responder_log = os.path.join(self.log_dir, "responder.log")
        self.wrapper = os.path.join(self.dir, "bin", "responder")
        self.write_wrapper()

    @staticmethod
    def literal(value):
        if isinstance(value, list):
            return "{" + ", ".join(map(Site.literal, value)) + "}"
        return str(value) if isinstance(value, int) else '"' + value.replace('"', '\\"') + '"'

    def write_wrapper(self):
        """What is started: the responder with the sanitizers' options, and its log on its own under every server."""
        lines = ["#!/bin/sh"]
        lines += [f"export {name}={shlex.quote(value)}" for name, value in self.environment.items()]
        lines += [f'exec {self.binary} "$@" 2>>{self.responder_log}']
        with open(self.wrapper, "w", encoding="utf-8") as file:
            file.write("\n".join(lines) + "\n")
        os.chmod(self.wrapper, 0o755)

    def logs(self):
        return sorted(glob.glob(os.path.join(self.log_dir, "*")))

    def responders(self):
        """The pids of the responders that run from this folder."""
        pids = []
        for link in glob.glob("/proc/[0-9]*/exe"):
            try:
                if os.readlink(link) == self.binary:
                    pids.append(int(link.split("/")[2]))
            except OSError:
                pass
        return pids

    def wait_for_responders(self):
        """After the end of what started them. One that stays is killed, and is an error."""
        try:
            wait_until(lambda: not self.responders(), "", STOP_TIMEOUT_S)
        except TimeoutError:
            left = self.responders()
            for pid in left:
                os.kill(pid, signal.SIGKILL)
            raise RuntimeError(f"{self.name}: responders {left} did not end after their server had") from None


class WebServer(Site):
    """A real web server on a free port of the loopback address, with the responder behind it. As in the quickstart, the responder's
    processes share a commit through files in the run directory."""

    def __init__(self, name, run_dir, build_dir, settings, environment=None):
        shared = {"run_directory": os.path.join(run_dir, name, "run")}
        super().__init__(name, run_dir, build_dir, settings | shared, environment)
        self.process = None
        self.port = None
        # The checkout may lie where an unprivileged user cannot read.
        self.deploy = os.path.join(self.dir, "deploy")
        shutil.copytree(DEPLOY, self.deploy)
        self.config = os.path.join(self.dir, name + ".conf")

    def values(self):
        return {"PORT": self.port, "DIR": self.dir, "SOCKETS": self.sockets, "RESPONDER": self.wrapper, "CONF": self.conf,
                "DEPLOY": self.deploy, "USER": "nobody", "GROUP": "nogroup"}

    def start(self):
        self.port = free_port()
        with open(self.config, "w", encoding="utf-8") as file:
            file.write(render(TEMPLATES[self.name], self.values()))
        with open(os.path.join(self.log_dir, "server.log"), "ab") as log:
            self.process = subprocess.Popen(
                self.command(), cwd="/", env=clean_environment(), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True, **popen_as_unprivileged())

        def answers():
            if self.process.poll() is not None:
                raise RuntimeError(f"{self.name} ended with {self.process.returncode}:\n{self.tail()}")
            try:
                return Api(self.port).exchange("GET", RESOURCE + "/healthz").status == 200
            except OSError:
                return False
        try:
            wait_until(answers, f"{self.name} does not answer")
        except TimeoutError:
            self.stop()
            raise RuntimeError(f"{self.name} does not answer {RESOURCE}/healthz with 200:\n{self.tail()}") from None
        return self

    def tail(self):
        text = ""
        for path in self.logs():
            with open(path, encoding="utf-8", errors="replace") as file:
                text += f"--- {path}\n" + "".join(file.readlines()[-20:])
        return text

    def command(self):
        if self.name == "apache":
            return [program("apache2", "apache2-bin"), "-f", self.config, "-DFOREGROUND"]
        return [program("lighttpd", "lighttpd"), "-D", "-f", self.config]

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(STOP_TIMEOUT_S)
        self.wait_for_responders()


# What is tested is what is deployed; plain CGI is nothing to deploy, so its configuration is the tests' own.
DEPLOY = os.path.join(SOURCE, "deploy")
TEMPLATES = {
    "lighttpd": os.path.join(DEPLOY, "lighttpd", "standalone.conf.in"),
    "apache": os.path.join(DEPLOY, "apache", "standalone.conf.in"),
    "cgi": os.path.join(HERE, "servers", "cgi.conf.in"),
}


class Daemon(Site):
    """The responder alone, on a Unix socket that it is given as fd 0, or as fd 3 in systemd's manner."""

    def __init__(self, name, run_dir, build_dir, settings, environment=None):
        super().__init__(name, run_dir, build_dir, settings, environment)
        self.environment = {"SYNCHRONY_CONF": self.conf} | self.environment
        self.write_wrapper()
        self.socket_path = os.path.join(self.dir, "sock")
        self.process = None

    def start(self, systemd=False, **popen):
        listener = socket.socket(socket.AF_UNIX)
        if os.path.exists(self.socket_path):
            os.unlink(self.socket_path)
        listener.bind(self.socket_path)
        give_away(self.socket_path)
        listener.listen(128)
        fd = listener.fileno()
        if systemd:
            # LISTEN_PID is the pid of the process that is meant, so only that process can set it, just before exec.
            script = f'exec 3<&{fd}; [ {fd} = 3 ] || exec {fd}<&-; LISTEN_FDS=1 LISTEN_PID=$$ exec {self.wrapper}'
            command, stdin, pass_fds = ["/bin/bash", "-c", script], subprocess.DEVNULL, (fd,)
        else:
            command, stdin, pass_fds = [self.wrapper], fd, ()
        with open(os.path.join(self.log_dir, "server.log"), "ab") as log:
            self.process = subprocess.Popen(
                command, cwd="/", env=clean_environment(), stdin=stdin, stdout=log, stderr=log, pass_fds=pass_fds,
                start_new_session=True, **popen_as_unprivileged(), **popen)
        listener.close()
        return self

    def connect(self):
        return fcgi.Connection(self.socket_path)

    def request(self, method, path="", **more):
        with self.connect() as connection:
            return connection.request(method, path, **more)

    def post(self, body, **more):
        return self.request("POST", body=body, **more)

    def get(self, **params):
        return self.request("GET", params=params)

    def items(self, **params):
        response = self.get(**params)
        assert response.status == 200, response
        return response.json()

    def stop(self):
        """Returns the exit code after SIGTERM."""
        if self.process is None:
            return None
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise RuntimeError(f"{self.name}: the responder did not end after SIGTERM") from None
        self.process = None
        return code
