"""How many events a second Debian's python3-jsonschema judges: judge.py SCHEMA EVENTS SECONDS

EVENTS is a file with one event a line. Each is parsed and judged by the validator of the schema, over and over. Prints a line of JSON.
"""

import json
import sys
import time

import jsonschema


def main():
    schema_path, events_path, seconds = sys.argv[1:]
    with open(schema_path, encoding="utf-8") as file:
        validator = jsonschema.Draft7Validator(json.load(file), format_checker=jsonschema.draft7_format_checker)
    with open(events_path, encoding="utf-8") as file:
        events = file.read().splitlines()
    number = 0
    begin, cpu = time.perf_counter(), time.process_time()
    while time.perf_counter() < begin + float(seconds):
        for event in events[:100]:
            validator.validate(json.loads(event))
        number += 100
    print(json.dumps({"events": number, "seconds": time.perf_counter() - begin, "cpu_s": time.process_time() - cpu}))


if __name__ == "__main__":
    main()
