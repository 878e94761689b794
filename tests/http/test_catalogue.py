"""The event catalogue (section 3.6): what a type's schema makes of its events, and how a change comes into force.

A change takes a while: tests put a schema and wait until it shows, and never say how long that may take.
"""

import concurrent.futures
import glob
import json
import time
import uuid

import pytest

from catalogue import put_schema as put
from client import CREATED
from servers import wait_until

SCHEMA = {"required": ["n"], "properties": {"n": {"type": "integer"}, "o": {"properties": {"a/b": {"type": "string"}}}}}


def event(event_type, **members):
    return {"event_type": event_type, "session_id": uuid.uuid4().hex} | members


def body(value):
    return json.dumps(value).encode("ascii")


def until_status(post, value, status):
    """Posts until the answer has that status, which a change of the catalogue brings about."""
    def attempt():
        response = post(body(value))
        if response.status != status:
            time.sleep(0.1)
        return response.status == status and response
    return wait_until(attempt, f"{value} is never answered {status}")


def stored(cluster, event_type, dbname="synchrony"):
    return cluster.execute("SELECT count(*) FROM event_log WHERE event_type = %s", (event_type,), dbname=dbname)[0][0]


@pytest.fixture(scope="module")
def strict(cluster):
    """Types whose schemas are enforced, put once: what changes nothing need not wait for a change."""
    names = {name: f"{name}.{uuid.uuid4().hex}" for name in ("strict", "odd")}
    put(cluster, names["strict"], "enforce", SCHEMA)
    put(cluster, names["odd"], "enforce", {"properties": {'"\\\n': {"type": "string"}}})
    return names


# --- the modes ---

def test_a_type_without_a_schema_is_taken_as_it_is(api, event_type):
    assert api.post(event(event_type, n="anything")).body == CREATED


def test_what_fails_an_enforced_schema_is_refused_with_all_that_is_wrong(api, cluster, strict):
    event_type = strict["strict"]
    before = until_status(api.post, event(event_type, n="1", o={"a/b": 1}), 400)
    count = stored(cluster, event_type)
    error = before.json()
    assert (error["code"], error["error"]) == ("schema", "The event does not fit the schema of its type")
    assert [(v["pointer"], v["keyword"]) for v in error["violations"]] == [("/n", "type"), ("/o/a~1b", "type")]
    assert all(v["expected"] for v in error["violations"])
    assert error["pointer"] == "/n" and error["details"].startswith("/n: ") and error["details"].endswith(", and 1 more")
    missing = api.post(event(event_type)).json()
    assert [(v["pointer"], v["keyword"]) for v in missing["violations"]] == [("", "required")]
    assert missing["details"].startswith("the event: ")
    assert stored(cluster, event_type) == count
    assert api.post(event(event_type, n=1)).body == CREATED


def test_a_change_is_in_force_in_every_process_and_takes_no_restart(api, cluster, event_type):
    def answers(value, n=8):
        with concurrent.futures.ThreadPoolExecutor(n) as pool:
            return {response.status for response in pool.map(lambda _: api.post(event(event_type, **value)), range(n))}
    put(cluster, event_type, "enforce", {"properties": {"a": {"type": "string"}}})
    wait_until(lambda: answers({"a": 1}) == {400}, "not every process enforces the schema")
    put(cluster, event_type, "off")
    wait_until(lambda: answers({"a": ""}) == {201}, "not every process has it off")


def test_in_a_batch_each_event_is_judged_alone(api, strict):
    event_type = strict["strict"]
    until_status(api.post, event(event_type), 400)
    batch = [event(event_type, n=1), event(event_type, n='"'), event("other." + event_type, n=""), event(event_type, n=2)]
    answer = api.post(batch)
    assert answer.status == 207, answer
    assert (answer.json()["inserted"], answer.json()["rejected"]) == (3, 1)
    [error] = answer.json()["errors"]
    assert (error["index"], error["code"], error["pointer"], error["retry"]) == (1, "schema", "/n", False)
    assert [(v["pointer"], v["keyword"]) for v in error["violations"]] == [("/n", "type")]
    assert api.post([event(event_type)]).json()["code"] == "batch_rejected"


def test_a_batch_on_request_is_judged_when_it_is_accepted(own, cluster):
    own.put("strict", "enforce", SCHEMA)
    daemon = own.daemon(queue_directory=own.directory, batch_max_events=2)
    batch = [event("strict", n=1), event("strict"), event("other"), event("strict", n=2)]
    answer = daemon.post(body(batch), headers={"Prefer": "respond-async"})
    assert (answer.status, answer.json()["rejected"]) == (202, 1)
    path = answer.header("Location")[len("/synchrony_data_analytics"):]
    [error] = daemon.request("GET", path).json()["errors"]
    assert (error["index"], error["code"], error["pointer"]) == (1, "schema", "")
    wait_until(lambda: stored(cluster, "strict", own.dbname) == 2, "the queue is not replayed")


def test_names_of_members_in_pointers_are_json(api, strict):
    event_type = strict["odd"]
    answer = until_status(api.post, event(event_type, **{'"\\\n': 1}), 400)
    assert answer.json()["pointer"] == '/"\\\n' == answer.json()["violations"][0]["pointer"]
    assert api.post([event(event_type, **{'"\\\n': 1})]).json()["errors"][0]["pointer"] == '/"\\\n'


def test_what_fails_an_observed_schema_is_stored_and_told_once(make_daemon, cluster, event_type, tmp_path):
    daemon = make_daemon().start()
    put(cluster, event_type, "observe", {"required": ["secret"]})

    def told():
        daemon.post(body(event(event_type, seen="value")))
        with open(daemon.responder_log, encoding="utf-8") as log:
            return [line for line in map(json.loads, log) if line["message"] == "events fail a schema that is observed"]
    first = wait_until(told, "nothing is told of events that fail")
    for _ in range(3):
        lines = told()
    assert lines == first and len(first) == 1
    assert (first[0]["synchrony.event_type"], first[0]["synchrony.events"]) == (event_type, 1)
    assert "value" not in json.dumps(first[0])
    assert stored(cluster, event_type) >= 4


# --- a catalogue of its own ---

def log_of(daemon, message):
    with open(daemon.responder_log, encoding="utf-8") as log:
        return [line for line in map(json.loads, log) if line["message"] == message]


def test_a_closed_catalogue_takes_listed_types_alone(own):
    own.put("known", "enforce", {"$ref": "parts.json"})
    own.put("quiet", "off", "false")
    own.put("parts", "shared", {"required": ["n"]})
    daemon = own.daemon(event_types="listed")
    assert daemon.post(body(event("known", n=1))).body == CREATED
    assert daemon.post(body(event("quiet"))).body == CREATED
    for name in ("unknown", "parts"):
        answer = daemon.post(body(event(name)))
        assert (answer.status, answer.json()["code"], answer.json()["pointer"]) == (400, "unknown_event_type", "/event_type")
    answer = daemon.post(body([event("known", n=1), event("unknown")]))
    assert answer.status == 207 and answer.json()["errors"][0]["code"] == "unknown_event_type"


def test_a_closed_catalogue_that_is_empty_takes_nothing(own):
    assert own.daemon(event_types="listed").post(body(event("unknown"))).json()["code"] == "unknown_event_type"


def test_a_closed_catalogue_that_was_never_read_refuses_for_now(own):
    daemon = own.daemon(event_types="listed", writer_database="host=/nonexistent", run_directory="")
    answer = daemon.post(body(event("known")))
    assert answer.status == 503 and answer.header("Retry-After"), answer


def test_the_last_good_catalogue_stays_while_the_database_is_away_and_over_a_restart(own, cluster):
    own.put("strict", "enforce", {"required": ["n"]})
    daemon = own.daemon()
    assert daemon.post(body(event("strict"))).status == 400
    assert wait_until(lambda: glob.glob(own.directory + "/catalogue.*[0-9a-f]"), "there is no snapshot")
    assert daemon.stop() == 0
    cluster.stop()
    try:
        daemon.start()
        assert daemon.post(body(event("strict"))).status == 400
        assert daemon.post(body(event("strict", n=1))).status == 503
        wait_until(lambda: log_of(daemon, "the event catalogue cannot be read; the last good one stays in force"), "the log says nothing")
        assert daemon.post(body(event("strict"))).status == 400
    finally:
        cluster.start()
    wait_until(lambda: log_of(daemon, "the event catalogue can be read again"), "the log says nothing")
    own.put("strict", "observe")
    until_status(daemon.post, event("strict"), 201)


def test_a_snapshot_that_is_no_snapshot_is_not_believed(own):
    own.put("strict", "enforce", {"required": ["n"]})
    daemon = own.daemon()
    [path] = wait_until(lambda: glob.glob(own.directory + "/catalogue.*[0-9a-f]"), "there is no snapshot")
    assert daemon.stop() == 0
    with open(path, "r+b") as file:
        whole = file.read()
        for damaged in (b"", whole[:-1], whole[:100], whole.replace(b"required", b"requited"), b"x" * 4096):
            file.seek(0)
            file.truncate()
            file.write(damaged)
            file.flush()
            daemon.start()
            assert daemon.post(body(event("strict"))).status == 400
            assert daemon.stop() == 0


def test_a_catalogue_that_cannot_be_used_changes_nothing_and_is_told_once(own):
    own.put("strict", "enforce", {"required": ["n"]})
    daemon = own.daemon()
    until_status(daemon.post, event("strict"), 400)
    own.execute("INSERT INTO event_schemas (event_type, version, mode, schema, author) VALUES ('strict', 2, 'enforce', '{\"type\":', 'mallory')")
    [line] = wait_until(lambda: log_of(daemon, "the event catalogue has a schema that cannot be used"), "the log says nothing")
    assert (line["synchrony.event_type"], line["synchrony.schema.version"]) == ("strict", 2)
    assert daemon.post(body(event("strict"))).status == 400
    assert daemon.stop() == 0
    daemon.start()  # and over a restart
    assert daemon.post(body(event("strict"))).status == 400
    wait_until(lambda: len(log_of(daemon, "the event catalogue has a schema that cannot be used")) == 2, "the log says nothing")
    own.put("strict", "enforce", {"required": ["m"]})
    until_status(daemon.post, event("strict", m=1), 201)
    assert len(log_of(daemon, "the event catalogue has a schema that cannot be used")) == 2
