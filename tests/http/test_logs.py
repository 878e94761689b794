"""What the log says of each request, what it never says, and that nothing about it holds up a request."""

import json
import os
import shutil
import subprocess
import threading
import time
import uuid

import pytest

from client import RESOURCE, Api
from cluster import give_away
from exposition import scrape
from servers import WebServer, wait_until

TRACE_ID = "4bf92f3577b34da6a3ce929d0e0e4736"
ALWAYS = {"log_successes_per_s": 1000000}


@pytest.fixture
def folder(run_dir, event_type):
    path = os.path.join(run_dir, "logs." + event_type)
    os.mkdir(path, 0o755)
    give_away(path)
    return path


@pytest.fixture
def key_file(folder):
    path = os.path.join(folder, "key")
    with open(path, "w", encoding="ascii") as file:
        file.write("00112233445566778899aabbccddeeff\n")
    os.chmod(path, 0o600)
    give_away(path)
    return path


def lines(path):
    """The lines of a log; each is one JSON object."""
    if not os.path.exists(path):
        return []
    with open(path, encoding="utf-8") as file:
        parsed = [json.loads(line) for line in file]
    assert all(isinstance(line, dict) for line in parsed)
    return parsed


def line_of(path, request_id):
    found = [line for line in lines(path) if line.get("http.request.id") == request_id]
    assert len(found) == 1, found
    return found[0]


def post(daemon, event, request_id, **headers):
    headers = {"X-Request-Id": request_id} | {name.replace("_", "-"): value for name, value in headers.items()}
    return daemon.post(json.dumps(event).encode(), headers=headers)


@pytest.mark.parametrize("padding", [0, 1100000], ids=["in memory", "larger than memory is to hold"])
def test_line_of_a_batch_on_request_tells_the_size_of_its_body(make_daemon, run_dir, event_type, padding):
    path = os.path.join(run_dir, "queue." + event_type)
    os.mkdir(path, 0o700)
    give_away(path)
    daemon = make_daemon(ALWAYS | {"queue_directory": path, "body_max_bytes": 1000000}).start()
    events = [{"event_type": event_type, "session_id": f"s{n}"} for n in range(1001)]
    body = json.dumps(events).encode() + b" " * padding
    assert daemon.post(body, headers={"X-Request-Id": "r1", "Prefer": "respond-async"}).status == 202
    assert line_of(daemon.responder_log, "r1")["http.request.body.bytes"] == len(body)


def test_line_of_an_event(make_daemon, key_file, command, event_type):
    daemon = make_daemon(ALWAYS | {"log_session_key_file": key_file}).start()
    event = {"event_type": event_type, "session_id": "session 1"}
    assert post(daemon, event, "r1", traceparent=f"00-{TRACE_ID}-00f067aa0ba902b7-01").status == 201
    line = line_of(daemon.responder_log, "r1")
    expected = {"log.level": "info", "message": "request answered", "service.name": "synchrony", "event.action": "ingest",
                "event.outcome": "success", "http.request.id": "r1", "http.request.method": "POST", "http.route": RESOURCE,
                "http.response.status_code": 201, "trace.id": TRACE_ID, "http.request.body.bytes": len(json.dumps(event)),
                "synchrony.stored": 1, "synchrony.duplicates": 0, "synchrony.queued": 0, "synchrony.rejected": 0}
    assert {name: line[name] for name in expected} == expected
    assert line["event.duration"] > line["db.duration"] > 0
    found = subprocess.run([command, "--config", daemon.conf, "log-id", "session 1"], capture_output=True, text=True, check=True)
    assert found.stdout == line["synchrony.session.hash"] + "\n"


def test_line_of_a_batch_a_failure_and_a_read(make_daemon, key_file, event_type):
    daemon = make_daemon(ALWAYS | {"log_session_key_file": key_file}).start()
    event = {"event_type": event_type, "session_id": "s1"}
    assert post(daemon, [event, event | {"session_id": "s2"}, {"event_type": event_type}], "r1").status == 207
    line = line_of(daemon.responder_log, "r1")
    assert (line["synchrony.stored"], line["synchrony.rejected"]) == (2, 1)
    assert "synchrony.session.hash" not in line  # there are several
    assert post(daemon, {"event_type": event_type}, "r2", traceparent="00-1-2-3").status == 400
    line = line_of(daemon.responder_log, "r2")
    assert (line["message"], line["event.outcome"], line["error.code"]) == ("request failed", "failure", "missing_fields")
    assert "trace.id" not in line
    assert daemon.request("GET", params={"event_type": event_type}, headers={"X-Request-Id": "r3"}).status == 200
    line = line_of(daemon.responder_log, "r3")
    assert (line["event.action"], line["http.response.status_code"]) == ("read", 200)
    assert line["event.duration"] > line["db.duration"] > 0


@pytest.mark.parametrize("options, logged", [
    ({"log_successes_per_s": 0}, {400}), ({"log_successes_per_s": 1000000}, {201, 400}),
    ({"log_successes_per_s": 1000000, "log_level": "warn"}, set())])
def test_which_requests_are_logged(make_daemon, event_type, options, logged):
    daemon = make_daemon(options).start()
    post(daemon, {"event_type": event_type, "session_id": "s"}, "r1")
    post(daemon, {"event_type": event_type}, "r2")
    assert daemon.request("GET", "/healthz").status == 200
    statuses = {line["http.response.status_code"] for line in lines(daemon.responder_log) if "http.route" in line}
    assert statuses == logged


def test_successes_are_logged_so_many_a_second_of_a_host(make_daemon, event_type, folder):
    """By all processes together: under mod_fcgid there may be a hundred."""
    per_s = 4
    daemons = [make_daemon({"log_successes_per_s": per_s, "run_directory": folder}).start() for _ in range(3)]
    begin = time.monotonic()
    for n in range(60):
        assert post(daemons[n % 3], {"event_type": event_type, "session_id": f"s{n}"}, f"r{n}").status == 201
    seconds = int(time.monotonic()) - int(begin) + 1
    n_logged = sum("http.route" in line for daemon in daemons for line in lines(daemon.responder_log))
    assert per_s <= n_logged <= per_s * seconds


def test_canary_is_in_no_log(run_dir, build_dir, settings, key_file, event_type):
    """Under a real web server, whose own logs are looked into too, but for what a URL or a header is to them."""
    canary = "CANARY" + uuid.uuid4().hex
    quoted = f'{canary}"\n{{"log.level":"error","message":"forged"}}'
    base = os.path.join(run_dir, event_type)
    for path in (base, os.path.join(base, "sanitizer")):
        os.mkdir(path)
        give_away(path)
    server = WebServer("lighttpd", base, build_dir, settings | ALWAYS | {"log_level": "debug", "log_session_key_file": key_file})
    server.start()
    try:
        api = Api(server.port)
        headers = {name: canary for name in ("X-Api-Key", "Authorization", "User-Agent", "Referer", "Cookie", "traceparent", "Origin",
                                             "X-Amz-Security-Token", "Accept", "Content-Language")} | {"X-Request-Id": canary + "!"}
        event = {"event_type": event_type, "session_id": canary, "page_url": "https://x/" + canary, canary: quoted}
        api.post(event, headers=headers)
        api.post([event, event | {"event_id": canary}, {"session_id": quoted}, {"event_type": 1, "session_id": canary}],
                 headers=headers)
        api.post(('{"event_type":"' + canary).encode(), headers=headers)
        api.post({"event_type": quoted, "session_id": quoted}, headers=headers)
        api.post({"event_type": event_type, "session_id": "s", "x": canary + "\0"}, headers=headers)
        api.post(canary.encode(), content_type=canary, headers=headers)
        api.get(headers=headers, event_type=event_type, session_id=canary)
        api.request("GET", params={"event_type": event_type, canary: canary}, headers=headers)
        api.request("GET", params="event_type=%zz" + canary, headers=headers)
        api.request("GET", "/batches/" + canary, headers=headers)
        api.request("GET", "/" + canary, headers=headers)
    finally:
        server.stop()
    parsed = lines(server.responder_log)
    assert len([line for line in parsed if "http.route" in line]) >= 11
    assert not [line for line in parsed if line["message"] == "forged"]
    with open(server.responder_log, encoding="utf-8") as file:
        assert canary not in file.read()


def post_many(daemon, event_type, n):
    """n events from four clients."""
    def run(client):
        for i in range(n // 4):
            assert post(daemon, {"event_type": event_type, "session_id": f"{client}.{i}"}, f"{client}.{i}").status == 201
    threads = [threading.Thread(target=run, args=(client,)) for client in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_log_that_is_rotated_under_load_loses_no_line(make_daemon, folder, event_type):
    path = os.path.join(folder, "responder.log")
    daemon = make_daemon(ALWAYS | {"log_to": path}).start()
    stop = threading.Event()
    rotated = []

    def rotate():
        while not stop.wait(0.4):
            if os.path.exists(path):
                rotated.append(f"{path}.{len(rotated)}")
                os.rename(path, rotated[-1])
    rotator = threading.Thread(target=rotate)
    rotator.start()
    ids = set()
    try:
        deadline = time.monotonic() + 20
        while len(rotated) < 3 and time.monotonic() < deadline:
            prefix = uuid.uuid4().hex[:6]
            for i in range(50):
                assert post(daemon, {"event_type": event_type, "session_id": prefix}, f"{prefix}.{i}").status == 201
                ids.add(f"{prefix}.{i}")
    finally:
        stop.set()
        rotator.join()
    assert len(rotated) >= 3
    logged = [line["http.request.id"] for name in [path, *rotated] for line in lines(name) if "http.request.id" in line]
    assert len(logged) == len(set(logged))
    assert set(logged) == ids


def mount_tmpfs(path, size):
    if os.geteuid() != 0:
        pytest.skip("only root can mount a disk that is full")
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size},mode=0777", "tmpfs", path], capture_output=True, check=False)
    if mounted.returncode:
        pytest.skip("no file system can be mounted here")


def test_full_disk_does_not_stop_ingestion(make_daemon, folder, event_type):
    path = os.path.join(folder, "disk")
    os.mkdir(path)
    mount_tmpfs(path, "64k")
    try:
        filler = os.path.join(path, "filler")
        daemon = make_daemon(ALWAYS | {"log_to": os.path.join(path, "log"), "metrics": "all"}).start()
        with open(filler, "wb", buffering=0) as file:
            try:
                while True:
                    file.write(b"x" * 4096)
            except OSError:
                pass
        post_many(daemon, event_type, 80)
        lost = scrape(daemon).total("synchrony_log_dropped_lines_total")
        assert lost > 40
        os.unlink(filler)
        assert post(daemon, {"event_type": event_type, "session_id": "s"}, "last").status == 201
        with open(os.path.join(path, "log"), encoding="utf-8") as file:
            text = file.read()
        assert '"message":"lines of the log were lost"' in text
        assert '"http.request.id":"last"' in text
        assert daemon.stop() == 0
    finally:
        subprocess.run(["umount", "-l", path], check=True)


def test_log_that_nobody_reads_does_not_stop_ingestion(make_daemon, folder, event_type):
    """Standard error is a pipe to something that hangs."""
    pipe = os.path.join(folder, "pipe")
    os.mkfifo(pipe)
    give_away(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    daemon = make_daemon(ALWAYS | {"metrics": "all"})
    with open(daemon.wrapper, encoding="utf-8") as file:
        script = file.read().replace("2>>" + daemon.responder_log, "2>" + pipe)
    with open(daemon.wrapper, "w", encoding="utf-8") as file:
        file.write(script)
    daemon.start()
    post_many(daemon, event_type, 400)
    page = scrape(daemon)
    assert page.total("synchrony_log_dropped_lines_total") > 0
    assert page.total("synchrony_events_total", event_type=event_type) == 400
    os.close(reader)


def test_file_that_cannot_be_opened_is_replaced_by_standard_error(make_daemon, folder, event_type):
    path = os.path.join(folder, "later", "log")
    daemon = make_daemon(ALWAYS | {"log_to": path}).start()
    assert post(daemon, {"event_type": event_type, "session_id": "s"}, "r1").status == 201
    assert line_of(daemon.responder_log, "r1")
    os.mkdir(os.path.dirname(path))
    give_away(os.path.dirname(path))

    def reaches_the_file():
        post(daemon, {"event_type": event_type, "session_id": "s"}, uuid.uuid4().hex)
        return os.path.exists(path) and lines(path)
    wait_until(reaches_the_file, "the file is not used")
    shutil.rmtree(os.path.dirname(path))
