"""Batches on request: more events than fit an answer, queued for "Prefer: respond-async" and asked for later."""

import gzip
import json
import os
import re
import time
import uuid

import pytest

from cluster import give_away

PATIENCE_S = 60
ASYNC = {"Prefer": "respond-async"}


@pytest.fixture
def queueing(make_daemon, run_dir, event_type):
    path = os.path.join(run_dir, "queue." + event_type)
    os.mkdir(path, 0o700)
    give_away(path)
    return make_daemon({"queue_directory": path}).start()


def post(daemon, body, headers=ASYNC):
    return daemon.post(body if isinstance(body, bytes) else json.dumps(body).encode(), headers=headers)


def batch_of(event_type, n):
    return [{"event_type": event_type, "session_id": f"s{i}", "n": i} for i in range(n)]


def report(daemon, location):
    assert location.startswith("/synchrony_data_analytics/batches/")
    response = daemon.request("GET", location[len("/synchrony_data_analytics"):])
    assert response.status == 200
    return response.json()


def report_when_done(daemon, location):
    deadline = time.monotonic() + PATIENCE_S
    while True:
        answer = report(daemon, location)
        assert answer["received"] == answer["inserted"] + answer["duplicates"] + answer["rejected"] + answer["pending"]
        if answer["state"] == "done":
            return answer
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_large_batch_is_queued_and_reported(queueing, cluster, event_type):
    batch = batch_of(event_type, 5000)
    batch[7] = {"event_type": event_type}
    batch[4000] = [1]
    batch[4999] = {"event_type": event_type, "session_id": "s", "x": {"a": 1, "a\n": "\ud800"}}
    response = post(queueing, batch)
    assert (response.status, response.header("Preference-Applied")) == (202, "respond-async")
    answer = response.json()
    location = response.header("Location")
    assert answer == {"message": "Event queued", "queued": 4997, "received": 5000, "rejected": 3, "id": location.rsplit("/", 1)[1]}

    done = report_when_done(queueing, location)
    assert {name: done[name] for name in ("received", "inserted", "duplicates", "rejected", "pending")} == {
        "received": 5000, "inserted": 4997, "duplicates": 0, "rejected": 3, "pending": 0}
    assert [(error["index"], error["code"], error["retry"]) for error in done["errors"]] == [
        (7, "missing_fields", False), (4000, "invalid_event", False), (4999, "unrepresentable", False)]
    for name in ("created_at", "done_at"):
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", done[name])
    assert cluster.execute("SELECT count(*) FROM events WHERE event_type = %s", (event_type,)) == [(4997,)]
    assert queueing.get(event_type=event_type, session_id="s42").json() == [batch[42]]


def test_without_the_preference_it_is_too_large(queueing, event_type):
    for headers in ({}, {"Prefer": "wait=10"}, {"Prefer": "respond-asynchronously"}):
        assert post(queueing, batch_of(event_type, 1001), headers).status == 413


@pytest.mark.parametrize("prefer", ["respond-async", "wait=10, Respond-Async", "respond-async; x=y", "return=minimal,respond-async,wait=1"])
def test_preference_as_rfc_7240_writes_it(queueing, event_type, prefer):
    assert post(queueing, batch_of(event_type, 1001), {"Prefer": prefer}).status == 202


def test_batch_that_fits_is_answered_at_once(queueing, event_type):
    response = post(queueing, batch_of(event_type, 1000))
    assert (response.status, response.json()["inserted"]) == (201, 1000)
    assert post(queueing, {"event_type": event_type, "session_id": "one"}).status == 201
    assert post(queueing, []).status == 400


def test_preference_costs_a_body_that_fits_nothing(make_daemon, run_dir, event_type):
    """The queue's directory is missing: what needs no queue is stored nonetheless."""
    daemon = make_daemon({"queue_directory": os.path.join(run_dir, "missing." + event_type)}).start()
    assert post(daemon, {"event_type": event_type, "session_id": "one"}).status == 201
    assert post(daemon, batch_of(event_type, 2)).status == 201
    assert post(daemon, batch_of(event_type, 1001)).status == 503


def test_body_past_the_limit_of_memory(queueing, cluster, event_type):
    """Few events, and more bytes than a body may have that is answered at once."""
    batch = [event | {"pad": "x" * 50000} for event in batch_of(event_type, 100)]
    response = post(queueing, batch)
    assert response.status == 202
    assert report_when_done(queueing, response.header("Location"))["inserted"] == 100
    assert queueing.get(event_type=event_type, session_id="s99").json() == [batch[99]]
    assert post(queueing, batch, {}).status == 413


def test_compressed_batch(queueing, event_type):
    body = gzip.compress(json.dumps(batch_of(event_type, 3000)).encode())
    response = post(queueing, body, ASYNC | {"Content-Encoding": "gzip"})
    assert response.status == 202
    assert report_when_done(queueing, response.header("Location"))["inserted"] == 3000


@pytest.mark.parametrize("tail, code", [
    (b"", "invalid_json"), (b",]", "invalid_json"), (b"]]", "invalid_json"), (b",{]", "invalid_json"), (b",01]", "invalid_json"),
    (b"] x", "invalid_json"), (b" {}]", "invalid_json"), (b',"\xff"]', "invalid_json"), (b",}]", "invalid_json"),
])
def test_body_that_does_not_parse_is_refused_whole(queueing, cluster, event_type, tail, code):
    for pad in (10, 1000):
        events = b",".join(json.dumps(event | {"pad": "x" * pad}).encode() for event in batch_of(event_type, 1500))
        body = b"[" + events + tail
        response = post(queueing, body)
        assert (response.status, response.json()["code"]) == (400, code)
        assert len(b"[" + events) <= response.json()["offset"] <= len(body)
    time.sleep(0.7)
    assert cluster.execute("SELECT count(*) FROM event_log WHERE event_type = %s", (event_type,)) == [(0,)]


def test_limits(make_daemon, run_dir, event_type):
    path = os.path.join(run_dir, "queue." + event_type)
    os.mkdir(path, 0o700)
    give_away(path)
    daemon = make_daemon({"queue_directory": path, "async_batch_max_events": 2000, "async_body_max_bytes": 3000000}).start()
    assert post(daemon, batch_of(event_type, 2000)).status == 202
    assert post(daemon, batch_of(event_type, 2001)).status == 413
    assert post(daemon, [event | {"pad": "x" * 40000} for event in batch_of(event_type, 80)]).status == 413
    response = post(daemon, [event | {"pad": "x" * 70000} for event in batch_of(event_type, 20)])
    assert report_when_done(daemon, response.header("Location"))["errors"][19]["code"] == "too_large"
    assert post(daemon, [event | {"pad": "x" * 1200000} for event in batch_of(event_type, 2)]).status == 413


def test_short_body_is_refused(queueing, event_type):
    body = json.dumps([event | {"pad": "x" * 2000} for event in batch_of(event_type, 1200)]).encode()
    response = queueing.post(body, headers=ASYNC, CONTENT_LENGTH=str(len(body) + 1))
    assert (response.status, response.json()["code"]) == (400, "incomplete_body")


def test_same_batch_twice_is_stored_once(queueing, cluster, event_type):
    batch = [event | {"event_id": str(uuid.uuid4()), "timestamp": "2026-11-20T10:00:00Z"} for event in batch_of(event_type, 1500)]
    for want in ("inserted", "duplicates"):
        done = report_when_done(queueing, post(queueing, batch).header("Location"))
        assert done[want] == 1500
    assert cluster.execute("SELECT count(*) FROM event_log WHERE event_type = %s", (event_type,)) == [(1500,)]


def test_unknown_batch_is_404(queueing):
    for name in ("", "x", str(uuid.uuid4()), str(uuid.uuid4()) + "/x"):
        assert queueing.request("GET", "/batches/" + name).status == 404
    assert queueing.request("POST", "/batches/x").status == 405
    assert queueing.request("OPTIONS", "/batches/x").status == 204


def test_batch_is_queued_while_the_database_is_away(queueing, cluster, event_type):
    cluster.stop()
    try:
        location = post(queueing, batch_of(event_type, 1500)).header("Location")
        assert report(queueing, location)["state"] == "queued"
    finally:
        cluster.start()
    assert report_when_done(queueing, location)["inserted"] == 1500


def test_without_a_queue_the_preference_is_not_granted(make_daemon, event_type):
    daemon = make_daemon().start()
    assert post(daemon, batch_of(event_type, 2)).status == 201
    assert post(daemon, batch_of(event_type, 1001)).status == 413


@pytest.mark.slow
def test_largest_batch_takes_no_memory(queueing, build_dir, event_type):
    batch = [event | {"pad": "x" * 540} for event in batch_of(event_type, 100000)]
    body = json.dumps(batch).encode()
    assert 60 * 1024 * 1024 < len(body) <= 64 * 1024 * 1024
    response = post(queueing, body)
    assert response.status == 202
    assert report_when_done(queueing, response.header("Location"))["inserted"] == 100000
    with open(os.path.join(build_dir, "synchrony_data_analytics"), "rb") as program:
        is_sanitized = b"__asan_init" in program.read()
    with open(f"/proc/{queueing.process.pid}/status", encoding="ascii") as status:
        peak_kib = int(re.search(r"VmHWM:\s+(\d+) kB", status.read())[1])
    assert is_sanitized or peak_kib < 64 * 1024
    print(f"VmHWM {peak_kib / 1024:.1f} MiB")
