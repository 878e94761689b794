"""Section 4: what is selected (page_url, since, until, history), in which order; parameters that cannot be."""

import datetime
import json
import uuid

import pytest

from client import MISSING_PARAMETER

START = datetime.datetime(2026, 11, 20, 10, 0, tzinfo=datetime.timezone.utc)


def at(minutes):
    return (START + datetime.timedelta(minutes=minutes)).isoformat()


def event_of(event_type, session, minutes, page="https://bank.example/"):
    return {"event_type": event_type, "session_id": session, "timestamp": at(minutes), "page_url": page}


@pytest.fixture
def five(daemon, event_type):
    """Five items whose order in time is not that of their sessions; two pages."""
    events = [event_of(event_type, session, minutes, page) for session, minutes, page in
              [("a", 3, "https://bank.example/x"), ("b", 1, "https://bank.example/y"), ("c", 4, "https://bank.example/x"),
               ("d", 1, "https://bank.example/x"), ("e", 0, "https://bank.example/y")]]
    assert daemon.post(json.dumps(events).encode()).status == 201
    return event_type


def sessions(server, **params):
    return "".join(item["session_id"] for item in server.items(**params))


@pytest.mark.parametrize("params, want", [
    ({}, "abcde"),
    ({"order": "session_id"}, "abcde"),
    ({"order": "time"}, "ebdac"),
    ({"since": at(1)}, "abcd"),
    ({"until": at(1)}, "e"),
    ({"since": at(1), "until": at(4)}, "abd"),
    ({"since": at(1), "until": at(4), "order": "time"}, "bda"),
    ({"since": at(1), "until": at(1)}, ""),
    ({"since": at(4), "until": at(1)}, ""),
    ({"since": "2026-11-20T11:03:00+01:00"}, "ac"),
    ({"since": "2026-11-20t10:02:59.999999z", "until": "2026-11-20T10:03:00.000001Z"}, "a"),
    ({"since": "0000-01-01T00:00:00Z", "until": "9999-12-31T23:59:59Z"}, "abcde"),
    ({"page_url": "https://bank.example/x"}, "acd"),
    ({"page_url": "https://bank.example/x", "order": "time"}, "dac"),
    ({"page_url": "https://bank.example/x", "since": at(2)}, "ac"),
    ({"page_url": "https://bank.example/x", "since": at(2), "order": "time"}, "ac"),
    ({"page_url": "https://bank.example/X"}, ""),
    ({"page_url": "https://bank.example/"}, ""),
    ({"page_url": ""}, ""),
    ({"session_id": "c"}, "c"),
    ({"session_id": "c", "page_url": "https://bank.example/x", "since": at(4), "until": at(5)}, "c"),
    ({"session_id": "c", "page_url": "https://bank.example/y"}, ""),
    ({"session_id": "c", "until": at(4)}, ""),
    ({"session_id": "c", "limit": 1}, "c"),
])
def test_filters_and_orders(daemon, five, params, want):
    assert sessions(daemon, event_type=five, **params) == want


def test_page_url_is_the_string_that_was_posted(api, event_type):
    """As any text: as long as it may be, and not the number or the object that would print the same."""
    pages = ["", " ", "null", "%", "a\"b\\c", "\u00e4\u20ac\U0001f600", "https://x/" + "u" * 2038, "https://x/" + "u" * 2037 + "v"]
    events = [{"event_type": event_type, "session_id": f"s{n}", "page_url": page} for n, page in enumerate(pages)]
    others = [{"event_type": event_type, "session_id": "t1", "page_url": None}, {"event_type": event_type, "session_id": "t2", "page_url": 5},
              {"event_type": event_type, "session_id": "t3", "page_url": {}}, {"event_type": event_type, "session_id": "t4"}]
    assert api.post(events + others).status == 201
    for event in events:
        assert api.items(event_type=event_type, page_url=event["page_url"]) == [event]
    assert api.items(event_type=event_type, page_url="5") == api.items(event_type=event_type, page_url="{}") == []


def test_items_of_one_page_follow_what_is_written(api, event_type):
    assert api.post(event_of(event_type, "s", 0, "https://x/1")).status == 201
    assert sessions(api, event_type=event_type, page_url="https://x/1") == "s"
    assert api.post(event_of(event_type, "s", 0, "https://x/2")).status == 201
    assert sessions(api, event_type=event_type, page_url="https://x/1") == ""
    assert sessions(api, event_type=event_type, page_url="https://x/2") == "s"


def test_history_has_every_event(daemon, event_type):
    """Of the events of two sessions, posted in no order, one replaced twice."""
    events = [event_of(event_type, "b", 2), event_of(event_type, "a", 3), event_of(event_type, "a", 1, "https://x/"), event_of(event_type, "a", 2)]
    for event in events:
        assert daemon.post(json.dumps(event).encode()).status == 201
    assert len(daemon.items(event_type=event_type)) == 2

    def history(**params):
        return [(item["session_id"], item["timestamp"]) for item in daemon.items(event_type=event_type, history="true", **params)]
    in_sessions = [("a", at(1)), ("a", at(2)), ("a", at(3)), ("b", at(2))]
    assert history() == history(order="session_id") == in_sessions
    assert history(order="time") == [("a", at(1)), ("a", at(2)), ("b", at(2)), ("a", at(3))]
    assert history(session_id="a") == history(session_id="a", order="time") == in_sessions[:3]
    assert history(since=at(2), until=at(3)) == [("a", at(2)), ("b", at(2))]
    assert history(session_id="a", since=at(2)) == in_sessions[1:3]
    assert history(page_url="https://x/") == history(page_url="https://x/", session_id="a") == [("a", at(1))]
    assert history(page_url="https://x/", order="time") == [("a", at(1))]
    assert daemon.items(event_type=event_type, history="true", session_id="c") == []
    assert len(daemon.items(event_type=event_type, history="false")) == 2


def test_history_reads_back_what_was_posted(api, event_type):
    events = [{"event_type": event_type, "session_id": "s", "event_id": str(uuid.uuid4()), "timestamp": at(n), "n": n, "text": "\u00e4\""}
              for n in range(3)]
    for event in events:
        assert api.post(event).status == 201
    assert api.items(event_type=event_type, history="true") == events


@pytest.mark.parametrize("params, named", [
    ("since=yesterday", "since"), ("since=", "since"), ("since=2026-11-20", "since"), ("since=2026-11-20T10:00:00", "since"),
    ("since=2026-02-30T10:00:00Z", "since"), ("until=2026-11-20T10:00:00+01:00", "%2B"), ("until=0", "until"), ("order=event_id", "order"),
    ("order=Time", "order"), ("order=", "order"), ("history=yes", "history"), ("history", "history"), ("limit=0", "limit"), ("limit=10001", "limit"),
    ("limit=-1", "limit"), ("limit=1e3", "limit"), ("limit=", "limit"), ("limit=5&limit=5", "limit"), ("session_id=", "session_id"),
    ("cursor=", "cursor"), ("cursor=AAAA", "cursor"), ("cursor=%3D", "cursor"), ("offset=1", "offset"), ("page=1", "page"), ("since=%ff", "since"),
    ("page_url=%00", "page_url"), ("order=time&order=time", "order")])
def test_parameter_that_cannot_be_is_400_naming_it(daemon, params, named):
    response = daemon.request("GET", params="event_type=a&" + params)
    assert response.status == 400
    assert response.json()["code"] == "invalid_parameter" and named in response.json()["details"], response


def test_event_type_is_asked_for_first(api):
    response = api.request("GET", params="limit=5")
    assert (response.status, response.body) == (400, MISSING_PARAMETER)
