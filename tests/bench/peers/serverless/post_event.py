"""The serverless original's first handler: POST stores an event in the key-value table."""

import decimal
import json
import os

import boto3

HEADERS = {"Content-Type": "application/json", "Access-Control-Allow-Origin": "*", "Access-Control-Allow-Methods": "GET,POST,OPTIONS"}

# Made once a process, as a warm function keeps it.
table = boto3.resource("dynamodb", endpoint_url=os.environ.get("TABLE_ENDPOINT")).Table(os.environ["TABLE_NAME"])


def answer(status, body):
    return {"statusCode": status, "headers": HEADERS, "body": json.dumps(body)}


def is_event(event):
    return isinstance(event, dict) and isinstance(event.get("event_type"), str) and isinstance(event.get("session_id"), str)


def handler(event, _context):
    try:
        body = json.loads(event["body"] or "null", parse_float=decimal.Decimal)
    except ValueError:
        return answer(400, {"error": "Invalid JSON"})
    events = body if isinstance(body, list) else [body]
    if not events or not all(map(is_event, events)):
        return answer(400, {"error": "Missing required fields: event_type and session_id"})
    if not isinstance(body, list):
        table.put_item(Item=body)
        return answer(201, {"message": "Data inserted successfully"})
    # Twenty-five items a call, which must not share a key: the later wins.
    with table.batch_writer(overwrite_by_pkeys=["event_type", "session_id"]) as batch:
        for item in events:
            batch.put_item(Item=item)
    return answer(201, {"message": "Data inserted successfully", "received": len(events), "inserted": len(events)})
