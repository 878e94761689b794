"""What a client of the contract needs: a request, a response, and the bytes under both when the point is to break them.

Every response that goes through Api is held against section 1 of the contract, so no test can forget it.
"""

import decimal
import http.client
import json
import re
import socket
import urllib.parse

from description import RECORDER

RESOURCE = "/synchrony_data_analytics"
TIMEOUT_S = 15  # a hang guard, never an expectation

CREATED = b'{"message":"Data inserted successfully"}'
MISSING_FIELDS = b'{"error":"Missing required fields: event_type and session_id"}'
MISSING_PARAMETER = b'{"error":"Missing required query parameter: event_type"}'

EVERY_RESPONSE = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "GET,POST,OPTIONS",
    "Access-Control-Allow-Headers": "Content-Type,X-Amz-Date,Authorization,X-Api-Key,X-Amz-Security-Token",
    "Access-Control-Expose-Headers": "X-Request-Id, Retry-After, Link, ETag, Location, RateLimit, RateLimit-Policy",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}
REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}\Z")
LEAKS = re.compile(r"SQLSTATE|syntax error at|INSERT INTO|SELECT |libpq|json-c|/usr/|/tmp/|\.c:\d|synchrony_writer|"
                   r"synchrony_reader|events_pkey|event_log|::jsonb", re.IGNORECASE)


class Response:
    """Status, header fields in order, body."""

    def __init__(self, status, fields, body):
        self.status = status
        self.fields = [(name, value) for name, value in fields]
        self.body = body

    def all(self, name):
        return [value for field, value in self.fields if field.lower() == name.lower()]

    def header(self, name):
        """The value of a field that stands at most once; None when it is absent."""
        values = self.all(name)
        assert len(values) <= 1, f"{name} stands {len(values)} times: {values}"
        return values[0] if values else None

    def json(self):
        return parse_json(self.body)

    def __repr__(self):
        return f"<{self.status} {self.fields} {self.body[:400]!r}>"


def parse_json(text):
    """JSON with numbers as they are written: nothing passes through a double. Duplicate names are an error."""
    def members(pairs):
        assert len({name for name, _ in pairs}) == len(pairs), f"duplicate member names: {pairs}"
        return dict(pairs)

    def refuse(constant):
        raise ValueError(constant + " is not JSON")

    return json.loads(text.decode("utf-8"), parse_float=decimal.Decimal, parse_int=decimal.Decimal,
                      parse_constant=refuse, object_pairs_hook=members)


def check_section_1(response, method="GET", expect=None):
    """The headers that stand on every response, and the form of an error."""
    for name, value in (EVERY_RESPONSE | (expect or {})).items():
        assert response.header(name) == value, f"{name}: {response}"
    request_id = response.header("X-Request-Id")
    assert request_id and REQUEST_ID.match(request_id), response
    if response.status == 204 or response.status == 304:
        assert response.body == b"", response
        return response
    if "Content-Type" not in (expect or {}):
        assert response.header("Content-Type") == "application/json", response
    if method == "HEAD":
        assert response.body == b"", response
    elif response.status >= 400:
        check_error(response)
    return response


def check_error(response):
    error = response.json()
    assert isinstance(error, dict) and isinstance(error.get("error", error.get("message")), str), response
    if "request_id" in error:
        assert error["request_id"] == response.header("X-Request-Id"), response
    elif response.body not in (MISSING_FIELDS, MISSING_PARAMETER):
        # A batch has a body of its own; whatever else is an error names its request.
        assert "received" in error, response
    if "received" not in error and response.body not in (MISSING_FIELDS, MISSING_PARAMETER):
        assert re.fullmatch(r"[a-z][a-z0-9_]*", error.get("code", "")), response
    assert not LEAKS.search(response.body.decode("utf-8")), response


def query(parameters):
    return urllib.parse.urlencode(parameters) if parameters else ""


class Api:
    """The contract through one server: a connection per request unless one is given."""

    def __init__(self, port):
        self.port = port

    def connect(self):
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=TIMEOUT_S)

    def request(self, method, path="", params=None, body=None, headers=None, connection=None, expect=None):
        """path continues the resource's; params is a mapping, or the query string as it shall be sent."""
        text = params if isinstance(params, str) else query(params)
        target = RESOURCE + path + ("?" + text if text else "")
        return check_section_1(self.exchange(method, target, body, headers, connection), method, expect)

    def exchange(self, method, target, body=None, headers=None, connection=None):
        """One request whose answer is not judged."""
        own = connection is None
        connection = self.connect() if own else connection
        try:
            connection.putrequest(method, target, skip_accept_encoding=True)
            if body is not None:
                connection.putheader("Content-Length", str(len(body)))
            for name, value in (headers or {}).items():
                connection.putheader(name, value)
            connection.endheaders(body)
            answer = connection.getresponse()
            response = Response(answer.status, answer.getheaders(), answer.read())
        finally:
            if own:
                connection.close()
        path, _, text = target.partition("?")
        RECORDER.note(method, path, text, body, headers or {}, response)
        return response

    def post(self, event, content_type="application/json", headers=None, connection=None, params=None, expect=None):
        """event: bytes are sent as they are, anything else as JSON."""
        body = event if isinstance(event, bytes) else json.dumps(event).encode("ascii")
        fields = {} if content_type is None else {"Content-Type": content_type}
        return self.request("POST", "", params, body, fields | (headers or {}), connection, expect)

    def get(self, connection=None, headers=None, **params):
        return self.request("GET", "", params, headers=headers, connection=connection)

    def items(self, **params):
        response = self.get(**params)
        assert response.status == 200, response
        items = response.json()
        assert isinstance(items, list), response
        return items

    def raw(self):
        return RawConnection(self.port)


class RawConnection:
    """A socket on which anything can be sent, and answers are read one by one."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT_S)
        self.file = self.socket.makefile("rb")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def send(self, *parts):
        """Sends what the server takes. One that has answered already may have closed: not an error here."""
        try:
            for part in parts:
                self.socket.sendall(part)
        except (BrokenPipeError, ConnectionResetError):
            pass

    def finish(self):
        """No more bytes will come: the server sees the end of the stream, and can still answer."""
        try:
            self.socket.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def abort(self):
        """Goes away as a crashed client does: with a reset."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        self.close()

    def close(self):
        self.file.close()
        self.socket.close()

    def response(self, method="POST"):
        """The next answer, or None when the server closed instead."""
        try:
            line = self.file.readline()
            while line.startswith(b"HTTP/1.1 100"):
                while self.file.readline() not in (b"\r\n", b""):
                    pass
                line = self.file.readline()
            if not line:
                return None
            status = int(line.split()[1])
            fields = []
            while (line := self.file.readline()) not in (b"\r\n", b""):
                name, value = line.decode("latin-1").split(":", 1)
                fields.append((name, value.strip()))
            return Response(status, fields, self._body(method, status, dict((n.lower(), v) for n, v in fields)))
        except ConnectionResetError:
            return None

    def _body(self, method, status, fields):
        if method == "HEAD" or status in (204, 304):
            return b""
        if fields.get("transfer-encoding") == "chunked":
            body = b""
            while (size := int(self.file.readline().split(b";")[0], 16)) > 0:
                body += self.file.read(size)
                self.file.readline()
            while self.file.readline() not in (b"\r\n", b""):
                pass
            return body
        if "content-length" in fields:
            return self.file.read(int(fields["content-length"]))
        return self.file.read()

    def closed_by_server(self):
        try:
            return self.file.read(1) == b""
        except ConnectionResetError:
            return True


def head(method, target=RESOURCE, **fields):
    """The head of a request as bytes. Field names are written with _ for -; a value may be a list or bytes."""
    lines = [f"{method} {target} HTTP/1.1".encode("latin-1"), b"Host: 127.0.0.1"]
    for name, values in fields.items():
        for value in values if isinstance(values, list) else [values]:
            value = value if isinstance(value, bytes) else str(value).encode("latin-1")
            lines.append(name.replace("_", "-").encode("ascii") + b": " + value)
    return b"\r\n".join(lines) + b"\r\n\r\n"
