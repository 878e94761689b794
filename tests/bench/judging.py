"""Events through the gate, without a server: what guard, scrub, tree and schema take, beside JSON.parse with ajv on Node and json with
python3-jsonschema, on the same events, by the same schema, one core each, by turns."""

import json
import os
import re
import shutil
import statistics
import subprocess

import instructions
import prepare

EVENTS = 1000
ROUNDS = 3
PRODUCT = "Synchrony"
PEERS = ("ajv", "python3-jsonschema")
# Functions of ours, counted by callgrind.
STEPS = {"guard": "guard_scan", "scrub": "scrub_event", "tree": "tree_read", "schema": "schema_judge"}
SCHEMA = os.path.join(prepare.HERE, "schema", "page_view.json")


def measure(build_dir, folder, load, seconds):
    """{name: [{events, seconds, cpu_s} of each round]}, or a reason instead of the rounds; and {step: instructions of an event}."""
    events = write_events(folder, load)
    programs = {PRODUCT: product(build_dir, folder), PEERS[0]: ajv(folder), PEERS[1]: jsonschema()}
    found = {name: command if isinstance(command, str) else [] for name, command in programs.items()}
    for _ in range(ROUNDS):
        for name, command in programs.items():
            if isinstance(found[name], list):
                found[name] = take_turn(command, events, seconds, found[name])
    return found, count(programs[PRODUCT][0], events, folder)


def take_turn(command, events, seconds, rounds):
    result = subprocess.run([*command, SCHEMA, events, str(seconds)], text=True, check=False, capture_output=True)
    if result.returncode:
        return (result.stderr.strip().splitlines() or ["failed"])[-1]
    return rounds + [json.loads(result.stdout)]


def count(program, events, folder):
    """Empty where there is no valgrind."""
    if prepare.install(["valgrind"]):
        return {}
    return {step: count_step(program, events, os.path.join(folder, step), function) for step, function in STEPS.items()}


def count_step(program, events, out, function):
    prepare.must("tools", ["valgrind", "-q", "--tool=callgrind", f"--toggle-collect={function}", f"--callgrind-out-file={out}", program,
                           SCHEMA, events, "0"])
    with open(out, encoding="utf-8", errors="replace") as file:
        return int(re.search(r"^totals: (\d+)", file.read(), re.MULTILINE)[1]) / EVENTS


def write_events(folder, load):
    """One a line, as the load would post them."""
    path = os.path.join(folder, "events")
    body = subprocess.run([load, "--print", str(EVENTS), "--array"], check=True, stdout=subprocess.PIPE).stdout
    with open(path, "w", encoding="utf-8") as file:
        for event in json.loads(body):
            file.write(json.dumps(event, separators=(",", ":"), ensure_ascii=False) + "\n")
    return path


# ---- the commands; a string is why there is none ----


def product(build_dir, folder):
    return [instructions.build(build_dir, folder, "judge")]


def ajv(folder):
    missing = prepare.install(prepare.node_packages())
    if missing:
        return f"cannot install {' '.join(missing)}"
    to = os.path.join(folder, "ajv")
    problem = prepare.install_modules("ajv", to)
    return problem or [shutil.which("node"), os.path.join(to, "judge.js")]


def jsonschema():
    if prepare.install(["python3-jsonschema"]):
        return "cannot install python3-jsonschema"
    return ["/usr/bin/python3", os.path.join(prepare.HERE, "peers", "jsonschema", "judge.py")]


# ---- figures ----


def per_second(one):
    return one["events"] / one["seconds"]


def cpu_us(one):
    return one["cpu_s"] / one["events"] * 1e6


def median(rounds, read):
    return statistics.median(read(one) for one in rounds)


def ratios(found, peer):
    """Of events per second, within each round: how many times the peer's."""
    if isinstance(found[PRODUCT], str) or isinstance(found[peer], str):
        return []
    return [per_second(ours) / per_second(theirs) for ours, theirs in zip(found[PRODUCT], found[peer])]
