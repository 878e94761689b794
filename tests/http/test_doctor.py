"""`synchrony doctor`: each thing that may be wrong is made wrong, and found, with advice."""

import json
import os
import shutil
import subprocess
import uuid

import pytest

from client import RESOURCE
from cluster import clean_environment, give_away, popen_as_unprivileged
from servers import Site

TIMEOUT_S = 60


class Patient:
    """A configuration with directories of its own, and what the doctor finds."""

    def __init__(self, run_dir, command, settings, cluster):
        self.command = command
        self.dir = os.path.join(run_dir, "doctor." + uuid.uuid4().hex[:8])
        self.run = os.path.join(self.dir, "run")
        self.queue = os.path.join(self.dir, "queue")
        for path, mode in ((self.dir, 0o755), (self.run, 0o700), (self.queue, 0o700)):
            os.mkdir(path, mode)
            give_away(path)
        self.settings = settings | {"run_directory": self.run, "queue_directory": self.queue, "queue_max_bytes": 1048576}
        self.environment = clean_environment() | {"SYNCHRONY_OWNER_DATABASE": cluster.conninfo("postgres")}

    def examine(self, *arguments, **settings):
        """(exit code, findings by check). The command runs as the responder's user."""
        conf = os.path.join(self.dir, "synchrony.conf")
        with open(conf, "w", encoding="utf-8") as file:
            for name, value in (self.settings | settings).items():
                file.write(f"{name} = {Site.literal(value)}\n")
        os.chmod(conf, 0o640)
        give_away(conf)
        done = subprocess.run([self.command, "--config", conf, "doctor", "--json", *arguments], capture_output=True, text=True,
                              env=self.environment, timeout=TIMEOUT_S, check=False, **popen_as_unprivileged())
        assert done.stderr == ""
        report = json.loads(done.stdout)
        findings = {}
        for finding in report["findings"]:
            findings.setdefault(finding["check"], finding)
            assert ("advice" in finding) == (finding["level"] in ("warning", "fault"))
        levels = [finding["level"] for finding in report["findings"]]
        worst = max(levels, key=["ok", "skipped", "warning", "fault"].index)
        assert report["worst"] == ("ok" if worst == "skipped" else worst)
        assert done.returncode == {"ok": 0, "skipped": 0, "warning": 1, "fault": 69}[worst]
        return done.returncode, findings


@pytest.fixture
def patient(run_dir, command, settings, cluster):
    return Patient(run_dir, command, settings, cluster)


def bad(findings):
    return {name for name, finding in findings.items() if finding["level"] in ("warning", "fault")}


def test_server_that_loses_what_it_acknowledged_is_found(patient):
    code, findings = patient.examine()
    assert code == 69
    assert findings["database.fsync"]["level"] == "fault"
    assert findings["database.migrations"]["level"] == "ok"
    assert findings["roles.writer"]["level"] == findings["roles.reader"]["level"] == "ok"
    assert findings["database.partitions"]["level"] == findings["database.ready"]["level"] == findings["clock"]["level"] == "ok"
    assert bad(findings) <= {"database.fsync", "database.synchronous_commit", "database.full_page_writes", "database.connections"}


@pytest.mark.parametrize("mode, check, level", [(0o750, "run_directory", "fault"), (0o700, "run_directory", "ok")])
def test_directory_that_others_may_enter_is_found(patient, mode, check, level):
    os.chmod(patient.run, mode)
    assert patient.examine()[1][check]["level"] == level


def test_what_is_missing_is_found(patient):
    findings = patient.examine(run_directory=patient.dir + "/none", queue_directory="", log_to=patient.dir + "/no/log",
                               log_session_key_file=patient.dir + "/key")[1]
    assert {"run_directory", "queue", "log", "log.session_key"} <= bad(findings)


def test_disk_without_room_for_the_queue_is_found(patient):
    assert patient.examine(queue_max_bytes=1099511627776)[1]["queue.room"]["level"] in ("warning", "fault")


def test_roles_that_may_too_much_are_found(patient, cluster):
    findings = patient.examine(writer_database=cluster.conninfo("synchrony_reader"), reader_database=cluster.conninfo("postgres"))[1]
    assert {"roles.writer", "roles.reader"} <= bad(findings)
    assert "may not store" in findings["roles.writer"]["message"]
    assert "superuser" in findings["roles.reader"]["message"]


def test_database_that_cannot_be_reached_is_found(patient):
    code, findings = patient.examine(writer_database="host=/nonexistent")
    assert code == 69
    assert "cannot connect" in findings["roles.writer"]["message"]


def test_password_that_others_may_read_is_found(patient, cluster):
    patient.examine()
    conf = os.path.join(patient.dir, "synchrony.conf")
    with open(conf, "a", encoding="utf-8") as file:
        file.write(f'writer_database = "{cluster.conninfo("synchrony_writer")} password=x"\n')
    os.chmod(conf, 0o644)
    done = subprocess.run([patient.command, "--config", conf, "doctor"], capture_output=True, text=True, env=patient.environment,
                          timeout=TIMEOUT_S, check=False, **popen_as_unprivileged())
    assert done.returncode == 69
    assert any(line.split()[:2] == ["fault", "configuration"] for line in done.stdout.splitlines())
    assert "→ chmod 0640" in done.stdout


def test_web_server_with_our_limit_is_well(patient, server):
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    findings = patient.examine("--url", f"http://127.0.0.1:{server.port}{RESOURCE}")[1]
    assert [findings[name]["level"] for name in ("web.healthz", "web.readyz", "web.body_limit")] == ["ok"] * 3


def test_web_server_with_a_limit_of_its_own_is_found(patient, server):
    """What the doctor takes for our limit is above the one that answers."""
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    findings = patient.examine("--url", f"http://127.0.0.1:{server.port}/elsewhere", body_max_bytes=2097152)[1]
    assert {"web.healthz", "web.body_limit"} <= bad(findings)


def test_web_server_that_is_not_there_is_found(patient):
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    assert patient.examine("--url", "http://127.0.0.1:1" + RESOURCE)[1]["web"]["level"] == "fault"
