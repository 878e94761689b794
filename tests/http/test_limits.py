"""The table of limits in section 3.3: at the limit, one past it, and far past it."""

import json

import pytest

from client import CREATED, head

BODY, EVENT = 1048576, 65536


def event_of(event_type, size_bytes, session="s1"):
    """An event whose text has just this many bytes."""
    frame = '{"event_type":"%s","session_id":"%s","x":"%s"}'
    return (frame % (event_type, session, "x" * (size_bytes - len(frame % (event_type, session, ""))))).encode()


@pytest.mark.parametrize("size_bytes, status", [(EVENT - 1, 201), (EVENT, 201), (EVENT + 1, 413), (BODY, 413), (BODY + 1, 413), (3 * BODY, 413)])
def test_one_event(api, event_type, size_bytes, status):
    body = event_of(event_type, size_bytes)
    assert len(body) == size_bytes
    assert api.post(body).status == status
    assert len(api.items(event_type=event_type)) == (status == 201)


def test_large_event_reads_back_equal(api, event_type):
    body = event_of(event_type, EVENT)
    assert api.post(body).body == CREATED
    assert api.items(event_type=event_type) == [json.loads(body)]


def test_white_space_around_counts_for_the_body_only(api, event_type):
    event = event_of(event_type, 200)
    assert api.post(event + b" " * (BODY - 200)).status == 201
    assert api.post(b" " + event + b" " * (BODY - 200)).status == 413


def test_body_at_the_limit_is_a_batch(api, event_type):
    events = [event_of(event_type, 60000, f"s{n:02}") for n in range(17)]
    body = b"[" + b",".join(events) + b"]"
    assert api.post(body + b" " * (BODY - len(body))).status == 201
    assert len(api.items(event_type=event_type)) == 17
    assert api.post(body + b" " * (BODY + 1 - len(body))).status == 413


def test_large_event_in_a_batch_fails_alone(api, event_type):
    body = b"[" + event_of(event_type, 100, "a") + b"," + event_of(event_type, EVENT + 1, "b") + b"," + event_of(event_type, EVENT, "c") + b"]"
    response = api.post(body)
    assert response.status == 207
    assert [error["index"] for error in response.json()["errors"]] == [1]
    assert [item["session_id"] for item in api.items(event_type=event_type)] == ["a", "c"]


@pytest.mark.parametrize("count, status", [(1000, 201), (1001, 413)])
def test_events_in_a_batch(api, event_type, count, status):
    response = api.post([{"event_type": event_type, "session_id": f"{n:04}"} for n in range(count)])
    assert response.status == status
    assert len(api.items(event_type=event_type)) == (count if status == 201 else 0)


def nested(event_type, depth, opening="[", closing="]"):
    """The event itself is the first level."""
    inner = opening * (depth - 1) + ("1" if opening[-1] == ":" else "") + closing * (depth - 1)
    return ('{"event_type":"%s","session_id":"s1","x":%s}' % (event_type, inner)).encode()


@pytest.mark.parametrize("opening, closing", [("[", "]"), ('{"a":', "}")])
@pytest.mark.parametrize("depth, status", [(32, 201), (33, 400), (500, 400), (15000, 400)])
def test_nesting(api, event_type, opening, closing, depth, status):
    if depth * len(opening + closing) > 60000:
        depth //= 3
    response = api.post(nested(event_type, depth, opening, closing))
    assert response.status == status, response
    assert len(api.items(event_type=event_type)) == (status == 201)


@pytest.mark.parametrize("count, status", [(256, 201), (257, 400), (3000, 400)])
def test_members_of_one_object(api, event_type, count, status):
    members = {f"m{n}": n for n in range(count - 2)}
    assert api.post({"event_type": event_type, "session_id": "top", **members}).status == status
    assert api.post({"event_type": event_type, "session_id": "within", "x": [{f"m{n}": n for n in range(count)}]}).status == status


@pytest.mark.parametrize("count, status", [(90, 201), (110, 400)])
def test_values_in_the_body(api, event_type, count, status):
    """Near 94,000 and over 110,000 values, in 1,000 events each of which is small."""
    events = [{"event_type": event_type, "session_id": f"{n:04}", "x": [0] * count} for n in range(1000)]
    response = api.post(json.dumps(events, separators=(",", ":")).encode())
    assert response.status == status
    assert len(api.items(event_type=event_type)) == (1000 if status == 201 else 0)


KEYS = {"event_type": 128, "session_id": 256}


@pytest.mark.parametrize("member", KEYS)
@pytest.mark.parametrize("unit", ["x", "\u00e4", "\u20ac", "\U0001f600", "'", "\\", '"'])
def test_key_at_its_limit_and_one_byte_past_it(api, event_type, member, unit):
    limit = KEYS[member]
    start = event_type[5:]
    room = limit - len(start)
    text = start + unit * (room // len(unit.encode()))
    text += "y" * (limit - len(text.encode()))
    assert len(text.encode()) == limit
    event = {"event_type": event_type, "session_id": "s1", member: text}
    assert api.post(event).status == 201
    assert api.items(event_type=event["event_type"], session_id=event["session_id"]) == [event]
    response = api.post(event | {member: text + "y"})
    assert response.status == 400
    assert member in str(response.json())
    response = api.post(event | {member: "\U0001f600" * (limit // 4) + "y"})
    assert response.status == 400


def test_random_key_at_both_limits(api, event_type):
    """Random bytes do not compress: the index row is as long as it gets."""
    import random
    random.seed(128)
    letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+/"
    for _ in range(3):
        event = {"event_type": "".join(random.choices(letters, k=128)), "session_id": "".join(random.choices(letters, k=256))}
        assert api.post(event).status == 201
        assert api.items(**event) == [event]


@pytest.mark.parametrize("length, status", [(2000, 201), (2048, 201), (2049, 400), (5000, 400)])
def test_page_url(api, event_type, length, status):
    event = {"event_type": event_type, "session_id": "s1", "page_url": "u" * length}
    response = api.post(event)
    assert response.status == status
    assert status == 201 or "page_url" in str(response.json())
    event["page_url"] = "\u00e4" * (length // 2) + "u" * (length % 2)
    assert api.post(event).status == status


def test_page_url_that_is_no_string_is_just_a_member(api, event_type):
    event = {"event_type": event_type, "session_id": "s1", "page_url": ["u" * 3000]}
    assert api.post(event).status == 201
    assert api.items(event_type=event_type) == [event]


# --- 12 MB ---

MEGABYTES_12 = 12 * 1000 * 1000


def test_twelve_megabytes_are_413_in_json(api, cluster, event_type):
    response = api.post(event_of(event_type, MEGABYTES_12))
    assert response.status == 413
    assert response.json()["code"]
    assert cluster.execute("SELECT count(*) FROM event_log WHERE event_type = %s", (event_type,)) == [(0,)]


def test_connection_is_sane_after_twelve_megabytes(api):
    """Either it is closed, as announced, or the next request on it is understood."""
    with api.raw() as connection:
        connection.send(head("POST", Content_Type="application/json", Content_Length=MEGABYTES_12))
        for _ in range(12):
            connection.send(b"x" * 1000 * 1000)
        response = connection.response()
        assert response is not None and response.status == 413, response
        if (response.header("Connection") or "").lower() == "close":
            assert connection.closed_by_server()
        else:
            connection.send(head("GET", "/synchrony_data_analytics/healthz"))
            assert connection.response().status == 200
    assert api.request("GET", "/healthz").status == 200


def test_twelve_megabytes_of_garbage_are_413_before_they_are_parsed(api):
    assert api.post(b"\xff" * MEGABYTES_12).status == 413
    assert api.post(b"[" * MEGABYTES_12).status == 413


# --- the limits are configurable ---

SMALL = {"body_max_bytes": 2000, "event_max_bytes": 500, "batch_max_events": 3, "nesting_max": 4, "members_max": 5, "values_max": 20,
         "event_type_max_bytes": 40, "session_id_max_bytes": 8, "page_url_max_bytes": 16}


@pytest.fixture
def small(make_daemon):
    return make_daemon(SMALL).start()


@pytest.mark.parametrize("more, status", [
    ({}, 201), ({"x": "y" * 350}, 201), ({"x": "y" * 500}, 413), ({"x": "y" * 2000}, 413), ({"x": [[[]]]}, 201), ({"x": [[[[]]]]}, 400),
    ({"a": 1, "b": 2, "c": 3}, 201), ({"a": 1, "b": 2, "c": 3, "d": 4}, 400), ({"x": [1] * 10}, 201), ({"x": [1] * 30}, 400), ({"event_type": "t" * 40}, 201),
    ({"event_type": "t" * 41}, 400), ({"session_id": "12345678"}, 201), ({"session_id": "123456789"}, 400), ({"page_url": "u" * 16}, 201),
    ({"page_url": "u" * 17}, 400)])
def test_limits_can_be_configured(small, event_type, more, status):
    event = {"event_type": event_type, "session_id": "s1"} | more
    assert small.post(json.dumps(event).encode()).status == status


def test_batch_limit_can_be_configured(small, event_type):
    event = {"event_type": event_type, "session_id": "s1"}
    assert small.post(json.dumps([event] * 3).encode()).status == 201
    assert small.post(json.dumps([event] * 4).encode()).status == 413
