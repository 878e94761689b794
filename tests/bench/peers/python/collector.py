"""The collector in Python: a WSGI application over psycopg2, for gunicorn with threads.

A thread keeps its connection, and on it its prepared statements. No framework: one would only add to each request.
"""

import datetime
import json
import os
import threading
import urllib.parse
import uuid

import psycopg2

COLUMNS = os.environ["BENCH_COLUMNS"].split(",")
BODY_MAX_BYTES = 1024 * 1024
HEADERS = [("Content-Type", "application/json"), ("Access-Control-Allow-Origin", "*"), ("Access-Control-Allow-Methods", "GET,POST,OPTIONS")]
STATUS = {200: "200 OK", 201: "201 Created", 400: "400 Bad Request", 405: "405 Method Not Allowed", 413: "413 Content Too Large",
          500: "500 Internal Server Error"}
MISSING_FIELDS = 400, b'{"error":"Missing required fields: event_type and session_id"}'
MISSING_PARAMETER = 400, b'{"error":"Missing required query parameter: event_type"}'

local = threading.local()


def sql(name):
    with open(os.path.join(os.environ["BENCH_SQL"], name + ".sql"), encoding="utf-8") as file:
        return file.read()


STATEMENTS = {name: sql(name) for name in ("write_one", "write_many", "read_type")}


def cursor():
    """This thread's cursor. Every statement is a transaction."""
    if getattr(local, "cursor", None) is None or local.cursor.connection.closed:
        connection = psycopg2.connect("")
        connection.autocommit = True
        local.cursor = connection.cursor()
        for name, text in STATEMENTS.items():
            local.cursor.execute(f"PREPARE {name} AS {text}")
    return local.cursor


def is_event(event):
    return isinstance(event, dict) and isinstance(event.get("event_type"), str) and isinstance(event.get("session_id"), str)


def properties(event):
    """All members but the key."""
    return json.dumps({name: value for name, value in event.items() if name not in ("event_type", "session_id")},
                      ensure_ascii=False, separators=(",", ":"))


def column_values(events, column, now):
    if column in ("event_type", "session_id"):
        return [event[column] for event in events]
    if column == "event_id":
        return [str(uuid.uuid4()) for _ in events]
    if column == "properties":
        return [properties(event) for event in events]
    return [now] * len(events)


def array_text(values):
    """An array in PostgreSQL's text form: one literal is cheaper than psycopg2's ARRAY[…] with a literal an element."""
    return '{"' + '","'.join(value.replace("\\", "\\\\").replace('"', '\\"') for value in values) + '"}'


def write_many(events):
    events.sort(key=lambda event: (event["event_type"], event["session_id"]))  # two batches lock the same rows in the same order
    now = datetime.datetime.now(datetime.timezone.utc).isoformat()
    values = [array_text(column_values(events, column, now)) for column in COLUMNS]
    cursor().execute("EXECUTE write_many (" + ", ".join(["%s"] * len(values)) + ")", values)


def post(environ):
    length = int(environ.get("CONTENT_LENGTH") or 0)
    if length > BODY_MAX_BYTES:
        return 413, b'{"error":"Body too large"}'
    try:
        body = json.loads(environ["wsgi.input"].read(length))
    except ValueError:
        return 400, b'{"error":"Invalid JSON"}'
    if isinstance(body, list):
        if not body or not all(map(is_event, body)):
            return MISSING_FIELDS
        write_many(body)
        return 201, json.dumps({"message": "Data inserted successfully", "received": len(body), "inserted": len(body)}).encode()
    if not is_event(body):
        return MISSING_FIELDS
    cursor().execute("EXECUTE write_one (%s, %s, %s)", (body["event_type"], body["session_id"], properties(body)))
    return 201, b'{"message":"Data inserted successfully"}'


def get(environ):
    event_type = urllib.parse.parse_qs(environ.get("QUERY_STRING", "")).get("event_type")
    if not event_type:
        return MISSING_PARAMETER
    cursor().execute("EXECUTE read_type (%s)", (event_type[0],))
    return 200, cursor().fetchone()[0].encode()


HANDLERS = {"POST": post, "GET": get}


def application(environ, start_response):
    handler = HANDLERS.get(environ["REQUEST_METHOD"], lambda _: (405, b'{"error":"Method not allowed"}'))
    try:
        status, body = handler(environ)
    except psycopg2.Error as error:
        print(error, file=environ["wsgi.errors"])
        status, body = 500, b'{"error":"Internal server error"}'
    start_response(STATUS[status], HEADERS + [("Content-Length", str(len(body)))])
    return [body]
