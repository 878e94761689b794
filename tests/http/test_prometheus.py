"""The alarms and the dashboard of deploy/: what promtool says of them, what a real Prometheus that scrapes real responders under load answers
to each of their queries, and alarms fired by their faults. The other alarms: tests/alarms/run."""

import json
import os
import re
import shutil
import signal
import subprocess

import pytest

from cluster import Unavailable, give_away
from prometheus import DASHBOARD, RULES, Load, Prometheus, shorten
from servers import DEPLOY, WebServer, wait_until

FACTOR = 60  # a minute is a second

# What there is no series of without its cause, which is not made here.
RARE = {
    "synchrony_access_denied_total", "synchrony_cache_requests_total", "synchrony_catalogue_read_timestamp_seconds",
    "synchrony_catalogue_reads_total", "synchrony_db_errors_total", "synchrony_http_connections_dropped_total",
    "synchrony_quarantined_events_total", "synchrony_queue_replayed_events_total", "synchrony_rate_limited_total",
    "synchrony_schema_violations_total", "synchrony_scrubbed_values_total", "job_rule:synchrony_scrubbed_values:increase1h",
    "job:synchrony_quarantined_events:increase10m", "ALERTS",
}


def run(name, package, *arguments):
    path = shutil.which(name)
    if path is None:
        pytest.skip(f"{name} is not installed (Debian package: {package})")
    result = subprocess.run([path, *arguments], cwd=os.path.join(DEPLOY, "prometheus"), stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                            text=True, check=False)
    assert result.returncode == 0, result.stdout


# ---- what their own tools say ----

@pytest.mark.parametrize("arguments", [
    ("check", "rules", "synchrony-rules.yml"),
    ("check", "config", "prometheus.yml"),
    ("test", "rules", "synchrony-rules.test.yml"),
    ("test", "rules", "synchrony-rules.long.test.yml"),
], ids=" ".join)
def test_promtool_has_nothing_to_say(arguments):
    run("promtool", "prometheus", *arguments)


def test_amtool_has_nothing_to_say():
    run("amtool", "prometheus-alertmanager", "check-config", "alertmanager.yml")


# ---- the dashboard, structurally ----

def dashboard():
    with open(DASHBOARD, encoding="utf-8") as file:
        return json.load(file)


def panels():
    return [panel for panel in dashboard()["panels"] if panel["type"] != "row"]


def test_panels_are_told_apart_and_lie_beside_each_other():
    every = dashboard()["panels"]
    assert len({panel["id"] for panel in every}) == len(every)
    taken = set()
    for panel in every:
        at = panel["gridPos"]
        assert at["x"] + at["w"] <= 24, panel["title"]
        cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        assert not cells & taken, f"{panel['title']} lies upon another"
        taken |= cells


def test_panels_ask_the_data_source_that_is_chosen():
    made = dashboard()
    assert [variable["name"] for variable in made["templating"]["list"]] == ["datasource", "job", "instance"]
    chosen = {"type": "prometheus", "uid": "${datasource}"}
    for asked in [*panels(), *made["templating"]["list"][1:], *made["annotations"]["list"]]:
        assert asked["datasource"] == chosen
    for panel in panels():
        assert panel["title"] and panel["targets"]
        assert all(target["datasource"] == chosen and target["expr"] for target in panel["targets"])
        assert len({target["refId"] for target in panel["targets"]}) == len(panel["targets"])


# ---- a Prometheus that scrapes ----

@pytest.fixture(scope="module")
def sites(run_dir, build_dir, settings):
    """A lighttpd and an Apache of their own, each a host with a queue."""
    made = []
    try:
        for name in ("lighttpd", "apache"):
            folder = os.path.join(run_dir, "observed." + name)
            queue = os.path.join(folder, "queue")
            for path in (folder, os.path.join(folder, "sanitizer"), queue):
                os.mkdir(path)
                give_away(path)
            os.chmod(queue, 0o700)
            made.append(WebServer(name, folder, build_dir, settings | {"queue_directory": queue}).start())
        yield made
    finally:
        for server in made:
            server.stop()


@pytest.fixture(scope="module")
def prometheus(run_dir, sites):
    with open(RULES, encoding="utf-8") as file:
        made = Prometheus(os.path.join(run_dir, "prometheus"), [f"127.0.0.1:{site.port}" for site in sites], shorten(file.read(), FACTOR))
    try:
        yield made.start()
    except Unavailable as error:
        pytest.skip(str(error))
    finally:
        made.stop()


@pytest.fixture(scope="module")
def load(sites, prometheus):
    with Load(sites[0].port, "lighttpd"), Load(sites[1].port, "apache"):
        wait_until(lambda: len(prometheus.query("sum by (instance) (rate(synchrony_events_total[5s])) > 0")) == 2 and
                   prometheus.query("job:synchrony_events_accepted:rate1h offset 1s"), "no events are seen")
        yield


def queries():
    """Of the dashboard, with what Grafana would put for the variables; a name for each."""
    values = {"$job": "synchrony", "$instance": ".+", "$__rate_interval": "5s"}
    found = [(f"{panel['title']}: {target['expr']}", target["expr"]) for panel in panels() for target in panel["targets"]]
    found += [(note["name"], note["expr"]) for note in dashboard()["annotations"]["list"]]
    for name, text in found:
        for variable, value in values.items():
            text = text.replace(variable, value)
        yield name, text


def is_rare(query):
    return any(re.search(rf"(?<![a-z_:]){metric}(?![a-z_:])", query) for metric in RARE) or "offset 1w" in query or "changes(" in query


def test_every_query_of_the_dashboard_is_answered(prometheus, load):
    def empty():
        return [name for name, query in queries() if not is_rare(query) and not prometheus.query(query)]
    for _, query in queries():
        prometheus.query(query)  # a ValueError where it is none
    wait_until(lambda: not empty(), f"queries without an answer: {empty()}")


def test_every_rule_is_evaluated(prometheus, load):
    groups = prometheus.ask("rules")["groups"]
    assert sum(len(group["rules"]) for group in groups) > 30
    assert prometheus.faults_of_rules() == []
    for group in groups:
        for rule in group["rules"]:
            if rule["type"] == "recording" and not is_rare(rule["query"]):
                assert prometheus.query(rule["name"]), rule["name"]


def test_a_host_that_is_well_is_no_alarm(prometheus, load):
    # The load has wrong events in it on purpose, one in ten.
    assert prometheus.firing() <= {"SynchronyEventsRejected"}


def test_alarm_when_postgresql_is_stopped(prometheus, load, cluster):
    cluster.stop()
    try:
        prometheus.wait_for("SynchronyDatabaseDown")
        prometheus.wait_for("SynchronyQueueGrowing")
        assert "SynchronyNotReady" not in prometheus.firing()  # the queue takes events
    finally:
        cluster.start()
    prometheus.wait_for_silence("SynchronyDatabaseDown", "SynchronyQueueGrowing")


def test_alarm_when_the_responder_is_stopped(prometheus, load, sites):
    pids = sites[0].responders()
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        prometheus.wait_for("SynchronyDown")
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)
    prometheus.wait_for_silence("SynchronyDown")
