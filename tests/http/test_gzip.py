"""Section 3.3: bodies that come gzipped. Whatever is in them is judged as if it had come plain."""

import gzip
import json
import zlib

import pytest

from client import CREATED, MISSING_FIELDS
from test_limits import BODY, EVENT, event_of


def post_gzip(api, body, coding="gzip"):
    return api.post(body, headers={"Content-Encoding": coding})


def event_text(event_type, **more):
    return json.dumps({"event_type": event_type, "session_id": "s1"} | more).encode()


def stored(cluster, event_type):
    return cluster.execute("SELECT count(*) FROM event_log WHERE event_type = %s", (event_type,))[0][0]


@pytest.mark.parametrize("coding", ["gzip", "GZIP", "x-gzip", " gzip "])
@pytest.mark.parametrize("level", [0, 1, 9])
def test_gzipped_event_is_an_event(api, event_type, coding, level):
    text = event_text(event_type, text="\u20ac" * 1000)
    response = post_gzip(api, gzip.compress(text, level), coding)
    assert (response.status, response.body) == (201, CREATED)
    assert api.items(event_type=event_type) == [json.loads(text)]


def test_header_fields_of_gzip_are_passed_over(api, event_type):
    """FEXTRA, FNAME, FCOMMENT and FHCRC (RFC 1952, 2.3)."""
    text = event_text(event_type)
    raw = zlib.compressobj(wbits=-15)
    data = raw.compress(text) + raw.flush()
    head = b"\x1f\x8b\x08\x1e\0\0\0\0\0\xff" + b"\x03\0abc" + b"name\0" + b"comment\0"
    head += (zlib.crc32(head) & 0xffff).to_bytes(2, "little")
    tail = zlib.crc32(text).to_bytes(4, "little") + len(text).to_bytes(4, "little")
    assert post_gzip(api, head + data + tail).status == 201


def test_gzipped_batch_is_a_batch(api, event_type):
    events = [{"event_type": event_type, "session_id": f"{n:03}"} for n in range(500)]
    response = post_gzip(api, gzip.compress(json.dumps(events).encode()))
    assert (response.status, response.json()["inserted"]) == (201, 500)


def test_gzipped_nothing_is_an_empty_body(api):
    response = post_gzip(api, gzip.compress(b""))
    assert (response.status, response.body) == (400, MISSING_FIELDS)


def test_what_is_within_is_judged_as_ever(api):
    response = post_gzip(api, gzip.compress(b'{"a":01}'))
    assert (response.status, response.json()["code"]) == (400, "invalid_json")


def damaged(event_type):
    good = gzip.compress(event_text(event_type, text="abc" * 100))
    raw = event_text(event_type)
    return {
        "plain JSON": raw, "no gzip": b"\x00" * 100, "zlib": zlib.compress(raw), "half": good[:len(good) // 2], "head only": good[:10], "two bytes": good[:2],
        "no trailer": good[:-8], "cut in the trailer": good[:-1], "wrong checksum": good[:-8] + b"\0\0\0\0" + good[-4:],
        "wrong length": good[:-4] + b"\xff\xff\xff\x7f", "damaged": good[:20] + b"\xff\xff\xff" + good[23:], "garbage behind": good + b"garbage",
        "zeros behind": good + b"\0" * 100, "reserved flags": good[:3] + b"\xe0" + good[4:], "unknown method": good[:2] + b"\x07" + good[3:],
        "endless name": b"\x1f\x8b\x08\x08\0\0\0\0\0\xff" + b"a" * 5000}


@pytest.mark.parametrize("kind", damaged(""))
def test_damaged_gzip_is_400_and_stores_nothing(api, cluster, event_type, kind):
    response = post_gzip(api, damaged(event_type)[kind])
    assert response.status == 400, response
    assert response.json()["code"]
    assert stored(cluster, event_type) == 0


def test_members_one_after_the_other_are_one_body_or_refused(api, cluster, event_type):
    """RFC 1952, 2.2 allows them; half of a body must not pass for the whole."""
    text = event_text(event_type, text="x" * 100)
    response = post_gzip(api, gzip.compress(text[:30]) + gzip.compress(text[30:]))
    assert response.status in (201, 400)
    assert stored(cluster, event_type) == (response.status == 201)
    whole = gzip.compress(text) + gzip.compress(b',"more"')
    assert post_gzip(api, whole).status == 400


@pytest.mark.parametrize("size_bytes, status", [(EVENT, 201), (EVENT + 1, 413), (BODY + 1, 413), (50 * BODY, 413)])
def test_limits_hold_after_gunzip(api, cluster, event_type, size_bytes, status):
    """The last is a bomb: fifty times the limit in fifty kilobytes."""
    response = post_gzip(api, gzip.compress(event_of(event_type, size_bytes)))
    assert response.status == status
    assert stored(cluster, event_type) == (status == 201)


def test_white_space_up_to_the_limit(api, event_type):
    event = event_text(event_type)
    assert post_gzip(api, gzip.compress(event + b" " * (BODY - len(event)))).status == 201
    assert post_gzip(api, gzip.compress(event + b" " * (BODY + 1 - len(event)))).status == 413


def test_every_beginning_of_a_gzipped_event_is_400(daemon, cluster, event_type):
    data = gzip.compress(event_text(event_type, text="some text that is compressed, compressed, compressed"))
    with daemon.connect() as connection:
        accepted = [n for n in range(1, len(data)) if connection.post(data[:n], headers={"Content-Encoding": "gzip"}).status != 400]
    assert not accepted
    assert stored(cluster, event_type) == 0


def test_every_damaged_byte_is_noticed_or_does_not_matter(daemon, event_type):
    """What is accepted all the same (a time stamp in the head, for one) must have been the event."""
    text = event_text(event_type, text="some text that is compressed, compressed, compressed")
    data = gzip.compress(text)
    with daemon.connect() as connection:
        for at in range(len(data)):
            response = connection.post(data[:at] + bytes([data[at] ^ 0x55]) + data[at + 1:], headers={"Content-Encoding": "gzip"})
            assert response.status in (201, 400), (at, response)
        assert connection.get(event_type=event_type).json() in ([], [json.loads(text)])
