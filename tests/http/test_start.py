"""The three ways of starting the responder, and its end. Needs no web server: `make check` runs this file alone."""

import os
import signal
import socket
import subprocess
import threading

import pytest

from client import CREATED, MISSING_PARAMETER, TIMEOUT_S, check_section_1
from cluster import clean_environment, popen_as_unprivileged
from fcgi import Unclean, cgi_variables, parse_cgi
from servers import Site

STOP_WITHIN_S = 5  # a promise to whoever stops it


def event_text(event_type, session="s1"):
    return b'{"event_type":"%b","session_id":"%b"}' % (event_type.encode(), session.encode())


@pytest.fixture(scope="module")
def site(run_dir, build_dir, settings):
    return Site("start", run_dir, build_dir, settings)


def run(site, variables, arguments=(), stdin=b"", environment=None, **more):
    """Runs the responder to its end, as a CGI program is run."""
    given = {"stdin": more.pop("stdin_file")} if "stdin_file" in more else {"input": stdin}
    return subprocess.run([site.wrapper, *arguments], cwd="/", check=False, stdout=subprocess.PIPE, timeout=TIMEOUT_S, **given, **more,
                          env=clean_environment() | {"SYNCHRONY_CONF": site.conf} | variables | (environment or {}), **popen_as_unprivileged())


def answer(result, method="GET"):
    assert result.returncode == 0, result
    return check_section_1(parse_cgi(result.stdout), method)


# --- plain CGI ---

def test_cgi_posts_and_reads(site, event_type):
    body = event_text(event_type)
    response = answer(run(site, cgi_variables("POST", body=body), stdin=body), "POST")
    assert (response.status, response.body) == (201, CREATED)
    response = answer(run(site, cgi_variables("GET", params={"event_type": event_type})))
    assert (response.status, response.json()) == (200, [{"event_type": event_type, "session_id": "s1"}])


@pytest.mark.parametrize("variables, status", [
    (cgi_variables("GET", "/healthz"), 200), (cgi_variables("GET", "/readyz"), 200), (cgi_variables("GET"), 400), (cgi_variables("HEAD"), 400),
    (cgi_variables("OPTIONS"), 204), (cgi_variables("PUT"), 405), (cgi_variables("GET", "/nothing"), 404)])
def test_cgi_answers_as_the_contract_says(site, variables, status):
    assert answer(run(site, variables), variables["REQUEST_METHOD"]).status == status


def test_cgi_from_the_environment_alone(site, cluster, event_type):
    """Connection strings from the environment win over the file: here there is none that names a database."""
    empty = os.path.join(site.dir, "empty.conf")
    with open(empty, "w", encoding="ascii"):
        pass
    body = event_text(event_type)
    environment = {"SYNCHRONY_CONF": empty, "SYNCHRONY_WRITER_DATABASE": cluster.conninfo("synchrony_writer"),
                   "SYNCHRONY_READER_DATABASE": cluster.conninfo("synchrony_reader")}
    assert answer(run(site, cgi_variables("POST", body=body), stdin=body, environment=environment), "POST").status == 201
    result = run(site, cgi_variables("GET", params={"event_type": event_type}), environment=environment)
    assert len(answer(result).json()) == 1


def test_cgi_body_that_is_shorter_than_announced_is_400(site, cluster, event_type):
    body = event_text(event_type)
    result = run(site, cgi_variables("POST", body=body, CONTENT_LENGTH=str(len(body) + 1)), stdin=body)
    assert answer(result, "POST").status == 400
    assert cluster.execute("SELECT count(*) FROM event_log WHERE event_type = %s", (event_type,)) == [(0,)]


@pytest.mark.parametrize("method, body, length, status", [
    ("POST", b'{"event_type":"%b","session_id":"s1"}', None, 201), ("POST", b"{", None, 400),
    ("GET", b"", None, 200), ("GET", b"", "0", 200), ("PUT", b"{}", None, 405)])
def test_cgi_reads_no_more_than_announced(site, event_type, method, body, length, status):
    """RFC 3875, 4.2: a server may leave the pipe open, so waiting for its end would be waiting for ever."""
    body = body.replace(b"%b", event_type.encode())
    variables = cgi_variables(method, params={"event_type": event_type} if method == "GET" else None, body=body or None)
    if length is not None:
        variables["CONTENT_LENGTH"] = length
    reading, writing = os.pipe()
    os.write(writing, body)
    try:
        result = run(site, variables, stdin_file=reading)
    finally:
        os.close(reading)
        os.close(writing)
    assert answer(result, method).status == status


@pytest.mark.parametrize("kind", ["socket", "null", "file"])
def test_cgi_whatever_kind_of_file_its_input_is(site, event_type, tmp_path, kind):
    """Apache's mod_cgid gives a connected socket: that is no listening one."""
    if kind == "socket":
        ours, theirs = socket.socketpair()
        ours.close()
        with theirs:
            result = run(site, cgi_variables("GET", params={"event_type": event_type}), stdin_file=theirs)
    else:
        path = "/dev/null" if kind == "null" else tmp_path / "input"
        if kind == "file":
            path.write_bytes(b"")
        with open(path, "rb") as file:
            result = run(site, cgi_variables("GET", params={"event_type": event_type}), stdin_file=file)
    response = answer(result)
    assert (response.status, response.body.strip()) == (200, b"[]")


@pytest.mark.parametrize("arguments", [
    ["--help"], ["--version"], ["-h"], ["-V"], ["--"], ["-"], ["--config=/etc/passwd"], ["-c", "/etc/passwd"], ["migrate"], ["event_type"], ["a", "b", "c"], ["%s%n"]])
def test_cgi_arguments_are_not_options(site, arguments):
    """RFC 3875, 4.4: a query string without "=" may come as arguments, from anybody on the Internet."""
    result = run(site, cgi_variables("GET", params="+".join(arguments)), arguments)
    plain = answer(run(site, cgi_variables("GET", params="+".join(arguments))))
    response = answer(result)
    assert response.status == plain.status == 400
    assert "root:" not in response.body.decode() and "sage:" not in response.body.decode()
    result = run(site, cgi_variables("GET"), arguments)
    assert answer(result).body == MISSING_PARAMETER


# --- FastCGI ---

@pytest.mark.parametrize("systemd", [False, True], ids=["fd 0", "fd 3"])
def test_daemon_posts_and_reads(make_daemon, event_type, systemd):
    responder = make_daemon().start(systemd=systemd)
    with responder.connect() as connection:
        for n in range(3):
            response = connection.post(event_text(event_type, f"s{n}"))
            assert (response.status, response.body) == (201, CREATED)
        assert len(connection.get(event_type=event_type).json()) == 3
        assert connection.request("GET", "/readyz").status == 200
    assert responder.process.poll() is None
    assert responder.stop() == 0


def test_daemon_whose_environment_looks_like_cgi(make_daemon):
    """A web server that was itself started from a CGI environment: what counts is the listening socket."""
    responder = make_daemon(environment={"GATEWAY_INTERFACE": "CGI/1.1", "REQUEST_METHOD": "GET"}).start()
    for _ in range(2):
        assert responder.request("GET", "/healthz").status == 200
    assert responder.stop() == 0


def test_listen_fds_of_another_process_are_not_ours(site):
    """LISTEN_PID is for the process that systemd has started, not for its children."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("\0synchrony-test-" + os.urandom(8).hex())
        listener.listen()
        result = run(site, cgi_variables("GET", "/healthz") | {"LISTEN_FDS": "1", "LISTEN_PID": "1"})
    assert answer(result).status == 200


def test_started_in_no_way_at_all_it_says_so_and_ends(site):
    result = run(site, {})
    assert result.returncode not in (0, -signal.SIGSEGV, -signal.SIGABRT)


# --- the end ---

@pytest.mark.parametrize("systemd, idle_connections", [(False, 0), (False, 3), (True, 0)])
def test_sigterm_ends_an_idle_daemon_with_exit_code_0(make_daemon, systemd, idle_connections):
    responder = make_daemon().start(systemd=systemd)
    silent = [responder.connect() for _ in range(idle_connections)]
    try:
        assert responder.request("GET", "/healthz").status == 200
        responder.process.send_signal(signal.SIGTERM)
        assert responder.process.wait(STOP_WITHIN_S) == 0
    finally:
        for connection in silent:
            connection.socket.close()


def test_sigterm_under_load_loses_nothing_that_was_acknowledged(make_daemon, cluster, event_type):
    responder = make_daemon().start()
    assert responder.request("GET", "/readyz").status == 200
    acknowledged, wrong, enough = [], [], threading.Event()

    def client(number):
        try:
            for n in range(100000):
                with responder.connect() as connection:
                    response = connection.post(event_text(event_type, f"{number}.{n}"))
                if response.status != 201:
                    wrong.append(response)
                    return
                acknowledged.append(f"{number}.{n}")
                if len(acknowledged) >= 40:
                    enough.set()
        except (OSError, Unclean):
            pass  # not answered: not promised

    threads = [threading.Thread(target=client, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    assert enough.wait(TIMEOUT_S)
    responder.process.send_signal(signal.SIGTERM)
    code = responder.process.wait(STOP_WITHIN_S)
    for thread in threads:
        thread.join()
    assert code == 0
    # On its way out it may say 503, to come again; what it may not do is fail, or forget.
    assert all(response.status == 503 for response in wrong), wrong
    kept = {row[0] for row in cluster.execute("SELECT session_id FROM event_log WHERE event_type = %s", (event_type,))}
    assert set(acknowledged) <= kept


def test_sigterm_during_a_request_lets_it_finish(make_daemon, event_type):
    body = event_text(event_type)
    responder = make_daemon().start()
    with responder.connect() as connection:
        connection.begin(cgi_variables("POST", body=body))
        connection.send_body(body[:10], end=False)
        assert responder.request("GET", "/healthz").status == 200  # it is up, and has begun to read the other
        responder.process.send_signal(signal.SIGTERM)
        connection.send_body(body[10:])
        response = check_section_1(parse_cgi(connection.answer()), "POST")
        assert (response.status, response.body) == (201, CREATED)
    assert responder.process.wait(STOP_WITHIN_S) == 0


def test_second_daemon_on_the_same_site_after_the_first(make_daemon):
    responder = make_daemon().start()
    assert responder.request("GET", "/healthz").status == 200
    assert responder.stop() == 0
    responder.start()
    assert responder.request("GET", "/healthz").status == 200
    assert responder.stop() == 0


# --- configuration ---

@pytest.mark.parametrize("line", ["nonsense = 1", "reader_connections = many", "reader_connections = -1", "reader_connections = 0", "body_max_bytes = 0", 'log_level = "loud"', "reader_connections = 99999999999", "reader_connections =", 'writer_database = {"a"}'])
def test_bad_configuration_refuses_to_start_with_its_line(site, command, line):
    path = os.path.join(site.dir, "bad.conf")
    with open(path, "w", encoding="ascii") as file:
        file.write("# the first line is fine\n" + line + "\n")
    checked = subprocess.run([command, "check-config", path], capture_output=True, text=True, env=clean_environment(), check=False)
    assert checked.returncode == 2
    # What a line lacks is missed where the next one begins.
    assert checked.stderr.startswith(f"{path}:{3 if line.endswith('=') else 2}: "), checked.stderr
    before = os.path.getsize(site.responder_log) if os.path.exists(site.responder_log) else 0
    result = run(site, {}, environment={"SYNCHRONY_CONF": path} | cgi_variables("GET", "/healthz"))
    assert result.returncode != 0 or b"Status: 500" in result.stdout, result
    with open(site.responder_log, encoding="utf-8") as log:
        log.seek(before)
        assert "bad.conf:" in log.read()


def test_good_configuration_is_told_so(site, command):
    for arguments, environment in (([site.conf], {}), ([], {"SYNCHRONY_CONF": site.conf})):
        result = subprocess.run([command, "check-config", *arguments], capture_output=True, text=True, env=clean_environment() | environment, check=False)
        assert result.returncode == 0, result


def test_configuration_file_that_is_named_must_be_there(site, command):
    missing = os.path.join(site.dir, "missing.conf")
    assert subprocess.run([command, "check-config", missing], capture_output=True, env=clean_environment(), check=False).returncode == 2
    result = run(site, cgi_variables("GET", "/healthz"), environment={"SYNCHRONY_CONF": missing})
    assert result.returncode != 0 or b"Status: 500" in result.stdout, result


