"""The OpenAPI document: served, of good form, and neither more nor less than what the code has. conftest.py holds every answer of the
session against it."""

import json
import os
import re

import pytest

from client import EVERY_RESPONSE, RESOURCE
from description import RECORDER, TOP

PATH = "/openapi.json"
# Codes of the status table that only the command has.
OF_THE_COMMAND = {"usage", "configuration", "conflict", "invalid_schema"}
# Answers that no request alone brings about.
WITHOUT_REQUEST = {"Queued", "BatchState", "Unauthorized", "Forbidden", "TooLarge", "RateLimited", "Internal", "Unavailable"}


def read(*path):
    with open(os.path.join(TOP, *path), encoding="utf-8") as file:
        return file.read()


@pytest.fixture(scope="module")
def document():
    return json.loads(read("deploy", "openapi.json"))


@pytest.fixture(scope="module")
def packages(node):
    problem = node.ready()
    if problem:
        pytest.skip(problem)
    return node


# --- it is served ---

def test_document_is_served_as_it_stands_with_the_version(api):
    response = api.request("GET", PATH)
    assert response.status == 200
    version = re.search(r"^AC_INIT\(\[synchrony\], \[([^]]+)\]", read("configure.ac"), re.MULTILINE).group(1)
    assert response.body.decode() == read("deploy", "openapi.json").replace("@VERSION@", version)


def test_document_has_a_tag(api):
    tag = api.request("GET", PATH).header("ETag")
    response = api.request("GET", PATH, headers={"If-None-Match": tag})
    assert (response.status, response.header("ETag"), response.body) == (304, tag, b"")
    assert api.request("GET", PATH, headers={"If-None-Match": '"other"'}).status == 200


def test_head_options_and_other_methods(api):
    head = api.request("HEAD", PATH)
    assert (head.status, head.header("ETag")) == (200, api.request("GET", PATH).header("ETag"))
    options = api.request("OPTIONS", PATH)
    assert (options.status, options.header("Allow")) == (204, "GET, HEAD, OPTIONS")
    other = api.request("DELETE", PATH)
    assert (other.status, other.header("Allow")) == (405, "GET, HEAD, OPTIONS")


def test_everyone_may_read_it_where_keys_are_needed(make_daemon):
    assert make_daemon({"access": "keys"}).start().request("GET", PATH).status == 200


# --- it is of good form, and its examples are real ---

def test_document_passes_the_linter(packages, run_dir):
    result = packages.lint(run_dir)
    assert result.returncode == 0, result.stdout


def examples_of(document):
    """(response's name, media type, example's name, example)"""
    for name, response in document["components"]["responses"].items():
        for media_type, media in response.get("content", {}).items():
            for example_name, example in media.get("examples", {}).items():
                yield name, media_type, example_name, example


def operation_of(document, name):
    """Path below the resource, method and status of an operation that answers so."""
    reference = {"$ref": "#/components/responses/" + name}
    for path, item in document["paths"].items():
        for method in ("post", "get"):
            for status, response in item.get(method, {}).get("responses", {}).items():
                if response == reference:
                    return path[len(RESOURCE):], method.upper(), int(status)
    return {"NotFound": ("", "GET", 404), "MethodNotAllowed": ("", "GET", 405)}[name]


def without_identity(value):
    return {name: member for name, member in value.items() if name != "request_id"} if isinstance(value, dict) else value


def test_examples_are_what_is_answered(document, daemon):
    posted = document["paths"][RESOURCE]["post"]["requestBody"]["content"]["application/json"]["examples"]
    answered = set()
    for name, _, example_name, example in examples_of(document):
        request = example.get("x-request") or ({"body": posted[example_name]["value"]} if name == "Stored" else None)
        if "x-request" not in example and request is None:
            assert name in WITHOUT_REQUEST, f"{name} {example_name} has no x-request"
            continue
        path, method, status = operation_of(document, name)
        request = request or {}
        body = request.get("body")
        if body is not None:
            body = body.encode() if isinstance(body, str) else json.dumps(body).encode()
        response = daemon.request(request.get("method", method), request.get("path", path), params=request.get("query"), body=body,
                                  headers=request.get("headers"))
        assert response.status == status, (name, example_name, response)
        assert without_identity(json.loads(response.body)) == without_identity(example["value"]), (name, example_name, response)
        answered.add((name, example_name))
    assert {("Stored", name) for name in posted} <= answered


# --- it has what the code has ---

def test_error_codes_are_those_of_the_status_table(document):
    rows = re.findall(r"ROW\((\d+), EXIT_\w+, \w+, \w+,\s*\"(\w+)\"", read("src", "base", "status.c"))
    assert len(rows) > 30
    codes = document["components"]["schemas"]["ErrorCode"]
    assert set(codes["enum"]) == {code for status, code in rows if int(status) >= 400} - OF_THE_COMMAND
    assert list(codes["x-enumDescriptions"]) == codes["enum"]
    statuses = {(code, status) for status, code in rows}
    for code, text in codes["x-enumDescriptions"].items():
        assert (code, text[:3]) in statuses, f"{code}: {text}"


def test_paths_and_methods_are_those_of_the_table_of_routes(document):
    text = read("src", "app", "routes.c").replace("BULK_PATH,", '"/batches/{id}",')
    routes = re.findall(r'\{ \.path = "([^"]*)",\s*\.name = [^\n]*,\s*\.allow = "([^"]*)"', text)
    assert len(routes) == text.count("{ .path = ")
    described = {path[len(RESOURCE):]: {name.upper() for name in item if name in ("get", "head", "post", "options")}
                 for path, item in document["paths"].items()}
    assert described == {path: set(allow.split(", ")) for path, allow in routes}


def test_parameters_are_those_of_the_query(document):
    names = re.findall(r'\[SELECTION_\w+\] = "(\w+)"', read("src", "model", "selection.c"))
    parameters = document["components"]["parameters"].values()
    assert [parameter["name"] for parameter in parameters if parameter["in"] == "query"] == names


def test_headers_of_every_response_are_described(document):
    for name, response in document["components"]["responses"].items():
        assert set(EVERY_RESPONSE) | {"X-Request-Id"} <= set(response["headers"]), name


def test_limits_are_the_defaults(document):
    limits = read("src", "model", "limits.h") + read("src", "app", "config.c")
    schemas = document["components"]["schemas"]
    for name in ("event_type", "session_id"):
        assert re.search(rf"\b{name}_max_bytes = {schemas['Event']['properties'][name]['maxLength']}\b", limits), name


# --- a drift is found ---

def exchange(**more):
    fields = EVERY_RESPONSE | {"X-Request-Id": "a", "Content-Type": "application/json"} | more.pop("fields", {})
    return {"test": "forged", "method": "GET", "path": RESOURCE + "/healthz", "query": "", "status": 200, "body": {"status": "ok"},
            "headers": [[name, value] for name, value in fields.items() if value is not None]} | more


MISSING = {"error": "Missing required fields: event_type and session_id"}
FORGED = [
    (exchange(), None),
    (exchange(status=418), "is not described"),
    (exchange(body={"status": "ok", "more": 1}), "unevaluated"),
    (exchange(body={"status": "well"}), "must be equal to constant"),
    (exchange(body={}), "must have required property"),
    (exchange(fields={"X-Content-Type-Options": None}), "has no x-content-type-options"),
    (exchange(fields={"Cache-Control": "public"}), "cache-control: public"),
    (exchange(fields={"X-New": "1"}), "has x-new, which is not described"),
    (exchange(fields={"Content-Type": "text/html"}), "is text/html, which is not described"),
    (exchange(fields={"Server": "some", "Date": "now"}), None),
    (exchange(path=RESOURCE + "/nothing"), "is not described"),
    (exchange(path=RESOURCE + "/nothing", status=404, body={"error": "x", "code": "not_found", "request_id": "a"}), None),
    (exchange(path=RESOURCE + "/nothing", status=404, body={"error": "x", "code": "no_such_code", "request_id": "a"}), "/code must be equal"),
    (exchange(method="PUT", status=405, body={"error": "x", "code": "method_not_allowed", "request_id": "a"}), "has no allow"),
    (exchange(method="POST", path=RESOURCE, status=400, body=MISSING), None),
    (exchange(method="POST", path=RESOURCE, status=400, body={"error": "Missing something"}), "must have required property 'code'"),
    (exchange(method="POST", path=RESOURCE, status=201, body={"message": "Data inserted successfully"}, request={"event_type": "a"}), "took"),
    (exchange(path=RESOURCE, query="event_type=a&page=2", body=[]), "took the parameter page"),
    (exchange(path=RESOURCE, query="event_type=a&limit=0", body=[]), "took limit=0"),
    (exchange(path=RESOURCE, query="limit=1", body=[]), "without event_type"),
    (exchange(path=RESOURCE, query="event_type=a", body=[{"event_type": "a"}]), "must have required property 'session_id'"),
]


def test_drift_is_found(packages, run_dir):
    lines = [json.dumps(forged | {"test": f"case {index}"}) + "\n" for index, (forged, _) in enumerate(FORGED)]
    code, text = packages.judge("".join(lines), run_dir)
    assert code == 1, text
    for index, (_, finding) in enumerate(FORGED):
        found = [line for line in text.splitlines() if line.endswith(f"(case {index})")]
        assert (any(finding in line for line in found) if finding else not found), f"case {index}: {finding}: {text}"


def test_what_is_as_described_is_let_pass(packages, run_dir):
    lines = [json.dumps(forged) + "\n" for forged, finding in FORGED if finding is None]
    code, text = packages.judge("".join(lines), run_dir)
    assert (code, text) == (0, f"{len(lines)} exchanges\n")


def test_exchanges_are_noted(api, daemon, event_type):
    api.post({"event_type": event_type, "session_id": "s1", "through": "a server"})
    daemon.post(json.dumps({"event_type": event_type, "session_id": "s1", "through": "none"}).encode())
    for through in ("a server", "none"):
        assert any(f'"through": "{through}"' in line for line in RECORDER.exchanges.values())
