"""A minimal FastCGI client: it takes the web server's place, so that the responder can be met without one.

A request is written in pieces on purpose (begin, parameters, body, end of body): a test may stop anywhere.
"""

import os
import socket
import struct

from client import Response, RESOURCE, TIMEOUT_S, check_section_1, query
from description import RECORDER

BEGIN_REQUEST, ABORT_REQUEST, END_REQUEST, PARAMS, STDIN, STDOUT, STDERR = range(1, 8)


class Unclean(Exception):
    """The responder closed the connection before the end of the answer. args[0] is what had come."""


def record(kind, content=b"", request_id=1):
    return struct.pack("!BBHHBx", 1, kind, request_id, len(content), 0) + content


def stream(kind, content, request_id=1):
    """A stream in as many records as it takes, without the empty one that ends it."""
    return b"".join(record(kind, content[at:at + 65535], request_id) for at in range(0, len(content), 65535))


def pair(name, value):
    def length(n):
        return struct.pack("!B", n) if n < 128 else struct.pack("!I", n | 0x80000000)
    return length(len(name)) + length(len(value)) + name + value


def cgi_variables(method, path="", params=None, body=None, headers=None, **variables):
    """The CGI meta-variables of a request. A variable given as None is left out."""
    text = params if isinstance(params, str) else query(params)
    result = {
        "GATEWAY_INTERFACE": "CGI/1.1", "SERVER_PROTOCOL": "HTTP/1.1", "SERVER_SOFTWARE": "test",
        "SERVER_NAME": "127.0.0.1", "SERVER_PORT": "80", "REMOTE_ADDR": "127.0.0.1",
        "REQUEST_METHOD": method, "SCRIPT_NAME": RESOURCE, "PATH_INFO": path, "QUERY_STRING": text,
        "REQUEST_URI": RESOURCE + path + ("?" + text if text else "")}
    if body is not None:
        result["CONTENT_LENGTH"] = str(len(body))
        result["CONTENT_TYPE"] = "application/json"
    for name, value in (headers or {}).items():
        key = name.upper().replace("-", "_")
        result[key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else "HTTP_" + key] = value
    result.update(variables)
    return {name: value for name, value in result.items() if value is not None}


def parse_cgi(output):
    """A CGI response: fields, an empty line, the body. Status: is 200 when absent."""
    top, separator, body = output.partition(b"\r\n\r\n")
    assert separator, f"no end of the header: {output[:400]!r}"
    fields = [tuple(part.strip() for part in line.split(":", 1)) for line in top.decode("latin-1").split("\r\n")]
    status = next((int(value.split()[0]) for name, value in fields if name.lower() == "status"), 200)
    return Response(status, [field for field in fields if field[0].lower() != "status"], body)


class Connection:
    """One connection to a responder's socket at a time, and one request on it: the responder closes behind each answer."""

    def __init__(self, socket_path):
        self.path = socket_path
        self.used = False
        self.socket = self._open()

    def _open(self):
        opened = socket.socket(socket.AF_UNIX)
        opened.settimeout(TIMEOUT_S)
        opened.connect(self.path)
        return opened

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def begin(self, variables):
        if self.used:
            self.socket.close()
            self.socket = self._open()
        self.used = True
        content = b"".join(pair(os.fsencode(name), os.fsencode(value)) for name, value in variables.items())
        self.socket.sendall(record(BEGIN_REQUEST, struct.pack("!HB5x", 1, 0)) + stream(PARAMS, content) + record(PARAMS))

    def send_body(self, content, end=True):
        self.socket.sendall(stream(STDIN, content) + (record(STDIN) if end else b""))

    def records(self):
        """(kind, content) until the request's end; raises Unclean when the connection ends before."""
        while True:
            kind, length, padding = struct.unpack("!xB2xHBx", self._exactly(8))
            content = self._exactly(length)
            self._exactly(padding)
            yield kind, content
            if kind == END_REQUEST:
                return

    def _exactly(self, n):
        parts = b""
        while len(parts) < n:
            part = self.socket.recv(n - len(parts))
            if not part:
                raise Unclean(parts)
            parts += part
        return parts

    def answer(self):
        """The raw output of the request under way; raises Unclean with what there was of it."""
        output = []
        try:
            for kind, content in self.records():
                if kind == STDOUT:
                    output.append(content)
                elif kind == END_REQUEST:
                    app_status, protocol_status = struct.unpack("!IB3x", content)
                    if app_status or protocol_status:
                        raise Unclean(b"".join(output))
        except (Unclean, ConnectionResetError):
            raise Unclean(b"".join(output)) from None
        return b"".join(output)

    def request(self, method, path="", params=None, body=None, headers=None, expect=None, **variables):
        """One judged request; what variables say wins over what follows from the other arguments."""
        given = cgi_variables(method, path, params, body, headers, **variables)
        self.begin(given)
        try:
            self.send_body(body or b"")
        except BrokenPipeError:
            pass  # answered before the body was read, and closed
        response = parse_cgi(self.answer())
        whole = given.get("SCRIPT_NAME", "") + given.get("PATH_INFO", "")
        RECORDER.note(given.get("REQUEST_METHOD", "none"), whole[max(whole.find(RESOURCE), 0):], given.get("QUERY_STRING", ""), body,
                      headers or {}, response)
        return check_section_1(response, method, expect)

    def post(self, body, **more):
        return self.request("POST", body=body, **more)

    def get(self, **params):
        return self.request("GET", params=params)
