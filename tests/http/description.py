"""The OpenAPI document held against what the responder answers.

Every exchange that a test has through client.Api or fcgi.Connection is noted, and at the end of the session those that differ are judged by
node/check.js (ajv). By construction not noted is what goes over a raw socket, whose point is to break HTTP, and what a web server answers by
itself: it has no X-Request-Id.
"""

import fcntl
import hashlib
import json
import os
import re
import shutil
import subprocess
import threading

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
DOCUMENT = os.path.join(TOP, "deploy", "openapi.json")
SCRIPTS = os.path.join(HERE, "node")  # with package.json and its lock
BODY_MAX_BYTES = 256 * 1024  # of a longer one the head alone is judged
REQUEST_MAX_BYTES = 16 * 1024
# What differs from answer to answer and means nothing.
VOLATILE_FIELDS = {"x-request-id", "date", "etag", "content-length", "link", "location", "server"}
VOLATILE = re.compile(rb"[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}|\d\d\d\d-\d\d-\d\dT[0-9:.]+Z")


def read_json(text):
    """What cannot be read stays as it is, and is then no more what the document says. No number becomes infinite."""
    try:
        return json.loads(text, parse_float=lambda _: 0.5)
    except ValueError:
        return text.decode("utf-8", "replace")


class Recorder:
    """The exchanges of a session, each that is not like another one once."""

    def __init__(self):
        self.exchanges = {}

    def note(self, method, path, query, request, request_fields, response):
        """request: the body, or None; request_fields: a mapping."""
        if not response.all("X-Request-Id"):
            return
        is_json = (response.header("Content-Type") or "").startswith("application/json")
        has_body = is_json and method != "HEAD" and response.status not in (204, 304) and len(response.body) <= BODY_MAX_BYTES
        names = {name.lower() for name, value in request_fields.items() if value}
        has_request = response.status in (201, 202, 207) and request and len(request) <= REQUEST_MAX_BYTES and "content-encoding" not in names
        fields = [(name, value) for name, value in response.fields if name.lower() not in VOLATILE_FIELDS]
        key = (method, VOLATILE.sub(b"", path.encode()), query.partition("&cursor=")[0] if query else "", response.status, tuple(sorted(fields)),
               VOLATILE.sub(b"", response.body) if has_body else b"", VOLATILE.sub(b"", request) if has_request else b"")
        digest = hashlib.sha256(repr(key).encode()).digest()
        if digest in self.exchanges:
            return
        test = os.environ.get("PYTEST_CURRENT_TEST", "").partition(" ")[0]
        exchange = {"test": test, "method": method, "path": path, "query": query, "status": response.status, "headers": response.fields}
        if has_body:
            exchange["body"] = read_json(response.body)
        if has_request:
            exchange["request"] = read_json(request)
        self.exchanges[digest] = json.dumps(exchange)

    def lines(self):
        return "".join(line + "\n" for line in self.exchanges.values())


RECORDER = Recorder()


class Node:
    """Node with the packages of node/package-lock.json, fetched by npm once and kept in a folder (None: there is none to keep them in, and
    no Node). They are many: meanwhile tests run."""

    def __init__(self, folder):
        self.problem = None if folder else "SYNCHRONY_TEST_NPM_DIR is not set"
        self.folder = self.thread = None
        if folder:
            self._begin(folder)

    def _begin(self, folder):
        with open(os.path.join(SCRIPTS, "package-lock.json"), "rb") as file:
            lock = file.read()
        self.folder = os.path.join(folder, hashlib.sha256(lock).hexdigest()[:12])
        self.thread = threading.Thread(target=self._prepare, daemon=True)
        self.thread.start()

    def _prepare(self):
        try:
            missing = [program for program in ("node", "npm") if not shutil.which(program)]
            self.problem = f"{' and '.join(missing)} not found" if missing else self._install()
        except OSError as error:
            self.problem = str(error)

    def _install(self):
        os.makedirs(self.folder, exist_ok=True)
        done = os.path.join(self.folder, "done")
        with open(os.path.join(self.folder, "lock"), "w", encoding="utf-8") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)  # other workers want the same
            if os.path.exists(done):
                return None
            for name in ("package.json", "package-lock.json"):
                shutil.copyfile(os.path.join(SCRIPTS, name), os.path.join(self.folder, name))
            result = subprocess.run(["nice", "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline"], cwd=self.folder,
                                    stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
            if result.returncode:
                return "npm cannot fetch the packages: " + result.stdout[-500:]
            with open(done, "w", encoding="utf-8"):
                return None

    def ready(self):
        """Waits until all is there. Returns why it is not, or None."""
        if self.thread:
            self.thread.join()
        return self.problem

    def run(self, command, folder):
        environment = os.environ | {"NODE_PATH": os.path.join(self.folder, "node_modules"), "REDOCLY_TELEMETRY": "off",
                                    "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true"}
        return subprocess.run(["node", *command], cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, check=False)

    def judge(self, lines, folder):
        """Judges exchanges, a line of JSON each. Returns exit status and findings."""
        path = os.path.join(folder, f"exchanges.{os.getpid()}.jsonl")
        with open(path, "w", encoding="ascii") as file:
            file.write(lines)
        try:
            result = self.run([os.path.join(SCRIPTS, "check.js"), DOCUMENT, path], folder)
        finally:
            os.unlink(path)
        return result.returncode, result.stdout

    def lint(self, folder):
        program = os.path.join(self.folder, "node_modules", "@redocly", "cli", "bin", "cli.js")
        return self.run([program, "lint", DOCUMENT, "--config", os.path.join(SCRIPTS, "redocly.yaml"), "--format", "stylish"], folder)
