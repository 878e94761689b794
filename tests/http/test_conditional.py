"""Section 4: ETag on answers below 1 MiB; If-None-Match gives 304."""

import re

import pytest

TAG = re.compile(r'"[A-Za-z0-9_.-]+"\Z')


def get(api, known=None, method="GET", accept=None, **params):
    headers = {name: value for name, value in (("If-None-Match", known), ("Accept", accept)) if value is not None}
    response = api.request(method, params=params, headers=headers, expect={"Content-Type": accept} if accept else {"Vary": "Accept"})
    assert response.status in (200, 304)
    return response


def tag_of(api, **params):
    tag = get(api, **params).header("ETag")
    assert TAG.match(tag), tag
    return tag


@pytest.fixture
def two(api, event_type):
    assert api.post([{"event_type": event_type, "session_id": f"s{n}", "n": n} for n in range(2)]).status == 201
    return event_type


def test_what_the_client_has_is_304(api, two):
    tag = tag_of(api, event_type=two)
    for known in (tag, "W/" + tag, f'"x", {tag}', f'"x",W/{tag} , "y"', "*"):
        for method in ("GET", "HEAD"):
            response = get(api, known, method, event_type=two)
            assert (response.status, response.body) == (304, b"")
            assert response.header("ETag") in ((tag,) if known != "*" else (None, tag))
    for known in ('"x"', tag[:-1], tag.strip('"'), "W/", ""):
        assert get(api, known, event_type=two).status == 200
    assert get(api, method="HEAD", event_type=two).header("ETag") == tag


def test_tag_is_that_of_the_data(api, cluster, two):
    """Written by whomever: by this service, or past it."""
    tags = [tag_of(api, event_type=two)]
    assert tag_of(api, event_type=two) == tags[0]

    def changed():
        tags.append(tag_of(api, event_type=two))
        assert get(api, tags[-2], event_type=two).status == 200
        return len(set(tags)) == len(tags)
    assert api.post({"event_type": two, "session_id": "s1", "n": 7}).status == 201
    assert changed()
    assert api.post({"event_type": two, "session_id": "s2"}).status == 201
    assert changed()
    cluster.execute("UPDATE events SET properties = '{\"n\": 8}' WHERE event_type = %s AND session_id = 's0'", (two,))
    assert changed()
    cluster.execute("DELETE FROM events WHERE event_type = %s AND session_id = 's0'", (two,))
    assert changed()
    assert api.post({"event_type": two + "x", "session_id": "s0"}).status == 201
    assert tag_of(api, event_type=two) == tags[-1]


def test_tags_of_representations_differ(api, two):
    json_tag = tag_of(api, event_type=two)
    ndjson_tag = get(api, accept="application/x-ndjson", event_type=two).header("ETag")
    assert ndjson_tag != json_tag
    assert get(api, ndjson_tag, event_type=two).status == 200


def test_page_that_is_no_longer_the_last_has_another_tag(api, two):
    last = tag_of(api, event_type=two, limit=2)
    assert api.post({"event_type": two, "session_id": "s2"}).status == 201
    response = get(api, last, event_type=two, limit=2)
    assert response.status == 200 and response.header("Link")
    again = get(api, response.header("ETag"), event_type=two, limit=2)
    assert again.status == 304 and again.header("Link") == response.header("Link")


def test_no_items_have_a_tag_too(api, event_type):
    assert get(api, tag_of(api, event_type=event_type), event_type=event_type).status == 304


def test_answer_of_a_mebibyte_has_none(api, cluster, event_type):
    cluster.execute("INSERT INTO events SELECT %s, lpad(n::text, 6, '0'), gen_random_uuid(), now(), now(), jsonb_build_object('text', repeat('x', 1000)) "
                    "FROM generate_series(1, 1100) AS n", (event_type,))
    assert get(api, event_type=event_type).header("ETag") is None
    assert tag_of(api, event_type=event_type, limit=900)
    assert get(api, "*", event_type=event_type).status == 304
    assert len(get(api, event_type=event_type, limit=1100).json()) == 1100


def test_error_has_no_tag(api):
    response = api.request("GET", params="event_type=a&limit=0", headers={"If-None-Match": "*"})
    assert response.status == 400 and response.header("ETag") is None
