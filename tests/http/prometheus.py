"""A real Prometheus on the loopback address with a folder of its own: it scrapes a responder through its web server, and evaluates the rules
of deploy/prometheus in less time than they are meant for."""

import json
import os
import re
import signal
import subprocess
import threading
import time
import urllib.parse
import urllib.request

from client import RESOURCE, Api
from cluster import clean_environment, give_away, popen_as_unprivileged
from servers import DEPLOY, STOP_TIMEOUT_S, free_port, program, wait_until

PACKAGE = "prometheus"
RULES = os.path.join(DEPLOY, "prometheus", "synchrony-rules.yml")
DASHBOARD = os.path.join(DEPLOY, "grafana", "synchrony-dashboard.json")
JOB = "synchrony"
UNITS_S = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 7 * 86400}
SCRAPE_INTERVAL_MS = 500
ANSWER_TIMEOUT_S = 30


def shorten(text, factor, longest_for_s=6):
    """The rules with every span of time divided by factor, so that an alarm that is meant to take minutes takes seconds: what is in
    brackets, behind "offset" and behind "for", the last no longer than it must be. Thresholds stay as they are, but those that are a time
    that something may take by itself: see limits()."""
    def span(match):
        seconds = int(match.group(2)) * UNITS_S[match.group(3)] / factor
        return f"{match.group(1)}{max(round(seconds * 1000), 1)}ms"

    def held(match):
        seconds = min(int(match.group(2)) * UNITS_S[match.group(3)] / factor, longest_for_s)
        return f"{match.group(1)}{max(round(seconds * 1000), 1)}ms"
    text = re.sub(r"(\[)(\d+)([smhdw])(?=\])", span, text)
    text = re.sub(r"(offset )(\d+)([smhdw])", span, text)
    return re.sub(r"( for: )(\d+)([smhdw])", held, text)


def limits(text, **values):
    """The rules with other limits: limits(text, queue_age_seconds=2)."""
    for name, value in values.items():
        text, n = re.subn(rf"(record: synchrony:limit:{name}\n +expr: vector)\([0-9.]+\)", rf"\g<1>({value})", text)
        assert n == 1, name
    return text


class Prometheus:
    """Started, asked, and ended by its pid."""

    def __init__(self, folder, targets, rules):
        """folder: made here. targets: "address:port" of each host. rules: the text of a file of rules."""
        self.folder = folder
        self.port = free_port()
        self.process = None
        for path in (folder, os.path.join(folder, "log"), os.path.join(folder, "data")):
            os.mkdir(path)
            give_away(path)
        self.log_path = os.path.join(folder, "log", "prometheus.log")
        with open(os.path.join(folder, "rules.yml"), "w", encoding="utf-8") as file:
            file.write(rules)
        interval = f"{SCRAPE_INTERVAL_MS}ms"
        with open(os.path.join(folder, "prometheus.yml"), "w", encoding="utf-8") as file:
            json.dump({  # which is YAML, too
                "global": {"scrape_interval": interval, "scrape_timeout": interval, "evaluation_interval": interval},
                "rule_files": ["rules.yml"],
                "scrape_configs": [{"job_name": JOB, "metrics_path": RESOURCE + "/metrics", "static_configs": [{"targets": targets}]}],
            }, file)

    def start(self):
        command = [program("prometheus", PACKAGE), f"--config.file={self.folder}/prometheus.yml",
                   f"--storage.tsdb.path={self.folder}/data", f"--web.listen-address=127.0.0.1:{self.port}",
                   "--query.lookback-delta=5s", "--log.level=warn"]
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(command, cwd="/", env=clean_environment(), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                            start_new_session=True, **popen_as_unprivileged())

        def ready():
            if self.process.poll() is not None:
                with open(self.log_path, encoding="utf-8", errors="replace") as log:
                    raise RuntimeError("Prometheus ended:\n" + log.read())
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/-/ready", timeout=ANSWER_TIMEOUT_S) as answer:
                    return answer.status == 200
            except OSError:
                return False
        try:
            wait_until(ready, "Prometheus does not answer")
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self):
        if self.process is None:
            return
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process = None

    def ask(self, path, **parameters):
        """The data of an answer of the API; what Prometheus has against the question is a ValueError."""
        url = f"http://127.0.0.1:{self.port}/api/v1/{path}?{urllib.parse.urlencode(parameters)}"
        try:
            with urllib.request.urlopen(url, timeout=ANSWER_TIMEOUT_S) as answer:
                return json.load(answer)["data"]
        except urllib.error.HTTPError as error:
            raise ValueError(f"{parameters}: {error.read().decode()}") from None

    def query(self, expression):
        """A list of (labels, value)."""
        data = self.ask("query", query=expression)
        if data["resultType"] == "scalar":
            return [({}, float(data["result"][1]))]
        return [(sample["metric"], float(sample["value"][1])) for sample in data["result"]]

    def firing(self):
        """The names of the alarms that fire."""
        return {alert["labels"]["alertname"] for alert in self.ask("alerts")["alerts"] if alert["state"] == "firing"}

    def wait_for(self, name, timeout_s=ANSWER_TIMEOUT_S, also=lambda: None):
        """Until the alarm fires; also: what to do meanwhile, again and again."""
        def fires():
            also()
            time.sleep(0.1)
            return name in self.firing()
        wait_until(fires, f"{name} does not fire", timeout_s)

    def wait_for_silence(self, *names, timeout_s=ANSWER_TIMEOUT_S):
        try:
            wait_until(lambda: not self.firing() & set(names), "", timeout_s)
        except TimeoutError:
            alerts = [(alert["labels"], alert["value"]) for alert in self.ask("alerts")["alerts"]]
            raise TimeoutError(f"one of {names} goes on: {alerts}") from None

    def faults_of_rules(self):
        """What came of the evaluation of the rules, but success."""
        return [(rule["name"], rule.get("lastError")) for group in self.ask("rules")["groups"] for rule in group["rules"]
                if rule["health"] not in ("ok", "unknown")]


class Load:
    """A few clients that do a little of everything, until they are stopped."""

    def __init__(self, port, event_type, pause_s=0.02, mix=None):
        self.port, self.event_type, self.pause_s = port, event_type, pause_s
        self.mix = mix or (self.one, self.one, self.array, self.read, self.wrong)
        self.stopping = threading.Event()
        self.statuses = {}
        self.thread = threading.Thread(target=self.run, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stopping.set()
        self.thread.join()

    def run(self):
        n = 0
        while not self.stopping.wait(self.pause_s):
            n += 1
            try:
                status = self.mix[n % len(self.mix)](n)
            except (OSError, ValueError):
                status = None
            self.statuses[status] = self.statuses.get(status, 0) + 1

    def send(self, method, target, event=None):
        body = None if event is None else json.dumps(event).encode()
        return Api(self.port).exchange(method, target, body, {"Content-Type": "application/json"} if body else None).status

    def one(self, n):
        return self.send("POST", RESOURCE, {"event_type": self.event_type, "session_id": f"s{n}"})

    def array(self, n):
        return self.send("POST", RESOURCE, [{"event_type": self.event_type + ".array", "session_id": f"a{n}.{i}"} for i in range(5)])

    def read(self, n):
        return self.send("GET", f"{RESOURCE}?event_type={self.event_type}&session_id=s{n}")

    def wrong(self, n):
        return self.send("POST", RESOURCE, {"event_type": self.event_type, "number": n})
