"""Cold start: from the start of the responder to its first answer, a stored event."""

import os
import time

import fcgi
import processes
from cluster import DATABASE
from contenders.base import Failed
from contenders.product import ProductProxy
from plan import SINGLE


def measure(bench, starts):
    """Milliseconds of each start. The responder gets its socket as a web server hands it over, and the request is there already."""
    bench.database.prepare_for(SINGLE)
    contender = ProductProxy(bench, DATABASE)
    try:
        command = [os.path.join(bench.bin_dir, "synchrony_data_analytics")]
        environment = {"SYNCHRONY_CONF": contender.conf()}
        return [one_start(bench, contender, command, environment) for _ in range(starts)]
    finally:
        contender.stop()
        contender.remove()


def one_start(bench, contender, command, environment):
    listening, path = contender.listener()
    try:
        begin = time.perf_counter()
        process = contender.launch(command, environment, stdin=listening)
        with fcgi.Connection(path) as connection:
            response = connection.post(bench.event)
        elapsed_ms = (time.perf_counter() - begin) * 1000
        if response.status != 201:
            raise Failed(f"the first answer is {response.status}: {response.body[:200]!r}")
        processes.stop(process)
        contender.running.clear()
        return elapsed_ms
    finally:
        listening.close()
        os.unlink(path)
