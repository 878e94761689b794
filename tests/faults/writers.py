"""Clients that write as careful ones do: known event ids, one request at a time, and what was not acknowledged is sent again as it was.

A transport brings one body to the responder and returns its answer: over HTTP/1.1 on a connection that is kept alive, or over FastCGI in a
web server's place. It raises NoAnswer where none came.
"""

import datetime
import json
import random
import select
import socket
import threading
import time
import uuid

import fcgi
import ledger as ledgers
from client import RESOURCE

TIMEOUT_S = 30  # of one attempt; longer than any deadline that is judged
PROGRESS_TIMEOUT_S = 90
CONNECTION_TRIES = 3
KEYS = 20
SHARED_KEYS = 5


class NoAnswer(Exception):
    """args[0] is one of the ledger's words for how an attempt ended."""


class Http:
    """One connection to a web server, made anew when it is gone."""

    def __init__(self, port):
        self.port = port
        self.socket = None
        self.buffer = b""
        self.has_served = False

    def close(self):
        if self.socket:
            self.socket.close()
        self.socket = None

    def open(self):
        self.close()
        try:
            self.socket = socket.create_connection(("127.0.0.1", self.port), timeout=TIMEOUT_S)
        except OSError:
            raise NoAnswer(ledgers.UNREACHED) from None
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = b""
        self.has_served = False

    def is_usable(self):
        """What can be read between two answers is the end of the connection."""
        return self.socket is not None and not select.select([self.socket], [], [], 0)[0]

    def exchange(self, method, path, body, name):
        """Returns status, fields in lower case, body."""
        if not self.is_usable():
            self.open()
        head = (f"{method} {RESOURCE}{path} HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Request-Id: {name}\r\nContent-Type: application/json\r\n"
                f"Content-Length: {len(body)}\r\n\r\n")
        got_before = False
        try:
            self.socket.sendall(head.encode() + body)
            got_before = True
            answer = self.read_answer()
        except socket.timeout:
            self.close()
            raise NoAnswer(ledgers.TIMEOUT) from None
        except (OSError, EOFError):
            was_used, has_bytes = self.has_served, got_before and bool(self.buffer)
            self.close()
            raise NoAnswer(ledgers.CLOSED if was_used and not has_bytes else ledgers.CUT) from None
        self.has_served = True
        if answer[1].get("connection", "").lower() == "close":
            self.close()
        return answer

    def read_more(self):
        piece = self.socket.recv(65536)
        if not piece:
            raise EOFError
        self.buffer += piece

    def read_until(self, mark):
        while mark not in self.buffer:
            self.read_more()
        part, _, self.buffer = self.buffer.partition(mark)
        return part

    def read_exactly(self, n):
        while len(self.buffer) < n:
            self.read_more()
        part, self.buffer = self.buffer[:n], self.buffer[n:]
        return part

    def read_answer(self):
        lines = self.read_until(b"\r\n\r\n").decode("latin-1").split("\r\n")
        fields = dict((part.strip() for part in line.split(":", 1)) for line in lines[1:])
        fields = {name.lower(): value for name, value in fields.items()}
        status = int(lines[0].split()[1])
        if fields.get("transfer-encoding") == "chunked":
            body = b""
            while (size := int(self.read_until(b"\r\n").split(b";")[0], 16)) > 0:
                body += self.read_exactly(size)
                self.read_exactly(2)
            self.read_until(b"\r\n")
        else:
            body = self.read_exactly(int(fields.get("content-length", "0")))
        return status, fields, body


class Fcgi:
    """A connection for each request, as web servers make them to a responder that closes behind its answer."""

    def __init__(self, socket_path):
        self.socket_path = socket_path

    def close(self):
        pass

    def exchange(self, method, path, body, name):
        try:
            connection = fcgi.Connection(self.socket_path)
        except OSError:
            raise NoAnswer(ledgers.UNREACHED) from None
        with connection:
            connection.socket.settimeout(TIMEOUT_S)
            try:
                connection.begin(fcgi.cgi_variables(method, path, body=body, headers={"X-Request-Id": name}))
                connection.send_body(body)
                answer = fcgi.parse_cgi(connection.answer())
            except socket.timeout:
                raise NoAnswer(ledgers.TIMEOUT) from None
            except (fcgi.Unclean, OSError, AssertionError):
                raise NoAnswer(ledgers.CUT) from None
            return answer.status, {name.lower(): value for name, value in answer.fields}, answer.body


def read_errors(status, body):
    """Of a batch's answer: the indexes of what was refused for good, and of what may be sent again."""
    if status not in (202, 207):
        return (), ()
    errors = json.loads(body).get("errors", [])
    return (frozenset(error["index"] for error in errors if not error["retry"]),
            frozenset(error["index"] for error in errors if error["retry"]))


def attempt(transport, request, body):
    """Sends a request once and enters how that ended; returns the attempt and how long to wait before another."""
    begin = time.monotonic()
    retry_after = None
    try:
        status, fields, text = transport.exchange("POST", "", body, request.name)
        end = time.monotonic()
        retry_after = fields.get("retry-after")
        refused, not_now = read_errors(status, text)
        entry = ledgers.Attempt(begin, end, ledgers.ANSWERED, status, refused, not_now,
                                "" if status in (201, 202) else " ".join(text[:200].decode("utf-8", "replace").split()))
        if status == 503 and retry_after is None and "application/json" in fields.get("content-type", ""):
            entry.text = "without Retry-After: " + entry.text
    except NoAnswer as ending:
        entry = ledgers.Attempt(begin, time.monotonic(), ending.args[0])
    request.attempts.append(entry)
    return entry


class Plan:
    """What writers send: shares of requests, sizes, pace."""

    def __init__(self, event_type, batch=10, batch_share=1 / 3, bad_share=0.02, shared_share=0.15, again_share=0.02, pad=60, rate=None,
                 tries=(0, 1, 8, 60), keys=KEYS):
        self.event_type = event_type
        self.batch = batch
        self.batch_share = batch_share
        self.bad_share = bad_share        # of events that must be refused
        self.shared_share = shared_share  # of events to keys that every writer writes to
        self.again_share = again_share    # of requests that are sent again although they were acknowledged
        self.pad = pad                    # bytes
        self.rate = rate                  # requests/s of all writers together; None: as fast as answers come
        self.tries = tries                # how often what was not acknowledged is sent again: one of these
        self.keys = keys


class Writer(threading.Thread):
    """One client. Which keys it writes to, and what, follows from the seed; what is acknowledged does not."""

    def __init__(self, number, plan, transport, book, seed, interval):
        super().__init__(daemon=True)
        self.number = number
        self.plan = plan
        self.transport = transport
        self.book = book
        self.random = random.Random(f"{seed} {number}")
        self.interval = interval
        self.counts = {}
        self.acknowledged = 0
        self.answered = 0
        self.stored = 0  # answers that say that the database has it, not the queue
        self.error = None
        self.stopping = threading.Event()

    def run(self):
        due = time.monotonic() + self.random.random() * (self.interval or 0)
        try:
            while not self.stopping.is_set():
                if self.interval:
                    self.stopping.wait(max(0.0, due - time.monotonic()))
                    due = max(due + self.interval, time.monotonic() - 1)
                self.deliver(*self.make_request())
        except Exception as error:  # pylint: disable=broad-except
            self.error = error
        self.transport.close()

    def make_event(self):
        is_own = self.random.random() >= self.plan.shared_share
        key = f"{self.number}.{self.random.randrange(self.plan.keys)}" if is_own else f"shared.{self.random.randrange(SHARED_KEYS)}"
        n = self.counts[key] = self.counts.get(key, 0) + 1
        if not is_own:
            n = n * 1000 + self.number
        event = ledgers.Event(str(uuid.UUID(int=self.random.getrandbits(128), version=4)), key, n, is_own)
        members = {"event_type": self.plan.event_type, "session_id": key, "event_id": event.event_id,
                   "timestamp": datetime.datetime.now(datetime.timezone.utc).isoformat(), "n": n, "pad": "x" * self.plan.pad}
        if self.random.random() < self.plan.bad_share:
            members["bad"] = "\0"  # cannot be stored as it is
        return event, members

    def make_request(self):
        n = self.plan.batch if self.random.random() < self.plan.batch_share else 1
        made = [self.make_event() for _ in range(n)]
        request = ledgers.Request(f"{self.number}-{len(self.book)}", [event for event, _ in made])
        self.book.append(request)
        members = [members for _, members in made]
        return request, json.dumps(members if n > 1 else members[0]).encode()

    def deliver(self, request, body):
        tries = self.random.choice(self.plan.tries)
        closed = 0
        while True:
            entry = attempt(self.transport, request, body)
            self.answered += entry.how == ledgers.ANSWERED
            self.stored += entry.status in (201, 207)
            if entry.how == ledgers.CLOSED and closed < CONNECTION_TRIES:
                closed += 1  # as every HTTP client does
                continue
            outcomes = {entry.outcome(index) for index in range(len(request.events))}
            if ledgers.OPEN not in outcomes or tries == 0 or self.stopping.is_set():
                break
            tries -= 1
            self.stopping.wait(self.random.uniform(0.02, 0.2))
        self.acknowledged += sum(request.outcome(index) == ledgers.KEPT for index in range(len(request.events)))
        if self.random.random() < self.plan.again_share:
            attempt(self.transport, request, body)


class Stuck(Exception):
    """Writers have made no progress for very long."""


class Load:
    """Writers that run together."""

    def __init__(self, ledger, plan, make_transport, clients, seed):
        interval = clients / plan.rate if plan.rate else None
        self.writers = [Writer(number, plan, make_transport(), ledger.book(), seed, interval) for number in range(clients)]

    def start(self):
        for writer in self.writers:
            writer.start()
        return self

    def acknowledged(self):
        return sum(writer.acknowledged for writer in self.writers)

    def answered(self):
        return sum(writer.answered for writer in self.writers)

    def stored(self):
        return sum(writer.stored for writer in self.writers)

    def wait_for(self, more, count=None):
        """Until so many more events were acknowledged (or count has risen by so many: load.answered, load.stored)."""
        count = count or self.acknowledged
        target = count() + more
        deadline = time.monotonic() + PROGRESS_TIMEOUT_S
        while count() < target:
            self.check()
            if time.monotonic() > deadline:
                raise Stuck(f"{count() - target + more} of {more} in {PROGRESS_TIMEOUT_S} s")
            time.sleep(0.005)

    def check(self):
        """What ended a writer is raised here."""
        for writer in self.writers:
            if writer.error:
                raise writer.error

    def stop(self):
        for writer in self.writers:
            writer.stopping.set()
        for writer in self.writers:
            if writer.ident is not None:
                writer.join(TIMEOUT_S * (CONNECTION_TRIES + 1))
        self.check()
        if any(writer.is_alive() for writer in self.writers):
            raise Stuck("writers that do not end")
