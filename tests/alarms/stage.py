"""What an alarm is drilled on: a lighttpd with the responder and a queue, a little load, and a Prometheus with the rules, in less time than
they are meant for. All of it is made for one drill and gone afterwards; PostgreSQL is the drills' own, and theirs together."""

import contextlib
import json
import os
import time

from client import RESOURCE, Api
from cluster import give_away
from prometheus import RULES, Load, Prometheus, limits, shorten
from servers import WebServer

FACTOR = 60  # a minute is a second
FIRES_WITHIN_S = 60


class Stage:
    """Begun by with; fires() tells what came."""

    def __init__(self, name, folder, build_dir, cluster, settings=None, environment=None, **more_limits):
        self.cluster = cluster
        self.command = os.path.join(build_dir, "synchrony")
        self.folder = os.path.join(folder, name)
        self.queue_dir = os.path.join(self.folder, "queue")
        self.name = name
        for path in (self.folder, os.path.join(self.folder, "sanitizer"), self.queue_dir):
            os.mkdir(path)
            give_away(path)
        os.chmod(self.queue_dir, 0o700)
        self.settings = {"writer_database": cluster.conninfo("synchrony_writer"), "reader_database": cluster.conninfo("synchrony_reader"),
                         "queue_directory": self.queue_dir} | (settings or {})
        self.server = WebServer("lighttpd", self.folder, build_dir, self.settings, environment)
        with open(RULES, encoding="utf-8") as file:
            self.rules = shorten(limits(file.read(), **more_limits), FACTOR)
        self.prometheus = None
        self.fired = {}  # how long each took

    def __enter__(self):
        self.server.start()
        self.prometheus = Prometheus(os.path.join(self.folder, "prometheus"), [f"127.0.0.1:{self.server.port}"], self.rules)
        try:
            self.prometheus.start()
        except BaseException:
            self.server.stop()
            raise
        return self

    def __exit__(self, *_):
        self.prometheus.stop()
        self.server.stop()

    def fires(self, *names, also=lambda: None):
        """Waits until each of the alarms fires."""
        begun = time.monotonic()
        for name in names:
            self.prometheus.wait_for(name, FIRES_WITHIN_S, also)
            self.fired[name] = time.monotonic() - begun

    def is_over(self, *names):
        self.prometheus.wait_for_silence(*names, timeout_s=FIRES_WITHIN_S)

    def load(self, pause_s=0.02, **mix):
        return Load(self.server.port, self.name, pause_s, **mix)

    def well(self):
        """Only events that are right, and reads."""
        load = self.load()
        load.mix = (load.one, load.array, load.read)
        return load

    def post(self, event, **headers):
        body = json.dumps(event).encode()
        return Api(self.server.port).exchange("POST", RESOURCE, body, {"Content-Type": "application/json"} | headers).status

    def event(self, n, **members):
        return {"event_type": self.name, "session_id": f"s{n}"} | members

    @contextlib.contextmanager
    def away(self):
        """PostgreSQL stopped."""
        self.cluster.stop()
        try:
            yield
        finally:
            self.cluster.start()

    @contextlib.contextmanager
    def changed(self, do, undo):
        """A statement in the database, and another that takes it back."""
        self.cluster.execute(do)
        try:
            yield
        finally:
            self.cluster.execute(undo)
