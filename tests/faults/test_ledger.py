"""The judge of the faults can fail: each thing that must not be is forged once, and found by its name; what may be is not."""

import io
import json

import ledger as ledgers
from ledger import ANSWERED, CLOSED, CUT, TIMEOUT, Attempt, Event, Ledger, Request, compare, count_kinds, summarize, tell_findings


class Forged:
    """A ledger and what a faultless database would hold for it; a test then changes one of the two."""

    def __init__(self):
        self.ledger = Ledger()
        self.book = self.ledger.book()
        self.log = []    # event_id, key, n, received_at
        self.items = {}  # key: event_id

    def send(self, key, n, *answers, refused=(), not_now=(), size=1, is_own=True, is_stored=None):
        """A request of size events to one key, answered so; stored unless every answer was a refusal."""
        number = len(self.book)
        events = [Event(f"{key}.{n + i}", key, n + i, is_own) for i in range(size)]
        request = Request(str(number), events)
        for answer in answers:
            how, status = (ANSWERED, answer) if isinstance(answer, int) else (answer, None)
            request.attempts.append(Attempt(number, number + 0.01, how, status, frozenset(refused), frozenset(not_now)))
        self.book.append(request)
        for index, event in enumerate(events):
            if is_stored if is_stored is not None else request.outcome(index) == ledgers.KEPT:
                self.log.append((event.event_id, key, event.n, number + index / 100))
                self.items[key] = event.event_id
        return request

    def kinds(self, **more):
        return count_kinds(compare(self.ledger, self.log, self.items.items(), **more))


def forge():
    forged = Forged()
    forged.send("a", 1, 201)
    forged.send("a", 2, 202)
    forged.send("b", 1, 503, CUT, 201)
    forged.send("b", 2, 400)
    forged.send("b", 3, 207, size=3, refused=[1])
    forged.send("c", 1, 201, is_own=False)
    return forged


def test_nothing_is_found_where_nothing_is_wrong():
    assert forge().kinds() == {}


def test_what_was_not_acknowledged_may_be_there_or_not():
    for answer in (503, 500, CUT, CLOSED):
        for is_stored in (False, True):
            forged = forge()
            forged.send("a", 3, answer, is_stored=is_stored)
            assert forged.kinds() == {}


def test_lost():
    for place in range(len(forge().log)):
        forged = forge()
        event_id, key, n, _ = forged.log.pop(place)
        if forged.items[key] == event_id:  # as if it had never come: nothing but the loss is to be found
            rest = [row for row in forged.log if row[1] == key]
            forged.items.pop(key)
            forged.items |= {key: row[0] for row in rest[-1:]}
        assert forged.kinds() == {"lost": 1}, (key, n)


def test_lost_is_told_with_its_answers_and_the_fault():
    forged = forge()
    forged.ledger.faults.append(["kill -9 of PostgreSQL", forged.ledger.begun, None])
    forged.book[2].attempts[0].begin = forged.ledger.begun + 1
    forged.book[2].attempts[0].end = forged.ledger.begun + 1.5
    forged.log = [row for row in forged.log if row[0] != "b.1"]
    text = "\n".join(tell_findings(compare(forged.ledger, forged.log, forged.items.items())))
    assert "LOST: 1" in text
    assert "b.1 key b n 1, request 2 [0 of 1]: 503 at 1.000 s after 500 ms (kill -9 of PostgreSQL); cut at" in text


def test_lost_of_a_batch_but_not_what_it_refused():
    forged = Forged()
    forged.send("a", 1, 202, size=4, refused=[0], not_now=[2])
    assert [row[2] for row in forged.log] == [2, 4]
    assert forged.kinds() == {}
    forged.log.pop()
    forged.items = {"a": "a.2"}
    assert forged.kinds() == {"lost": 1}


def test_what_a_fault_destroyed_is_tolerated():
    forged = forge()
    forged.log = [row for row in forged.log if row[0] != "a.1"]
    assert forged.kinds(tolerates=lambda request, index: request.name == "0") == {}
    assert forged.kinds(tolerates=lambda request, index: request.name == "1") == {"lost": 1}


def test_twice():
    forged = forge()
    forged.log.append(forged.log[0])
    assert forged.kinds() == {"twice": 1}


def test_never_sent():
    forged = forge()
    forged.log.append(("x", "a", 0, -1))
    assert forged.kinds() == {"never sent": 1}


def test_refused_and_yet_stored():
    forged = forge()
    forged.log.append(("b.2", "b", 2, 0))
    assert forged.kinds() == {"refused": 1}
    forged = forge()
    forged.log.append(("b.4", "b", 4, 4.01))
    assert forged.kinds() == {"refused": 1}


def test_refused_at_last_but_perhaps_stored_before():
    forged = forge()
    forged.send("a", 3, CUT, 400, is_stored=True)
    assert forged.kinds() == {}


def test_altered():
    for change in (lambda row: (row[0], "b", row[2], row[3]), lambda row: (row[0], row[1], 7, row[3])):
        forged = forge()
        forged.log[0] = change(forged.log[0])
        assert "altered" in forged.kinds()


def test_item_that_is_not_the_last_of_the_history():
    forged = forge()
    forged.items["a"] = "a.1"
    assert forged.kinds() == {"wrong item": 1, "out of order": 1}
    forged = forge()
    del forged.items["c"]
    assert forged.kinds() == {"wrong item": 1}


def test_item_without_a_history():
    forged = forge()
    forged.items["z"] = "z.1"
    assert forged.kinds() == {"wrong item": 1}


def test_equal_times_are_decided_by_the_identity():
    forged = Forged()
    forged.send("a", 1, 201)
    forged.send("a", 2, 201)
    forged.log = [(row[0], row[1], row[2], 5) for row in forged.log]
    assert forged.kinds() == {}
    forged.items["a"] = "a.1"
    assert "wrong item" in forged.kinds()


def test_replayed_event_that_wins_over_a_later_one():
    """History and item agree with one another, and not with the order of the answers."""
    forged = forge()
    forged.log = [("a.1", "a", 1, 9) if row[0] == "a.1" else row for row in forged.log]
    forged.items["a"] = "a.1"
    assert forged.kinds() == {"out of order": 1}


def test_later_event_that_was_not_acknowledged_may_be_the_item():
    forged = forge()
    forged.send("a", 3, CUT, is_stored=True)
    assert forged.items["a"] == "a.3"
    assert forged.kinds() == {}


def test_event_whose_writer_would_not_wait_may_be_accepted_behind_later_ones():
    for how, kinds in ((TIMEOUT, {}), (CUT, {"out of order": 1})):
        forged = Forged()
        forged.send("a", 1, how)
        forged.send("a", 2, 201)
        forged.log.append(("a.1", "a", 1, 9))
        forged.items["a"] = "a.1"
        assert forged.kinds() == kinds


def test_keys_of_many_writers_have_no_order_of_answers():
    forged = forge()
    forged.send("c", 2, 201, is_own=False)
    forged.log = [("c.1", "c", 1, 9) if row[0] == "c.1" else row for row in forged.log]
    forged.items["c"] = "c.1"
    assert forged.kinds() == {}


def test_summary():
    forged = forge()
    forged.send("a", 3, 503, 503)
    summary = summarize(forged.ledger)
    assert (summary["requests"], summary["acknowledged"], summary["queued"], summary["refused"], summary["unknown"], summary["5xx"]) == \
        (7, 6, 1, 2, 1, 3)
    assert summary["attempts"] == {"201": 3, "202": 1, "207": 1, "400": 1, "503": 3, "cut": 1}
    assert round(summary["ms"]["max"]) == 10


def test_dump_is_json_a_line():
    file = io.StringIO()
    forge().ledger.dump(file)
    assert [json.loads(line)["request"] for line in file.getvalue().splitlines()] == [str(n) for n in range(6)]
