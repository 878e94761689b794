"""One sub-run: load on a port, and at the same time what it costs whom."""

import json
import select
import subprocess
import time

import processes
from sample import Sample

# Beyond the seconds that were asked for: connecting, warming up, the last answers.
GRACE_S = 30
DRAIN_S = {"post": 0.0, "get": 3.0}
DRAIN_TO_THE_END_S = 12.0


class Overdue(Exception):
    """A program did not come to its end in time."""


class Lines:
    """The lines of a program's output, each awaited for a bounded time."""

    def __init__(self, process, timeout_s):
        self.process = process
        self.deadline = time.monotonic() + timeout_s

    def next(self):
        left = self.deadline - time.monotonic()
        if left <= 0 or not select.select([self.process.stdout], [], [], left)[0]:
            raise Overdue("no result in time")
        line = self.process.stdout.readline()
        if not line:
            raise Overdue(f"ended with {self.process.wait()} before its result")
        return line

    def wait_for(self, word):
        while self.next() != word + "\n":
            pass


def run_between(command, seconds, trees, log_path="/dev/null", **popen):
    """Runs a program that prints "begin" and "end" around what counts, then a JSON object.

    Returns the object, with "foreign_cpu_s" added, CPU seconds by role between the two words, and the peak memory of each process of the
    responder."""
    process = processes.start(command, log_path, stdout=subprocess.PIPE, text=True, bufsize=1, **popen)
    lines = Lines(process, seconds + GRACE_S)
    try:
        lines.wait_for("begin")
        trees.forget_peaks()
        before, busy_before = trees.cpu_seconds(), processes.busy_seconds()
        lines.wait_for("end")
        after, busy_after = trees.cpu_seconds(), processes.busy_seconds()
        peaks = trees.peaks_bytes()
        result = json.loads(lines.next())
        process.wait(GRACE_S)
    finally:
        processes.stop(process)
        process.stdout.close()
    spent = {role: after[role] - before[role] for role in processes.ROLES}
    result["foreign_cpu_s"] = max(0.0, busy_after - busy_before - sum(spent.values()) - result["client_cpu_s"])
    return result, spent, peaks


def run(program, port, workload, connections, seconds, warm_s, trees, item_bytes=None):
    """item_bytes: mean length of an item in an answer; reads are counted by what has come of them, whole or not."""
    drain_s = DRAIN_TO_THE_END_S if workload.to_the_end else DRAIN_S[workload.kind]
    command = [program, "--port", str(port), "--connections", str(connections), "--seconds", str(seconds), "--drain", str(drain_s),
               "--seed", str(time.time_ns() % 10**9)]
    command += ["--whole"] if workload.to_the_end else ["--warm", str(warm_s)]
    if workload.kind == "post":
        command += ["--post", str(workload.size)] + (["--array"] if workload.is_array else [])
    else:
        command += ["--get", workload.event_type]
    result, cpu, peaks = run_between(command, seconds + warm_s + drain_s, trees)
    good = sum(n for status, n in result["statuses"].items() if status.startswith("2"))
    events = good * workload.size if item_bytes is None else result["good_body_bytes"] / item_bytes
    return Sample.of(result, events, cpu, peaks)
