"""Long answers: who leaves frees the database at once, who reads slowly holds up nobody, and memory does not depend on how long they are."""

import concurrent.futures
import contextlib
import json
import os
import select

import pytest

from client import parse_json
from exposition import scrape
from fcgi import STDOUT, Unclean, cgi_variables
from servers import wait_until

MANY = 20000
STOPPED = 3000
CROWD = 120  # fewer than may wait to be accepted
# Under a sanitizer freed memory is kept for a while: here only a little of it.
MEASURED = {"ASAN_OPTIONS": "quarantine_size_mb=1:detect_leaks=0"}


@pytest.fixture(scope="module")
def long_type(cluster):
    """Some 40 MiB of items."""
    cluster.execute("INSERT INTO events SELECT 'test.long', lpad(n::text, 6, '0'), gen_random_uuid(), now(), now(), "
                    "jsonb_build_object('n', n, 'text', repeat('x', 2000)) FROM generate_series(1, %s) AS n", (MANY,))
    yield "test.long"
    cluster.execute("DELETE FROM events WHERE event_type = 'test.long'")


def peak_kib(daemon):
    with open(f"/proc/{daemon.responders()[0]}/status", encoding="ascii") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmHWM"))


def readers_at_work(cluster):
    return len(cluster.execute("SELECT pid FROM pg_stat_activity WHERE usename = 'synchrony_reader' AND state <> 'idle'"))


def first_bytes(connection):
    return next(content for kind, content in connection.records() if kind == STDOUT)


@contextlib.contextmanager
def begun(daemon, **params):
    """A connection on which an answer has been asked for."""
    with daemon.connect() as connection:
        connection.begin(cgi_variables("GET", params=params))
        connection.send_body(b"")
        yield connection


@contextlib.contextmanager
def stalled(daemon, event_type):
    """The first bytes of a long answer have been read, and no more are."""
    with begun(daemon, event_type=event_type) as connection:
        yield connection, first_bytes(connection)


@pytest.fixture
def slow_query(cluster, long_type):
    """The database takes half a minute before it gives the first row."""
    for statement in ("CREATE FUNCTION takes_long() RETURNS boolean LANGUAGE plpgsql AS $$BEGIN PERFORM pg_sleep(30); RETURN true; END$$",
                      "ALTER TABLE events ENABLE ROW LEVEL SECURITY",
                      "CREATE POLICY slow ON events FOR SELECT TO synchrony_reader USING ((SELECT takes_long()))"):
        cluster.execute(statement)
    yield long_type
    for statement in ("DROP POLICY slow ON events", "ALTER TABLE events DISABLE ROW LEVEL SECURITY", "DROP FUNCTION takes_long"):
        cluster.execute(statement)


def test_client_that_leaves_before_the_first_row_ends_the_query(make_daemon, cluster, slow_query):
    daemon = make_daemon().start()
    with begun(daemon, event_type=slow_query):
        wait_until(lambda: readers_at_work(cluster) == 1, "no reader at work")
    wait_until(lambda: readers_at_work(cluster) == 0, "the query goes on for a client that has left", 5)


def test_client_that_leaves_in_the_midst_ends_the_query(make_daemon, cluster, long_type):
    daemon = make_daemon().start()
    with stalled(daemon, long_type):
        wait_until(lambda: readers_at_work(cluster) == 1, "no reader at work")
    wait_until(lambda: readers_at_work(cluster) == 0, "the query goes on for a client that has left", 5)
    assert len(daemon.items(event_type=long_type)) == MANY


def test_client_that_stops_reading_is_cut_off(make_daemon, long_type):
    """It holds the one place that long answers have, until it does no longer."""
    daemon = make_daemon({"client_timeout_ms": 500, "reader_connections": 1}).start()
    with stalled(daemon, long_type) as (connection, first):
        wait_until(lambda: daemon.get(event_type=long_type).status == 200, "a client that reads nothing keeps its place")
        with pytest.raises(Unclean) as unclean:
            connection.answer()
    with pytest.raises(ValueError):
        parse_json((first + unclean.value.args[0]).partition(b"\r\n\r\n")[2])


def test_client_that_stops_reading_keeps_no_query_and_gets_all_when_it_goes_on(make_daemon, cluster, event_type):
    """Each unchanged item exactly once; what was replaced meanwhile in either form."""
    daemon = make_daemon({"client_timeout_ms": 6000}).start()
    for table in ("events", "event_log"):
        cluster.execute(f"INSERT INTO {table} (event_type, session_id, event_id, occurred_at, received_at, properties) "
                        "SELECT %s, lpad(n::text, 6, '0'), gen_random_uuid(), now() - interval '1 day', now(), "
                        "jsonb_build_object('n', n, 'text', repeat('x', 2000)) FROM generate_series(1, %s) AS n", (event_type, STOPPED))
    queries = ({}, {"history": "true"}, {"history": "true", "order": "time"})
    with contextlib.ExitStack() as stack:
        readers = [stack.enter_context(begun(daemon, event_type=event_type, **query)) for query in queries]
        texts = [first_bytes(reader) for reader in readers]
        wait_until(lambda: readers_at_work(cluster) == 0, "clients that read nothing keep their queries")
        for session in ("000001", f"{STOPPED:06}", f"{STOPPED + 1:06}"):
            assert daemon.post(json.dumps({"event_type": event_type, "session_id": session, "n": 0}).encode()).status == 201
        answers = [parse_json((text + reader.answer()).partition(b"\r\n\r\n")[2]) for reader, text in zip(readers, texts)]
    sessions = [f"{n:06}" for n in range(1, STOPPED + 2)]
    assert [item["session_id"] for item in answers[0]] == sessions
    assert [int(item["n"]) for item in answers[0]] == [*range(1, STOPPED), 0, 0]
    for answer in answers[1:]:
        assert sorted(int(event["n"]) for event in answer if event["n"]) == list(range(1, STOPPED + 1))
        assert sum(event["n"] == 0 for event in answer) in (2, 3)


@pytest.mark.parametrize("accept", ["application/json", "application/x-ndjson", "text/csv"])
def test_answer_that_breaks_ends_the_connection_in_every_representation(make_daemon, cluster, long_type, accept):
    """What has come of NDJSON or CSV may look whole: only the end of the connection tells."""
    daemon = make_daemon().start()
    with daemon.connect() as connection:
        connection.begin(cgi_variables("GET", params={"event_type": long_type}, headers={"Accept": accept}))
        connection.send_body(b"")
        assert b"Status: 200" in next(content for kind, content in connection.records() if kind == STDOUT)
        wait_until(lambda: readers_at_work(cluster) == 1, "no reader at work")
        cluster.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'synchrony_reader' AND state <> 'idle'")
        with pytest.raises(Unclean):
            connection.answer()


def test_long_answers_leave_a_connection_to_short_ones(make_daemon, long_type, event_type):
    """Two of three connections are with clients that do not read. A third long answer is refused; short ones and pages are given."""
    daemon = make_daemon({"reader_connections": 3, "read_wait_ms": 0}).start()
    assert daemon.post(b'{"event_type":"%s","session_id":"s"}' % event_type.encode()).status == 201
    with stalled(daemon, long_type), stalled(daemon, long_type):
        for _ in range(3):
            assert len(daemon.items(event_type=event_type)) == 1
            assert len(daemon.items(event_type=long_type, limit=100)) == 100
            response = daemon.get(event_type=long_type)
            assert (response.status, response.json()["code"]) == (503, "busy") and response.header("Retry-After")
            assert daemon.request("HEAD", params={"event_type": long_type}).status == 200
    wait_until(lambda: daemon.get(event_type=long_type).status == 200, "the connections are not free again")


@pytest.mark.parametrize("n_readers", [2, 3])
def test_long_answers_wait_for_their_turn(make_daemon, cluster, event_type, n_readers):
    """All connections but one have a place; what is short goes before those that wait."""
    daemon = make_daemon({"reader_connections": n_readers}).start()
    cluster.execute("INSERT INTO events SELECT %s, lpad(n::text, 6, '0'), gen_random_uuid(), now(), now(), "
                    "jsonb_build_object('text', repeat('x', 2000)) FROM generate_series(1, 1000) AS n", (event_type,))
    with concurrent.futures.ThreadPoolExecutor(12) as threads:
        answers = [threads.submit(daemon.get, event_type=event_type) for _ in range(12)]
        while not all(answer.done() for answer in answers):
            assert len(daemon.items(event_type=event_type, session_id="000001")) == 1
    assert [(answer.result().status, len(answer.result().json())) for answer in answers] == [(200, 1000)] * 12


def has_answer(connection):
    return bool(select.select([connection.socket], [], [], 0.3)[0])


def test_long_answer_that_waits_has_the_place_of_one_that_ends(make_daemon, long_type):
    daemon = make_daemon({"reader_connections": 2}).start()
    with contextlib.ExitStack() as stack:
        with stalled(daemon, long_type):
            waiting = stack.enter_context(begun(daemon, event_type=long_type))
            assert not has_answer(waiting)
        assert first_bytes(waiting).startswith(b"Status: 200")


def test_long_answer_that_has_waited_for_long_enough_is_refused(make_daemon, long_type):
    daemon = make_daemon({"reader_connections": 2, "read_wait_ms": 600}).start()
    with stalled(daemon, long_type), begun(daemon, event_type=long_type) as waiting:
        assert not has_answer(waiting)
        answer = first_bytes(waiting)
    assert answer.startswith(b"Status: 503") and b"Retry-After" in answer and b'"code":"busy"' in answer


def test_long_answer_that_waits_does_not_hold_up_the_end(make_daemon, long_type):
    daemon = make_daemon({"reader_connections": 2}).start()
    with stalled(daemon, long_type), begun(daemon, event_type=long_type) as waiting:
        assert not has_answer(waiting)
        assert daemon.stop() == 0
        assert first_bytes(waiting).startswith(b"Status: 503")


def test_many_clients_that_do_not_read_hold_up_nobody_who_writes(make_daemon, cluster, long_type, event_type):
    daemon = make_daemon({"client_timeout_ms": 1500}).start()
    with contextlib.ExitStack() as stack:
        for _ in range(60):
            stack.enter_context(begun(daemon, event_type=long_type))
        for n in range(50):
            assert daemon.post(b'{"event_type":"%s","session_id":"s%d"}' % (event_type.encode(), n)).status == 201
        wait_until(lambda: readers_at_work(cluster) == 0, "clients that read nothing keep their queries")
        assert len(daemon.items(event_type=event_type)) == 50


def test_crowd_that_asks_for_a_long_answer_is_refused_without_reading_it(make_daemon, cluster, long_type, event_type):
    """Two have a place. What is told to the others costs neither a query nor a connection each, and memory stays what it was."""
    daemon = make_daemon({"reader_connections": 3, "read_wait_ms": 0, "metrics": "all"}, MEASURED).start()
    assert daemon.post(b'{"event_type":"%s","session_id":"s"}' % event_type.encode()).status == 201
    assert daemon.get(event_type=long_type).status == 200
    before, before_kib = scrape(daemon), peak_kib(daemon)
    with contextlib.ExitStack() as stack:
        readers = [stack.enter_context(begun(daemon, event_type=long_type)) for _ in range(CROWD)]
        first = [first_bytes(reader) for reader in readers]
        after = scrape(daemon)
        assert sum(text.startswith(b"Status: 200") for text in first) == 2
        assert sum(text.startswith(b"Status: 503") and b'"code":"busy"' in text for text in first) == CROWD - 2
        assert len(daemon.items(event_type=event_type)) == 1
    wait_until(lambda: readers_at_work(cluster) == 0, "queries go on for clients that have left", 5)
    for name, labels, most in (("synchrony_db_query_duration_seconds_count", {"query": "event_read_by_type"}, 12),
                               ("synchrony_db_connects_total", {}, 6)):
        assert after.total(name, **labels) - before.total(name, **labels) <= most
    assert peak_kib(daemon) - before_kib < 16 * 1024
    assert daemon.get(event_type=long_type).status == 200


def test_what_is_refused_is_told_apart_by_what_was_asked(make_daemon, long_type, event_type):
    """While the long one is refused, what else is asked for is read, and so is the same in another form until it is known to be long."""
    daemon = make_daemon({"reader_connections": 2, "read_wait_ms": 0, "metrics": "all"}).start()
    assert daemon.post(b'{"event_type":"%s","session_id":"s"}' % event_type.encode()).status == 201

    def n_queries():
        return scrape(daemon).total("synchrony_db_query_duration_seconds_count", query="event_read_by_type")
    with stalled(daemon, long_type):
        for accept, n_read in (("application/json", 0), ("text/csv", 1), ("text/csv", 0)):
            before = n_queries()
            assert daemon.request("GET", params={"event_type": long_type}, headers={"Accept": accept}).status == 503
            assert n_queries() - before == n_read
        assert daemon.request("HEAD", params={"event_type": long_type}).status == 200
        assert daemon.request("GET", params={"event_type": long_type}, headers={"If-None-Match": "*"}).status == 304
        assert len(daemon.items(event_type=event_type)) == 1
        assert len(daemon.items(event_type=long_type, limit=10)) == 10


def test_query_that_was_stopped_leaves_its_connection_to_the_next(make_daemon, long_type):
    daemon = make_daemon({"reader_connections": 1, "metrics": "all"}).start()
    connects = []
    for _ in range(5):
        assert daemon.request("HEAD", params={"event_type": long_type}).status == 200
        assert len(daemon.items(event_type=long_type, limit=10)) == 10
        connects.append(scrape(daemon).total("synchrony_db_connects_total", outcome="ok"))
    assert connects[-1] == connects[0] > 0


def test_memory_does_not_depend_on_the_answer(make_daemon, long_type):
    daemon = make_daemon(environment=MEASURED).start()
    assert len(daemon.items(event_type=long_type, limit=1000)) == 1000
    before = peak_kib(daemon)
    for _ in range(2):
        assert len(daemon.items(event_type=long_type)) == MANY
    assert len(daemon.items(event_type=long_type, limit=10000)) == 10000
    assert peak_kib(daemon) - before < 8 * 1024
    assert os.path.isdir(daemon.dir)
