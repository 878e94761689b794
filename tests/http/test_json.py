"""Section 3.3, the gate: all that RFC 8259 forbids is refused, all that it allows and can be kept reads back equal."""

import json
import random
import re

import pytest

from client import CREATED, MISSING_FIELDS, parse_json
from json_texts import DEEP, INVALID, UNREPRESENTABLE, VALID


def wrapped(event_type, text, session_id=b"s1"):
    return b'{"event_type":"%b","session_id":"%b","value":%b}' % (event_type.encode(), session_id, text)


def check_refusals(post, documents, code):
    """Posts each document; all that were not refused as they should are reported together."""
    wrong = []
    for document in documents:
        response = post(document)
        if response.status != 400 or response.json().get("code") != code:
            wrong.append((document[:100], response.status, response.body[:200]))
    assert not wrong, f"{len(wrong)} of {len(documents)}: {wrong[:20]}"


def stored(cluster, event_type):
    return cluster.execute("SELECT count(*) FROM event_log WHERE event_type LIKE %s", (event_type + "%",))[0][0]


@pytest.mark.parametrize("subject", VALID)
def test_what_rfc_8259_allows_reads_back_equal(api, event_type, subject):
    texts = VALID[subject]
    connection = api.connect()
    for n, text in enumerate(texts):
        response = api.post(wrapped(event_type, text, b"%04d" % n), connection=connection)
        assert (response.status, response.body) == (201, CREATED), (text[:200], response)
    items = {item["session_id"]: item["value"] for item in api.items(event_type=event_type)}
    wrong = [(text, items.get(f"{n:04}")) for n, text in enumerate(texts) if items.get(f"{n:04}", ...) != parse_json(text)]
    assert not wrong


@pytest.mark.parametrize("subject", INVALID)
def test_what_rfc_8259_forbids_is_400_as_a_member(api, cluster, event_type, subject):
    connection = api.connect()
    check_refusals(lambda body: api.post(body, connection=connection),
                   [wrapped(event_type, text) for text in INVALID[subject]], "invalid_json")
    assert stored(cluster, event_type) == 0


@pytest.mark.parametrize("subject", INVALID)
def test_what_rfc_8259_forbids_is_400_bare(api, subject):
    connection = api.connect()
    check_refusals(lambda body: api.post(body, connection=connection), INVALID[subject], "invalid_json")


@pytest.mark.parametrize("subject", UNREPRESENTABLE)
def test_what_cannot_be_kept_is_400(api, cluster, event_type, subject):
    connection = api.connect()
    check_refusals(lambda body: api.post(body, connection=connection),
                   [wrapped(event_type, text) for text in UNREPRESENTABLE[subject]], "unrepresentable")
    assert stored(cluster, event_type) == 0


def test_deep_nesting_is_400(api, cluster, event_type):
    for text in DEEP:
        assert api.post(text).status == 400
        assert api.post(wrapped(event_type, text)).status == 400
    assert stored(cluster, event_type) == 0


@pytest.mark.parametrize("member", ["event_type", "session_id", "value"])
def test_member_given_twice_is_unrepresentable(daemon, event_type, member):
    body = wrapped(event_type, b'1,"%b":"x"' % member.encode())
    response = daemon.post(body)
    assert (response.status, response.json()["code"]) == (400, "unrepresentable")
    body = wrapped(event_type, br'1,"%b\u%04x":"x"' % (member[:-1].encode(), ord(member[-1])))
    response = daemon.post(body)
    assert (response.status, response.json()["code"]) == (400, "unrepresentable")


@pytest.mark.parametrize("subject", VALID)
def test_well_formed_text_that_is_no_event_is_400_but_not_invalid(daemon, subject):
    """Alone: no event, and so missing the fields, a bad batch, or no object: never stored, never "invalid_json"."""
    with daemon.connect() as connection:
        for text in VALID[subject]:
            response = connection.post(text)
            assert response.status == 400, (text, response)
            assert response.json().get("code") != "invalid_json", (text, response)


@pytest.mark.parametrize("body", [b'"text"', b"1", b"null", b"true", b"-0.5e3"])
def test_scalar_is_400(api, body):
    assert api.post(body).status == 400


@pytest.mark.parametrize("body", [b" ", b"\n", b"\t\r\n  "])
def test_white_space_alone_is_400(api, body):
    assert api.post(body).status == 400


@pytest.mark.parametrize("text", ["1.10", "18446744073709551615", "-9223372036854775808", "12345678901234567890.123", "0.0", "100.00",
                                  "0.1234567890123456789012345678901234567890"])
def test_number_comes_back_as_it_was_written(api, event_type, text):
    assert api.post(wrapped(event_type, text.encode())).status == 201
    body = api.get(event_type=event_type).body.decode()
    assert re.search(r'"value": ([^,}\]]+)', body).group(1) == text


@pytest.mark.parametrize("body, offset", [
    (b"{", 1), (b"}", 0), (b"x", 0), (b'{"a":1,}', 7), (b'{"a":"\x01"}', 6), (b"{} x", 3), (b'{"a":"\xff"}', 6),
    (b"\xef\xbb\xbf{}", 0), (b'{"a"\x00:1}', 4)])
def test_invalid_json_names_the_byte_offset(daemon, body, offset):
    response = daemon.post(body)
    assert (response.status, response.json()["code"]) == (400, "invalid_json")
    answer = {name: value for name, value in response.json().items() if name != "request_id"}
    assert str(offset) in re.findall(r"\d+", str(answer)), response


# --- against a recogniser: Python's parser, made strict ---

RICH = ('{"event_type":"%s","session_id":"s1","a":[1,-2.50,3e+4,0.5E-6,null,true,false,[],{}],"b":{"c":"\\u00e4\\ud83d\\ude00\\n\\"\\\\\\/",'
        '"\u00e4\u20ac\U0001f600":"\u00fc", "d" : [ { "e" : "" } ] },\t"f":18446744073709551615}')


def verdict(document):
    """"invalid_json", "unrepresentable" or "valid", by a parser that is not ours."""
    unrepresentable = []

    def members(pairs):
        names = [name for name, _ in pairs]
        if len(set(names)) < len(names):
            unrepresentable.append("duplicate")
        unrepresentable.extend(name for name in names if "\0" in name or any("\ud800" <= c <= "\udfff" for c in name))
        return dict(pairs)

    def integer(text):
        if not -2**63 <= int(text) <= 2**64 - 1:
            unrepresentable.append(text)
        return int(text)

    def real(text):
        mantissa, _, exponent = text.lower().partition("e")
        if abs(int(exponent or 0)) > 308 or len(mantissa.replace(".", "").lstrip("-0")) > 40:
            unrepresentable.append(text)
        return 0.0

    def refuse(constant):
        raise ValueError(constant)

    def strings(value):
        if isinstance(value, str):
            yield value
        for child in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
            yield from strings(child)

    try:
        value = json.loads(document.decode("utf-8"), object_pairs_hook=members, parse_int=integer, parse_float=real,
                           parse_constant=refuse)
    except ValueError:
        return "invalid_json"
    bad = any("\0" in text or any("\ud800" <= c <= "\udfff" for c in text) for text in strings(value))
    return "unrepresentable" if unrepresentable or bad else "valid"


def judged(connection, document):
    """The responder's verdict in the same words; a text that is well-formed but no event is "valid" here."""
    response = connection.post(document)
    if response.status == 201 or response.body == MISSING_FIELDS:
        return "valid"
    assert response.status == 400, (document, response)
    code = response.json()["code"]
    return code if code in ("invalid_json", "unrepresentable") else "valid"


def agrees(expected, answered, document):
    # What is both forbidden and unrepresentable may be called either, by what was seen first.
    return answered == expected or (expected == "invalid_json" and answered == "unrepresentable" and b"\\u" in document)


def test_every_beginning_of_an_event_is_invalid(daemon, cluster, event_type):
    document = (RICH % event_type).encode()
    with daemon.connect() as connection:
        accepted = [n for n in range(1, len(document)) if connection.post(document[:n]).status != 400]
    assert not accepted
    assert stored(cluster, event_type) == 0


def test_mutations_are_judged_as_by_a_recogniser(daemon, event_type):
    random.seed(8259)
    document = (RICH % event_type).encode()
    alphabet = [bytes([byte]) for byte in b' \t\n\r\x00\x0b\x1f"\\/{}[]:,.+-eEu0159atfnx\x7f\x80\xa4\xbf\xc0\xc3\xe2\xed\xf0\xf4\xff'] + [
        br"\u", br"\u0000", br"\ud800", b"null", b"//", b"1e999", b",,", b'""', b"00", b"\xef\xbb\xbf"]
    wrong = []
    with daemon.connect() as connection:
        for _ in range(3000):
            at = random.randrange(len(document))
            cut = random.choice((0, 0, 1, 1, 2))
            text = document[:at] + random.choice(alphabet + [b""]) + document[at + cut:]
            if random.random() < 0.2:
                other = random.randrange(len(text))
                text = text[:other] + random.choice(alphabet) + text[other + 1:]
            expected, answered = verdict(text), judged(connection, text)
            if not agrees(expected, answered, text):
                wrong.append((text, expected, answered))
    assert not wrong, f"{len(wrong)}: {wrong[:5]}"


def test_recogniser_agrees_with_the_tables():
    for expected, table in (("valid", VALID), ("invalid_json", INVALID), ("unrepresentable", UNREPRESENTABLE)):
        for texts in table.values():
            for text in texts:
                if len(text) < 4000:  # Python's parser recurses
                    assert verdict(wrapped("t", text)) == expected, text
                if expected == "invalid_json" and len(text) < 4000:
                    assert verdict(text) == expected, text
