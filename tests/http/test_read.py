"""Section 4: reading back, the query string, and answers that are long."""

import http.client
import json
import random
import re
import string
import urllib.parse

import pytest

from client import MISSING_PARAMETER, RESOURCE, TIMEOUT_S, head, parse_json
from exposition import scrape
from fcgi import STDOUT, Unclean, cgi_variables, parse_cgi
from servers import wait_until

MANY = 5000


def test_event_type_is_required(api):
    for params in ({}, {"session_id": "s1"}):
        response = api.request("GET", params=params)
        assert response.status == 400
        assert response.body == MISSING_PARAMETER or params


def test_missing_event_type_is_the_fixed_body(api):
    response = api.request("GET")
    assert (response.status, response.body) == (400, MISSING_PARAMETER)


def test_no_items_is_an_empty_array(api, event_type):
    response = api.get(event_type=event_type)
    assert (response.status, response.body.strip()) == (200, b"[]")


def test_session_id_narrows_to_one_item(api, event_type):
    for session in ("s1", "s2"):
        assert api.post({"event_type": event_type, "session_id": session}).status == 201
    assert api.items(event_type=event_type, session_id="s2") == [{"event_type": event_type, "session_id": "s2"}]
    assert api.items(event_type=event_type, session_id="s3") == []
    assert api.items(event_type=event_type + "x", session_id="s2") == []


def test_items_come_in_the_order_of_session_id(api, event_type):
    sessions = ["b", "a", "B", "10", "9", "\u00e4", "z", "\U0001f600", "a b", "a-b"]
    for session in sessions:
        assert api.post({"event_type": event_type, "session_id": session}).status == 201
    assert [item["session_id"] for item in api.items(event_type=event_type)] == sorted(sessions, key=str.encode)


@pytest.mark.parametrize("key", [
    "a b", "a+b", "a%b", "a&b=c", "a;b", "a#b", "a?b", "a/b", "a\\b", "a'b", 'a"b', "a%20b", "%00", "%", "{}", "[1]", "$1", "a,b", " a ", "..",
    "\u00e4\u00f6\u00fc", "\u20ac", "\U0001f600", "\u202e", "a\u0301", "\ufeff", "NULL", "null", "*", "%s%n", "\u00ff",
    "' OR '1'='1", "'; DROP TABLE events; --", "\\'; DROP TABLE events; --", "\") OR 1=1 --", "$$; DROP TABLE events; $$", "E'\\x27'"])
def test_any_key_is_found_by_its_own_name(api, event_type, key):
    event = {"event_type": event_type + key, "session_id": key, "text": key, key + "!": 1}
    assert api.post(event).status == 201
    assert api.items(event_type=event_type + key) == [event]
    assert api.items(event_type=event_type + key, session_id=key) == [event]


def test_sql_in_keys_changes_nothing(api, cluster, event_type):
    before = cluster.execute("SELECT count(*) FROM events")[0][0]
    texts = ["' OR '1'='1", "' OR 1=1 --", "'; DELETE FROM events; --", "' UNION SELECT version() --", "\\", "%", "_", "\\'", "%27%20OR%201=1"]
    for text in texts:
        assert api.items(event_type=text) == []
        assert api.items(event_type=event_type, session_id=text) == []
    assert cluster.execute("SELECT count(*) FROM events")[0][0] == before


def test_query_is_decoded_as_a_form(api, event_type):
    event = {"event_type": event_type + " +\u00e4", "session_id": "s 1"}
    assert api.post(event).status == 201
    for name in ("event_type", "event%5Ftype", "%65vent_type"):
        for value in ("+%2B%C3%A4", "%20%2b%c3%a4"):
            response = api.request("GET", params=f"{name}={event_type}{value}&session_id=s+1")
            assert (response.status, response.json()) == (200, [event])


@pytest.mark.parametrize("value", ["%", "a%", "%4", "a%4", "%zz", "%4g", "%g4", "%%", "%u0041", "a%2", "%-1", "% 1", "%+1", "%0x"])
def test_malformed_escape_is_400(api, value):
    # A space would end the request line.
    for params in (f"event_type={value}", f"event_type=a&session_id={value}"):
        assert api.request("GET", params=params.replace(" ", "+")).status == 400


@pytest.mark.parametrize("value", ["%00", "a%00b", "%80", "%ff", "%c0%80", "%c3", "%c3a", "%ed%a0%80", "%f4%90%80%80", "%e2%82", "%fe%ff", "%C0%AF"])
def test_nul_and_invalid_utf_8_are_400(api, value):
    for params in (f"event_type={value}", f"event_type=a&session_id={value}", f"event_type=a&{value}=1"):
        response = api.request("GET", params=params)
        assert response.status == 400, response


@pytest.mark.parametrize("params, named", [
    ("event_type=a&event_type=a", "event_type"), ("event_type=a&event_type=b", "event_type"), ("event_type=a&%65vent_type=b", "event_type"),
    ("event_type=a&session_id=b&session_id=c", "session_id"), ("event_type=a&x=1", "x"), ("x=1&event_type=a", "x"), ("event_type=a&Event_type=b", "Event_type"),
    ("event_type=a&session_id=b&nonsense", "nonsense"), ("event_type=a&event_type", "event_type"), ("event_type=a&session-id=1", "session-id"),
    ("event_type=a&%3Cb%3E=1", "<b>")])
def test_parameter_given_twice_or_unknown_is_400_naming_it(api, params, named):
    response = api.request("GET", params=params)
    assert response.status == 400
    assert named in str(response.json()), response


@pytest.mark.parametrize("params", ["event_type=", "event_type", "event_type=&session_id=a", "event_type=a&session_id=", "event_type=%0a", "event_type=a%01",
                                    "event_type=a&session_id=%7f", "event_type=" + "a" * 129, "event_type=a&session_id=" + "a" * 257])
def test_key_that_no_event_can_have_is_400_or_finds_nothing(api, params):
    response = api.request("GET", params=params)
    assert response.status == 400 or (response.status, response.json()) == (200, [])


def test_empty_pieces_of_a_query_are_nothing(api, event_type):
    assert api.request("GET", params=f"&event_type={event_type}&").status == 200


def test_long_query_is_refused_in_order(api):
    response = api.exchange("GET", f"{RESOURCE}?event_type={'a' * 4000}")
    assert response.status in (200, 400, 414), response
    assert api.request("GET", "/healthz").status == 200


def test_query_of_a_post_is_not_an_event(api, event_type):
    response = api.post({"event_type": event_type, "session_id": "s1"}, params=f"event_type={event_type}x")
    assert response.status in (201, 400)
    assert api.items(event_type=event_type + "x") == []


def test_body_of_a_get_is_no_event(api, event_type):
    """lighttpd refuses such a request by itself, unless told otherwise (method-get-body)."""
    response = api.exchange("GET", f"{RESOURCE}?event_type={event_type}", b'{"event_type":"%b","session_id":"s1"}' % event_type.encode())
    assert (response.status, response.body.strip()) == (200, b"[]") or response.status == 400
    assert api.items(event_type=event_type) == []


def test_body_of_a_get_is_ignored(daemon, event_type):
    response = daemon.request("GET", params={"event_type": event_type}, body=b'{"event_type":"x"')
    assert (response.status, response.json()) == (200, [])


@pytest.mark.parametrize("accept", ["*/*", "application/json", "text/html, */*;q=0.1", "application/*"])
def test_accept_of_a_browser_gives_the_array(api, event_type, accept):
    assert api.get(event_type=event_type, headers={"Accept": accept}).status == 200


def test_random_page_url_of_2000_bytes_reads_back(api, event_type):
    random.seed(2000)
    events = []
    for n in range(3):
        url = "https://bank.example/" + "".join(random.choices(string.ascii_letters + string.digits + "-._~%&=", k=1979))
        assert len(url) == 2000
        events.append({"event_type": event_type, "session_id": f"s{n}", "page_url": url})
        assert api.post(events[-1]).status == 201
    assert api.items(event_type=event_type) == events


# --- long answers ---

def insert_many(cluster, event_type, count, size_bytes):
    cluster.execute(
        "INSERT INTO events (event_type, session_id, event_id, occurred_at, received_at, properties) "
        "SELECT %s, lpad(n::text, 6, '0'), gen_random_uuid(), now(), now(), jsonb_build_object('n', n, 'text', repeat('\u00e4', %s)) "
        "FROM generate_series(1, %s) AS n", (event_type, size_bytes // 2, count))


@pytest.fixture
def many(cluster, event_type):
    insert_many(cluster, event_type, MANY, 2000)
    yield event_type
    cluster.execute("DELETE FROM events WHERE event_type = %s", (event_type,))


def test_five_thousand_items_are_complete_and_well_formed(api, many):
    response = api.get(event_type=many)
    items = response.json()
    assert [item["session_id"] for item in items] == [f"{n:06}" for n in range(1, MANY + 1)]
    assert all(item.keys() == {"event_type", "session_id", "n", "text"} and item["text"] == "\u00e4" * 1000 for item in items)


def test_client_that_goes_away_during_a_long_answer_disturbs_nobody(api, many):
    for _ in range(3):
        with api.raw() as connection:
            connection.send(head("GET", f"{RESOURCE}?event_type={many}"))
            assert connection.file.read(1000).startswith(b"HTTP/1.1 200")
            connection.abort()
    assert len(api.items(event_type=many)) == MANY
    assert api.post({"event_type": many, "session_id": "after"}).status == 201


def reader_is_at_work(cluster):
    return cluster.execute("SELECT pid FROM pg_stat_activity WHERE usename = 'synchrony_reader' AND state <> 'idle'")


def test_answer_is_streamed(daemon, cluster, many):
    """While the client has not taken the answer, PostgreSQL has not given it all: nobody holds it in memory."""
    with daemon.connect() as connection:
        connection.begin(cgi_variables("GET", params={"event_type": many}))
        connection.send_body(b"")
        records = connection.records()
        first = next(content for kind, content in records if kind == STDOUT)
        assert first.startswith(b"Status: 200")
        wait_until(lambda: reader_is_at_work(cluster), "the reader has ended its query before the answer was taken", 5)
        rest = b"".join(content for kind, content in records if kind == STDOUT)
    assert len(parse_cgi(first + rest).json()) == MANY


def kill_reader(cluster):
    wait_until(lambda: reader_is_at_work(cluster), "no reader at work")
    assert cluster.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                           "WHERE usename = 'synchrony_reader' AND state <> 'idle'")


def test_answer_that_breaks_ends_uncleanly(daemon, cluster, many):
    with daemon.connect() as connection:
        connection.begin(cgi_variables("GET", params={"event_type": many}))
        connection.send_body(b"")
        first = next(content for kind, content in connection.records() if kind == STDOUT)
        kill_reader(cluster)
        with pytest.raises(Unclean) as unclean:
            connection.answer()
    with pytest.raises(ValueError):
        parse_json((first + unclean.value.args[0]).partition(b"\r\n\r\n")[2])
    assert len(daemon.get(event_type=many).json()) == MANY


@pytest.fixture
def breaking(cluster, many):
    """A type whose items PostgreSQL gives in order until the 2,000th, and there fails: long after the first byte has gone out."""
    cluster.execute("CREATE FUNCTION breaks(session_id text) RETURNS boolean LANGUAGE plpgsql AS "
                    "$$BEGIN IF session_id = '002000' THEN RAISE 'here it breaks'; END IF; RETURN true; END$$")
    for statement in ("ALTER TABLE events ENABLE ROW LEVEL SECURITY",
                      "CREATE POLICY breaking ON events FOR SELECT TO synchrony_reader USING (breaks(session_id))",
                      "ALTER ROLE synchrony_reader SET enable_sort = off", "ALTER ROLE synchrony_reader SET enable_seqscan = off",
                      "ALTER ROLE synchrony_reader SET enable_bitmapscan = off"):
        cluster.execute(statement)
    end_readers(cluster)
    yield many
    for statement in ("DROP POLICY breaking ON events", "ALTER TABLE events DISABLE ROW LEVEL SECURITY", "DROP FUNCTION breaks",
                      "ALTER ROLE synchrony_reader RESET ALL"):
        cluster.execute(statement)
    end_readers(cluster)


def end_readers(cluster):
    cluster.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'synchrony_reader'")


def test_answer_that_breaks_is_never_a_shorter_array(api, server, breaking):
    """Under lighttpd the connection breaks. mod_fcgid appends Apache's HTML error page, and plain CGI has no other end than the
    regular one: there the text ends as no JSON does, so no client can take it for an answer."""
    connection = http.client.HTTPConnection("127.0.0.1", api.port, timeout=TIMEOUT_S)
    connection.request("GET", RESOURCE + "?" + urllib.parse.urlencode({"event_type": breaking}))
    answer = connection.getresponse()
    try:
        body = answer.read()
    except (http.client.IncompleteRead, ConnectionResetError) as error:
        body = getattr(error, "partial", b"")
        regular = False
    else:
        regular = True
    connection.close()
    assert answer.status == 200 and b"000001" in body, (answer.status, body[:200])
    with pytest.raises(ValueError):
        json.loads(body)
    assert not regular or server.name != "lighttpd", f"the end of a broken answer looks regular; its last bytes: {body[-40:]!r}"
    assert api.request("GET", "/healthz").status == 200


def test_head_of_a_long_answer_has_no_body(api, many):
    with api.raw() as connection:
        connection.send(head("HEAD", f"{RESOURCE}?event_type={many}"), head("GET", RESOURCE + "/healthz"))
        assert connection.response("HEAD").status == 200
        assert re.match(rb"\{", connection.response("GET").body)


def test_connection_is_kept_whatever_it_was_used_for_before(make_daemon, event_type):
    """One connection of the readers for answers row by row, for their settings, and for what /metrics asks."""
    daemon = make_daemon({"reader_connections": 1, "metrics": "all"}).start()
    assert daemon.post(json.dumps({"event_type": event_type, "session_id": "s1"}).encode()).status == 201
    for _ in range(3):
        assert daemon.get(event_type=event_type, session_id="s1").status == 200
        scrape(daemon)
        assert daemon.get(event_type=event_type).status == 200
        assert daemon.get(event_type=event_type, order="time").status == 200
    page = scrape(daemon)
    assert not page.has("synchrony_db_errors_total", sqlstate="lost")
