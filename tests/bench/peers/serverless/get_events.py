"""The serverless original's second handler: GET answers all items of a type."""

import decimal
import json
import os

import boto3
from boto3.dynamodb.conditions import Key

HEADERS = {"Content-Type": "application/json", "Access-Control-Allow-Origin": "*", "Access-Control-Allow-Methods": "GET,POST,OPTIONS"}

table = boto3.resource("dynamodb", endpoint_url=os.environ.get("TABLE_ENDPOINT")).Table(os.environ["TABLE_NAME"])


def number(value):
    if isinstance(value, decimal.Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    raise TypeError(f"cannot be JSON: {type(value)}")


def handler(event, _context):
    event_type = (event["queryStringParameters"] or {}).get("event_type")
    if not event_type:
        return {"statusCode": 400, "headers": HEADERS, "body": '{"error": "Missing required query parameter: event_type"}'}
    condition = Key("event_type").eq(event_type)
    page = table.query(KeyConditionExpression=condition)
    items = page["Items"]
    while "LastEvaluatedKey" in page:  # a page ends at 1 MB
        page = table.query(KeyConditionExpression=condition, ExclusiveStartKey=page["LastEvaluatedKey"])
        items += page["Items"]
    return {"statusCode": 200, "headers": HEADERS, "body": json.dumps(items, default=number)}
