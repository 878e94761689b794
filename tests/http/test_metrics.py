"""What /metrics tells, and that it is true: under every web server, over all processes of a host, also when some are killed."""

import http.client
import json
import os
import random
import shutil
import signal
import subprocess
import threading
import time

import pytest

from client import RESOURCE, Api
from cluster import give_away
from exposition import OPENMETRICS, PROMETHEUS, Exposition, scrape
from servers import WebServer, wait_until


def promtool(text):
    path = shutil.which("promtool")
    if path is None:
        pytest.skip("promtool is not installed (Debian package: prometheus)")
    return subprocess.run([path, "check", "metrics"], input=text, capture_output=True, text=True, check=False)


@pytest.fixture
def counting(make_daemon, run_dir, event_type):
    """Starts daemons that share a run directory of this test's own."""
    path = os.path.join(run_dir, "run." + event_type)
    os.mkdir(path, 0o700)
    give_away(path)
    return lambda **settings: make_daemon({"run_directory": path, "metrics": "all"} | settings).start()


def test_counts_of_every_web_server(api, event_type):
    before = scrape(api)
    event = {"event_type": event_type, "session_id": "s1"}
    assert api.post(event).status == 201
    assert api.post([event | {"session_id": "s2"}, {"session_id": "s3"}]).status == 207
    assert api.get(event_type=event_type).status == 200
    assert api.request("GET", "/nowhere").status == 404
    after = scrape(api)

    def more(name, **labels):
        return after.total(name, **labels) - before.total(name, **labels)
    post = {"method": "POST", "route": RESOURCE}
    assert more("synchrony_http_requests_total", code="201", **post) == 1
    assert more("synchrony_http_requests_total", code="207", **post) == 1
    assert more("synchrony_http_requests_total", method="GET", route=RESOURCE, code="200") == 1
    assert more("synchrony_http_requests_total", method="GET", route="other", code="404") == 1
    assert more("synchrony_http_request_duration_seconds_count", **post) == 2
    assert after.total("synchrony_events_total", outcome="stored", event_type=event_type) == 2
    assert more("synchrony_events_total", outcome="rejected") == 1
    assert more("synchrony_event_errors_total", code="missing_fields") == 1
    assert more("synchrony_batch_events_sum") == 2
    assert after.total("synchrony_ready") == 1
    assert after.total("synchrony_db_up") == 1
    assert after.total("synchrony_partitions_until_timestamp_seconds") > time.time() + 60 * 86400
    assert after.total("synchrony_processes") >= 1


def test_format_is_the_one_that_the_client_accepts(counting):
    daemon = counting()
    for accept, content_type, last in [
            (None, PROMETHEUS, ""),
            ("text/html, */*", PROMETHEUS, ""),
            ("application/openmetrics-text;q=0, text/plain", PROMETHEUS, ""),
            ("application/openmetrics-text;version=1.0.0;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1", OPENMETRICS, "# EOF\n")]:
        response = daemon.request("GET", "/metrics", headers={"Accept": accept} if accept else None,
                                  expect={"Content-Type": content_type})
        assert response.status == 200
        assert response.body.decode().endswith(last)
        counter = "synchrony_events" if last else "synchrony_events_total"
        assert Exposition(response.body.decode()).types[counter] == "counter"


def test_promtool_has_nothing_to_say(counting, event_type):
    daemon = counting()
    for name in (event_type, event_type + ' "\\ \u00e4\u4e2d'):
        assert daemon.post(json.dumps({"event_type": name, "session_id": "s"}).encode()).status == 201
    page = scrape(daemon)
    assert page.total("synchrony_events_total", event_type=event_type + ' "\\ \u00e4\u4e2d') == 1
    check = promtool(page.text)
    assert (check.returncode, check.stdout, check.stderr) == (0, "", "")


def test_masked_values_are_counted_by_rule_and_type(counting, event_type):
    daemon = counting(scrub_ibans="reject")
    event = {"event_type": event_type, "session_id": "s"}
    assert daemon.post(json.dumps(event).encode()).status == 201
    assert daemon.post(json.dumps([event | {"a": "4111 1111 1111 1111", "b": 4111111111111111}] * 2).encode()).status == 201
    assert daemon.post(json.dumps(event | {"a": "DE89370400440532013000"}).encode()).status == 400
    # What was never stored may be what was to be masked: it names no type.
    assert daemon.post(json.dumps({"event_type": "4111111111111111", "session_id": "s"}).encode()).status == 400
    page = scrape(daemon)
    assert page.total("synchrony_scrubbed_values_total", rule="card", event_type=event_type) == 4
    assert page.total("synchrony_scrubbed_values_total", rule="iban", event_type=event_type) == 1
    assert page.total("synchrony_scrubbed_values_total", rule="card", event_type="other") == 1
    assert "4111" not in page.text


def test_types_of_events_are_bounded(counting, event_type):
    daemon = counting()
    events = [{"event_type": f"{event_type}.{n}", "session_id": "s"} for n in range(200)]
    assert daemon.post(json.dumps(events).encode()).status == 201
    page = scrape(daemon)
    assert page.total("synchrony_events_total", outcome="stored") == 200
    # The types of the catalogue, which other tests may have left there, are among the 128.
    named = sum(page.has("synchrony_events_total", outcome="stored", event_type=event["event_type"]) for event in events)
    assert 64 <= named <= 128
    assert page.total("synchrony_events_total", outcome="stored", event_type="other") == 200 - named
    # What is refused makes no name known.
    assert daemon.post(json.dumps({"event_type": "", "session_id": "s"}).encode()).status == 400
    assert scrape(daemon).total("synchrony_events_total", outcome="rejected", event_type="other") == 1


def test_counters_outlive_their_process_and_gauges_do_not(counting, event_type):
    body = json.dumps({"event_type": event_type, "session_id": "s"}).encode()
    first, second = counting(), counting()
    assert first.post(body).status == second.post(body).status == 201
    assert scrape(second).total("synchrony_processes") == 2
    first.process.kill()
    first.process.wait()
    first.process = None
    page = scrape(second)
    assert page.total("synchrony_processes") == 1
    assert page.total("synchrony_http_requests_in_flight") == 1  # the question itself
    assert page.total("synchrony_http_requests_total", method="POST", code="201") == 2
    assert second.stop() == 0
    assert scrape(counting()).total("synchrony_events_total", event_type=event_type) == 2


@pytest.mark.parametrize("setting, answers", [
    ("off", [({"REMOTE_ADDR": "127.0.0.1"}, 404)]),
    ("local", [({"REMOTE_ADDR": "127.0.0.1"}, 200), ({"REMOTE_ADDR": "::1"}, 200), ({"REMOTE_ADDR": "192.0.2.1"}, 404), ({}, 404),
               ({"REMOTE_ADDR": "127.0.0.1", "HTTP_X_FORWARDED_FOR": "192.0.2.1"}, 404),
               ({"REMOTE_ADDR": "127.0.0.1", "HTTP_FORWARDED": "for=192.0.2.1"}, 404)]),
    ("all", [({"REMOTE_ADDR": "192.0.2.1"}, 200)]),
])
def test_metrics_are_for_whom_the_option_says(make_daemon, setting, answers):
    daemon = make_daemon({"metrics": setting}).start()
    for variables, status in answers:
        expect = {"Content-Type": PROMETHEUS} if status == 200 else None
        response = daemon.request("GET", "/metrics", expect=expect, **({"REMOTE_ADDR": None} | variables))
        assert response.status == status, variables


# ---- what is counted is what was answered ----

CLIENTS, REQUESTS, KILLS = 8, 60, 6


class Tally:
    """What one client was answered."""

    def __init__(self):
        self.stored = self.rejected = self.unanswered = 0

    def post(self, port, event):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        try:
            connection.request("POST", RESOURCE, json.dumps(event), {"Content-Type": "application/json"})
            response = connection.getresponse()
            response.read()
            self.stored += response.status == 201
            self.rejected += response.status == 400
            self.unanswered += response.status not in (201, 400)  # the web server's own answer: nobody knows what was done
        except (OSError, http.client.HTTPException):
            self.unanswered += 1
        finally:
            connection.close()


def load(server, event_type, kills):
    """Posts from many clients at once, every fifth event a bad one; kills so many of the responders meanwhile."""
    tallies = [Tally() for _ in range(CLIENTS)]

    def run(client):
        for n in range(REQUESTS):
            session = {} if n % 5 == 4 else {"session_id": f"{client}.{n}"}
            tallies[client].post(server.port, {"event_type": event_type} | session)
    threads = [threading.Thread(target=run, args=(client,)) for client in range(CLIENTS)]
    for thread in threads:
        thread.start()
    chance = random.Random(8)
    for _ in range(kills):
        pids = server.responders()
        if pids:
            try:
                os.kill(chance.choice(pids), signal.SIGKILL)
            except ProcessLookupError:
                pass
        time.sleep(0.1)
    for thread in threads:
        thread.join()
    return [sum(getattr(tally, name) for tally in tallies) for name in ("stored", "rejected", "unanswered")]


@pytest.fixture
def apache(run_dir, build_dir, settings, event_type):
    """An Apache of its own: what is counted is this test's alone."""
    folder = os.path.join(run_dir, event_type)
    for path in (folder, os.path.join(folder, "sanitizer")):
        os.mkdir(path)
        give_away(path)
    web_server = WebServer("apache", folder, build_dir, settings)
    yield web_server.start()
    web_server.stop()


def test_counts_are_those_of_the_clients_to_the_event_though_processes_are_killed(apache, event_type):
    stored, rejected, unanswered = load(apache, event_type, kills=0)
    assert (stored, rejected, unanswered) == (CLIENTS * REQUESTS * 4 // 5, CLIENTS * REQUESTS // 5, 0)
    page = scrape(Api(apache.port))
    assert page.total("synchrony_processes") > 1
    assert page.total("synchrony_events_total", outcome="stored", event_type=event_type) == stored
    assert page.total("synchrony_http_requests_total", code="201") == stored
    assert page.total("synchrony_http_requests_total", code="400") == rejected
    assert page.total("synchrony_group_events_sum", target="database") == stored

    # What was answered is counted. Of a request that got no answer nobody knows whether it was, by whom it was killed.
    more_stored, more_rejected, unanswered = load(apache, event_type, KILLS)
    page = scrape(Api(apache.port))
    counted = page.total("synchrony_events_total", outcome="stored") + page.total("synchrony_events_total", outcome="duplicate")
    assert stored + more_stored <= counted <= stored + more_stored + unanswered
    counted = page.total("synchrony_events_total", outcome="rejected")
    assert rejected + more_rejected <= counted <= rejected + more_rejected + unanswered
    wait_until(lambda: scrape(Api(apache.port)).total("synchrony_http_requests_in_flight") == 1, "requests stay in flight")
    assert scrape(Api(apache.port)).total("synchrony_processes") == len(apache.responders())
