"""What carries the responder's log away: Splunk's props on real lines, rsyslog and logrotate really run, Fluent Bit's file by its form.

Splunk and Fluent Bit are not in Debian: of theirs is tested what can be without them."""

import datetime
import json
import os
import re
import signal
import socket
import subprocess
import threading
import time

import pytest

from cluster import Unavailable, clean_environment, give_away, popen_as_unprivileged
from servers import DEPLOY, STOP_TIMEOUT_S, program, wait_until

LOG = "/var/log/synchrony/responder.log"
ROTATIONS = 2


def read(*path):
    with open(os.path.join(DEPLOY, *path), encoding="utf-8") as file:
        return file.read()


@pytest.fixture
def folder(run_dir, event_type):
    path = os.path.join(run_dir, "log." + event_type)
    os.mkdir(path)
    give_away(path)
    return path


@pytest.fixture
def logging(make_daemon, folder):
    """A responder with a log file of its own."""
    key = os.path.join(folder, "key")
    with open(key, "w", encoding="ascii") as file:
        file.write("0123456789abcdef" * 2 + "\n")
    os.chmod(key, 0o600)
    give_away(key)
    log = os.path.join(folder, "responder.log")
    return make_daemon({"log_to": log, "log_successes_per_s": 1000000, "log_session_key_file": key}).start()


def do_something(daemon, event_type, n=1):
    traced = {"traceparent": "00-4bf92f3577b34da64bf92f3577b34da6-00f067aa0ba902b7-01"}
    for i in range(n):
        event = {"event_type": event_type, "session_id": f"s{i}"}
        assert daemon.post(json.dumps(event).encode(), headers=traced).status == 201
        assert daemon.post(b"{").status == 400
        assert daemon.get(event_type=event_type).status == 200


def log_of(folder):
    with open(os.path.join(folder, "responder.log"), "rb") as file:
        return file.read()


# ---- Splunk ----

def stanzas(name):
    """Splunk's form of a configuration: {stanza: {setting: value}}; a line that ends in a backslash goes on."""
    found, stanza = {}, None
    for line in read("splunk", name).replace("\\\n", "\n \x00").split("\n"):
        if line.startswith(" \x00"):
            found[stanza][setting] += "\n" + line[2:]
        elif line.startswith("["):
            stanza = line.strip()[1:-1]
            assert stanza not in found, f"{name}: {stanza} stands there twice"
            found[stanza] = {}
        elif line and not line.startswith("#"):
            setting, separator, value = line.partition(" = ")
            assert separator and stanza is not None, f"{name}: {line!r}"
            assert setting not in found[stanza], f"{name}: {setting} stands there twice"
            found[stanza][setting] = value
    return found


def time_pattern(form):
    """Splunk's strptime as a regular expression, and Python's."""
    digits = {"%Y": r"\d{4}", "%m": r"\d\d", "%d": r"\d\d", "%H": r"\d\d", "%M": r"\d\d", "%S": r"\d\d", "%6N": r"\d{6}"}
    parts = re.split(r"(%6N|%[YmdHMS])", form)
    return "".join(digits.get(part) or re.escape(part) for part in parts), form.replace("%6N", "%f")


def events_of(text, props):
    """As an indexer breaks it: what the first group of LINE_BREAKER holds is dropped."""
    found, begin = [], 0
    for match in re.finditer(props["LINE_BREAKER"].encode(), text):
        found.append(text[begin:match.start(1)])
        begin = match.end(1)
    found.append(text[begin:])
    return [event for event in found if event]


def test_splunk_cuts_the_log_into_lines_and_reads_their_time(logging, folder, event_type):
    do_something(logging, event_type, 3)
    wait_until(lambda: log_of(folder).count(b"\n") >= 9, "lines are missing")
    text = log_of(folder)
    props = stanzas("props.conf")["synchrony:json"]
    assert props["SHOULD_LINEMERGE"] == "false" and props["EVENT_BREAKER"] == props["LINE_BREAKER"]
    events = events_of(text, props)
    assert events == text.decode().encode().splitlines()
    pattern, form = time_pattern(props["TIME_FORMAT"])
    for event in events:
        line = event.decode(props["CHARSET"])
        assert len(event) <= int(props["TRUNCATE"])
        prefix = re.search(props["TIME_PREFIX"], line)
        seen = line[prefix.end():][:int(props["MAX_TIMESTAMP_LOOKAHEAD"])]
        assert re.fullmatch(pattern, seen), seen
        assert props["TZ"] == "UTC" and datetime.datetime.strptime(seen, form)
        assert json.loads(line)["@timestamp"] == seen


def test_splunk_names_members_that_lines_have(logging, folder, event_type):
    do_something(logging, event_type)
    lines = [json.loads(line) for line in log_of(folder).splitlines()]
    members = {name for line in lines for name in line}
    props = stanzas("props.conf")["synchrony:json"]
    aliases = [value.split(" AS ") for setting, value in props.items() if setting.startswith("FIELDALIAS-")]
    quoted = {name for setting, value in props.items() if setting.startswith("EVAL-") for name in re.findall(r"'([^']+)'", value)}
    assert aliases and {source for source, _ in aliases} | quoted <= members
    for kind in stanzas("tags.conf"):
        assert kind.removeprefix("eventtype=") in stanzas("eventtypes.conf")
    assert {"request answered", "request failed"} <= {line["message"] for line in lines}
    searches = stanzas("savedsearches.conf")
    for name, search in searches.items():
        assert name == "default" or "`synchrony`" in search["search"] and "synchrony" in stanzas("macros.conf"), name


# ---- rsyslog ----

class Listener:
    """Takes lines over TCP."""

    def __init__(self):
        self.lines = []
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            threading.Thread(target=self.take, args=(connection,), daemon=True).start()

    def take(self, connection):
        with connection, connection.makefile("rb") as file:
            self.lines.extend(iter(file.readline, b""))


@pytest.fixture
def rsyslog(folder):
    """rsyslogd with the example as it is, but for the paths and the receiver, and a work directory and a pid file of its own."""
    listener = Listener()
    text = read("rsyslog", "synchrony.conf")
    for there, here in ((LOG, os.path.join(folder, "responder.log")), ('target="logs.example.com"', 'target="127.0.0.1"'),
                        ('port="5140"', f'port="{listener.port}"')):
        assert there in text
        text = text.replace(there, here)
    work = os.path.join(folder, "work")
    os.mkdir(work)
    give_away(work)
    conf = os.path.join(folder, "rsyslog.conf")
    with open(conf, "w", encoding="ascii") as file:
        file.write(f'global(workDirectory="{work}")\n' + text)
    try:
        command = [program("rsyslogd", "rsyslog"), "-n", "-i", os.path.join(work, "pid"), "-f", conf]
    except Unavailable as error:
        pytest.skip(str(error))
    with open(os.path.join(folder, "rsyslog.log"), "ab") as log:
        process = subprocess.Popen(command, cwd="/", env=clean_environment(), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                   start_new_session=True, **popen_as_unprivileged())
    yield listener
    process.send_signal(signal.SIGTERM)
    process.wait(STOP_TIMEOUT_S)
    listener.socket.close()


def rotate(folder):
    """The example of logrotate as it is, but for the path and the user."""
    text = read("logrotate", "synchrony")
    assert LOG in text and "su synchrony adm\n" in text
    text = text.replace(LOG, os.path.join(folder, "responder.log")).replace("    su synchrony adm\n", "")
    conf = os.path.join(folder, "logrotate.conf")
    with open(conf, "w", encoding="utf-8") as file:
        file.write(text)
    try:
        command = [program("logrotate", "logrotate"), "--force", "--state", os.path.join(folder, "logrotate.state"), conf]
    except Unavailable as error:
        pytest.skip(str(error))
    os.chmod(conf, 0o644)
    result = subprocess.run(command, cwd="/", env=clean_environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                            check=False, **popen_as_unprivileged())
    assert result.returncode == 0, result.stdout


def written(folder):
    """All lines that the responder wrote, to whichever file."""
    text = b""
    for name in os.listdir(folder):
        if not name.startswith("responder.log"):
            continue
        opened = subprocess.run(["zcat", "-f", os.path.join(folder, name)], stdout=subprocess.PIPE, check=True)
        text += opened.stdout
    return text.splitlines(keepends=True)


def test_rsyslog_delivers_every_line_once_though_the_file_is_rotated(logging, folder, rsyslog, event_type):
    current = os.path.join(folder, "responder.log")
    for _ in range(ROTATIONS):
        do_something(logging, event_type, 20)
        wait_until(lambda: rsyslog.lines, "rsyslog delivers nothing")
        rotate(folder)
        do_something(logging, event_type, 20)
        wait_until(lambda: do_something(logging, event_type) or os.path.exists(current), "no new file is made")
        time.sleep(1.1)  # names of rotated files go by the second
    expected = written(folder)
    assert len(expected) >= ROTATIONS * 120
    wait_until(lambda: len(rsyslog.lines) >= len(expected), f"{len(expected)} lines were written")
    assert sorted(rsyslog.lines) == sorted(expected)


# ---- Fluent Bit, by its form alone ----

def test_fluent_bit_reads_the_log_by_the_parser_that_is_there():
    sections = {}
    for name in ("synchrony.conf", "synchrony-parsers.conf"):
        for part in re.split(r"^\[", read("fluent-bit", name), flags=re.MULTILINE)[1:]:
            title, _, rest = part.partition("]")
            pairs = [line.split(None, 1) for line in rest.splitlines() if line.strip() and not line.startswith("#")]
            assert all(len(pair) == 2 for pair in pairs)
            sections[title] = {key.lower(): value for key, value in pairs}
    assert set(sections) == {"INPUT", "OUTPUT", "PARSER"}
    assert sections["INPUT"]["parser"] == sections["PARSER"]["name"] and sections["PARSER"]["format"] == "json"
    assert sections["INPUT"]["tag"] == sections["OUTPUT"]["match"] and sections["INPUT"]["path"] == LOG
    assert sections["PARSER"]["time_key"] == "@timestamp"
