"""What every contender is: something that starts, is reached at a port or measures itself, and ends."""

import http.client
import os
import shlex
import shutil
import socket

import measure
import processes
import web
from cluster import give_away
from processes import Trees
from servers import wait_until

START_TIMEOUT_S = 60


class Failed(Exception):
    """A contender cannot be measured; the reason is for people."""


class Contender:
    """One row of the table. Made anew for each turn."""

    name = None          # as it is chosen and shown
    group = None         # "limit", "product" or "peer"
    about = None         # a line for people
    packages = ()        # Debian packages beyond what everybody needs
    npm = None           # a folder of peers/ with a package-lock.json
    kinds = ("post", "get")
    at = None            # numbers of connections; None: any
    uses_database = True
    settle_s = 0         # how long it runs under load before measuring begins, at least

    def __init__(self, bench, dbname):
        self.bench = bench
        self.dbname = dbname
        self.dir = bench.make_folder(f"{self.name}.{bench.turns}")
        for folder in ("log", "sockets", "www"):
            path = os.path.join(self.dir, folder)
            os.mkdir(path)
            give_away(path)
        self.port = None
        self.running = []  # processes.start()'s, newest last

    # ---- what a contender says of itself ----

    @classmethod
    def can(cls, workload, connections):
        return workload.kind in cls.kinds and (cls.at is None or connections in cls.at)

    def start(self, workload):
        raise NotImplementedError

    def roots(self):
        """(pid, role) of the top of each of its trees of processes, the database's aside."""
        return [(process.pid, "responder") for process in self.running]

    # ---- what is the same for all ----

    def launch(self, command, environment=None, log="server.log", **popen):
        process = processes.start(command, os.path.join(self.dir, "log", log), environment, **popen)
        self.running.append(process)
        return process

    def stop(self):
        for process in reversed(self.running):
            processes.stop(process)
        self.running.clear()

    def trees(self):
        database = [(self.bench.database.process.pid, "database")] if self.uses_database else []
        return Trees(self.roots() + database)

    def peer_environment(self):
        """What every peer is given: where the database is, and the statements."""
        return self.bench.database.peer_environment(self.dbname) | {
            "BENCH_SQL": self.bench.sql_dir, "BENCH_COLUMNS": ",".join(parameter.name for parameter in self.bench.parameters)}

    def wrapper(self, program, environment):
        """A script that starts a program with an environment: web servers hand on little of their own."""
        path = os.path.join(self.dir, "responder")
        lines = [f"export {name}={shlex.quote(value)}" for name, value in environment.items()]
        with open(path, "w", encoding="utf-8") as file:
            file.write("\n".join(["#!/bin/sh", *lines, f"exec {program} 2>>{self.dir}/log/responder.log", ""]))
        os.chmod(path, 0o755)
        return path

    def listener(self):
        """A listening Unix socket, as systemd or a web server hands it to a daemon as its standard input."""
        path = os.path.join(self.dir, "sockets", "daemon")
        listening = socket.socket(socket.AF_UNIX)
        listening.bind(path)
        give_away(path)
        os.chmod(path, 0o666)
        listening.listen(4096)
        return listening, path

    def exchange(self, method, path="", body=None, timeout_s=START_TIMEOUT_S):
        """One request of a connection of its own: (status, length of the body)."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout_s)
        try:
            headers = {"Content-Type": "application/json"} if body else {}
            connection.request(method, web.RESOURCE + path, body=body, headers=headers)
            response = connection.getresponse()
            return response.status, len(response.read())
        finally:
            connection.close()

    def wait_until_ready(self):
        """Until a posted event is stored, which also shows that it can."""
        def stores():
            for process in self.running:
                if process.poll() is not None:
                    raise Failed(f"ended with {process.returncode}: {self.log_tail()}")
            try:
                return self.exchange("POST", body=self.bench.event)[0] == 201
            except (OSError, http.client.HTTPException):
                return False
        try:
            wait_until(stores, "", START_TIMEOUT_S)
        except TimeoutError:
            raise Failed(f"does not store an event: {self.log_tail()}") from None

    def bytes_of_item(self, workload):
        """The mean length of an item in the answer to a read."""
        try:
            status, length = self.exchange("GET", f"?event_type={workload.event_type}")
        except (OSError, http.client.HTTPException) as error:
            raise Failed(f"no answer to GET of {workload.size:,} items: {error or type(error).__name__}") from None
        if status != 200 or length < workload.size:
            raise Failed(f"GET of {workload.size:,} items answers {status} with {length} bytes")
        return length / workload.size

    def log_tail(self):
        lines = []
        folder = os.path.join(self.dir, "log")
        for name in sorted(os.listdir(folder)):
            with open(os.path.join(folder, name), encoding="utf-8", errors="replace") as file:
                lines += file.read().splitlines()[-3:]
        return " / ".join(lines)[-600:] or "(no log)"

    def measure(self, workload, connections, seconds, warm_s):
        """One sub-run: a sample without its place in the table."""
        item_bytes = self.bytes_of_item(workload) if workload.kind == "get" else None
        return measure.run(self.bench.tools["load"], self.port, workload, connections, seconds, warm_s, self.trees(), item_bytes)

    def remove(self):
        shutil.rmtree(self.dir, ignore_errors=True)


class Served(Contender):
    """Behind a web server. What it starts itself stands before the web server in running."""

    server = None  # "lighttpd" or "apache"
    web_pid = None

    def start(self, workload):
        process, self.port = web.start(self.server, self.dir, self.site(workload))
        self.running.append(process)
        self.web_pid = process.pid

    def site(self, workload):
        """Starts what the web server does not start itself; returns the site."""
        raise NotImplementedError

    def roots(self):
        return [(process.pid, "web" if process.pid == self.web_pid else "responder") for process in self.running]
