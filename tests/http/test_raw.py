"""Broken requests, byte by byte: the length of the body, chunks, clients that stop in the middle.

What a web server refuses by itself (a Content-Length that is no number never reaches the responder) is answered in its own
words, or by closing; mod_fcgid says 500 to a client that has stopped sending. The tests then ask that it is refused, that nothing
is stored and that the server lives. What the responder makes of such values is tested over FastCGI, with no server between.
"""

import pytest

from client import CREATED, MISSING_FIELDS, RESOURCE, check_section_1, head
from fcgi import cgi_variables, parse_cgi
from servers import wait_until

JSON = "application/json"


def event_text(event_type, session="s1", size_bytes=0):
    return b'{"event_type":"%b","session_id":"%b","x":"%b"}' % (event_type.encode(), session.encode(), b"x" * size_bytes)


def history_count(cluster, event_type):
    return cluster.execute("SELECT count(*) FROM event_log WHERE event_type = %s", (event_type,))[0][0]


def check_refused(response):
    assert response is None or response.status >= 400, response


def check_alive(api, cluster, event_type, stored=0):
    assert api.request("GET", "/healthz").status == 200
    assert history_count(cluster, event_type) == stored
    assert api.post(event_text(event_type, "alive")).status == 201


@pytest.mark.parametrize("version", ["HTTP/1.1", "HTTP/1.0"])
def test_post_without_a_length_has_no_body(api, cluster, event_type, version):
    with api.raw() as connection:
        connection.send(head("POST", Content_Type=JSON).replace(b"HTTP/1.1", version.encode()), event_text(event_type))
        connection.finish()
        response = connection.response()
    assert response.status in (400, 411)
    if response.status == 400 and response.all("X-Request-Id"):
        assert response.body == MISSING_FIELDS
    check_alive(api, cluster, event_type)


@pytest.mark.parametrize("length", ["abc", "-1", "+5", "0x20", "5.0", "5 5", "99999999999999999999999", "1e2", "18446744073709551616", ["5", "6"], "5, 6"])
def test_length_that_is_no_length_is_refused(api, cluster, event_type, length):
    with api.raw() as connection:
        connection.send(head("POST", Content_Type=JSON, Content_Length=length), event_text(event_type))
        connection.finish()
        check_refused(connection.response())
    check_alive(api, cluster, event_type)


def test_length_that_is_too_short_cuts_the_body(api, cluster, event_type):
    body = event_text(event_type)
    with api.raw() as connection:
        connection.send(head("POST", Content_Type=JSON, Content_Length=len(body) - 1), body)
        connection.finish()
        response = check_section_1(connection.response(), "POST")
    assert (response.status, response.json()["code"]) == (400, "invalid_json")
    check_alive(api, cluster, event_type)


@pytest.mark.parametrize("missing_bytes", [1, 20, 1000000])
@pytest.mark.parametrize("end", ["finish", "abort", "close"])
def test_body_that_is_shorter_than_announced_stores_nothing(api, cluster, event_type, missing_bytes, end):
    body = event_text(event_type)
    with api.raw() as connection:
        connection.send(head("POST", Content_Type=JSON, Content_Length=len(body) + missing_bytes), body)
        getattr(connection, end)()
        if end == "finish":
            check_refused(connection.response())
    check_alive(api, cluster, event_type)


def test_client_that_closes_in_the_middle_of_the_body_stores_nothing(api, cluster, event_type):
    body = event_text(event_type, size_bytes=50000)
    for sent in (0, 1, 100, 30000, len(body) - 1):
        with api.raw() as connection:
            connection.send(head("POST", Content_Type=JSON, Content_Length=len(body)), body[:sent])
            connection.abort()
    check_alive(api, cluster, event_type)


def test_body_in_many_small_pieces_is_one_body(api, cluster, event_type):
    body = event_text(event_type, size_bytes=100)
    with api.raw() as connection:
        connection.send(head("POST", Content_Type=JSON, Content_Length=len(body)), *(body[n:n + 1] for n in range(len(body))))
        response = check_section_1(connection.response(), "POST")
    assert (response.status, response.body) == (201, CREATED)
    check_alive(api, cluster, event_type, stored=1)


def test_expect_100_continue_is_honoured(api, event_type):
    body = event_text(event_type)
    with api.raw() as connection:
        connection.send(head("POST", Content_Type=JSON, Content_Length=len(body), Expect="100-continue"))
        assert connection.file.readline().startswith(b"HTTP/1.1 100")
        assert connection.file.readline() == b"\r\n"
        connection.send(body)
        assert connection.response().status == 201


def test_requests_in_a_row_on_one_connection(api, event_type):
    """The bad one last: Apache closes behind a 400."""
    body = event_text(event_type)
    post = head("POST", Content_Type=JSON, Content_Length=len(body)) + body
    bad = head("POST", Content_Type=JSON, Content_Length=1) + b"{"
    get = head("GET", f"{RESOURCE}?event_type={event_type}")
    with api.raw() as connection:
        connection.send(post + get + head("DELETE") + head("OPTIONS") + post + bad)
        for method, status in (("POST", 201), ("GET", 200), ("DELETE", 405), ("OPTIONS", 204), ("POST", 201), ("POST", 400)):
            assert check_section_1(connection.response(method), method).status == status


def chunked(*parts):
    return b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in parts)


@pytest.mark.parametrize("size", [1, 7, 100000])
def test_chunked_body_is_a_body(api, cluster, event_type, size):
    body = event_text(event_type, size_bytes=200)
    parts = [body[at:at + size] for at in range(0, len(body), size)]
    with api.raw() as connection:
        connection.send(head("POST", Content_Type=JSON, Transfer_Encoding="chunked"), chunked(*parts), b"0\r\n\r\n")
        response = check_section_1(connection.response(), "POST")
        assert (response.status, response.body) == (201, CREATED)
        connection.send(head("GET", RESOURCE + "/healthz"))
        assert connection.response("GET").status == 200
    check_alive(api, cluster, event_type, stored=1)


def test_chunk_extensions_and_trailers_are_nothing(api, cluster, event_type):
    body = event_text(event_type)
    with api.raw() as connection:
        connection.send(head("POST", Content_Type=JSON, Transfer_Encoding="chunked"),
                        b"%X;name=value\r\n%b\r\n0\r\nX-Trailer: 1\r\n\r\n" % (len(body), body))
        assert connection.response().status == 201
    check_alive(api, cluster, event_type, stored=1)


def test_empty_chunked_body_is_an_empty_body(api):
    with api.raw() as connection:
        connection.send(head("POST", Content_Type=JSON, Transfer_Encoding="chunked"), b"0\r\n\r\n")
        response = check_section_1(connection.response(), "POST")
    assert (response.status, response.body) == (400, MISSING_FIELDS)


def test_large_chunked_body_is_413(api, cluster, event_type):
    with api.raw() as connection:
        connection.send(head("POST", Content_Type=JSON, Transfer_Encoding="chunked"))
        for _ in range(40):
            connection.send(chunked(b"x" * 50000))
        connection.send(b"0\r\n\r\n")
        response = check_section_1(connection.response(), "POST")
        assert response.status == 413
    check_alive(api, cluster, event_type)


@pytest.mark.parametrize("broken", [b"zz\r\nab\r\n0\r\n\r\n", b"-5\r\nab\r\n0\r\n\r\n", b"ffffffffffffffffff\r\nab\r\n0\r\n\r\n", b"5\r\nabcdefgh\r\n0\r\n\r\n", b"\r\n\r\n"])
@pytest.mark.parametrize("before", ["", "half"])
def test_broken_chunk_stores_nothing(api, cluster, event_type, broken, before):
    body = event_text(event_type)
    start = chunked(body[:20]) if before else b""
    with api.raw() as connection:
        connection.send(head("POST", Content_Type=JSON, Transfer_Encoding="chunked"), start, broken)
        connection.finish()
        check_refused(connection.response())
    check_alive(api, cluster, event_type)


@pytest.mark.parametrize("end", ["finish", "abort"])
def test_chunked_body_without_its_end_stores_nothing(api, cluster, event_type, end):
    with api.raw() as connection:
        connection.send(head("POST", Content_Type=JSON, Transfer_Encoding="chunked"), chunked(event_text(event_type)))
        getattr(connection, end)()
        if end == "finish":
            check_refused(connection.response())
    check_alive(api, cluster, event_type)


def test_length_and_chunks_together_are_not_understood_twice(api, cluster, event_type):
    """Request smuggling: whatever the server makes of it, the second request in the body is not one."""
    inner = head("POST", Content_Type=JSON, Content_Length=len(event_text(event_type))) + event_text(event_type)
    with api.raw() as connection:
        connection.send(head("POST", Content_Type=JSON, Content_Length=4, Transfer_Encoding="chunked") +
                        b"%x\r\n" % len(inner) + inner + b"\r\n0\r\n\r\n")
        connection.finish()
        check_refused(connection.response())
    check_alive(api, cluster, event_type)


@pytest.mark.parametrize("bytes_sent", [
    b"", b"\r\n", b"GET\r\n\r\n", b"\x00\x01\x02\x03", b"\x16\x03\x01\x02\x00\x01\x00\x01", b"GET / HTTP/9.9\r\n\r\n", b"POST /synchrony_data_analytics",
    b"GET /synchrony_data_analytics?event_type=\x00 HTTP/1.1\r\nHost: a\r\n\r\n", b"GET /synchrony_data_analytics HTTP/1.1\r\nHost: a\r\nX: \x00\r\n\r\n",
    b"GET /synchrony_data_analytics HTTP/1.1\r\n" + b"X: y\r\n" * 5000 + b"\r\n", b"A" * 100000])
def test_what_is_no_request_disturbs_nobody(api, bytes_sent):
    with api.raw() as connection:
        connection.send(bytes_sent)
        connection.finish()
        connection.response()
    assert api.request("GET", "/healthz").status == 200


@pytest.mark.parametrize("field", [b"X-Request-Id: a\r\n X-Injected: 1", b"X-Request-Id: a\rX-Injected: 1", b"X-Request-Id: a\x00b", b"Origin: a\r\n\tb"])
def test_folded_or_torn_header_injects_nothing(api, field):
    with api.raw() as connection:
        connection.send(b"GET " + RESOURCE.encode() + b"/healthz HTTP/1.1\r\nHost: a\r\n" + field + b"\r\n\r\n")
        connection.finish()
        response = connection.response("GET")
    assert response is None or response.status in (200, 400)
    assert response is None or response.header("X-Injected") is None
    assert api.request("GET", "/healthz").status == 200


# --- what no web server lets through ---

def begin(connection, body, **variables):
    connection.begin(cgi_variables("POST", body=body, **variables))


@pytest.mark.parametrize("length", ["abc", "-1", "+50", "0x20", " 5", "5 ", "5.0", "1e1", "99999999999999999999999", "18446744073709551616", "-18446744073709551615"])
def test_responder_refuses_a_length_that_is_no_number(daemon, cluster, event_type, length):
    response = daemon.post(event_text(event_type), CONTENT_LENGTH=length)
    assert response.status in ((400, 413) if length.isdigit() else (400,)), response
    assert history_count(cluster, event_type) == 0


@pytest.mark.parametrize("more", [1, 1000])
def test_responder_refuses_a_body_shorter_than_announced(daemon, cluster, event_type, more):
    body = event_text(event_type)
    response = daemon.post(body, CONTENT_LENGTH=str(len(body) + more))
    assert response.status == 400
    assert history_count(cluster, event_type) == 0


def test_responder_refuses_announced_gigabytes_without_waiting_for_them(daemon):
    response = daemon.post(b"", CONTENT_LENGTH=str(2**40))
    assert response.status in (400, 413)


@pytest.mark.parametrize("length", ["", "0"])
def test_responder_takes_no_length_as_no_body_when_there_is_none(daemon, length):
    response = daemon.post(b"", CONTENT_LENGTH=length)
    assert (response.status, response.body) == (400, MISSING_FIELDS)


def test_responder_reads_to_the_end_without_a_length(daemon, cluster, event_type):
    """mod_proxy_fcgi sends a chunked body without CONTENT_LENGTH."""
    response = daemon.post(event_text(event_type), CONTENT_LENGTH=None)
    assert (response.status, response.body) == (201, CREATED)
    assert daemon.post(event_text(event_type) + b" " * 1048576, CONTENT_LENGTH=None).status == 413
    assert history_count(cluster, event_type) == 1


@pytest.mark.parametrize("sent", [0, 1, 40])
def test_responder_stores_nothing_when_the_server_closes_in_the_middle(daemon, cluster, event_type, sent):
    body = event_text(event_type)
    with daemon.connect() as connection:
        begin(connection, body)
        connection.send_body(body[:sent], end=False)
    assert daemon.request("GET", "/healthz").status == 200
    assert history_count(cluster, event_type) == 0


def test_responder_survives_what_is_no_fastcgi(daemon):
    """No management records: libfcgi 2.4.2 leaks 48 bytes at each of a kind it does not know. No web server sends them."""
    for garbage in (b"", b"\x00" * 100, b"GET / HTTP/1.1\r\n\r\n", b"\x01\x01\x00\x01\xff\xff\x00\x00", b"\x01\x04\x00\x01\x00\x08\x00\x00\xff\xff\xff\xff\xff\xff\xff\xff",
                    b"\xff" * 1000):
        with daemon.connect() as connection:
            connection.socket.sendall(garbage)
    assert daemon.request("GET", "/healthz").status == 200
    assert daemon.process.poll() is None


def test_silent_connections_leave_room_for_others(daemon):
    """Eight that say nothing, of sixteen threads."""
    silent = [daemon.connect() for _ in range(8)]
    try:
        for _ in range(20):
            assert daemon.request("GET", "/healthz").status == 200
    finally:
        for connection in silent:
            connection.socket.close()


def test_slow_bodies_hold_up_nobody(daemon, cluster, event_type):
    """As many as there are connections to the database, and some. mod_proxy_fcgi hands a body on as it comes."""
    body = event_text(event_type)
    slow = []
    try:
        for n in range(6):
            slow.append(daemon.connect())
            begin(slow[-1], body)
            slow[-1].send_body(body[:n * 8], end=False)
        for n in range(10):
            assert daemon.request("GET", "/healthz").status == 200
            assert daemon.post(event_text(event_type, f"s{n}")).status == 201
            assert daemon.get(event_type=event_type, session_id=f"s{n}").status == 200
        for n, connection in enumerate(slow):
            connection.send_body(body[n * 8:])
            assert parse_cgi(connection.answer()).status == 201
    finally:
        for connection in slow:
            connection.socket.close()
    assert history_count(cluster, event_type) == 10 + len(slow)


def test_responder_needs_few_variables(daemon):
    with daemon.connect() as connection:
        connection.begin({"REQUEST_METHOD": "GET", "SCRIPT_NAME": RESOURCE, "PATH_INFO": "/healthz"})
        connection.send_body(b"")
        assert check_section_1(parse_cgi(connection.answer())).status == 200


@pytest.mark.parametrize("script_name, path_info, status", [
    (RESOURCE, "/healthz", 200), (RESOURCE + "/healthz", "", 200), ("", RESOURCE + "/healthz", 200), (RESOURCE, "", 400), ("", RESOURCE, 400),
    (RESOURCE + "/healthz", None, 200), (None, RESOURCE + "/healthz", 200), (RESOURCE, None, 400), ("/cgi-bin" + RESOURCE, "/nothing", 404)])
def test_path_is_script_name_and_path_info_however_they_are_split(daemon, script_name, path_info, status):
    response = daemon.request("GET", SCRIPT_NAME=script_name, PATH_INFO=path_info)
    assert response.status == status


@pytest.mark.parametrize("variables", [
    {"REQUEST_METHOD": None}, {"REQUEST_METHOD": ""}, {"REQUEST_METHOD": "get"}, {"REQUEST_METHOD": "G" * 5000}, {"QUERY_STRING": None}, {"SCRIPT_NAME": None, "PATH_INFO": None},
    {"SERVER_PROTOCOL": None}, {"HTTP_X_REQUEST_ID": "x" * 60000}, {"QUERY_STRING": "&" * 60000}, {"QUERY_STRING": "event_type=" + "%41" * 20000},
    {"QUERY_STRING": "=" * 1000}, {"CONTENT_TYPE": "x" * 60000}, {"PATH_INFO": "/" * 60000}])
def test_strange_variables_are_answered(daemon, variables):
    response = daemon.request("GET", **variables)
    assert 200 <= response.status < 500
    assert daemon.request("GET", "/healthz").status == 200


def test_request_is_forgotten_when_its_server_aborts_it(daemon, cluster, event_type):
    from fcgi import ABORT_REQUEST, record
    with daemon.connect() as connection:
        begin(connection, event_text(event_type))
        connection.send_body(event_text(event_type)[:10], end=False)
        connection.socket.sendall(record(ABORT_REQUEST))
    wait_until(lambda: daemon.request("GET", "/healthz").status == 200, "healthz")
    assert history_count(cluster, event_type) == 0
