"""Fixtures of the HTTP tests: one private PostgreSQL for the session, three web servers, and the responder alone.

    SYNCHRONY_BUILD_DIR     folder of the built programs (needed)
    SYNCHRONY_TEST_SERVERS  which servers: "lighttpd,apache,cgi" unless given
    SYNCHRONY_TEST_LOG_DIR  where the run's logs are copied at the end
    SYNCHRONY_TEST_NPM_DIR  where npm's packages are kept from one run to the next; answers are held against the OpenAPI
                            document where it is given

A test that takes `api` runs through every server. One that takes `daemon` meets the responder over FastCGI with no
server between, because it needs what no web server lets through.
A sanitizer report fails the test during which it came, or the session when it came at the end.
"""

import glob
import json
import os
import shutil
import signal
import sys
import uuid

import pytest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(os.path.dirname(HERE), "db")]

# pylint: disable=wrong-import-position
from catalogue import Own  # noqa: E402
from client import Api  # noqa: E402
from cluster import Cluster, Unavailable, give_away, make_run_dir  # noqa: E402
from description import RECORDER, Node  # noqa: E402
from servers import Daemon, WebServer  # noqa: E402

SERVERS = os.environ.get("SYNCHRONY_TEST_SERVERS", "lighttpd,apache,cgi").split(",")
LOG_TAIL_LINES = 60
# Under pytest-xdist each worker has servers of its own, of the same names.
WORKER = os.environ["PYTEST_XDIST_WORKER"] + "." if "PYTEST_XDIST_WORKER" in os.environ else ""


def pytest_configure(config):
    def interrupt(_signal, _frame):
        raise KeyboardInterrupt
    signal.signal(signal.SIGTERM, interrupt)  # so that fixtures end what they have started
    config.addinivalue_line("markers", "slow: over a second through one server")


@pytest.fixture(scope="session")
def build_dir():
    path = os.environ.get("SYNCHRONY_BUILD_DIR")
    if not path or not os.access(os.path.join(path, "synchrony_data_analytics"), os.X_OK):
        pytest.exit("SYNCHRONY_BUILD_DIR must be the folder of the built programs", returncode=4)
    return os.path.abspath(path)


@pytest.fixture(scope="session")
def command(build_dir):
    return os.path.join(build_dir, "synchrony")


@pytest.fixture(scope="session")
def run_dir():
    path = make_run_dir()
    os.mkdir(os.path.join(path, "sanitizer"))
    give_away(os.path.join(path, "sanitizer"))
    yield path
    reports = sanitizer_reports(path)
    text = "".join(read(report) for report in reports)
    # What does not come to serve anything (a bad configuration) says so for people: those were all started in "start".
    unreadable = [line for log in glob.glob(path + "/*/log/responder.log") if "/start/" not in log for line in bad_log_lines(log)]
    keep = os.environ.get("SYNCHRONY_TEST_LOG_DIR")
    if keep:
        for log in log_files(path) + reports:
            name = os.path.relpath(log, path).replace(os.sep, ".")
            shutil.copyfile(log, os.path.join(keep, WORKER + name))
    shutil.rmtree(path, ignore_errors=True)
    assert not reports, "sanitizer reports:\n" + text
    assert not unreadable, f"lines of the responder's log that are no JSON object: {unreadable[:10]}"


@pytest.fixture(scope="session", autouse=True)
def node(run_dir):
    """Node with its packages. At the end of the session, every answer that came is held against the OpenAPI document."""
    made = Node(os.environ.get("SYNCHRONY_TEST_NPM_DIR"))
    yield made
    if made.ready() is None:  # test_openapi says so where it is not
        code, findings = made.judge(RECORDER.lines(), run_dir)
        assert code == 0, "answers that are not as deploy/openapi.json says:\n" + findings


@pytest.fixture(scope="session")
def cluster(run_dir, command):
    try:
        result = Cluster(run_dir)
        result.init()
    except Unavailable as error:
        pytest.skip(str(error))
    result.start()
    try:
        result.create_database()
        result.migrate(command)
        yield result
    finally:
        result.destroy()


@pytest.fixture
def away(cluster):
    """PostgreSQL stopped, and started again in any case."""
    cluster.stop()
    yield cluster
    if cluster.process is None:
        cluster.start()


@pytest.fixture(scope="session")
def settings(cluster):
    """What every responder's synchrony.conf says: the defaults, and where the database is."""
    return {"writer_database": cluster.conninfo("synchrony_writer"),
            "reader_database": cluster.conninfo("synchrony_reader")}


@pytest.fixture(scope="session")
def started_server(run_dir, build_dir, settings):
    """A function that gives the web server of a name, started when it is first asked for and ended with the session."""
    started = {}

    def start(name):
        if name not in started:
            started[name] = WebServer(name, run_dir, build_dir, settings)
            try:
                started[name].start()
            except Unavailable as error:
                started[name] = error
        if isinstance(started[name], Unavailable):
            pytest.skip(str(started[name]))
        return started[name]
    yield start
    for web_server in started.values():
        if not isinstance(web_server, Unavailable):
            web_server.stop()


@pytest.fixture(params=SERVERS)
def server(request, started_server):
    return started_server(request.param)


@pytest.fixture
def api(server):
    return Api(server.port)


@pytest.fixture(scope="session")
def daemon(run_dir, build_dir, settings):
    responder = Daemon("daemon", run_dir, build_dir, settings).start()
    yield responder
    assert responder.stop() == 0


@pytest.fixture
def make_daemon(request, run_dir, build_dir, settings):
    """A function that makes a daemon with settings (or an environment) of the test's own; ended with the test."""
    made = []

    def make(more_settings=None, environment=None):
        name = f"daemon{uuid.uuid4().hex[:6]}"
        made.append(Daemon(name, run_dir, build_dir, settings | (more_settings or {}), environment))
        return made[-1]
    yield make
    for responder in made:
        if responder.process is not None:
            assert responder.stop() == 0


@pytest.fixture(scope="session")
def own_database(cluster, command, run_dir):
    return Own(cluster, command, run_dir)


@pytest.fixture
def own(own_database, make_daemon):
    """A database whose event catalogue is the test's own, with nothing in it."""
    return own_database.clean(make_daemon)


@pytest.fixture
def event_type():
    """A type that no other test has used."""
    return "test." + uuid.uuid4().hex


@pytest.fixture
def event_id():
    """An identity that no other test has used. Not of version 7, so it tells no time."""
    return str(uuid.uuid4())


def read(path):
    with open(path, encoding="utf-8", errors="replace") as file:
        return file.read()


def sanitizer_reports(path):
    return sorted(glob.glob(path + "/sanitizer/*"))


def log_files(path):
    return sorted(glob.glob(path + "/*.log") + glob.glob(path + "/*/log/*"))


def bad_log_lines(path):
    def is_object(line):
        try:
            return isinstance(json.loads(line), dict)
        except ValueError:
            return False
    return [line for line in read(path).splitlines() if not is_object(line)]


@pytest.fixture(autouse=True)
def no_sanitizer_report(run_dir):
    before = sanitizer_reports(run_dir)
    yield
    new = [path for path in sanitizer_reports(run_dir) if path not in before]
    assert not new, "sanitizer reports:\n" + "".join(read(path) for path in new)


@pytest.fixture(autouse=True)
def logs_of_this_test(request, run_dir):
    """Remembers how far the logs had come, so that a failure shows what was logged during the test."""
    request.node.log_sizes = {path: os.path.getsize(path) for path in log_files(run_dir)}
    request.node.log_run_dir = run_dir


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item):
    outcome = yield
    report = outcome.get_result()
    if not report.failed or not hasattr(item, "log_sizes"):
        return
    for path in log_files(item.log_run_dir):
        with open(path, "rb") as file:
            file.seek(item.log_sizes.get(path, 0))
            lines = file.read().decode("utf-8", "replace").splitlines()
        if lines:
            report.sections.append((os.path.relpath(path, item.log_run_dir), "\n".join(lines[-LOG_TAIL_LINES:])))
