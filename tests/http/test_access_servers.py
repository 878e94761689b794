"""Section 6 behind Apache: logins, keys and limits as deploy/apache has them, with four processes under mod_fcgid."""

import base64
import hashlib
import json
import os
import subprocess
import threading
import time

import pytest

from client import Api, RESOURCE
from cluster import give_away
from servers import DEPLOY, TEMPLATES, WebServer, program, wait_until
from test_access import UNKNOWN, Office, batch, event, headers_of

PROCESSES, RATE, BURST, BATCH = 4, 1000, 100, 5
SECONDS = float(os.environ.get("SYNCHRONY_TEST_PLAN_SECONDS", "3"))
MODULES = ("authn_core", "authn_file", "authz_user", "auth_basic", "ldap", "authnz_ldap", "auth_openidc")
LISTED = "https://www.bank.example"
REFUSED = {"Access-Control-Allow-Origin": None}


def load(modules):
    return "".join(f"LoadModule {name}_module /usr/lib/apache2/modules/mod_{name}.so\n" for name in modules)


class Apache(WebServer):
    """As deployed, with a login."""

    def __init__(self, run_dir, build_dir, settings):
        super().__init__("apache-login", run_dir, build_dir, settings)
        passwords = os.path.join(self.dir, "passwords")
        with open(passwords, "w", encoding="ascii") as file:
            file.write("alice:{SHA}" + base64.b64encode(hashlib.sha1(b"secret").digest()).decode() + "\n")
        give_away(passwords)
        template = os.path.join(self.dir, "template")
        with open(os.path.join(DEPLOY, "apache", "standalone.conf.in"), encoding="utf-8") as file:
            text = file.read()
        with open(template, "w", encoding="utf-8") as file:
            file.write(text + load(("authn_core", "authn_file", "authz_user", "auth_basic")) +
                       f'Define SYNCHRONY_PASSWORDS "{passwords}"\nInclude "@DEPLOY@/apache/synchrony-login.conf"\n')
        TEMPLATES[self.name] = template

    def command(self):
        return [program("apache2", "apache2-bin"), "-f", self.config, "-DFOREGROUND"]


@pytest.fixture(scope="module")
def keys(command, cluster):
    office = Office(command, cluster)
    return {"read": office.create("--scope", "read"), "ingest": office.create("--scope", "ingest"),
            "slow": office.create("--scope", "ingest", "--plan", office.plan(0.01, 3))}


@pytest.fixture(scope="module")
def apache(run_dir, build_dir, settings, keys):
    assert keys
    server = Apache(run_dir, build_dir, settings | {
        "access": "ingest", "trust_remote_user": "true", "allowed_origins": [LISTED], "address_rate": RATE, "address_burst": BURST})
    server.start()
    yield server
    server.stop()


@pytest.fixture
def site(apache):
    return Api(apache.port)


def login(name="alice", password="secret"):
    return {"Authorization": "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()}


def read(site, event_type, headers):
    return site.exchange("GET", f"{RESOURCE}?event_type={event_type}", headers=headers)


def test_pages_write_from_listed_origins_alone(site, event_type):
    assert site.post(event(event_type), headers={"Origin": LISTED}, expect={"Access-Control-Allow-Origin": LISTED}).status == 201
    for headers in ({}, {"Origin": "https://evil.example"}, {"Origin": "null"}, login()):
        assert site.post(event(event_type), headers=headers, expect=REFUSED).status in (401, 403)
    assert site.request("OPTIONS", headers={"Origin": LISTED}, expect={"Access-Control-Allow-Origin": LISTED}).status == 204


def test_employees_and_keys_read(site, keys, event_type):
    assert site.post(event(event_type), headers=headers_of(keys["ingest"]), expect=REFUSED).status == 201
    answer = read(site, event_type, login())
    assert (answer.status, json.loads(answer.body)) == (200, [{"event_type": event_type, "session_id": "s1"}])
    for headers, status in ((headers_of(keys["read"]), 200), (headers_of(keys["ingest"]), 403), (headers_of(UNKNOWN), 401), ({}, 401),
                            (login(password="wrong"), 401), ({"Remote-User": "alice", "X-Remote-User": "alice"}, 401),
                            (headers_of(UNKNOWN) | {"Remote-User": "alice"}, 401)):
        assert read(site, event_type, headers).status == status, headers
    assert site.exchange("GET", RESOURCE + "/healthz").status == 200


def test_oversized_header_ends_at_the_web_server(site, event_type):
    assert read(site, event_type, {"X-Api-Key": "a" * 20000}).status in (400, 431)
    assert site.exchange("GET", RESOURCE + "/healthz").status == 200


def admitted_within(site, seconds, clients=PROCESSES):
    """Asks for as much as there is by some clients. When each request was sent and answered: those that were admitted, and those refused."""
    admitted, refused, end = [], [], time.monotonic() + seconds

    def client(number):
        connection = site.connect()
        body, headers = batch(f"plan.{number}", BATCH), {"Origin": LISTED, "Content-Type": "application/json"}
        while (sent := time.monotonic()) < end:
            answer = site.exchange("POST", RESOURCE, body, headers, connection)
            assert answer.status in (201, 429), answer
            (admitted if answer.status == 201 else refused).append((sent, time.monotonic()))
        connection.close()
    threads = [threading.Thread(target=client, args=(i,)) for i in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(admitted), sorted(refused)


def test_plan_is_kept_by_all_processes_together(apache, site):
    wait_until(lambda: admitted_within(site, 0.2, 4 * PROCESSES) and len(apache.responders()) >= PROCESSES, "there are fewer processes than clients")
    time.sleep(BURST / RATE)
    admitted, refused = admitted_within(site, SECONDS)
    asked = sorted(admitted + refused)
    events = len(admitted) * BATCH
    longest = max(answered for _, answered in admitted) - asked[0][0]
    # From the first answer to the last time that somebody was refused, the plan was used up. What a pause of all clients longer than the
    # burst lasts has cost is not the plan's fault.
    shortest = max(sent for sent, _ in refused) - min(answered for _, answered in asked)
    times = sorted(answered for _, answered in asked)
    idle = sum(max(0, later - sooner - 0.5 * BURST / RATE) for sooner, later in zip(times, times[1:]))
    assert events <= 1.01 * (BURST + RATE * longest), (events, longest)
    assert events >= 0.99 * (BURST + RATE * (shortest - idle)) - BATCH, (events, shortest, idle)


def test_limits_go_on_behind_a_restart_of_the_web_server(apache, site, keys, event_type):
    headers = headers_of(keys["slow"])
    assert site.post(batch(event_type, 3), headers=headers, expect=REFUSED).status == 201
    assert site.post(event(event_type), headers=headers, expect=REFUSED).status == 429
    apache.stop()
    apache.start()
    assert Api(apache.port).post(event(event_type), headers=headers, expect=REFUSED).status == 429


@pytest.mark.parametrize("name", ["synchrony-login", "synchrony-login-ldap", "synchrony-login-oidc"])
def test_configurations_are_accepted(run_dir, name):
    """Whether a directory or a provider would answer is another question."""
    path = os.path.join(run_dir, name + ".conf")
    secret = '"exec:/bin/echo secret"'
    with open(path, "w", encoding="utf-8") as file:
        file.write(f"ServerRoot {run_dir}\nServerName 127.0.0.1\nListen 127.0.0.1:9\nPidFile {run_dir}/{name}.pid\nErrorLog {run_dir}/{name}.log\n" +
                   load(("mpm_event", "authz_core") + MODULES) +
                   'Define SYNCHRONY_LDAP_URL "ldaps://ldap.example.com/ou=people,dc=example,dc=com?uid"\n'
                   'Define SYNCHRONY_LDAP_BIND "cn=synchrony,dc=example,dc=com"\nDefine SYNCHRONY_LDAP_GROUP "cn=analysts,dc=example,dc=com"\n'
                   f"Define SYNCHRONY_LDAP_PASSWORD {secret}\n"
                   'Define SYNCHRONY_OIDC_PROVIDER "https://login.example.com/.well-known/openid-configuration"\n'
                   f'Define SYNCHRONY_OIDC_REDIRECT "https://analytics.example.com/synchrony_login"\nDefine SYNCHRONY_OIDC_SECRET {secret}\n'
                   f'Define SYNCHRONY_OIDC_PASSPHRASE {secret}\nInclude "{DEPLOY}/apache/{name}.conf"\n')
    result = subprocess.run([program("apache2", "apache2-bin"), "-t", "-f", path], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                            check=False, cwd="/")
    assert (result.returncode, result.stdout.strip().splitlines()[-1:]) == (0, ["Syntax OK"]), result.stdout
