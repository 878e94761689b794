"""GETs that ask the same and wait at the same moment are answered by one query, and none is told anything older than it was asked."""

import concurrent.futures
import threading
import time

import pytest

from client import parse_json
from fcgi import cgi_variables
from servers import wait_until
from test_streams import MEASURED, peak_kib


@pytest.fixture
def counted(cluster):
    """Each query of a reader takes a moment, behind its snapshot, and is counted. Gives a function that tells how many there were."""
    for statement in ("CREATE SEQUENCE queries",
                      "CREATE FUNCTION counts() RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER AS "
                      "$$BEGIN PERFORM nextval('public.queries'), pg_sleep(0.3); RETURN true; END$$",
                      "ALTER TABLE events ENABLE ROW LEVEL SECURITY",
                      "CREATE POLICY counted ON events FOR SELECT TO synchrony_reader USING ((SELECT counts()))"):
        cluster.execute(statement)
    yield lambda: cluster.execute("SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM queries")[0][0]
    for statement in ("DROP POLICY counted ON events", "ALTER TABLE events DISABLE ROW LEVEL SECURITY", "DROP FUNCTION counts", "DROP SEQUENCE queries"):
        cluster.execute(statement)


def post(daemon, event_type, session, n=0):
    assert daemon.post(b'{"event_type":"%s","session_id":"%s","n":%d}' % (event_type.encode(), session.encode(), n)).status == 201


def ask(daemon, params, headers=None):
    """A request that is under way. What it gives is called for the answer."""
    connection = daemon.connect()
    connection.begin(cgi_variables("GET", params=params, headers=headers))
    connection.send_body(b"")

    def answer():
        with connection:
            return connection.answer()
    return answer


def test_waiting_reads_that_ask_the_same_are_one_query(make_daemon, counted, event_type):
    daemon = make_daemon({"reader_connections": 1}).start()
    post(daemon, event_type, "s")
    first = ask(daemon, {"event_type": event_type})
    wait_until(lambda: counted() == 1, "the first query")
    same = [ask(daemon, {"event_type": event_type}, {"X-Request-Id": f"r{n}"}) for n in range(10)]
    csv = ask(daemon, {"event_type": event_type}, {"Accept": "text/csv"})
    other = ask(daemon, {"event_type": event_type + "x"})
    answers = [answer() for answer in same]
    assert all(parse_json(answer.partition(b"\r\n\r\n")[2]) == [{"event_type": event_type, "session_id": "s", "n": 0}] for answer in answers)
    assert all(b"X-Request-Id: r%d\r\n" % n in answer for n, answer in enumerate(answers))
    assert first().endswith(b"]") and b"event_type,session_id" in csv() and other().endswith(b"[]")
    # One for the first, one for the ten, which came behind it, or two where not all had come; one each for those that asked something else.
    assert counted() <= 5


def test_read_that_comes_later_gets_no_older_answer(make_daemon, counted, event_type):
    daemon = make_daemon().start()
    post(daemon, event_type, "s1")
    before = ask(daemon, {"event_type": event_type})
    wait_until(lambda: counted() == 1, "the query whose snapshot is older")
    post(daemon, event_type, "s2")
    after = [ask(daemon, {"event_type": event_type}) for _ in range(3)]
    assert len(parse_json(before().partition(b"\r\n\r\n")[2])) == 1
    for answer in after:
        assert len(parse_json(answer().partition(b"\r\n\r\n")[2])) == 2


def test_shared_answers_are_in_memory_one_after_the_other(make_daemon, cluster, event_type):
    """Each has a copy of some 800 KiB."""
    daemon = make_daemon({"reader_connections": 1}, MEASURED).start()
    cluster.execute("INSERT INTO events SELECT %s, lpad(n::text, 6, '0'), gen_random_uuid(), now(), now(), "
                    "jsonb_build_object('text', repeat('x', 2000)) FROM generate_series(1, 400) AS n", (event_type,))
    assert len(daemon.items(event_type=event_type)) == 400
    before_kib = peak_kib(daemon)
    asked = [ask(daemon, {"event_type": event_type}) for _ in range(60)]
    with concurrent.futures.ThreadPoolExecutor(len(asked)) as threads:
        answers = threads.map(lambda answer: answer(), asked)
        assert {len(parse_json(answer.partition(b"\r\n\r\n")[2])) for answer in answers} == {400}
    assert peak_kib(daemon) - before_kib < 24 * 1024


def test_off_by_option(make_daemon, counted, event_type):
    daemon = make_daemon({"reader_connections": 1, "shared_reads": "false"}).start()
    post(daemon, event_type, "s")
    answers = [ask(daemon, {"event_type": event_type}) for _ in range(4)]
    assert [answer()[-2:] for answer in answers] == [b"}]"] * 4 and counted() == 4


def test_clients_that_leave_take_nobody_along(make_daemon, counted, event_type):
    daemon = make_daemon({"reader_connections": 1}).start()
    post(daemon, event_type, "s")
    first = ask(daemon, {"event_type": event_type})
    wait_until(lambda: counted() == 1, "the first query")
    with daemon.connect() as gone:
        gone.begin(cgi_variables("GET", params={"event_type": event_type}))
        gone.send_body(b"")
        time.sleep(0.05)  # so that it is the first of those that wait
        staying = [ask(daemon, {"event_type": event_type}) for _ in range(3)]
    assert first().endswith(b"]")
    assert [len(parse_json(answer().partition(b"\r\n\r\n")[2])) for answer in staying] == [1] * 3


def test_identical_long_answers_do_not_wait_for_each_other(make_daemon, cluster, event_type):
    """The first is taken by nobody; those that asked the same at the same moment have their answers all the same."""
    cluster.execute("INSERT INTO events SELECT %s, lpad(n::text, 6, '0'), gen_random_uuid(), now(), now(), jsonb_build_object('text', repeat('x', 2000)) "
                    "FROM generate_series(1, 5000) AS n", (event_type,))
    daemon = make_daemon({"reader_connections": 4}).start()
    answers = [ask(daemon, {"event_type": event_type}) for _ in range(3)]
    for answer in reversed(answers):
        assert len(parse_json(answer().partition(b"\r\n\r\n")[2])) == 5000


def test_everyone_sees_what_he_was_told_is_stored(daemon, event_type):
    """Each writes an item and reads all, with the same question as the others at the same time, again and again."""
    faults = []

    def write_and_read(name):
        for n in range(1, 40):
            post(daemon, event_type, name, n)
            seen = {item["session_id"]: item["n"] for item in daemon.get(event_type=event_type).json()}
            if seen.get(name) != n:
                faults.append((name, n, seen))
    threads = [threading.Thread(target=write_and_read, args=(f"s{i}",)) for i in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not faults
