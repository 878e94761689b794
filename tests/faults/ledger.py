"""What was sent, what was answered, and whether the database holds exactly what these answers promised.

A writer enters each request before it sends it, and each attempt when it ends. The judge (compare) knows neither HTTP nor PostgreSQL: it
is given the rows, so that a test can forge them.

What an answer promises: 201, 202 and 207 that every event of it is kept, but those that its errors name; 400 and 413, and an error that
says "retry": false, that it is not. 503, 500 and no answer at all promise nothing: such an event may be stored or not.
"""

import bisect
import dataclasses
import json
import time

KEPT, REFUSED, OPEN = "kept", "refused", "open"
KEPT_STATUSES = (201, 202, 207)
REFUSED_STATUSES = (400, 413)
SHOWN = 20  # findings of one kind that are told in full

# How an attempt ended.
ANSWERED = "answered"
UNREACHED = "unreached"  # no connection: nothing was sent
CLOSED = "closed"        # a connection that had served before was closed without a byte of an answer
CUT = "cut"              # one that was made for this request was, or an answer broke off
TIMEOUT = "timeout"


class Event:
    """An event as it was sent. n grows with each event of its key that its writer sends."""
    __slots__ = ("event_id", "key", "n", "is_own")

    def __init__(self, event_id, key, n, is_own):
        self.event_id = event_id
        self.key = key
        self.n = n
        self.is_own = is_own  # nobody else writes to the key


class Attempt:
    """One time that a request was sent. Times are those of time.monotonic()."""
    __slots__ = ("begin", "end", "how", "status", "refused", "not_now", "text")

    def __init__(self, begin, end, how, status=None, refused=(), not_now=(), text=""):
        self.begin = begin
        self.end = end
        self.how = how
        self.status = status
        self.refused = refused  # indexes of events that were refused for good
        self.not_now = not_now  # and of those that may be sent again
        self.text = text        # of an answer that is neither 201 nor 202, for people

    def outcome(self, index):
        """What was promised of the event at an index of the request."""
        if self.status in KEPT_STATUSES:
            return REFUSED if index in self.refused else OPEN if index in self.not_now else KEPT
        return REFUSED if self.status in REFUSED_STATUSES else OPEN


class Request:
    """One event or a batch, with all attempts to send it."""
    __slots__ = ("name", "events", "attempts")

    def __init__(self, name, events):
        self.name = name  # the X-Request-Id of its attempts, so that the logs can be searched
        self.events = events
        self.attempts = []

    def was_left(self):
        """The writer has given up an attempt that may have come to its end much later: when it was accepted nobody knows."""
        return any(attempt.how == TIMEOUT for attempt in self.attempts)

    def outcome(self, index):
        """Kept once is kept. Refused each time is refused."""
        outcomes = {attempt.outcome(index) for attempt in self.attempts}
        return KEPT if KEPT in outcomes else REFUSED if outcomes == {REFUSED} else OPEN


@dataclasses.dataclass
class Finding:
    """Something that must not be. kind is for counting, text for people."""
    kind: str
    text: str


class Ledger:
    """All requests of a trial, and the faults meanwhile. Each writer appends to a list of its own, so nothing is locked."""

    def __init__(self):
        self.begun = time.monotonic()
        self.books = []
        self.faults = []  # [what, begin, end or None]

    def book(self):
        """A list for one writer's requests."""
        self.books.append([])
        return self.books[-1]

    def requests(self):
        for book in self.books:
            yield from book

    def attempts(self):
        for request in self.requests():
            yield from request.attempts

    def faults_between(self, begin, end):
        return [what for what, began, ended in self.faults if began <= end and (ended is None or ended >= begin)]

    def describe(self, attempt):
        answer = attempt.status or attempt.how
        under_way = ", ".join(self.faults_between(attempt.begin, attempt.end)) or "no fault"
        return (f"{answer} at {attempt.begin - self.begun:.3f} s after {(attempt.end - attempt.begin) * 1000:.0f} ms ({under_way})"
                + (f": {attempt.text}" if attempt.text else ""))

    def story(self, request, index):
        event = request.events[index]
        return (f"{event.event_id} key {event.key} n {event.n}, request {request.name} [{index} of {len(request.events)}]: "
                + "; ".join(map(self.describe, request.attempts)))

    def dump(self, file):
        """All that is known, a line of JSON for each request."""
        for what, begin, end in self.faults:
            file.write(json.dumps({"fault": what, "begin": begin - self.begun, "end": end and end - self.begun}) + "\n")
        for request in self.requests():
            file.write(json.dumps({
                "request": request.name, "events": [[event.event_id, event.key, event.n] for event in request.events],
                "attempts": [[round(attempt.begin - self.begun, 4), round(attempt.end - self.begun, 4), attempt.status or attempt.how,
                              list(attempt.refused), list(attempt.not_now)] for attempt in request.attempts]}) + "\n")


# ---- the comparison ----


def compare(ledger, log, items, tolerates=None):
    """Returns what is wrong in the database, as findings.

    log        rows of the history: (event_id, key, n, received_at); received_at of any type that orders
    items      rows of the current items: (key, event_id)
    tolerates  tells of a request and an index whether that event may be lost, though it was acknowledged: what a fault itself destroyed
    """
    judge = Judge(ledger, tolerates or (lambda request, index: False))
    judge.read_log(log)
    judge.check_requests()
    judge.check_items(dict(items))
    return judge.findings


class Judge:
    """The state of one comparison."""

    def __init__(self, ledger, tolerates):
        self.ledger = ledger
        self.tolerates = tolerates
        self.sent = {event.event_id: (request, index) for request in ledger.requests() for index, event in enumerate(request.events)}
        self.stored = set()
        self.last_of_log = {}   # key: the greatest (received_at, event_id)
        self.last_kept = {}     # key of one writer: the last event that was acknowledged
        self.destroyed = []  # (request, index) of those that are not there, and need not be
        self.findings = []

    def find(self, kind, text):
        self.findings.append(Finding(kind, text))

    def read_log(self, log):
        for event_id, key, n, received_at in log:
            known = self.sent.get(event_id)
            if event_id in self.stored:
                self.find("twice", f"in event_log more than once: {event_id} key {key} n {n} received {received_at}")
            elif known is None:
                self.find("never sent", f"in event_log, though nobody sent it: {event_id} key {key} n {n} received {received_at}")
            elif (known[0].events[known[1]].key, known[0].events[known[1]].n) != (key, n):
                self.find("altered", f"in event_log as key {key} n {n}, sent as {self.ledger.story(*known)}")
            self.stored.add(event_id)
            if key not in self.last_of_log or self.last_of_log[key] < (received_at, event_id):
                self.last_of_log[key] = (received_at, event_id)

    def check_requests(self):
        for request in self.ledger.requests():
            for index, event in enumerate(request.events):
                outcome = request.outcome(index)
                if outcome == KEPT:
                    self.check_kept(request, index, event)
                elif outcome == REFUSED and event.event_id in self.stored:
                    self.find("refused", f"in event_log, though it was refused: {self.ledger.story(request, index)}")

    def check_kept(self, request, index, event):
        if event.event_id in self.stored:
            if event.is_own and (event.key not in self.last_kept or self.last_kept[event.key].n < event.n):
                self.last_kept[event.key] = event
        elif self.tolerates(request, index):
            self.destroyed.append((request, index))
        else:
            self.find("lost", f"acknowledged, and not in event_log: {self.ledger.story(request, index)}")

    def check_items(self, items):
        for key, (received_at, event_id) in self.last_of_log.items():
            if items.get(key) != event_id:
                self.find("wrong item", f"the item of key {key} is {self.tell(items.get(key))}; "
                                        f"the last that was accepted ({received_at}) is {self.tell(event_id)}")
        for key in items.keys() - self.last_of_log.keys():
            self.find("wrong item", f"the item of key {key} has no history: {self.tell(items[key])}")
        for key, last in self.last_kept.items():
            known = self.sent.get(items.get(key))
            if known is not None and known[0].events[known[1]].n < last.n and not known[0].was_left():
                self.find("out of order", f"the item of key {key} is {self.tell(items[key])}; "
                                          f"acknowledged behind it was {self.tell(last.event_id)}")

    def tell(self, event_id):
        return self.ledger.story(*self.sent[event_id]) if event_id in self.sent else f"{event_id} (never sent)"


# ---- the summary ----


def percentile(values, share):
    """Of sorted values; None of none."""
    return values[min(int(len(values) * share), len(values) - 1)] if values else None


def latencies(ledger, chosen=lambda attempt: True):
    """Sorted, in ms, of the attempts that were answered."""
    return sorted((attempt.end - attempt.begin) * 1000 for attempt in ledger.attempts() if attempt.how == ANSWERED and chosen(attempt))


def summarize(ledger):
    """Counts of events by outcome and of attempts by how they ended; latencies in ms."""
    events = {KEPT: 0, REFUSED: 0, OPEN: 0}
    ends = {}
    requests = queued = 0
    for request in ledger.requests():
        requests += 1
        for index in range(len(request.events)):
            events[request.outcome(index)] += 1
        if any(attempt.status == 202 for attempt in request.attempts):
            queued += len(request.events)
        for attempt in request.attempts:
            end = attempt.status or attempt.how
            ends[end] = ends.get(end, 0) + 1
    took = latencies(ledger)
    return {
        "requests": requests, "acknowledged": events[KEPT], "queued": queued, "refused": events[REFUSED], "unknown": events[OPEN],
        "5xx": sum(count for end, count in ends.items() if isinstance(end, int) and end >= 500),
        "attempts": {str(end): ends[end] for end in sorted(ends, key=str)},
        "ms": {"p50": percentile(took, 0.5), "p99": percentile(took, 0.99), "max": took[-1] if took else None},
    }


def count_kinds(findings):
    kinds = {}
    for finding in findings:
        kinds[finding.kind] = kinds.get(finding.kind, 0) + 1
    return kinds


def tell_findings(findings):
    """Lines for people: the first of each kind in full."""
    lines = []
    for kind, count in count_kinds(findings).items():
        told = [finding.text for finding in findings if finding.kind == kind]
        lines.append(f"{kind.upper()}: {count}")
        lines += ["  " + text for text in told[:SHOWN]]
        if count > SHOWN:
            lines.append(f"  and {count - SHOWN} more")
    return lines


class Timeline:
    """Answers of a trial by when they were begun: a fault's effect on what was answered while it lasted."""

    def __init__(self, ledger):
        self.attempts = sorted(ledger.attempts(), key=lambda attempt: attempt.begin)
        self.begins = [attempt.begin for attempt in self.attempts]

    def begun_between(self, begin, end):
        return self.attempts[bisect.bisect_left(self.begins, begin):bisect.bisect_right(self.begins, end)]
