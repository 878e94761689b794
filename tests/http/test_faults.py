"""PostgreSQL away, back, restarted; many clients at once. Each through every server, with nothing else restarted."""

import json
import threading

import pytest

from client import CREATED, Api
from fcgi import cgi_variables
from servers import wait_until


def check_unavailable(response):
    assert response.status == 503, response
    assert response.json()["code"] == "unavailable"
    assert int(response.header("Retry-After")) > 0


def test_database_away_and_back(api, away, event_type):
    event = {"event_type": event_type, "session_id": "s1"}
    for _ in range(2):
        check_unavailable(api.post(event))
        check_unavailable(api.get(event_type=event_type))
        check_unavailable(api.post([event, event]))
        assert api.request("GET", "/readyz").status == 503
        assert api.request("GET", "/healthz").status == 200
    # What needs no database is answered as ever.
    assert api.request("OPTIONS").status == 204
    assert api.request("PUT").status == 405
    assert api.request("GET").status == 400
    assert api.request("GET", "/nothing").status == 404
    assert api.post(b"{").json()["code"] == "invalid_json"

    away.start()
    assert api.request("GET", "/readyz").status == 200
    assert api.get(event_type=event_type).json() == []
    response = api.post(event)
    assert (response.status, response.body) == (201, CREATED)
    assert api.items(event_type=event_type) == [event]


def test_database_away_and_back_before_anybody_noticed(api, cluster, event_type):
    event = {"event_type": event_type, "session_id": "s1"}
    for n in range(3):
        assert api.post(event | {"n": n}).status == 201
        assert api.items(event_type=event_type) == [event | {"n": n}]
        cluster.restart()
    assert api.items(event_type=event_type) == [event | {"n": 2}]
    cluster.restart()
    assert api.post(event).status == 201
    assert cluster.execute("SELECT count(*) FROM event_log WHERE event_type = %s", (event_type,)) == [(4,)]


def test_connections_ended_by_an_administrator_are_made_again(api, cluster, event_type):
    event = {"event_type": event_type, "session_id": "s1"}
    for _ in range(3):
        assert api.post(event).status == 201
        assert api.items(event_type=event_type) == [event]
        cluster.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename LIKE 'synchrony%'")


def test_fault_of_ours_is_500_without_a_word_about_the_database(api, cluster, event_type):
    """A column away is no outage that passes, nor a database that is not set up yet: not a 503."""
    cluster.execute("ALTER TABLE events RENAME COLUMN properties TO away")
    try:
        for response in (api.post({"event_type": event_type, "session_id": "s1"}), api.get(event_type=event_type)):
            assert response.status == 500
            assert response.json()["error"] == "Internal server error"
    finally:
        cluster.execute("ALTER TABLE events RENAME COLUMN away TO properties")
    assert cluster.execute("SELECT count(*) FROM event_log WHERE event_type = %s", (event_type,)) == [(0,)]
    assert api.post({"event_type": event_type, "session_id": "s1"}).status == 201


def test_readyz_is_503_when_an_event_would_not_be_kept(daemon, cluster):
    writes = cluster.execute("SELECT oid::regprocedure::text FROM pg_proc WHERE proname = 'event_write'")[0][0]
    cluster.execute(f"REVOKE EXECUTE ON FUNCTION {writes} FROM synchrony_writer")
    try:
        assert daemon.request("GET", "/readyz").status == 503
        assert daemon.request("GET", "/healthz").status == 200
    finally:
        cluster.execute(f"GRANT EXECUTE ON FUNCTION {writes} TO synchrony_writer")
    assert daemon.request("GET", "/readyz").status == 200


def test_locked_row_is_an_outage_that_passes(make_daemon, cluster, event_type):
    """Another transaction holds the item: the wait is bounded, nothing is stored, and the client may try again."""
    responder = make_daemon({"write_timeout_ms": 300}).start()
    event = json.dumps({"event_type": event_type, "session_id": "s1"}).encode()
    assert responder.post(event).status == 201
    holder = cluster.connect()
    try:
        holder.autocommit = False
        with holder.cursor() as cursor:
            cursor.execute("SELECT FROM events WHERE event_type = %s FOR UPDATE", (event_type,))
        check_unavailable(responder.post(event))
    finally:
        holder.rollback()
        holder.close()
    assert cluster.execute("SELECT count(*) FROM event_log WHERE event_type = %s", (event_type,)) == [(1,)]
    assert responder.post(event).status == 201


def test_group_whose_connection_is_ended_is_written_over_another(daemon, cluster, event_type):
    """It waits for a lock when its server process is ended: it is written again, and nobody is told."""
    event = {"event_type": event_type, "session_id": "s1"}
    assert daemon.post(json.dumps(event).encode()).status == 201
    answers = []
    holder = cluster.connect()
    try:
        holder.autocommit = False
        with holder.cursor() as cursor:
            cursor.execute("SELECT FROM events WHERE event_type = %s FOR UPDATE", (event_type,))
        waiting = threading.Thread(target=lambda: answers.append(daemon.post(json.dumps(event | {"n": 2}).encode())))
        waiting.start()
        ended = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'synchrony_writer' AND wait_event_type = 'Lock'"
        wait_until(lambda: cluster.execute(ended), "nobody waits for the lock")
    finally:
        holder.rollback()
        holder.close()
    waiting.join()
    assert [answer.status for answer in answers] == [201]
    assert daemon.items(event_type=event_type) == [event | {"n": 2}]
    assert cluster.execute("SELECT count(*) FROM event_log WHERE event_type = %s", (event_type,)) == [(2,)]


@pytest.mark.parametrize("sqlstate, status", [("22000", 400), ("P0001", 500)])
def test_what_fails_at_its_commit_is_not_acknowledged(daemon, cluster, event_type, sqlstate, status):
    cluster.execute(f"""CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS
                        $$BEGIN RAISE 'no' USING ERRCODE = '{sqlstate}'; END$$""")
    cluster.execute(f"""CREATE CONSTRAINT TRIGGER late AFTER INSERT ON events DEFERRABLE INITIALLY DEFERRED
                        FOR EACH ROW WHEN (NEW.event_type = '{event_type}' AND NEW.session_id = 'bad') EXECUTE FUNCTION fail()""")
    try:
        for session_id, want in (("a", 201), ("bad", status), ("b", 201)):
            event = {"event_type": event_type, "session_id": session_id}
            assert daemon.post(json.dumps(event).encode()).status == want
    finally:
        cluster.execute("DROP FUNCTION fail() CASCADE")
    assert cluster.execute("SELECT session_id FROM event_log WHERE event_type = %s ORDER BY 1", (event_type,)) == [("a",), ("b",)]


def test_unreachable_database_leaves_a_responder_that_answers(make_daemon, run_dir):
    nowhere = f"host={run_dir}/nowhere dbname=synchrony"
    responder = make_daemon({"writer_database": nowhere, "reader_database": nowhere}).start()
    check_unavailable(responder.get(event_type="a"))
    check_unavailable(responder.post(b'{"event_type":"a","session_id":"b"}'))
    assert responder.request("GET", "/readyz").status == 503
    assert responder.request("GET", "/healthz").status == 200


CLIENTS, ROUNDS, KEYS = 8, 12, 5


def at_once(work, clients=CLIENTS):
    """Runs work(n) in threads that begin together; what one raises is raised here."""
    failures = []
    barrier = threading.Barrier(clients)

    def run(n):
        try:
            barrier.wait()
            work(n)
        except BaseException as error:  # pylint: disable=broad-except
            failures.append(error)
    threads = [threading.Thread(target=run, args=(n,)) for n in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]


def test_many_clients_with_the_same_keys(server, cluster, event_type):
    def post(client):
        api = Api(server.port)
        connection = api.connect()
        for n in range(ROUNDS):
            response = api.post({"event_type": event_type, "session_id": f"s{n % KEYS}", "client": client, "n": n}, connection=connection)
            assert (response.status, response.body) == (201, CREATED)
    at_once(post)
    assert cluster.execute("SELECT count(*), count(DISTINCT (properties->>'client', properties->>'n')) FROM event_log WHERE event_type = %s",
                           (event_type,)) == [(CLIENTS * ROUNDS, CLIENTS * ROUNDS)]
    # The item of each key is the last acceptance of it.
    assert cluster.execute(
        "SELECT count(*) FROM events AS item JOIN (SELECT DISTINCT ON (session_id) * FROM event_log WHERE event_type = %(type)s "
        "ORDER BY session_id, received_at DESC, event_id DESC) AS last USING (session_id) "
        "WHERE item.event_type = %(type)s AND item.event_id = last.event_id AND item.properties = last.properties", {"type": event_type}) == [(KEYS,)]


def test_many_batches_with_the_same_keys_in_opposite_orders(server, cluster, event_type):
    def post(client):
        api = Api(server.port)
        sessions = [f"s{n:02}" for n in range(30)]
        for n in range(4):
            response = api.post([{"event_type": event_type, "session_id": session} for session in (reversed(sessions) if client % 2 else sessions)])
            assert (response.status, response.json()["inserted"]) == (201, 30)
    at_once(post)
    assert cluster.execute("SELECT count(*) FROM event_log WHERE event_type = %s", (event_type,)) == [(CLIENTS * 4 * 30,)]
    assert cluster.execute("SELECT count(*) FROM events WHERE event_type = %s", (event_type,)) == [(30,)]


@pytest.fixture
def poison(cluster):
    """PostgreSQL refuses an event that has the member "poison", as it would data that only it finds fault with."""
    cluster.execute("CREATE FUNCTION refuse_poison() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN "
                    "IF new.properties ? 'poison' THEN RAISE 'poison' USING ERRCODE = '22023'; END IF; RETURN new; END$$")
    cluster.execute("CREATE TRIGGER refuse_poison BEFORE INSERT ON event_log FOR EACH ROW EXECUTE FUNCTION refuse_poison()")
    yield
    cluster.execute("DROP FUNCTION refuse_poison CASCADE")


def test_event_that_the_database_refuses_takes_no_other_down(server, cluster, event_type, poison):
    """Whoever waits with it for the same commit gets an answer of his own."""
    def post(client):
        api = Api(server.port)
        for n in range(ROUNDS):
            event = {"event_type": event_type, "session_id": f"{client}.{n}"}
            if client % 4 == 3:
                response = api.post(event | {"poison": n})
                assert response.status == 400 and "poison" not in response.body.decode().replace(event["session_id"], ""), response
            else:
                assert api.post(event).status == 201
    at_once(post)
    assert cluster.execute("SELECT count(*) FROM event_log WHERE event_type = %s", (event_type,)) == [(ROUNDS * CLIENTS * 3 // 4,)]
    assert len(Api(server.port).items(event_type=event_type)) == ROUNDS * CLIENTS * 3 // 4


def test_event_of_a_batch_that_the_database_refuses_fails_alone(api, event_type, poison):
    bad = {3, 4, 17}
    events = [{"event_type": event_type, "session_id": f"{n:02}"} | ({"poison": 1} if n in bad else {}) for n in range(20)]
    response = api.post(events)
    answer = response.json()
    assert (response.status, answer["inserted"], answer["rejected"]) == (207, 17, 3)
    assert [error["index"] for error in answer["errors"]] == sorted(bad)
    assert {error["retry"] for error in answer["errors"]} == {False}
    assert [int(item["session_id"]) for item in api.items(event_type=event_type)] == [n for n in range(20) if n not in bad]


def test_one_event_from_many_clients_is_stored_once(server, cluster, event_type, event_id):
    event = {"event_type": event_type, "session_id": "s1", "event_id": event_id, "timestamp": "2026-11-20T10:00:00Z"}

    def post(_client):
        response = Api(server.port).post(event)
        assert (response.status, response.body) == (201, CREATED)
    at_once(post)
    assert cluster.execute("SELECT count(*) FROM event_log WHERE event_type = %s", (event_type,)) == [(1,)]


def test_readers_and_writers_at_once(server, event_type):
    def work(client):
        api = Api(server.port)
        for n in range(ROUNDS):
            if client % 2:
                assert all(item["event_type"] == event_type for item in api.items(event_type=event_type))
            else:
                assert api.post({"event_type": event_type, "session_id": f"{client}.{n}"}).status == 201
    at_once(work)
    assert len(Api(server.port).items(event_type=event_type)) == ROUNDS * CLIENTS // 2


def test_commit_that_waits_holds_up_nothing_else(cluster, make_daemon, event_type):
    """A lock on the table keeps a commit waiting; reads and health checks go on, and the event is stored when the lock is gone."""
    responder = make_daemon().start()
    event = {"event_type": event_type, "session_id": "1"}
    assert responder.post(json.dumps(event).encode()).status == 201
    locker = cluster.connect()
    try:
        locker.autocommit = False
        locker.cursor().execute("LOCK TABLE events IN EXCLUSIVE MODE")
        with responder.connect() as waiting:
            waiting.begin(cgi_variables("POST", body=json.dumps(event).encode()))
            waiting.send_body(json.dumps(event).encode())
            for _ in range(3):
                assert responder.request("GET", "/healthz").status == 200
                assert responder.get(event_type=event_type).status == 200
            locker.rollback()
            assert b"201" in waiting.answer().split(b"\r\n")[0]
    finally:
        locker.close()


def test_readyz_tries_the_write_path_and_leaves_nothing(make_daemon, cluster):
    responder = make_daemon().start()
    before = cluster.execute("SELECT count(*) FROM event_log") + cluster.execute("SELECT count(*) FROM events")
    assert responder.request("GET", "/readyz").status == 200
    assert cluster.execute("SELECT count(*) FROM event_log") + cluster.execute("SELECT count(*) FROM events") == before
    # What a question would not find: every write fails.
    cluster.execute("ALTER TABLE event_log ADD CONSTRAINT nothing CHECK (session_id = '') NOT VALID")
    try:
        assert responder.request("GET", "/readyz").status == 503
        assert make_daemon({"readiness": "ask"}).start().request("GET", "/readyz").status == 200
    finally:
        cluster.execute("ALTER TABLE event_log DROP CONSTRAINT nothing")
    assert responder.request("GET", "/readyz").status == 200
