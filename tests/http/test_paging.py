"""Section 4: limit and cursor. A page never repeats or skips an item that did not change.

    SYNCHRONY_TEST_PAGING   how many items are paged through while others change: 5000 unless given; a page is a hundredth of them, or 1,000
"""

import json
import os
import re
import threading
import urllib.parse

import pytest

from client import RESOURCE

ITEMS = int(os.environ.get("SYNCHRONY_TEST_PAGING", "5000"))
LINK = re.compile(r'<([^<>]*)>; rel="next"\Z')


def next_of(response):
    """The reference of the next page as it stands in Link; None where there is none."""
    link = response.header("Link")
    return LINK.match(link).group(1) if link else None


def pages(api, **params):
    """Each page's items, following the links as they stand."""
    response = api.request("GET", params=params)
    while True:
        assert response.status == 200
        yield response.json()
        reference = next_of(response)
        if reference is None:
            return
        assert reference.startswith(RESOURCE + "?") and reference.isascii() and " " not in reference
        response = api.request("GET", params=reference.partition("?")[2])


def insert(cluster, event_type, count, size_bytes=10):
    cluster.execute(
        "INSERT INTO events (event_type, session_id, event_id, occurred_at, received_at, properties) "
        "SELECT %s, lpad(n::text, 6, '0'), gen_random_uuid(), timestamptz '2026-11-20 10:00+00' + (n %% 7) * interval '1 s', "
        "now(), jsonb_build_object('n', n, 'page_url', 'https://x/' || n %% 2, 'text', repeat('x', %s)) "
        "FROM generate_series(1, %s) AS n", (event_type, size_bytes, count))


@pytest.fixture
def items(cluster, event_type):
    insert(cluster, event_type, 25)
    return event_type


@pytest.mark.parametrize("limit, sizes", [(10, [10, 10, 5]), (24, [24, 1]), (25, [25]), (26, [25]), (10000, [25])])
def test_pages_are_full_and_the_last_has_no_next(api, items, limit, sizes):
    got = list(pages(api, event_type=items, limit=limit))
    assert [len(page) for page in got] == sizes
    assert [item["session_id"] for page in got for item in page] == [f"{n:06}" for n in range(1, 26)]


@pytest.mark.parametrize("params", [
    {"order": "time"}, {"page_url": "https://x/1"}, {"page_url": "https://x/1", "order": "time"}, {"since": "2026-11-20T10:00:03Z"},
    {"since": "2026-11-20T11:00:03+01:00", "order": "time", "page_url": "https://x/0", "until": "2026-11-20T10:00:06Z"}, {"session_id": "000007"}])
def test_pages_together_are_the_whole(daemon, items, params):
    """Seven of the items happened at the same time as others: their order is told by more than the time."""
    whole = daemon.items(event_type=items, **params)
    assert [item for page in pages(daemon, event_type=items, limit=2, **params) for item in page] == whole
    assert len(whole) >= 1


@pytest.mark.parametrize("params", [{}, {"order": "time"}, {"session_id": "s1"}, {"page_url": "https://x/1"}, {"since": "2026-11-20T10:00:02Z"}])
def test_pages_of_the_history_together_are_the_whole(daemon, event_type, params):
    events = [{"event_type": event_type, "session_id": f"s{n % 3}", "timestamp": f"2026-11-20T10:00:0{n % 4}Z", "page_url": f"https://x/{n % 2}", "n": n}
              for n in range(24)]
    assert daemon.post(json.dumps(events).encode()).json()["inserted"] == 24
    whole = daemon.items(event_type=event_type, history="true", **params)
    assert [item for page in pages(daemon, event_type=event_type, history="true", limit=5, **params) for item in page] == whole
    assert len(whole) > 5


def test_next_page_keeps_every_parameter(daemon, event_type):
    kind = event_type + " <\u00e4>\"&+%;'"
    page = "https://x/?a=\u00e4&b=<>#\"'"
    assert daemon.post(json.dumps([{"event_type": kind, "session_id": f"s {n}<", "page_url": page} for n in range(5)]).encode()).status == 201
    got = list(pages(daemon, event_type=kind, page_url=page, limit=2, order="time", until="2100-01-01T00:00:00+01:00"))
    assert sorted(item["session_id"] for page in got for item in page) == [f"s {n}<" for n in range(5)]


def test_limit_may_change_from_page_to_page(daemon, items):
    query = urllib.parse.parse_qs(urllib.parse.urlsplit(next_of(daemon.get(event_type=items, limit=3))).query)
    response = daemon.get(event_type=items, limit=7, cursor=query["cursor"][0])
    assert [item["session_id"] for item in response.json()] == [f"{n:06}" for n in range(4, 11)]
    assert len(daemon.items(event_type=items, cursor=query["cursor"][0])) == 22


def test_cursor_of_other_parameters_is_400(daemon, items):
    cursor = urllib.parse.parse_qs(urllib.parse.urlsplit(next_of(daemon.get(event_type=items, limit=3))).query)["cursor"][0]
    altered = ("A" if cursor[0] != "A" else "B") + cursor[1:]
    for params in ({"event_type": items + "x"}, {"event_type": items, "order": "time"}, {"event_type": items, "history": "true"},
                   {"event_type": items, "page_url": ""}, {"event_type": items, "since": "2026-11-20T10:00:00Z"}):
        assert daemon.get(limit=3, cursor=cursor, **params).status == 400
    for broken in (altered, cursor[:-1], cursor + "A", cursor[4:], cursor + "=", "x"):
        response = daemon.get(event_type=items, limit=3, cursor=broken)
        assert response.status == 400 and "cursor" in response.json()["details"]


def test_page_that_memory_does_not_hold_is_whole(daemon, cluster, event_type):
    """Some 4 MiB in one page, with the next named in its head."""
    insert(cluster, event_type, 2001, 2000)
    got = list(pages(daemon, event_type=event_type, limit=2000))
    assert [len(page) for page in got] == [2000, 1]
    assert [item["n"] for page in got for item in page] == list(range(1, 2002))
    assert all(len(item["text"]) == 2000 for item in got[0])


def test_head_of_a_page_names_the_next(daemon, items):
    response = daemon.request("HEAD", params={"event_type": items, "limit": 3})
    assert response.status == 200 and next_of(response) == next_of(daemon.get(event_type=items, limit=3))


def test_paging_while_others_write(cluster, event_type, daemon):
    """Items with odd numbers are replaced, removed and added all the while; those with even numbers stand in the pages exactly once."""
    insert(cluster, event_type, ITEMS)
    done = threading.Event()
    written = []

    def write():
        n = 0
        while not done.is_set():
            n = n % ITEMS + 2
            session = f"{n - n % 2 + 1:06}"
            assert daemon.post(b'{"event_type":"%s","session_id":"%s"}' % (event_type.encode(), session.encode())).status == 201
            written.append(session)
            if n % 20 == 0:
                assert daemon.post(b'{"event_type":"%s","session_id":"%06d.5"}' % (event_type.encode(), n)).status == 201
                cluster.execute("DELETE FROM events WHERE event_type = %s AND session_id = %s", (event_type, f"{n + 1:06}"))
    writer = threading.Thread(target=write)
    writer.start()
    got = []
    try:
        params = {"event_type": event_type, "limit": min(ITEMS // 50, 1000)}
        while params:
            response = daemon.request("GET", params=params)
            got += [item["session_id"] for item in response.json()]
            reference = next_of(response)
            params = reference and reference.partition("?")[2]
    finally:
        done.set()
        writer.join()
    assert written
    assert [session for session in got if "." not in session and int(session) % 2 == 0] == [f"{n:06}" for n in range(2, ITEMS + 1, 2)]
    assert len(got) == len(set(got))
    cluster.execute("DELETE FROM events WHERE event_type = %s", (event_type,))
