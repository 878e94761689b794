"""The operator's command `synchrony schema`: new versions, what is refused, what has changed, and what of the stored events would fail.

Needs no web server, but a database of its own: the catalogue is one for all.
"""

import glob
import json
import os
import pty
import subprocess
import uuid

import pytest

from cluster import clean_environment
from servers import DEPLOY

TIMEOUT_S = 60  # a hang guard
SITE = {"x-shared": True, "definitions": {"host": {"enum": ["bank.example"]}}}
PAGE_VIEW = {"type": "object", "required": ["n"], "properties": {"n": {"type": "integer"}, "host": {"$ref": "site.json#/definitions/host"}},
             "examples": [{"n": 1}]}


class Catalogue:
    """A database with nothing in it, a folder for files, and the command."""

    def __init__(self, cluster, command, folder):
        self.cluster, self.command, self.folder = cluster, command, folder
        self.dbname = "schemas" + uuid.uuid4().hex[:8]
        cluster.create_database(self.dbname)
        cluster.migrate(command, self.dbname)

    def file(self, name, schema):
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(schema if isinstance(schema, str) else json.dumps(schema))
        return path

    def environment(self, role="synchrony_operator"):
        return clean_environment() | self.cluster.environment(self.dbname) | {"SYNCHRONY_OWNER_DATABASE": self.cluster.conninfo(role, self.dbname)}

    def run(self, *arguments, stdin=""):
        return subprocess.run([self.command, "schema", *arguments], cwd="/", env=self.environment(), input=stdin, text=True,
                              capture_output=True, timeout=TIMEOUT_S, check=False)

    def ok(self, *arguments, **more):
        result = self.run(*arguments, **more)
        assert (result.returncode, result.stderr) == (0, ""), result
        return result.stdout

    def refused(self, code, *arguments, **more):
        result = self.run(*arguments, **more)
        assert (result.returncode, result.stdout) == (code, ""), result
        return result.stderr

    def json(self, *arguments):
        return json.loads(self.ok(*arguments, "--json"))

    def execute(self, sql, parameters=None):
        return self.cluster.execute(sql, parameters, dbname=self.dbname)

    def versions(self):
        return self.execute("SELECT event_type, version, mode FROM event_schemas ORDER BY event_type, version")


@pytest.fixture(scope="module")
def template(cluster, command, run_dir):
    return Catalogue(cluster, command, run_dir)


@pytest.fixture
def catalogue(template, tmp_path):
    """What one test has put the next does not find."""
    template.folder = str(tmp_path)
    for table in ("event_schemas", "events", "event_log"):
        template.execute("DELETE FROM " + table)
    return template


@pytest.fixture
def filled(catalogue):
    catalogue.ok("put", catalogue.file("site.json", SITE), catalogue.file("page_view.json", PAGE_VIEW), "--author", "ada", "--note", "why")
    return catalogue


# --- put ---

def test_put_takes_the_type_from_the_name_and_observes_what_is_new(filled):
    assert filled.versions() == [("page_view", 1, "observe"), ("site", 1, "shared")]
    rows = {row["event_type"]: row for row in filled.json("list")}
    assert rows["page_view"] == rows["page_view"] | {"version": 1, "mode": "observe", "author": "ada", "note": "why", "is_current": True,
                                                     "size_bytes": len(json.dumps(PAGE_VIEW))}
    assert "page_view        1  observe" in filled.ok("list")
    assert filled.ok("get", "page_view") == json.dumps(PAGE_VIEW)


def test_put_of_the_same_changes_nothing(filled):
    assert "unchanged" in filled.ok("put", os.path.join(filled.folder, "page_view.json"))
    assert filled.json("put", os.path.join(filled.folder, "page_view.json"))[0]["is_new"] is False
    assert len(filled.versions()) == 2


def test_put_changes_the_mode_alone_or_the_schema_alone(filled):
    assert "version 2, enforce" in filled.ok("put", "--type", "page_view", "--mode", "enforce")
    assert filled.ok("get", "page_view") == json.dumps(PAGE_VIEW)
    assert "version 3, enforce" in filled.ok("put", "--type", "page_view", "-", stdin=" true\n")
    assert filled.ok("get", "page_view") == " true\n"
    assert filled.ok("get", "page_view", "--version", "1") == json.dumps(PAGE_VIEW)
    assert "version 4, off" in filled.ok("disable", "page_view", "--author", "eve", "--note", "too strict")
    newest = filled.json("history", "page_view")[0]
    assert (newest["mode"], newest["author"], newest["note"]) == ("off", "eve", "too strict")
    assert [row["version"] for row in filled.json("history", "page_view")] == [4, 3, 2, 1]


def test_every_put_is_in_the_record(filled):
    assert filled.execute("SELECT count(*) FROM audit_log WHERE action = 'schema.put' AND subject = 'site page_view'") != [(0,)]


@pytest.mark.parametrize("schema, words", [
    ('{"type":"objec"}', ["/type", "type"]),
    ('{"type":"object"', ["byte 16"]),
    ('{"properties":{"a":{"pattern":"("}}}', ["/properties/a/pattern", "pattern"]),
    ('{"$schema":"https://json-schema.org/draft/2020-12/schema"}', ["$schema"]),
    ('{"$ref":"nowhere.json"}', ["/$ref", "nowhere.json"]),
    ('{"type":"string","examples":["a",1]}', ["/examples/1", "type"]),
    ("", ["byte 0"]), ("5", []),
])
def test_put_refuses_what_cannot_be_used_with_place_and_reason(filled, schema, words):
    error = filled.refused(1, "put", filled.file("click.json", schema))
    assert "click.json" in error and all(word in error for word in words), error
    assert len(error.splitlines()) == 1
    assert len(filled.versions()) == 2


def test_put_refuses_what_others_would_be_broken_by(filled):
    error = filled.refused(1, "put", filled.file("site.json", {"x-shared": True}))
    assert "page_view" in error and "/properties/host/$ref" in error
    assert len(filled.versions()) == 2


def test_put_puts_all_or_none(catalogue):
    catalogue.refused(1, "put", catalogue.file("a.json", {}), catalogue.file("b.json", {"type": 5}))
    assert catalogue.versions() == []


@pytest.mark.parametrize("arguments", [
    (), ("nope",), ("put",), ("put", "--type", "a"), ("put", "--mode", "strict", "--type", "a"), ("put", "-"), ("put", "/nonexistent/a.json"),
    ("put", "--type", "a", "x", "y"), ("get",), ("get", "a", "b"), ("get", "--version", "0", "a"), ("list", "a"), ("list", "--mode", "off"),
    ("check",), ("check", "--type", "a", "--since", "yesterday"), ("check", "--type", "a", "--limit", "-1"), ("history",), ("disable",), ("diff",),
])
def test_wrong_arguments_are_2(catalogue, arguments):
    assert catalogue.refused(2, *arguments)


@pytest.mark.parametrize("arguments", [("get", "none"), ("history", "none"), ("diff", "none"), ("disable", "none"), ("check", "--type", "none"),
                                       ("put", "--type", "none", "--mode", "off"), ("get", "--version", "9", "page_view")])
def test_what_is_not_there_is_1(filled, arguments):
    assert filled.refused(1, *arguments)


def test_without_a_database_it_is_69(catalogue):
    environment = catalogue.environment() | {"SYNCHRONY_OWNER_DATABASE": "host=/nonexistent"}
    result = subprocess.run([catalogue.command, "schema", "list"], env=environment, capture_output=True, timeout=TIMEOUT_S, check=False)
    assert result.returncode == 69 and result.stderr


# --- the doctor ---

def test_the_doctor_finds_a_catalogue_that_cannot_be_used(filled):
    def finding():
        result = subprocess.run([filled.command, "doctor", "--json"], env=filled.environment(), text=True, capture_output=True, timeout=TIMEOUT_S,
                                check=False)
        return next(found for found in json.loads(result.stdout)["findings"] if found["check"] == "catalogue")
    assert finding() == {"check": "catalogue", "level": "ok", "message": "1 event types have a schema, 0 of them are enforced"}
    filled.execute("INSERT INTO event_schemas (event_type, version, mode, schema, author) VALUES ('site', 2, 'shared', '{\"type\":5}', 'eve')")
    found = finding()
    assert found["level"] == "fault" and "version 2 of site: /type" in found["message"] and found["advice"]


# --- the catalogue that comes with it ---

BANK = sorted(glob.glob(os.path.join(DEPLOY, "schemas", "*.json")))


def test_the_bank_s_catalogue_can_be_put_and_fits_its_examples(catalogue):
    rows = {row["event_type"]: row["mode"] for row in catalogue.json("put", *BANK)}
    assert rows.pop("site") == rows.pop("event") == "shared" and set(rows.values()) == {"observe"}
    assert {"page_view", "click", "form_submit", "form_error", "search", "login", "logout", "error", "web_vital", "feature_use"} <= set(rows)
    for path in BANK:
        with open(path, encoding="utf-8") as file:
            schema = json.load(file)
        assert schema.get("x-shared") or schema["examples"], path
    assert "unchanged" in catalogue.ok("put", *BANK)


@pytest.mark.parametrize("change", [
    {"page_url": "https://evil.example/"}, {"page_url": "https://online.bank.example@evil.example/"}, {"page_url": "http://online.bank.example/"},
    {"timestamp": "2026-11-20 10:00"}, {"timestamp": "2026-11-20T10:00:00"}, {"event_id": "1"}, {"session_id": "customer 4711"}, {"customer": 1},
    {"event_properties": {"title": "x" * 301}}, {"event_properties": {"iban": "x"}}, {"device_info": {"kind": "fridge"}},
])
def test_the_bank_s_catalogue_refuses(bank, change):
    changed = bank.example | change
    bank.execute("DELETE FROM events")
    bank.execute("INSERT INTO events VALUES ('page_view', %s, gen_random_uuid(), now(), now(), %s)",
                 (changed.pop("session_id"), json.dumps({name: value for name, value in changed.items() if name != "event_type"})))
    result = bank.run("check", "--type", "page_view")
    assert result.returncode == 1, result


@pytest.fixture(scope="module")
def bank(template):
    for table in ("event_schemas", "events", "event_log"):
        template.execute("DELETE FROM " + table)
    template.ok("put", *BANK)
    template.example = json.loads(template.ok("get", "page_view"))["examples"][0]
    return template


# --- diff ---

def test_diff_tells_each_value_that_has_changed(filled):
    changed = json.loads(json.dumps(PAGE_VIEW))
    changed["properties"]["n"] = {"type": "number"}
    changed["properties"]["a/b"] = True
    changed["required"] = []
    filled.ok("put", filled.file("page_view.json", changed), "--mode", "enforce")
    assert filled.json("diff", "page_view") == [
        {"op": "remove", "pointer": "/required/0", "from": "n"}, {"op": "replace", "pointer": "/properties/n/type", "from": "integer", "to": "number"},
        {"op": "add", "pointer": "/properties/a~1b", "to": True}]
    assert filled.ok("diff", "page_view").splitlines() == [
        "~ mode: observe -> enforce", '- /required/0: "n"', '~ /properties/n/type: "integer" -> "number"', "+ /properties/a~1b: true"]
    assert filled.json("diff", "page_view", "--from", "2", "--to", "1")[0] == {"op": "add", "pointer": "/required/0", "to": "n"}
    assert "the same" in filled.ok("diff", "page_view", os.path.join(filled.folder, "page_view.json"))
    assert filled.json("diff", "page_view", "--from", "1", filled.file("x.json", PAGE_VIEW)) == []


# --- check ---

@pytest.fixture
def with_events(filled):
    filled.execute("""INSERT INTO events SELECT 'page_view', 's' || i, gen_random_uuid(), now(), now() - i * interval '1 day',
                      CASE WHEN i % 3 = 0 THEN '{"n": "secret"}'::jsonb WHEN i % 4 = 0 THEN '{}' ELSE '{"n": 1, "host": "bank.example"}' END
                      FROM generate_series(1, 8) AS i""")
    filled.execute("""INSERT INTO event_log (event_type, session_id, event_id, occurred_at, received_at, properties)
                      SELECT event_type, session_id, event_id, received_at, received_at, properties FROM events""")
    return filled


def test_check_counts_by_place_and_keyword_and_shows_identities(with_events):
    result = with_events.run("check", os.path.join(with_events.folder, "page_view.json"), "--json")
    assert (result.returncode, result.stderr) == (1, "")
    found = json.loads(result.stdout)
    assert (found["judged"], found["failed"]) == (8, 4)
    assert {(f["pointer"], f["keyword"], f["events"]) for f in found["findings"]} == {("/n", "type", 2), ("", "required", 2)}
    examples = {e["session_id"] for f in found["findings"] for e in f["examples"]}
    assert examples == {"s3", "s6", "s4", "s8"} and "secret" not in result.stdout
    assert with_events.execute("SELECT event_id::text FROM events WHERE session_id = 's3'")[0][0] in result.stdout
    table = with_events.run("check", "--type", "page_view")
    assert table.returncode == 1 and table.stdout.endswith("4 of 8 events would fail.\n") and "secret" not in table.stdout
    assert len(with_events.versions()) == 2


def test_check_takes_a_part(with_events):
    def judged(*arguments):
        return json.loads(with_events.run("check", "--type", "page_view", "--json", *arguments).stdout)["judged"]
    since = with_events.execute("SELECT to_char(now() - interval '84 hours', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')")[0][0]
    assert (judged("--limit", "5"), judged("--since", since), judged("--since", since, "--history"), judged("--history")) == (5, 3, 3, 8)


def test_check_is_0_where_nothing_would_fail(with_events):
    assert with_events.ok("check", "--type", "page_view", "-", stdin="true") == "0 of 8 events would fail.\n"


def test_check_shows_its_progress_on_a_terminal(with_events):
    master, slave = pty.openpty()
    result = subprocess.run([with_events.command, "schema", "check", "--type", "page_view"], env=with_events.environment(), stdout=subprocess.DEVNULL,
                            stderr=slave, timeout=TIMEOUT_S, check=False)
    os.close(slave)
    shown = os.read(master, 65536).decode()
    os.close(master)
    assert result.returncode == 1 and "8 / 8, 4 would fail" in shown
