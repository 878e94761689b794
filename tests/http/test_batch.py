"""Section 3.4: each event of an array is judged alone."""

import pytest


def event(event_type, session, **more):
    return {"event_type": event_type, "session_id": session} | more


def test_all_stored_is_201(api, event_type):
    events = [event(event_type, f"s{n}", n=n) for n in range(3)]
    response = api.post(events)
    answer = response.json()
    assert response.status == 201
    assert isinstance(answer.pop("message"), str)
    answer.pop("request_id", None)
    assert answer == {"received": 3, "inserted": 3, "duplicates": 0, "rejected": 0, "errors": []}
    assert api.items(event_type=event_type) == events


def test_some_stored_is_207_with_an_error_per_bad_event(api, event_type):
    response = api.post([
        event(event_type, "good1"), {"event_type": event_type}, event(event_type, ""), event(event_type, "good2"), "no event", None, [], 5,
        event("", "x"), event(event_type, 7), event(event_type, "x" * 257), event(event_type, "x", page_url="u" * 2049), {}])
    answer = response.json()
    assert response.status == 207
    assert (answer["received"], answer["inserted"], answer["duplicates"], answer["rejected"]) == (13, 2, 0, 11)
    assert [error["index"] for error in answer["errors"]] == [1, 2, 4, 5, 6, 7, 8, 9, 10, 11, 12]
    for error in answer["errors"]:
        assert error["retry"] is False and error["code"] and error["error"] and isinstance(error["pointer"], str), error
    pointers = {int(error["index"]): error["pointer"] for error in answer["errors"]}
    assert pointers[1] == pointers[2] == pointers[9] == pointers[10] == "/session_id"
    assert pointers[8] == "/event_type" and pointers[11] == "/page_url"
    assert [item["session_id"] for item in api.items(event_type=event_type)] == ["good1", "good2"]


def test_none_stored_is_400(api, event_type):
    response = api.post([{"event_type": event_type}, {"session_id": "s1"}])
    answer = response.json()
    assert response.status == 400
    assert (answer["received"], answer["inserted"], answer["rejected"]) == (2, 0, 2)
    assert [(error["index"], error["pointer"]) for error in answer["errors"]] == [(0, "/session_id"), (1, "/event_type")]


@pytest.mark.parametrize("body", [b"[]", b" [ ] ", b"\n[\n]\n"])
def test_empty_array_is_400(api, body):
    assert api.post(body).status == 400


@pytest.mark.parametrize("end", [b"", b",", b",]", b"]]", b"}", b",{]", b',{"event_type":1,}]', b'] "x"', b"\x00]"])
def test_batch_that_does_not_parse_is_refused_whole(api, cluster, event_type, end):
    body = b'[{"event_type":"%b","session_id":"s1"}' % event_type.encode() + end
    response = api.post(body)
    assert (response.status, response.json()["code"]) == (400, "invalid_json")
    assert cluster.execute("SELECT count(*) FROM event_log WHERE event_type = %s", (event_type,)) == [(0,)]


def test_duplicates_are_counted_and_are_no_errors(api, cluster, event_type, event_id):
    known = event(event_type, "s1", event_id=event_id, timestamp="2026-11-20T10:00:00Z")
    assert api.post([known, event(event_type, "s2"), known]).status == 201
    response = api.post([known, event(event_type, "s3")])
    answer = response.json()
    assert response.status == 201
    assert (answer["received"], answer["inserted"], answer["duplicates"], answer["rejected"]) == (2, 1, 1, 0)
    response = api.post([known])
    assert (response.status, response.json()["duplicates"], response.json()["inserted"]) == (201, 1, 0)
    assert cluster.execute("SELECT count(*) FROM event_log WHERE event_type = %s", (event_type,)) == [(3,)]


def test_later_of_two_with_one_key_is_the_item_and_history_has_both(api, cluster, event_type):
    assert api.post([event(event_type, "s1", n=n) for n in range(50)]).status == 201
    assert api.items(event_type=event_type) == [event(event_type, "s1", n=49)]
    assert cluster.execute("SELECT count(*) FROM event_log WHERE event_type = %s", (event_type,)) == [(50,)]


def test_numbers_and_texts_of_a_batch_are_kept_as_posted(api, event_type):
    body = ('[{"event_type":"%s","session_id":"a","n":12345678901234567890.123},\n {"session_id":"b","n":1.10,"event_type":"%s","t":"\\ud83d\\ude00"} ]'
            % (event_type, event_type)).encode()
    assert api.post(body).status == 201
    body = api.get(event_type=event_type).body
    assert b"12345678901234567890.123" in body and b"1.10" in body and "\U0001f600".encode() in body


def test_unrepresentable_event_never_takes_a_good_one_down(api, event_type):
    body = ('[{"event_type":"%s","session_id":"a"},{"event_type":"%s","session_id":"b","x":"\\u0000"}]' % (event_type, event_type)).encode()
    response = api.post(body)
    assert response.status in (207, 400), response
    stored = len(api.items(event_type=event_type))
    assert stored == (1 if response.status == 207 else 0)
    if response.status == 207:
        assert response.json()["errors"][0]["code"] == "unrepresentable"


def test_batch_of_one_is_a_batch(api, event_type):
    response = api.post([event(event_type, "s1")])
    assert (response.status, response.json()["received"]) == (201, 1)
