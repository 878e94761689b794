"""Section 4: the array, NDJSON and CSV, and which of them is given."""

import csv
import io
import json

import pytest

NDJSON = "application/x-ndjson"
CSV = "text/csv; charset=utf-8; header=present"
COLUMNS = ["event_type", "session_id", "event_id", "occurred_at", "received_at", "page_url", "user_agent", "event_properties", "device_info",
           "other_members"]


def get(api, accept, content_type, **params):
    return api.request("GET", params=params, headers={"Accept": accept}, expect={"Content-Type": content_type, "Vary": "Accept"})


@pytest.fixture
def three(api, event_type):
    events = [{"event_type": event_type, "session_id": f"s{n}", "n": n, "text": "a\n\u00e4,\"b\""} for n in range(3)]
    assert api.post(events).status == 201
    return events


def test_ndjson_is_an_item_a_line(api, event_type, three):
    response = get(api, NDJSON, NDJSON, event_type=event_type)
    assert response.status == 200 and response.body.endswith(b"\n")
    assert [json.loads(line) for line in response.body.splitlines()] == three


def test_nothing_as_ndjson_and_as_csv(api, event_type):
    assert get(api, NDJSON, NDJSON, event_type=event_type).body == b""
    assert get(api, "text/csv", CSV, event_type=event_type).body == ",".join(COLUMNS).encode() + b"\r\n"


def test_csv_reads_back_in_its_columns(api, event_type, event_id):
    event = {"event_type": event_type, "session_id": "s,1", "event_id": event_id,
             "timestamp": "2026-11-20T11:00:00.5+01:00", "page_url": "https://bank.example/?a=\"b\",c", "user_agent": "M/5 (x; y)\n\u00e4",
             "event_properties": {"price": 1, "label": "a\"b"}, "device_info": {"w": [1, 2]}, "more": None}
    assert api.post(event).status == 201
    response = get(api, "text/csv", CSV, event_type=event_type)
    rows = list(csv.DictReader(io.StringIO(response.body.decode(), newline="")))
    assert list(rows[0]) == COLUMNS and len(rows) == 1
    row = rows[0]
    assert (row["event_type"], row["session_id"], row["event_id"]) == (event_type, event["session_id"], event["event_id"])
    assert (row["occurred_at"], row["page_url"], row["user_agent"]) == ("2026-11-20T10:00:00.500000Z", event["page_url"], event["user_agent"])
    assert json.loads(row["event_properties"]) == event["event_properties"] and json.loads(row["device_info"]) == event["device_info"]
    assert json.loads(row["other_members"]) == {name: event[name] for name in ("event_id", "timestamp", "more")}


FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "=HYPERLINK(\"http://evil\",\"x\")"]


def test_csv_has_no_formulas(api, event_type):
    events = [{"event_type": event_type, "session_id": f"s{n}", "page_url": text, "user_agent": text} for n, text in enumerate(FORMULAS)]
    assert api.post(events).status == 201
    rows = list(csv.DictReader(io.StringIO(get(api, "text/csv", CSV, event_type=event_type).body.decode(), newline="")))
    assert [row["page_url"] for row in rows] == [row["user_agent"] for row in rows] == ["'" + text for text in FORMULAS]


def test_csv_as_it_was_posted_where_that_is_wanted(make_daemon, event_type):
    daemon = make_daemon({"csv_neutralise": "false", "csv_byte_order_mark": "true"}).start()
    for n, text in enumerate(FORMULAS):
        assert daemon.post(json.dumps({"event_type": event_type, "session_id": f"s{n}", "page_url": text}).encode()).status == 201
    response = daemon.request("GET", params={"event_type": event_type}, headers={"Accept": "text/csv"}, expect={"Content-Type": CSV})
    assert response.body.startswith(b"\xef\xbb\xbfevent_type,")
    assert [row["page_url"] for row in csv.DictReader(io.StringIO(response.body.decode("utf-8-sig"), newline=""))] == FORMULAS


@pytest.mark.parametrize("accept, content_type", [
    ("*/*", "application/json"), ("application/json", "application/json"), ("application/*;q=0.5, text/csv;q=0.4", "application/json"),
    ("text/html,application/xhtml+xml,*/*;q=0.8", "application/json"), ("text/csv", CSV), ("text/*", CSV),
    ("application/json;q=0.5, text/csv", CSV), ("application/x-ndjson, */*;q=0.1", NDJSON), ("application/json;q=0, */*", NDJSON)])
def test_accept_chooses(daemon, event_type, accept, content_type):
    assert get(daemon, accept, content_type, event_type=event_type).status == 200


@pytest.mark.parametrize("accept", ["text/html", "image/*", "application/json;q=0", "*/*;q=0", "application/xml, text/plain"])
def test_nothing_acceptable_is_406_in_json(daemon, event_type, accept):
    for method in ("GET", "HEAD"):
        response = daemon.request(method, params={"event_type": event_type}, headers={"Accept": accept}, expect={"Vary": "Accept"})
        assert response.status == 406
    response = daemon.request("GET", params={"event_type": event_type}, headers={"Accept": accept})
    assert response.json()["code"] == "not_acceptable" and "text/csv" in response.json()["details"]


def test_error_is_json_whatever_is_accepted(api):
    assert api.request("GET", params="event_type=a&limit=0", headers={"Accept": "text/csv"}).status == 400


def test_pages_in_every_format(api, event_type, three):
    for accept, content_type in ((NDJSON, NDJSON), ("text/csv", CSV)):
        response = get(api, accept, content_type, event_type=event_type, limit=2)
        assert response.header("Link") and len(response.body.splitlines()) >= 2
        whole = get(api, accept, content_type, event_type=event_type)
        assert response.body == whole.body[:len(response.body)] and three


def test_head_tells_what_get_would(api, event_type, three):
    for accept, content_type in (("application/json", "application/json"), (NDJSON, NDJSON), ("text/csv", CSV)):
        answer = api.request("HEAD", params={"event_type": event_type}, headers={"Accept": accept}, expect={"Content-Type": content_type})
        assert answer.status == 200 and three
        assert answer.header("Content-Length") in (None, str(len(get(api, accept, content_type, event_type=event_type).body)))
