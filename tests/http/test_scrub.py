"""What is never kept: card numbers and IBANs. The canary test sends them by every way there is, and searches every file."""

import json
import os
import random
import shutil
import subprocess
import time
import uuid
from decimal import Decimal

import pytest

from cluster import give_away

PATIENCE_S = 30
IBAN = "DE89370400440532013000"


def luhn(digits):
    """The digits with the check digit of ISO/IEC 7812 behind them."""
    doubled = [2 * int(c) - 9 * (c > "4") if i % 2 == 0 else int(c) for i, c in enumerate(reversed(digits))]
    return digits + str(-sum(doubled) % 10)


class Canary:
    """A card number that stands nowhere else, and all that it may look like in a file."""

    def __init__(self):
        self.number = luhn("4929" + "".join(random.choice("123456789") for _ in range(11)))
        self.groups = [self.number[i:i + 4] for i in range(0, 16, 4)]
        self.marker = "marker-" + uuid.uuid4().hex

    def written(self, separator):
        return separator.join(self.groups)

    def traces(self):
        """Text as it was sent, and the digits of jsonb's numbers: groups of four, two bytes each."""
        texts = [self.written(separator) for separator in ("", " ", "-", ".", "+", "%20", "\u00a0", "%C2%A0", "%2520", "\\u0020", "\\u00a0")]
        texts.append("\\u0034" + self.number[1:])
        return [text.encode() for text in texts] + [b"".join(int(group).to_bytes(2, "little") for group in self.groups)]


@pytest.fixture
def canary():
    return Canary()


def files_below(*roots):
    for root in roots:
        for folder, _, names in os.walk(root):
            for name in names:
                path = os.path.join(folder, name)
                if os.path.isfile(path) and not os.path.islink(path):
                    yield path


def files_with(needles, *roots):
    """The files that hold one of the needles."""
    found = []
    for path in files_below(*roots):
        try:
            with open(path, "rb") as file:
                data = file.read()
        except FileNotFoundError:  # a temporary file of PostgreSQL
            continue
        found += [(path, needle) for needle in needles if needle in data]
    return found


def wait_for(condition):
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def events(canary, event_type):
    """An event for each way to send a card number, as JSON texts."""
    number = canary.number
    ways = [
        f'"note":"my card is {canary.written(" ")}, thanks"',
        f'"note":"{canary.written("-")}"',
        f'"note":"{canary.written(".")}"',
        '"note":"' + canary.written("\u00a0") + '"',
        f'"note":"{canary.written(chr(92) + "u00a0")}"',
        f'"note":"\\u0034{number[1:]}"',
        f'"{number}":1,"x":{{"{number}":{{"{number}":2}}}}',
        f'"number":{number},"list":[1,{number},{number}.0]',
        f'"page_url":"https://bank.example/pay?card={number}&x=1"',
        f'"page_url":"https://bank.example/pay?card={canary.written("+")}#n={number}"',
        f'"page_url":"https://bank.example/pay?card={canary.written("%20")}"',
        f'"page_url":"https://bank.example/?next=%2Fpay%3Fcard%3D{canary.written("%2520")}"',
        f'"event_properties":{{"deep":[[{{"text":"{{\\"pan\\":\\"{number}\\"}}"}}]]}}',
    ]
    for i, way in enumerate(ways):
        yield f'{{"event_type":"{event_type}","session_id":"s{i}","marker":"{canary.marker}",{way}}}'


def bad_texts(canary, event_type):
    """Bodies that are refused, with a card number in them."""
    number = canary.number
    return [
        f'{{"event_type":"{event_type}","session_id":"s","a":"{number}"',
        f'{{"event_type":"{event_type}","session_id":"s","a":{number},}}',
        f'{{"event_type":"{event_type}","session_id":"s","{number}":1,"{number}":2}}',
        f'{{"event_type":"{event_type}","note":"{number}"}}',
        f'{{"event_type":"{event_type}","session_id":{number}}}',
        f'{{"event_type":"{event_type}","session_id":"{number * 20}"}}',
        f'{{"event_type":"{event_type}","session_id":"s","a":"{number}","b":"{"x" * 70000}"}}',
        f'[{{"event_type":"{event_type}","session_id":"s","a":"{number}"}},{{"{number}":1}},{number},"{number}"]',
        f"{number}",
        f'{{"event_type":"{event_type}","session_id":"{number}"}}',
        f'{{"event_type":"{number}","session_id":"s"}}',
    ]


def test_card_number_is_in_no_file_of_server_and_database(api, cluster, run_dir, event_type, canary):
    texts = list(events(canary, event_type))
    request_id = {"X-Request-Id": canary.number}
    for text in texts:
        response = api.post(text.encode(), headers=request_id)
        assert response.status == 201, (text, response)
        assert canary.number not in response.header("X-Request-Id")
    for text in bad_texts(canary, event_type):
        response = api.post(text.encode(), headers=request_id)
        assert response.status in (207, 400, 413), (text, response)
        assert canary.number.encode() not in response.body
    for parameters in ({"event_type": canary.number}, {"event_type": event_type, "session_id": canary.number}, {canary.number: "1"}):
        api.get(headers=request_id | {"Referer": "https://bank.example/?card=" + canary.number}, **parameters)
    assert len(api.items(event_type=event_type)) == len(texts) + 1  # the good one of the bad batch
    cluster.execute("CHECKPOINT")
    assert files_with([canary.marker.encode()], cluster.data_dir), "what is stored must be found, or the search proves nothing"
    assert not files_with(canary.traces(), run_dir)
    assert not cluster.execute("SELECT 1 FROM event_log WHERE properties::text LIKE %s OR session_id = %s OR event_type = %s LIMIT 1",
                               (f"%{canary.number}%", canary.number, canary.number))


def test_card_number_is_in_no_file_of_queue_and_batches(cluster, make_daemon, run_dir, event_type, canary):
    queue_dir = os.path.join(run_dir, "queue." + event_type)
    os.mkdir(queue_dir, 0o700)
    give_away(queue_dir)
    texts = list(events(canary, event_type))
    bad = bad_texts(canary, event_type)
    refused = bad[2:6] + bad[-2:]
    daemon = make_daemon({"queue_directory": queue_dir}).start()
    assert daemon.post(("[" + ",".join(texts) + "]").encode()).status == 201
    many = "[" + ",".join((texts + refused) * 70) + "]"
    response = daemon.post(many.encode(), headers={"Prefer": "respond-async"})
    assert response.status == 202
    location = response.header("Location")[len("/synchrony_data_analytics"):]
    report = daemon.request("GET", location)
    assert canary.number.encode() not in report.body
    assert report.json()["rejected"] == 70 * len(refused)
    cluster.stop()
    try:
        for text in texts:
            assert daemon.post(text.encode()).status == 202
        assert files_with([canary.marker.encode()], queue_dir), "what waits in the queue must be found, or the search proves nothing"
        assert not files_with(canary.traces(), queue_dir)
    finally:
        cluster.start()
    wait_for(lambda: daemon.request("GET", location).json()["state"] == "done")
    cluster.execute("CHECKPOINT")
    assert not files_with(canary.traces(), run_dir)
    no_core(daemon.responders()[0], run_dir, canary)


def test_card_number_is_in_no_file_of_the_quarantine(own, cluster, run_dir, canary):
    own.put("strict", "enforce", {"required": ["n"], "properties": {"n": {"type": "integer"}, "note": {"maxLength": 4}}})
    daemon = own.daemon(quarantine_rate=1000)
    texts = [text for text in events(canary, "strict") if '"event_type":"strict"' in text]
    for text in texts:
        response = daemon.post(text.encode())
        assert (response.status, response.json()["code"]) == (400, "schema"), (text, response)
        assert canary.number.encode() not in response.body
    assert daemon.post(("[" + ",".join(texts) + "]").encode()).status == 400
    wait_for(lambda: own.execute("SELECT count(*) FROM rejected_events") == [(2 * len(texts),)])
    kept = own.execute("SELECT r::text FROM rejected_events AS r")
    assert all(canary.marker in row[0] and "*card*" in row[0] for row in kept)
    cluster.execute("CHECKPOINT")
    assert files_with([canary.marker.encode()], cluster.data_dir), "what is kept must be found, or the search proves nothing"
    assert not [row for row in kept if any(trace in row[0].encode() for trace in canary.traces()[:-1])]
    assert not files_with(canary.traces(), run_dir)


def no_core(pid, run_dir, canary):
    """The kernel writes none, and what a debugger of root's writes has no data."""
    with open(f"/proc/{pid}/limits", encoding="ascii") as limits:
        core = next(line for line in limits if line.startswith("Max core file size"))
    assert core.split()[4:6] == ["0", "0"]
    if os.geteuid() != 0 or shutil.which("gcore") is None:
        return
    path = os.path.join(run_dir, "core")
    subprocess.run(["gcore", "-o", path, str(pid)], check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=60)
    if os.path.exists(f"{path}.{pid}"):
        found = files_with(canary.traces() + [canary.marker.encode()], run_dir + "/.")
        os.unlink(f"{path}.{pid}")
        assert not [trace for trace in found if trace[0].endswith(f"core.{pid}")]


def test_masked_event_reads_back_with_all_else_as_posted(api, event_type, canary):
    text = (f'{{"event_type":"{event_type}","session_id":"s","price":1.10,"note":"{canary.number} ok","{canary.number}":1,"4929 {IBAN}":[],'
            f'"iban":"{IBAN}","when":1795354496789,"uuid":"41111111-1111-1111-9111-111111111111"}}')
    assert api.post(text.encode()).status == 201
    response = api.get(event_type=event_type, session_id="s")
    want = {"event_type": event_type, "session_id": "s", "price": Decimal("1.10"), "note": "*card* ok", "*card*": 1, "4929 *iban*": [], "iban": "*iban*",
            "when": 1795354496789, "uuid": "41111111-1111-1111-9111-111111111111"}
    assert response.json() == [want]
    assert b"1.10" in response.body


def test_refused_event_is_told_where_and_not_what(make_daemon, event_type, canary):
    daemon = make_daemon({"scrub_cards": "reject", "scrub_ibans": "off"}).start()
    event = {"event_type": event_type, "session_id": "s"}
    response = daemon.post(json.dumps(event | {"a": [{"b/c": canary.written(" ")}]}).encode())
    assert response.status == 400
    answer = response.json()
    assert answer.pop("request_id")
    assert answer == {"error": "The event holds data that this service does not take", "code": "sensitive_data",
                      "details": 'forbidden by the rule "card"', "pointer": "/a/0/b~1c"}
    response = daemon.post(json.dumps([event | {"iban": IBAN}, event | {canary.number: 1}]).encode())
    assert response.status == 207
    assert [(error["index"], error["code"], error["pointer"], error["retry"]) for error in response.json()["errors"]] == \
        [(1, "sensitive_data", "/*card*", False)]
    assert canary.number.encode() not in response.body
    assert daemon.items(event_type=event_type) == [event | {"iban": IBAN}]


def test_sessions_whose_key_would_be_masked_stay_two(api, event_type, canary):
    other = Canary().number
    key_error = 'forbidden by the rule "card": a key is refused and not masked, as masked keys would all be the same'
    good = {"event_type": event_type, "session_id": "*card*", "n": 1}
    bad = [good | {"session_id": canary.number, "n": 2}, good | {"session_id": "visa " + other}, good | {"event_type": canary.written("-")}]
    for event, pointer in zip(bad, ("/session_id", "/session_id", "/event_type")):
        answer = api.post(json.dumps(event).encode())
        assert (answer.status, answer.json()["code"], answer.json()["pointer"], answer.json()["details"]) == \
            (400, "sensitive_data", pointer, key_error)
    response = api.post(json.dumps([good] + bad).encode())
    assert response.status == 207
    assert [(error["index"], error["pointer"], error["retry"]) for error in response.json()["errors"]] == \
        [(1, "/session_id", False), (2, "/session_id", False), (3, "/event_type", False)]
    assert canary.number.encode() not in response.body and other.encode() not in response.body
    assert api.items(event_type=event_type) == [good]
    assert api.items(event_type="*card*") == []


def test_patterns_and_parameters_are_the_administrators(make_daemon, event_type):
    daemon = make_daemon({"scrub_patterns": ["customer:mask:KD-[0-9]{8}", "pin:reject:PIN ?[0-9]{4}"],
                          "page_url_parameters": ["lang", "utm_*"]}).start()
    event = {"event_type": event_type, "session_id": "s", "customer": "KD-12345678",
             "page_url": "https://bank.example/p?lang=de&token=t&utm_source=s#token=t"}
    assert daemon.post(json.dumps(event).encode()).status == 201
    assert daemon.items(event_type=event_type) == [
        {"event_type": event_type, "session_id": "s", "customer": "*customer*", "page_url": "https://bank.example/p?lang=de&utm_source=s"}]
    response = daemon.post(json.dumps(event | {"note": "PIN 1234"}).encode())
    assert (response.status, response.json()["pointer"], response.json()["details"]) == (400, "/note", 'forbidden by the rule "pin"')


def test_rules_that_are_off_keep_what_was_posted(make_daemon, event_type, canary):
    daemon = make_daemon({"scrub_cards": "off", "scrub_ibans": "off"}).start()
    event = {"event_type": event_type, "session_id": canary.number, "n": int(canary.number), canary.number: IBAN}
    assert daemon.post(json.dumps(event).encode()).status == 201
    assert daemon.items(event_type=event_type) == [event]
