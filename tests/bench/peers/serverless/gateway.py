"""What stands before the handlers in the cloud: turns a request into the event that an API gateway gives a function, and back.

A WSGI application, so that gunicorn's workers are the warm instances of the functions. That favours the original: its functions start
cold at times, and between them, the gateway and the table lies a network.
"""

import urllib.parse

import get_events
import post_event

HANDLERS = {"POST": post_event.handler, "GET": get_events.handler}


def application(environ, start_response):
    method = environ["REQUEST_METHOD"]
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    event = {
        "httpMethod": method,
        "path": environ["PATH_INFO"],
        "queryStringParameters": dict(urllib.parse.parse_qsl(environ.get("QUERY_STRING", ""))) or None,
        "body": body.decode() or None,
        "isBase64Encoded": False,
    }
    result = HANDLERS[method](event, None)
    payload = result["body"].encode()
    start_response(f"{result['statusCode']} -", [*result["headers"].items(), ("Content-Length", str(len(payload)))])
    return [payload]
