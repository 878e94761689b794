"""The quarantine: refused events are kept aside as a sample, within bounds, and taken in with their identity once their schema is mended."""

import json
import os
import signal
import subprocess
import time
import uuid

import pytest

from catalogue import put_schema
from client import CREATED
from servers import wait_until

TIMEOUT_S = 60  # a hang guard
STRICT = {"required": ["n"], "properties": {"n": {"type": "integer"}}}
CARD = "4111111111111111"
COLUMNS = ("event_type", "session_id", "event_id", "occurred_at", "received_at", "properties")


def event(event_type="strict", **members):
    return {"event_type": event_type, "session_id": "s1"} | members


def body(value):
    return json.dumps(value).encode("ascii")


def rows(own, columns="*"):
    return own.execute(f"SELECT {columns} FROM rejected_events ORDER BY rejection_id")


def until_rows(own, n):
    return wait_until(lambda: len(found := rows(own)) >= n and found, f"there are never {n} rows")


def run(own, *arguments):
    return subprocess.run([own.command, "quarantine", *arguments], env=own.environment(), text=True, capture_output=True, timeout=TIMEOUT_S,
                          check=False)


def ok(own, *arguments):
    result = run(own, *arguments)
    assert (result.returncode, result.stderr) == (0, ""), result
    return result.stdout


def replay(own, *arguments):
    return json.loads(ok(own, "replay", "--json", *arguments))


def fill(own, n, payload='{"n": 1}', event_type="strict"):
    """As if n events had been refused, a millisecond apart."""
    own.execute("""INSERT INTO rejected_events (rejection_id, event_type, session_id, event_id, occurred_at, received_at, reason, size_bytes, payload, is_cut)
                   SELECT ('01980000-0000-7000-8000-' || lpad(to_hex(i), 12, '0'))::uuid, %s, 's' || i, gen_random_uuid(),
                          '2026-11-20T10:00:00Z'::timestamptz + i * interval '1 ms', '2026-11-20T11:00:00.000001Z', 'schema', 8, %s, false
                   FROM generate_series(1, %s) AS i""", (event_type, payload, n))


# --- what is kept ---

def test_what_is_refused_is_kept_with_reason_and_identity_and_masked(own):
    own.put("strict", "enforce", STRICT)
    own.put("strict", "enforce")
    daemon = own.daemon(event_types="listed")
    identity = str(uuid.uuid4())
    assert daemon.post(body(event(n="x", event_id=identity, timestamp="2026-11-20T10:00:00.25Z", note="card " + CARD))).status == 400
    assert daemon.post(body([event(n=1), event(), event("un" + "known")])).status == 207
    found = until_rows(own, 3)
    kept = rows(own, "event_type, session_id, event_id::text, occurred_at::text, reason, pointer, keyword, schema_version, is_cut, replayed_at")
    assert kept[0] == ("strict", "s1", identity, "2026-11-20 10:00:00.25+00", "schema", "/n", "type", 2, False, None)
    assert {row[4:8] for row in kept[1:]} == {("schema", "", "required", 2), ("unknown_event_type", "/event_type", None, None)}
    payload, size, violations = rows(own, "payload, size_bytes, violations")[0]
    assert CARD not in payload and "*card*" in payload and size == len(payload)
    assert json.loads(payload)["n"] == "x" and [v["keyword"] for v in violations] == ["type"]
    assert len(found) == 3 and own.execute("SELECT count(*) FROM event_log") == [(1,)]


def test_a_flood_leaves_a_sample(own):
    own.put("strict", "enforce", STRICT)
    daemon = own.daemon(quarantine_rate=2, quarantine_payload_max_bytes=8)
    assert daemon.post(body([event(n="é" * 10) for _ in range(500)])).status == 400
    until_rows(own, 1)
    assert daemon.post(body(event())).status == 400
    assert 1 <= len(rows(own)) <= 6  # two a second, and it takes no longer than three to judge 500
    payload, size, is_cut = rows(own, "payload, size_bytes, is_cut")[0]
    assert is_cut and len(payload.encode()) <= 8 < size


def test_rows_and_time_are_bounded_by_themselves(own):
    fill(own, 30)
    own.execute("UPDATE rejected_events SET rejected_at = now() - interval '2 minutes' WHERE session_id = 's30'")
    own.daemon(quarantine_max_rows=5, quarantine_retention_s=60)
    wait_until(lambda: [row[0] for row in rows(own, "session_id")] == [f"s{i}" for i in range(25, 30)], "the bounds are not kept")


def test_without_rows_nothing_is_kept(own):
    own.put("strict", "enforce", STRICT)
    daemon = own.daemon(quarantine_max_rows=0)
    assert [daemon.post(body(event())).status for _ in range(3)] == [400] * 3
    assert daemon.stop() == 0
    assert rows(own) == []


def test_a_database_that_is_away_keeps_nobody_waiting(own, cluster):
    own.put("strict", "enforce", STRICT)
    daemon = own.daemon(quarantine_rate=1000)  # none of these events is left out of the sample
    assert daemon.post(body(event())).status == 400
    until_rows(own, 1)
    cluster.stop()
    try:
        assert [daemon.post(body(event())).status for _ in range(20)] == [400] * 20
    finally:
        cluster.start()
    wait_until(lambda: daemon.post(body(event(n=1))).body == CREATED, "the database is back, and nothing is stored")
    assert daemon.post(body(event())).status == 400
    until_rows(own, 2)


def test_under_every_server(api, cluster, event_type):
    put_schema(cluster, event_type, "enforce", STRICT)

    def kept():
        status = api.post(event(event_type)).status
        time.sleep(0.1)
        return status == 400 and cluster.execute("SELECT count(*) FROM rejected_events WHERE event_type = %s", (event_type,))[0][0]
    wait_until(kept, "nothing is kept")


# --- list and show ---

def test_list_and_show(own):
    fill(own, 3)
    listed = json.loads(ok(own, "list", "--json"))
    assert [row["rejection_id"][-1] for row in listed] == ["3", "2", "1"] and listed[0]["reason"] == "schema"
    assert "payload" not in listed[0]
    assert len(json.loads(ok(own, "list", "--json", "--limit", "2"))) == 2
    assert json.loads(ok(own, "list", "--json", "--type", "other")) == [] == json.loads(ok(own, "list", "--json", "--reason", "other"))
    assert json.loads(ok(own, "list", "--json", "--since", "2099-01-01T00:00:00Z")) == []
    assert "There are none." in ok(own, "list", "--type", "other")
    assert ok(own, "list").splitlines()[0].split()[0] == "ID" and len(ok(own, "list").splitlines()) == 4
    shown = json.loads(ok(own, "show", "--json", listed[0]["rejection_id"]))
    assert (shown["payload"], shown["session_id"], shown["replayed_at"]) == ('{"n": 1}', "s3", None)
    text = ok(own, "show", listed[0]["rejection_id"])
    assert "session_id      s3\n" in text and 'payload         {"n": 1}\n' in text


@pytest.mark.parametrize("arguments, code", [
    ((), 2), (("nope",), 2), (("list", "x"), 2), (("list", "--limit", "0"), 2), (("list", "--since", "x"), 2), (("list", "--dry-run"), 2),
    (("show",), 2), (("show", "x"), 2), (("show", str(uuid.uuid4())), 1), (("replay", "x"), 2), (("replay", "--type", ""), 2)])
def test_wrong_arguments(own_database, arguments, code):
    result = run(own_database, *arguments)
    assert result.returncode == code and result.stderr and not result.stdout


# --- replay ---

def test_replay_takes_in_what_passes_now_with_its_identity(own):
    own.put("strict", "enforce", {"required": ["m"]})
    daemon = own.daemon()
    identity = str(uuid.uuid4())
    text = b'{"x":{"a":1.10}, "event_type":"strict","session_id":"s1","n":1,"event_id":"%s","timestamp":"2026-11-20T10:00:00.25Z"}' % identity.encode()
    assert daemon.post(text).status == 400
    until_rows(own, 1)
    received = rows(own, "received_at")[0][0]
    assert daemon.post(body(event(m=1))).body == CREATED  # accepted later: stays the current item
    assert replay(own) == {"dry_run": False, "stored": 0, "duplicates": 0, "failing": 1, "cut": 0, "refused": 0}
    own.put("strict", "enforce", STRICT)
    assert replay(own, "--dry-run")["stored"] == 1
    assert replay(own, "--type", "other")["stored"] == replay(own, "--reason", "other")["stored"] == 0
    assert own.execute("SELECT count(*) FROM event_log") == [(1,)]
    assert replay(own) == {"dry_run": False, "stored": 1, "duplicates": 0, "failing": 0, "cut": 0, "refused": 0}
    stored = own.execute("SELECT received_at, occurred_at::text, properties::text FROM event_log WHERE event_id = %s", (identity,))
    assert stored[0][:2] == (received, "2026-11-20 10:00:00.25+00")
    assert '{"a": 1.10}' in stored[0][2] and '"n": 1' in stored[0][2] and "session_id" not in stored[0][2]
    assert own.execute("SELECT properties FROM events") == [({"m": 1},)]
    assert rows(own, "replayed_at IS NOT NULL") == [(True,)] and replay(own)["stored"] == 0


def test_what_is_cut_or_not_listed_is_not_replayed(own):
    fill(own, 3)
    own.execute("UPDATE rejected_events SET is_cut = true, payload = '{\"n\"' WHERE session_id = 's2'")
    assert replay(own, "--dry-run") == {"dry_run": True, "stored": 2, "duplicates": 0, "failing": 0, "cut": 1, "refused": 0}
    result = ok(own, "replay")
    assert result == "2 stored, 0 of them had been before; 0 still fail; 1 are cut and cannot be replayed.\n"
    assert own.execute("SELECT session_id FROM event_log ORDER BY 1") == [("s1",), ("s3",)]


def test_a_replay_that_is_killed_is_repeated_and_stores_nothing_twice(own):
    own.put("strict", "enforce", STRICT)
    fill(own, 3000)
    kills = 0
    for delay_ms in (60, 90, 120, 150):
        process = subprocess.Popen([own.command, "quarantine", "replay"], env=own.environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_until(lambda: process.poll() is not None or own.execute("SELECT count(*) FROM event_log")[0][0] > 0, "nothing is replayed")
        time.sleep(delay_ms / 1000)
        os.kill(process.pid, signal.SIGKILL) if process.poll() is None else None
        kills += process.wait() == -signal.SIGKILL
    # Between the commit and the note: as a kill at the worst moment leaves it.
    own.execute("UPDATE rejected_events SET replayed_at = NULL WHERE session_id IN ('s1', 's2', 's3')")
    last = replay(own)
    assert kills and last["duplicates"] >= 3 or last["stored"] >= 3
    assert own.execute("SELECT count(*), count(DISTINCT event_id) FROM event_log") == [(3000, 3000)]
    assert own.execute("""SELECT count(*) FROM rejected_events AS r JOIN event_log AS e USING (event_type, session_id, event_id, occurred_at, received_at)
                          WHERE r.replayed_at IS NOT NULL""") == [(3000,)]
