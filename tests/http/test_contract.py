"""Sections 1, 2, 3.1 and 5 of the contract, to the byte, through every server."""

import json

import pytest

from client import CREATED, EVERY_RESPONSE, MISSING_FIELDS, REQUEST_ID, RESOURCE, check_section_1

METHODS = "GET, HEAD, POST, OPTIONS"


# --- section 3.1: one event ---

def test_post_is_answered_201_with_the_fixed_body(api, event_type):
    response = api.post({"event_type": event_type, "session_id": "s1", "n": 1})
    assert (response.status, response.body) == (201, CREATED)


def test_what_was_posted_is_read_back(api, event_type):
    event = {"event_type": event_type, "session_id": "s1", "page_url": "https://bank.example/a?b=c#d",
             "user_agent": "curl", "event_properties": {"a": [1, None, True, "x"]}, "device_info": {},
             "timestamp": "2026-11-20T10:00:00Z", "received_at": "mine", "properties": {"event_type": 1},
             "occurred_at": 5, "": "an empty name", "\u00e4\U0001f600": "\u20ac"}
    assert api.post(event).status == 201
    assert api.items(event_type=event_type) == [event]


def test_item_prints_as_jsonb_with_the_key_first(api, event_type):
    assert api.post({"z": 1, "session_id": "s1", "event_type": event_type}).status == 201
    assert f'{{"event_type": "{event_type}", "session_id": "s1", "z": 1}}'.encode() in api.get(event_type=event_type).body


@pytest.mark.parametrize("body", [
    b"", b"{}", b'{"event_type":"a"}', b'{"session_id":"a"}', b'{"Event_Type":"a","session_id":"b"}',
    b'{"x":{"event_type":"a","session_id":"b"}}', b' \t\r\n{ } '])
def test_missing_fields_are_400_with_the_fixed_body(api, body):
    response = api.post(body)
    assert (response.status, response.body) == (400, MISSING_FIELDS)


@pytest.mark.parametrize("member", ["event_type", "session_id"])
@pytest.mark.parametrize("value", ["null", "1", "true", "[]", '["a"]', "{}", '""', r'"a\u0001"', r'"\n"', r'"a\u007f"'])
def test_key_that_is_no_usable_string_is_400_naming_the_member(api, event_type, member, value):
    event = {"event_type": f'"{event_type}"', "session_id": '"s1"', member: value}
    response = api.post(("{" + ",".join(f'"{name}":{text}' for name, text in event.items()) + "}").encode())
    assert response.status == 400
    assert member in response.json()["error"] + str(response.json().get("details")), response
    assert response.json()["code"] != "invalid_json"


def test_same_key_replaces_the_item_and_history_keeps_both(api, cluster, event_type):
    first = {"event_type": event_type, "session_id": "s1", "old": 1, "both": "first"}
    second = {"event_type": event_type, "session_id": "s1", "new": 2, "both": "second"}
    assert api.post(first).status == 201
    assert api.post(second).status == 201
    assert api.items(event_type=event_type) == [second]
    rows = cluster.execute("SELECT properties FROM event_log WHERE event_type = %s ORDER BY received_at", (event_type,))
    assert [row[0] for row in rows] == [{"old": 1, "both": "first"}, {"new": 2, "both": "second"}]


def test_other_session_or_type_is_another_item(api, event_type):
    events = [{"event_type": event_type + suffix, "session_id": session} for suffix in ("", ".b") for session in "12"]
    for event in events:
        assert api.post(event).status == 201
    assert api.items(event_type=event_type) == events[:2]
    assert api.items(event_type=event_type + ".b") == events[2:]


# --- section 3.2: identity and time ---

def history(cluster, event_type):
    return cluster.execute(
        "SELECT session_id, event_id::text, extract(epoch FROM occurred_at)::text, properties FROM event_log "
        "WHERE event_type = %s ORDER BY received_at, event_id", (event_type,))


def test_event_id_and_time_make_an_event_idempotent(api, cluster, event_type, event_id):
    event = {"event_type": event_type, "session_id": "s1", "event_id": event_id, "timestamp": "2026-11-20T10:00:00.5+02:00"}
    for _ in range(3):
        response = api.post(event)
        assert (response.status, response.body) == (201, CREATED)
    assert len(history(cluster, event_type)) == 1
    assert api.items(event_type=event_type) == [event]
    rows = cluster.execute("SELECT event_id::text FROM events WHERE event_type = %s", (event_type,))
    assert rows == [(event_id,)]


def test_duplicate_that_comes_late_does_not_replace_a_later_item(api, event_type, event_id):
    early = {"event_type": event_type, "session_id": "s1", "event_id": event_id, "timestamp": "2026-11-20T10:00:00Z", "n": 1}
    late = {"event_type": event_type, "session_id": "s1", "n": 2}
    for event in (early, late, early):
        assert api.post(event).status == 201
    assert api.items(event_type=event_type) == [late]


def test_other_time_or_session_with_the_same_event_id_is_another_event(api, cluster, event_type, event_id):
    for session, time in (("s1", "2026-11-20T10:00:00Z"), ("s1", "2026-11-20T10:00:01Z"), ("s2", "2026-11-20T10:00:00Z")):
        assert api.post({"event_type": event_type, "session_id": session, "event_id": event_id, "timestamp": time}).status == 201
    assert len(history(cluster, event_type)) == 3


@pytest.mark.parametrize("timestamp, epoch", [
    ("2026-11-20T10:00:00Z", "1795168800.000000"),
    ("2026-11-20T10:00:00.5+02:00", "1795161600.500000"),
    ("2026-11-20t10:00:00.123456z", "1795168800.123456"),
    ("2026-11-20T10:00:00-00:00", "1795168800.000000"),
    ("2024-02-29T23:59:59.999999-11:30", "1709292599.999999"),
    ("1970-01-01T00:00:00Z", "0.000000"),
    ("1969-12-31T23:59:59Z", "-1.000000"),
    ("9999-12-31T23:59:59Z", "253402300799.000000"),
    ("0001-01-01T00:00:00Z", "-62135596800.000000"),
])
def test_timestamp_is_the_time_of_the_event(api, cluster, event_type, timestamp, epoch):
    event = {"event_type": event_type, "session_id": "s1", "timestamp": timestamp}
    assert api.post(event).status == 201
    assert [row[2] for row in history(cluster, event_type)] == [epoch]
    assert api.items(event_type=event_type) == [event]


@pytest.mark.parametrize("timestamp", [
    "yesterday", "", "2026-11-20", "2026-11-20T10:00:00", "2026-11-20 10:00:00", "2026-02-30T10:00:00Z",
    "2026-13-01T00:00:00Z", "2026-11-20T24:00:00Z", "2026-11-20T10:60:00Z", "2026-11-20T10:00:00+25:00",
    "2026-11-20T10:00:00.Z", "2026-11-20T10:00Z", "+2026-11-20T10:00:00Z", "infinity", "now", 1795168800, None, True, ["x"], {},
    "0000-01-01T00:00:00Z", "2026-11-20T10:00:00Z "])
def test_timestamp_that_is_no_rfc_3339_is_just_another_member(api, cluster, event_type, timestamp):
    event = {"event_type": event_type, "session_id": "s1", "timestamp": timestamp}
    assert api.post(event).status == 201
    assert api.items(event_type=event_type) == [event]
    rows = cluster.execute("SELECT abs(extract(epoch FROM received_at - occurred_at)) < 60, received_at <= now() "
                           "FROM event_log WHERE event_type = %s", (event_type,))
    if timestamp != "0000-01-01T00:00:00Z":  # a year that RFC 3339 has: either reading will do, an error will not
        assert rows == [(True, True)]


def test_server_makes_a_uuidv7_of_the_time_of_arrival(api, cluster, event_type):
    assert api.post({"event_type": event_type, "session_id": "s1"}).status == 201
    (row,) = cluster.execute(
        "SELECT event_id::text, occurred_at = received_at OR abs(extract(epoch FROM occurred_at - received_at)) < 1, "
        "floor(extract(epoch FROM occurred_at) * 1000)::bigint FROM event_log WHERE event_type = %s", (event_type,))
    event_id, same_time, millis = row
    assert event_id[14] == "7" and event_id[19] in "89ab", event_id
    assert same_time
    assert int(event_id.replace("-", "")[:12], 16) == millis
    assert "event_id" not in api.items(event_type=event_type)[0]


def test_uuidv7_of_the_client_gives_the_time_when_there_is_no_timestamp(api, cluster, event_type):
    millis = 1700000000123
    event_id = f"{millis >> 16:08x}-{millis & 0xffff:04x}-7{event_type[-3:]}-8{event_type[-6:-3]}-{event_type[-18:-6]}"
    event = {"event_type": event_type, "session_id": "s1", "event_id": event_id}
    for _ in range(2):
        assert api.post(event).status == 201
    assert [row[1:3] for row in history(cluster, event_type)] == [(event_id, "1700000000.123000")]


def test_event_id_is_compared_as_a_uuid_and_kept_as_posted(api, cluster, event_type, event_id):
    for text in (event_id.upper(), event_id):
        event = {"event_type": event_type, "session_id": "s1", "event_id": text, "timestamp": "2026-11-20T10:00:00Z"}
        assert api.post(event).status == 201
    assert [row[1] for row in history(cluster, event_type)] == [event_id]
    assert api.items(event_type=event_type)[0]["event_id"] == event_id.upper()


# --- section 1: headers ---

@pytest.mark.parametrize("given", ["a", "A-Z.a_z-0.9", "x" * 64, "0190b6a5-7c1d-7e2f-9a3b-5c6d7e8f9a0b"])
def test_request_id_of_the_caller_is_echoed(api, given):
    for method in ("GET", "OPTIONS", "DELETE"):
        assert api.request(method, headers={"X-Request-Id": given}).header("X-Request-Id") == given


@pytest.mark.parametrize("given", ["", "x" * 65, "a b", "a,b", "<script>", "a;b", "\u00e4", "a/b", "'", "a%0d%0aX-Injected:1"])
def test_other_request_ids_are_replaced(api, given):
    response = api.request("GET", headers={"X-Request-Id": given.encode("utf-8").decode("latin-1")})
    answered = response.header("X-Request-Id")
    assert answered != given and REQUEST_ID.match(answered)


def test_request_ids_made_by_the_server_differ(api):
    assert len({api.request("OPTIONS").header("X-Request-Id") for _ in range(5)}) == 5


def test_error_carries_its_request_id(api):
    response = api.post(b"{", headers={"X-Request-Id": "find.me"})
    assert response.status == 400
    assert response.json()["request_id"] == "find.me"


# --- section 2: methods ---

def test_options_is_204_and_says_how_long_it_holds(api):
    response = api.request("OPTIONS", headers={
        "Origin": "https://bank.example", "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type"})
    assert response.status == 204
    assert response.header("Access-Control-Max-Age") == "86400"


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH"])
def test_other_methods_are_405_with_allow(api, method):
    response = api.request(method, body=b'{"event_type":"a","session_id":"b"}' if method != "DELETE" else None)
    assert response.status == 405
    assert response.header("Allow") == METHODS


def test_head_is_get_without_the_body(api, event_type):
    assert api.post({"event_type": event_type, "session_id": "s1"}).status == 201
    for params, status in (({"event_type": event_type}, 200), ({}, 400)):
        get, head = api.request("GET", params=params), api.request("HEAD", params=params)
        assert (get.status, head.status, head.body) == (status, status, b"")
        for name in ("Content-Type", *EVERY_RESPONSE):
            assert get.header(name) == head.header(name)


# --- section 5: what hangs below ---

def test_healthz_is_200(api):
    response = api.request("GET", "/healthz")
    assert response.status == 200 and isinstance(response.json(), dict)


def test_readyz_is_200_and_says_which(api):
    response = api.request("GET", "/readyz")
    assert response.status == 200
    assert "database" in response.body.decode()


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_probe_answers_head_and_refuses_post(api, path):
    assert api.request("HEAD", path).status == 200
    response = api.request("POST", path, body=b"{}")
    assert response.status == 405
    assert "GET" in response.header("Allow") and "POST" not in response.header("Allow")


@pytest.mark.parametrize("path", ["/nothing", "/healthz/x", "/HEALTHZ", "/healthz.json", "/a%2Fb", "/a%20b", "/%C3%A4", "/x" * 500])
def test_anything_else_below_is_404(api, path):
    for method in ("GET", "POST"):
        response = api.request(method, path, body=b"{}" if method == "POST" else None)
        assert response.status == 404, response
        assert response.json()["code"]


@pytest.mark.parametrize("path", ["/%00", "/healthz%00", "/healthz%00/x", "/%ff", "/healthz%0a", "/healthz/%2e%2e", "/%zz"])
def test_path_that_is_no_text_is_never_found(api, path):
    """Apache refuses a NUL, and lighttpd's patterns match no invalid UTF-8: such a path may never come to the responder."""
    response = api.exchange("GET", RESOURCE + path)
    assert response.status in (400, 404), response
    if response.header("X-Request-Id"):
        check_section_1(response)


def test_neighbour_with_the_same_beginning_is_not_ours(api):
    response = api.exchange("GET", RESOURCE + "X")
    assert response.status == 404
    assert not response.all("X-Request-Id")


# --- section 3.3: the body's type ---

@pytest.mark.parametrize("content_type", [
    "application/json", "text/plain", "application/x-www-form-urlencoded", None,
    "application/json; charset=utf-8", "application/json;charset=UTF-8", 'application/json; charset="utf-8"',
    "text/plain;charset=UTF-8", "Application/JSON", "application/x-www-form-urlencoded; charset=utf-8"])
def test_accepted_content_types(api, event_type, content_type):
    response = api.post({"event_type": event_type, "session_id": "s1", "a": "b=c&d"}, content_type=content_type)
    assert (response.status, response.body) == (201, CREATED)


@pytest.mark.parametrize("content_type", [
    "application/xml", "text/html", "multipart/form-data; boundary=x", "application/jsonx", "application/json-patch+json",
    "application/json; charset=iso-8859-1", "text/plain; charset=utf-16", "application/octet-stream", "json", "*/*",
    "application/json, text/plain"])
def test_other_content_types_are_415_naming_what_is_accepted(api, cluster, event_type, content_type):
    response = api.post({"event_type": event_type, "session_id": "s1"}, content_type=content_type)
    assert response.status == 415
    text = response.body.decode()
    assert all(name in text for name in ("application/json", "text/plain", "application/x-www-form-urlencoded")), text
    assert not history(cluster, event_type)


@pytest.mark.parametrize("coding", ["deflate", "br", "zstd", "compress", "x", "gzip, gzip", "gzip, br"])
def test_other_content_codings_are_415(api, event_type, coding):
    response = api.post(json.dumps({"event_type": event_type, "session_id": "s1"}).encode(),
                        headers={"Content-Encoding": coding})
    assert response.status == 415
    assert "gzip" in response.body.decode()


def test_identity_encoding_is_no_encoding(api, event_type):
    response = api.post({"event_type": event_type, "session_id": "s1"}, headers={"Content-Encoding": "identity"})
    assert response.status == 201
