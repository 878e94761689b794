"""Section 6: who may. Keys, logins by the web server, plans, and what is refused."""

import json
import os
import subprocess
import uuid

import pytest

from client import CREATED, check_section_1
from cluster import clean_environment, give_away, popen_as_unprivileged
from exposition import PROMETHEUS
from fcgi import cgi_variables, parse_cgi
from servers import Daemon, Site, wait_until

UNKNOWN = "syk_0000000000000000000000000000000000000000000000000"


class Office:
    """Who makes keys and plans."""

    def __init__(self, command, cluster):
        self.command = command
        self.environment = clean_environment() | cluster.environment()

    def run(self, *arguments, code=0):
        result = subprocess.run([self.command, *arguments], env=self.environment, cwd="/", text=True, stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
        assert result.returncode == code, result
        return result

    def create(self, *arguments):
        return json.loads(self.run("key", "create", "--json", *arguments, "test").stdout)

    def plan(self, rate, burst, *arguments):
        name = "p" + uuid.uuid4().hex
        self.run("plan", "put", "--rate", str(rate), "--burst", str(burst), *arguments, name)
        return name


@pytest.fixture(scope="module")
def office(command, cluster):
    return Office(command, cluster)


def headers_of(key, **more):
    return {"X-Api-Key": key["key"] if isinstance(key, dict) else key} | more


def event(event_type, session="s1"):
    return json.dumps({"event_type": event_type, "session_id": session}).encode("ascii")


def batch(event_type, n):
    return json.dumps([{"event_type": event_type, "session_id": f"s{i}"} for i in range(n)]).encode("ascii")


def log_lines(responder):
    with open(responder.responder_log, encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def failures(responder):
    return [line for line in log_lines(responder) if line.get("http.response.status_code", 0) >= 400]


@pytest.fixture(scope="module")
def keys(office):
    """One of each kind, there before the responders start."""
    return {
        "ingest": office.create("--scope", "ingest"),
        "read": office.create("--scope", "read"),
        "both": office.create("--scope", "ingest,read"),
        "report": office.create("--scope", "report"),
        "metrics": office.create("--scope", "metrics"),
        "bound": office.create("--scope", "ingest", "--origin", "https://www.bank.example", "--origin", "https://*.shop.example"),
        "typed": office.create("--scope", "ingest,read", "--event-type", "click", "--event-type", "view"),
        "bulk": office.create("--scope", "ingest", "--plan", office.plan(0.01, 2000)),
        "slow": office.create("--scope", "ingest", "--plan", office.plan(0.01, 5)),
        "restarted": office.create("--scope", "ingest", "--plan", office.plan(0.01, 3)),
        "quota": office.create("--scope", "ingest", "--plan", office.plan(1000, 1000, "--quota", "10")),
    }


def start(run_dir, build_dir, settings, name, more):
    responder = Daemon(name, run_dir, build_dir, settings | more)
    queue = os.path.join(responder.dir, "queue")
    os.mkdir(queue, 0o700)
    give_away(queue)
    return Daemon.start(responder)


@pytest.fixture(scope="module")
def guarded(run_dir, build_dir, settings, keys):
    """access = "keys"."""
    assert keys
    shared = os.path.join(run_dir, "guarded", "run")
    responder = start(run_dir, build_dir, settings, "guarded", {"access": "keys", "trust_remote_user": "true", "run_directory": shared,
                                                                "queue_directory": os.path.join(run_dir, "guarded", "queue")})
    yield responder
    assert responder.stop() == 0


# --- keys and their scopes ---

@pytest.mark.parametrize("name, address, status", [
    (None, "127.0.0.1", 200), (None, "192.0.2.1", 401), ("metrics", "192.0.2.1", 200), ("read", "192.0.2.1", 403), ("read", "127.0.0.1", 200)])
def test_metrics_are_for_this_host_and_who_has_a_key_for_them(guarded, keys, name, address, status):
    headers = headers_of(keys[name]) if name else None
    expect = {"Content-Type": PROMETHEUS} if status == 200 else None
    response = guarded.request("GET", "/metrics", headers=headers, expect=expect, REMOTE_ADDR=address)
    assert response.status == status



@pytest.mark.parametrize("name, post, get", [
    (None, 401, 401), ("unknown", 401, 401), ("ingest", 201, 403), ("read", 403, 200), ("both", 201, 200), ("report", 403, 403)])
def test_scope_decides(guarded, keys, event_type, name, post, get):
    headers = headers_of(keys.get(name, UNKNOWN)) if name else None
    response = guarded.post(event(event_type), headers=headers)
    assert response.status == post
    if post != 201:
        assert response.json()["code"] == {401: "unauthorized", 403: "forbidden"}[post]
    response = guarded.request("GET", params={"event_type": event_type}, headers=headers)
    assert response.status == get
    assert (response.header("WWW-Authenticate") is not None) == (get == 401)
    assert guarded.request("HEAD", params={"event_type": event_type}, headers=headers).status == get


def test_what_was_refused_is_not_stored(guarded, keys, cluster, event_type):
    for key in (UNKNOWN, keys["read"]):
        assert guarded.post(event(event_type), headers=headers_of(key)).status in (401, 403)
    assert cluster.execute("SELECT count(*) FROM event_log WHERE event_type = %s", (event_type,)) == [(0,)]


def test_what_needs_no_key(guarded):
    assert guarded.request("OPTIONS").status == 204
    assert guarded.request("GET", "/healthz").status == 200
    assert guarded.request("GET", "/readyz").status == 200
    assert guarded.request("GET", "/nothing").status == 404
    assert guarded.request("DELETE").status == 405
    assert guarded.request("GET", "/batches/" + str(uuid.uuid4())).status == 401


@pytest.mark.parametrize("value", [
    "", "x", "syk_", UNKNOWN[:-1], UNKNOWN + "0", UNKNOWN * 2, "syk_" + "z" * 49, "syk_" + "\xff" * 49, "syk_" + "' OR 1=1 -- ".ljust(49), "syk_" + "\0" * 49,
    "a" * 60000, "syk_" + "a" * 60000])
def test_what_is_no_key_is_401_and_one_line(guarded, event_type, value):
    before = len(failures(guarded))
    response = guarded.request("GET", params={"event_type": event_type}, headers={"X-Api-Key": value})
    assert (response.status, response.json()["code"]) == (401, "unauthorized")
    lines = failures(guarded)[before:]
    assert [line["http.response.status_code"] for line in lines] == [401]
    assert lines[0]["client.address"] == "127.0.0.1"
    assert value == "" or value not in json.dumps(lines)


def test_refusal_names_the_key_in_the_log_and_not_the_secret(guarded, keys, event_type):
    before = len(failures(guarded))
    assert guarded.post(event(event_type), headers=headers_of(keys["read"])).status == 403
    line, = failures(guarded)[before:]
    assert line["synchrony.key.id"] == keys["read"]["id"]
    with open(guarded.responder_log, encoding="utf-8") as file:
        text = file.read()
    assert not any(key["key"] in text for key in keys.values())


def test_key_of_the_query_or_the_authorization_header_is_none(guarded, keys, event_type):
    assert guarded.request("GET", params={"event_type": event_type}, headers={"Authorization": "Bearer " + keys["read"]["key"]}).status == 401
    assert guarded.request("GET", params={"event_type": event_type, "key": keys["read"]["key"]}).status == 401


def test_key_is_bound_to_its_origins(guarded, keys, event_type):
    for origin, status in (("https://www.bank.example", 201), ("https://a.shop.example", 201), ("https://shop.example", 403),
                           ("https://www.bank.example.evil.example", 403), ("null", 403), (None, 403)):
        headers = headers_of(keys["bound"]) | ({"Origin": origin} if origin else {})
        assert guarded.post(event(event_type), headers=headers).status == status, origin


def test_key_is_bound_to_its_event_types(guarded, keys):
    assert guarded.post(event("click"), headers=headers_of(keys["typed"])).status == 201
    response = guarded.post(event("payment"), headers=headers_of(keys["typed"]))
    assert (response.status, response.json()["code"]) == (403, "forbidden")
    session = uuid.uuid4().hex
    response = guarded.post(json.dumps([{"event_type": t, "session_id": session} for t in ("view", "payment", "click")]).encode("ascii"),
                            headers=headers_of(keys["typed"]))
    assert response.status == 207
    assert [(error["index"], error["code"], error["retry"]) for error in response.json()["errors"]] == [(1, "forbidden", False)]
    assert guarded.request("GET", params={"event_type": "click"}, headers=headers_of(keys["typed"])).status == 200
    assert guarded.request("GET", params={"event_type": "payment"}, headers=headers_of(keys["typed"])).status == 403


# --- the web server's login ---

def test_remote_user_reads_and_does_not_write(guarded, keys, event_type):
    params = {"event_type": event_type}
    assert guarded.request("GET", params=params, REMOTE_USER="alice").status == 200
    assert guarded.request("POST", body=event(event_type), REMOTE_USER="alice").status == 403
    assert guarded.request("GET", params=params, REMOTE_USER="").status == 401
    assert guarded.request("GET", params=params, headers={"Remote-User": "alice", "X-Remote-User": "alice"}).status == 401
    assert guarded.request("GET", params=params, headers=headers_of(keys["ingest"]), REMOTE_USER="alice").status == 200
    assert guarded.request("GET", params=params, headers=headers_of(UNKNOWN), REMOTE_USER="alice").status == 401


def test_remote_user_is_nobody_unless_trusted(make_daemon, event_type):
    responder = make_daemon({"access": "keys"}).start()
    assert responder.request("GET", params={"event_type": event_type}, REMOTE_USER="alice").status == 401


# --- open writes ---

def test_ingest_is_open_to_listed_origins_alone(make_daemon, keys, event_type):
    responder = make_daemon({"access": "ingest", "allowed_origins": ["https://www.bank.example", "https://*.shop.example"]}).start()
    for origin, status in (("https://www.bank.example", 201), ("https://a.b.shop.example", 201), ("https://evil.example", 401), ("null", 401),
                           (None, 401)):
        expect = {"Access-Control-Allow-Origin": origin if status == 201 else None}
        headers = {"Origin": origin} if origin else {}
        response = responder.request("POST", body=event(event_type), headers=headers, expect=expect)
        assert response.status == status, origin
        assert response.header("Vary") == "Origin"
        assert responder.request("GET", params={"event_type": event_type}, headers=headers, expect=expect).status == 401
    expect = {"Access-Control-Allow-Origin": None}
    assert responder.request("POST", body=event(event_type), headers=headers_of(keys["ingest"]), expect=expect).status == 201
    assert responder.request("GET", params={"event_type": event_type}, headers=headers_of(keys["read"]), expect=expect).status == 200


# --- making, rotating, revoking ---

def status_of(responder, key, event_type):
    return responder.request("GET", params={"event_type": event_type}, headers=headers_of(key)).status


def test_key_lives_from_its_making_to_its_revocation_or_its_end(guarded, office, event_type):
    key = office.create("--scope", "read")
    ending = office.create("--scope", "read", "--expires", "6s")
    wait_until(lambda: status_of(guarded, key, event_type) == 200, "the key is not known")
    wait_until(lambda: status_of(guarded, ending, event_type) == 200, "the key with an end is not known")
    new = json.loads(office.run("key", "rotate", "--grace", "1h", "--json", key["id"]).stdout)
    wait_until(lambda: status_of(guarded, new, event_type) == 200, "the new key is not known")
    assert status_of(guarded, key, event_type) == 200
    office.run("key", "revoke", key["id"])
    wait_until(lambda: status_of(guarded, key, event_type) == 401, "the key is not revoked")
    assert status_of(guarded, new, event_type) == 200
    assert key["key"] not in office.run("key", "list").stdout + office.run("key", "list", "--json").stdout
    wait_until(lambda: status_of(guarded, ending, event_type) == 401, "the key does not end")


def test_last_good_keys_go_on_while_the_database_is_away(away, guarded, keys, event_type, run_dir):
    """And a new process takes them from the file, which nobody else can read."""
    assert guarded.post(event(event_type), headers=headers_of(keys["ingest"])).status == 202
    assert guarded.post(event(event_type), headers=headers_of(UNKNOWN)).status == 401
    queue = os.path.join(run_dir, "guarded", "queue")
    name, = [name for name in os.listdir(queue) if name.startswith("keys.") and not name.endswith(".lock")]
    assert os.stat(os.path.join(queue, name)).st_mode & 0o777 == 0o600
    with open(os.path.join(queue, name), "rb") as file:
        content = file.read()
    assert not any(key["key"].encode() in content for key in keys.values())
    assert guarded.stop() == 0
    guarded.start()
    assert guarded.post(event(event_type), headers=headers_of(keys["ingest"])).status == 202
    assert away.process is None


def test_keys_that_are_too_old_are_none(cluster, make_daemon, keys, event_type):
    """Without a file to take them from, none is known while the database is away."""
    cluster.stop()
    try:
        responder = make_daemon({"access": "keys"}).start()
        assert responder.post(event(event_type), headers=headers_of(keys["ingest"])).status == 503
        assert responder.post(event(event_type)).status == 401
    finally:
        cluster.start()
    wait_until(lambda: responder.post(event(event_type), headers=headers_of(keys["ingest"])).status == 201, "the keys do not come")


# --- plans ---

def test_plan_lets_a_burst_pass_and_says_when_to_come_again(guarded, keys, cluster, event_type):
    key = keys["slow"]
    assert guarded.post(b"", headers=headers_of(key)).status == 400  # it counts as one
    assert guarded.post(batch(event_type, 4), headers=headers_of(key)).status == 201
    for _ in range(2):
        response = guarded.post(event(event_type, "more"), headers=headers_of(key))
        assert (response.status, response.json()["code"]) == (429, "rate_limited")
        assert 90 <= int(response.header("Retry-After")) <= 100
        assert response.header("RateLimit-Policy") == '"default";q=5;w=500'
        assert response.header("RateLimit") == f'"default";r=0;t={response.header("Retry-After")}'
    response = guarded.post(batch(event_type, 6), headers=headers_of(key))
    assert (response.status, response.json()["code"]) == (413, "too_large")
    assert guarded.post(b"{", headers=headers_of(key)).status == 429
    assert cluster.execute("SELECT count(*) FROM event_log WHERE event_type = %s", (event_type,)) == [(4,)]


def test_limits_go_on_where_they_were_after_a_restart(guarded, keys, event_type):
    key = keys["restarted"]
    assert guarded.post(batch(event_type, 3), headers=headers_of(key)).status == 201
    assert guarded.stop() == 0
    guarded.start()
    assert guarded.post(event(event_type), headers=headers_of(key)).status == 429


def test_quota_of_a_day_survives_the_loss_of_the_run_directory(guarded, keys, cluster, event_type):
    key = keys["quota"]
    assert guarded.post(batch(event_type, 9), headers=headers_of(key)).status == 201
    response = guarded.post(batch(event_type, 2), headers=headers_of(key))
    assert (response.status, response.header("RateLimit").partition(";t=")[0]) == (429, '"daily";r=1')
    assert response.header("RateLimit-Policy") == '"default";q=1000;w=1, "daily";q=10;w=86400'
    assert guarded.post(batch(event_type, 11), headers=headers_of(key)).status == 413
    assert guarded.stop() == 0  # it reports what was used before it ends
    assert cluster.execute("SELECT n_events FROM api_key_usage WHERE key_id = %s", (key["id"],)) == [(9,)]
    os.unlink(os.path.join(guarded.dir, "run", "limits"))  # as a boot does
    guarded.start()
    assert guarded.post(batch(event_type, 2), headers=headers_of(key)).status == 429
    assert guarded.post(batch(event_type, 1), headers=headers_of(key)).status == 201
    assert cluster.execute("SELECT last_used_at IS NOT NULL FROM api_keys WHERE key_id = %s", (key["id"],)) == [(True,)]


def test_damaged_file_of_limits_is_made_anew_and_said_so(make_daemon, run_dir, event_type):
    shared = os.path.join(run_dir, "limits." + uuid.uuid4().hex[:6])
    os.mkdir(shared, 0o700)
    give_away(shared)
    for content, status in ((None, 201), (b"\0" * 4096, 201)):
        if content:
            with open(os.path.join(shared, "limits"), "r+b") as file:
                file.write(content)
        responder = make_daemon({"address_rate": 1, "address_burst": 2, "run_directory": shared}).start()
        assert responder.post(event(event_type)).status == status
        assert responder.stop() == 0
    assert len([line for line in log_lines(responder) if line["message"].startswith("shared file is damaged")]) == 1


@pytest.mark.parametrize("one, other, is_same", [
    ("192.0.2.1", "192.0.2.1", True), ("192.0.2.3", "192.0.2.4", False), ("2001:db8:1:2::1", "2001:db8:1:2:ffff::1", True),
    ("2001:db8:1:3::1", "2001:db8:1:4::1", False)])
def test_without_a_key_the_address_pays(limited, event_type, one, other, is_same):
    for _ in range(2):
        assert limited.request("POST", body=event(event_type), REMOTE_ADDR=one).status == 201
    assert limited.request("POST", body=event(event_type), REMOTE_ADDR=one).status == 429
    assert limited.request("GET", params={"event_type": event_type}, REMOTE_ADDR=one).status == 429
    assert limited.request("GET", "/healthz", REMOTE_ADDR=one).status == 200
    assert limited.request("POST", body=event(event_type), REMOTE_ADDR=other).status == (429 if is_same else 201)


@pytest.fixture(scope="module")
def limited(run_dir, build_dir, settings):
    responder = Daemon("limited", run_dir, build_dir, settings | {"address_rate": 1, "address_burst": 2}).start()
    # A rate of one event a second would come back while a slow machine asks: what is asked for here is less than that.
    yield responder
    assert responder.stop() == 0


def test_forwarding_headers_change_nothing(limited, event_type):
    spoofed = [{"X-Forwarded-For": "198.51.100.7"}, {"Forwarded": "for=198.51.100.8"}, {"X-Real-IP": "198.51.100.9"}, {"Client-IP": "198.51.100.10"}]
    statuses = [limited.request("POST", body=batch(event_type, 2), headers=headers, REMOTE_ADDR="203.0.113.1").status for headers in spoofed]
    assert statuses == [201, 429, 429, 429]


def test_who_looks_after_the_host_sees_it_while_its_address_is_past_its_plan(make_daemon, event_type):
    responder = make_daemon({"address_rate": 1, "address_burst": 2, "metrics": "all"}).start()
    for address, status in (("127.0.0.1", 200), ("192.0.2.1", 429)):
        statuses = {responder.request("POST", body=event(event_type), REMOTE_ADDR=address).status for _ in range(5)}
        assert statuses == {201, 429}
        expect = {"Content-Type": PROMETHEUS} if status == 200 else None
        assert responder.request("GET", "/metrics", REMOTE_ADDR=address, expect=expect).status == status


def test_guesses_are_charged_to_the_address(make_daemon, event_type):
    responder = make_daemon({"access": "keys", "address_rate": 1, "address_burst": 3}).start()
    statuses = [responder.request("GET", params={"event_type": event_type}, headers=headers_of(UNKNOWN), REMOTE_ADDR="203.0.113.2").status
                for _ in range(6)]
    assert statuses[:3] == [401] * 3 and 429 in statuses[3:], statuses
    lines = failures(responder)
    assert len(lines) == 6 and all(line["client.address"] == "203.0.113.2" for line in lines)


# --- the record ---

def test_reads_of_single_sessions_are_recorded(guarded, keys, cluster, event_type):
    def record():
        return cluster.execute("SELECT actor, subject::jsonb ->> 'session_id', origin, request_id FROM audit_log "
                               "WHERE action = 'session.read' AND subject::jsonb ->> 'event_type' = %s ORDER BY audit_id", (event_type,))
    params = {"event_type": event_type, "session_id": 'a"b'}
    headers = {"X-Request-Id": "r1"}
    assert guarded.request("GET", params=params, headers=headers_of(keys["read"]) | headers, REMOTE_ADDR="192.0.2.9").status == 200
    assert guarded.request("GET", params=params, headers=headers, REMOTE_USER="alice").status == 200
    assert guarded.request("GET", params={"event_type": event_type}, headers=headers_of(keys["read"])).status == 200
    wait_until(lambda: len(record()) == 2, "the reads are not recorded")
    assert record() == [(f"key:{keys['read']['id']}", 'a"b', "192.0.2.9", "r1"), ("user:alice", 'a"b', "127.0.0.1", "r1")]


def test_read_that_has_to_be_recorded_and_cannot_is_not_answered(cluster, make_daemon, keys, event_type):
    reader = cluster.conninfo("synchrony_reader")
    responder = make_daemon({"access": "keys", "audit_required": "true", "reader_database": reader}).start()
    params = {"event_type": event_type, "session_id": "s1"}
    cluster.execute("REVOKE EXECUTE ON FUNCTION audit_session_reads FROM synchrony_writer")
    try:
        assert responder.request("GET", params=params, headers=headers_of(keys["read"])).status == 503
        assert responder.request("GET", params={"event_type": event_type}, headers=headers_of(keys["read"])).status == 200
    finally:
        cluster.execute("GRANT EXECUTE ON FUNCTION audit_session_reads TO synchrony_writer")
    assert responder.request("GET", params=params, headers=headers_of(keys["read"])).status == 200
    assert [line["user.name"] for line in log_lines(responder) if line["message"] == "a read of a session could not be recorded"] == \
        ["key:" + keys["read"]["id"]]


# --- open, as it always was ---

def test_open_asks_for_nothing(daemon, event_type):
    response = daemon.post(event(event_type), headers=headers_of("whatever"))
    assert (response.status, response.body) == (201, CREATED)


# --- other ways in ---

def test_batch_on_request_is_charged_as_a_whole(guarded, keys, cluster, event_type):
    headers = headers_of(keys["bulk"], Prefer="respond-async")
    response = guarded.post(batch(event_type, 2001), headers=headers)
    assert (response.status, response.json()["code"]) == (413, "too_large")
    assert guarded.post(batch(event_type, 1500), headers=headers).status == 202
    response = guarded.post(batch(event_type, 1500), headers=headers)
    assert (response.status, response.json()["code"]) == (429, "rate_limited")
    wait_until(lambda: cluster.execute("SELECT count(*) FROM event_log WHERE event_type = %s", (event_type,)) == [(1500,)], "the batch is not stored")


def test_plain_cgi_asks_for_keys_and_counts(run_dir, build_dir, settings, keys, event_type):
    site = Site("keys-cgi", run_dir, build_dir, settings | {
        "access": "keys", "address_rate": 1, "address_burst": 1, "run_directory": os.path.join(run_dir, "keys-cgi", "run")})

    def get(key, **variables):
        result = subprocess.run([site.wrapper], cwd="/", check=True, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, **popen_as_unprivileged(),
                                env=clean_environment() | {"SYNCHRONY_CONF": site.conf} |
                                cgi_variables("GET", params={"event_type": event_type}, headers=headers_of(key), **variables))
        return check_section_1(parse_cgi(result.stdout)).status
    assert get(keys["read"]) == 200
    assert get(keys["ingest"]) == 403
    assert get(UNKNOWN, REMOTE_ADDR="192.0.2.1") == 401
    assert get(UNKNOWN, REMOTE_ADDR="192.0.2.2") == 401
    statuses = [get(UNKNOWN, REMOTE_ADDR="192.0.2.3") for _ in range(3)]
    assert statuses[0] == 401 and set(statuses) <= {401, 429}, statuses
    assert get(keys["read"], REMOTE_ADDR="192.0.2.3") == 200
