"""Makes the original's table, and fills it: make_table.py TABLE [TYPE COUNT PROPERTIES_JSON]...

COUNT items of a TYPE, each with the members of PROPERTIES_JSON.
"""

import decimal
import json
import os
import sys

import boto3


def session_id(number):
    """As tests/bench/load/corpus.c makes them."""
    return f"{number * 2654435761 % 2**32:08x}-7b64-4e0f-9c1d-{number:012d}"


def main():
    name, rest = sys.argv[1], sys.argv[2:]
    table = boto3.resource("dynamodb", endpoint_url=os.environ["TABLE_ENDPOINT"]).create_table(
        TableName=name, BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "event_type", "AttributeType": "S"}, {"AttributeName": "session_id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "event_type", "KeyType": "HASH"}, {"AttributeName": "session_id", "KeyType": "RANGE"}])
    table.wait_until_exists()
    for event_type, count, properties in zip(rest[0::3], rest[1::3], rest[2::3]):
        members = json.loads(properties, parse_float=decimal.Decimal)
        with table.batch_writer() as batch:
            for number in range(int(count)):
                batch.put_item(Item={"event_type": event_type, "session_id": session_id(number)} | members)


if __name__ == "__main__":
    main()
