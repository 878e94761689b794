"""Reading: long answers beside COPY and the peers, memory, first bytes, pages, hot answers beside an empty responder, and readers that stop.

Each figure is of one run, by turns, so that what changes on the machine meanwhile strikes all of them."""

import contextlib
import http.client
import json
import re
import socket
import statistics
import subprocess
import time

import measure
import processes
import web
from bench import say
from cluster import DATABASE
from contenders.base import Failed
from contenders.limits import EmptyLighttpd
from contenders.product import ProductLighttpd
from database import SESSIONS
from plan import SINGLE, Workload
from servers import wait_until

PEER_ITEMS = 100000  # peers make the whole answer in memory
PAGE = 1000
HOT_CONNECTIONS = 64
STALLED = 200
STALLED_ROUNDS = 5
READERS_SQL = "SELECT count(*) FROM pg_stat_activity WHERE usename = 'synchrony_reader' AND state <> 'idle'"
PIECE_BYTES = 256 * 1024
TIMEOUT_S = 600
# The text of an item, as COPY writes one a line.
ITEMS_SQL = """COPY (SELECT '{"event_type": ' || to_json(event_type) || ', "session_id": ' || to_json(session_id) || ', ' || substr(properties::text, 2)
               FROM events WHERE event_type = 'bench_%d' ORDER BY session_id) TO STDOUT"""
HOT = Workload("get-1", "get", 1)


# ---- one long answer ----


class Download:
    """first_s and seconds count from the first byte that was sent."""

    def __init__(self, read):
        """read: fills a buffer, returns how much; 0 at the end."""
        begun = time.monotonic()
        buffer = bytearray(PIECE_BYTES)
        self.first_s = None
        self.bytes = 0
        self.head = self.tail = b""
        while n := read(buffer):
            if self.first_s is None:
                self.first_s = time.monotonic() - begun
                self.head = bytes(buffer[:min(n, 1000)])
            self.bytes += n
            self.tail = (self.tail + bytes(buffer[max(0, n - 8):n]))[-8:]
        self.seconds = time.monotonic() - begun

    @property
    def mb_per_s(self):
        return self.bytes / self.seconds / 1e6


def download(port, query):
    """The bytes that come over the connection: of a chunked answer the lengths of its chunks too."""
    with socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT_S) as connection:
        connection.sendall(f"GET {web.RESOURCE}?{query} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n".encode())
        result = Download(connection.recv_into)
    length = re.search(rb"content-length: (\d+)", result.head, re.IGNORECASE)
    is_whole = result.tail.endswith(b"0\r\n\r\n") if not length else result.bytes >= int(length[1])
    if not result.head.startswith(b"HTTP/1.1 200") or not is_whole:
        raise Failed(f"no whole answer to {query}: {result.head[:60]!r}, {result.bytes:,} bytes")
    return result


def copy(bench, items):
    process = processes.start(["psql", "-X", "-q", "-c", ITEMS_SQL % items], "/dev/null",
                              {"PGHOST": bench.database.socket_dir, "PGDATABASE": DATABASE, "PGUSER": "postgres"}, stdout=subprocess.PIPE, bufsize=0)
    try:
        return Download(process.stdout.readinto)
    finally:
        process.stdout.close()
        processes.stop(process)


# ---- contenders ----


@contextlib.contextmanager
def started(bench, make, workload):
    bench.turns += 1
    contender = make(bench, DATABASE)
    try:
        contender.start(workload)
        contender.wait_until_ready()
        yield contender
    finally:
        contender.stop()
        contender.remove()


def prepare(bench, items):
    database = bench.database
    database.run("TRUNCATE events, event_log")
    for n in sorted({1, PEER_ITEMS, items}):
        database.fill_items(f"bench_{n}", n)
    database.fill_items("page_view", SESSIONS)
    database.run("VACUUM ANALYZE events")
    database.run("CHECKPOINT")
    database.holds = None


# ---- what is measured ----


def long_answers(bench, peers, items, rounds):
    """{name: [MB/s of each round]} of all items by COPY and by the product, and of fewer by the peers as well."""
    found, fewer = {}, {}
    for _ in range(rounds):
        found.setdefault("COPY", []).append(copy(bench, items).mb_per_s)
        with started(bench, ProductLighttpd, SINGLE) as product:
            found.setdefault(product.name, []).append(download(product.port, f"event_type=bench_{items}").mb_per_s)
        fewer.setdefault("COPY", []).append(copy(bench, PEER_ITEMS).mb_per_s)
        for make in (ProductLighttpd, *peers):
            if isinstance(fewer.get(make.name), str):
                continue
            try:
                with started(bench, make, Workload("get", "get", PEER_ITEMS)) as contender:
                    fewer.setdefault(make.name, []).append(download(contender.port, f"event_type=bench_{PEER_ITEMS}").mb_per_s)
            except (Failed, OSError, subprocess.SubprocessError) as error:
                fewer[make.name] = str(error) or type(error).__name__
            say(f"   reading  {make.name:<18} {fewer[make.name]}")
    return {"items": items, "mb_per_s": found, "fewer_items": PEER_ITEMS, "fewer_mb_per_s": fewer}


def peaks(contender):
    return sum(contender.trees().peaks_bytes())


def memory_and_first_bytes(bench, items):
    with started(bench, ProductLighttpd, SINGLE) as product:
        page = [download(product.port, f"event_type=bench_{items}&limit={PAGE}") for _ in range(5)]
        short = peaks(product)
        whole = [download(product.port, f"event_type=bench_{items}") for _ in range(2)]
        return {"page_s": statistics.median(one.seconds for one in page), "first_byte_s": min(one.first_s for one in whole),
                "peak_of_page_bytes": short, "peak_of_all_bytes": peaks(product)}


def pages(bench, items):
    """Milliseconds of each page, from the first to the last."""
    times, n = [], 0
    with started(bench, ProductLighttpd, SINGLE) as product:
        connection = http.client.HTTPConnection("127.0.0.1", product.port, timeout=TIMEOUT_S)
        reference = f"{web.RESOURCE}?event_type=bench_{items}&limit={PAGE}"
        while reference:
            begun = time.monotonic()
            connection.request("GET", reference)
            response = connection.getresponse()
            n += len(json.loads(response.read()))
            times.append((time.monotonic() - begun) * 1000)
            link = re.match(r"<([^>]*)>", response.headers.get("Link", ""))
            reference = link and link[1]
    if n != items:
        raise Failed(f"{n:,} items in pages of {items:,}")
    return times


def hot(bench, rounds, seconds, warm_s):
    """Requests a second: of the same item again and again, and of the empty responder."""
    rates = {}
    for _ in range(rounds):
        for make in (EmptyLighttpd, ProductLighttpd):
            with started(bench, make, SINGLE) as contender:
                sample = measure.run(bench.tools["load"], contender.port, HOT, HOT_CONNECTIONS, seconds, warm_s, contender.trees())
                rates.setdefault(make.name, []).append(sample.requests_per_s)
    return rates


@contextlib.contextmanager
def readers_that_stop(port, items):
    """Each asks for all items, takes the first few KiB at most, and no more."""
    with contextlib.ExitStack() as stack:
        for _ in range(STALLED):
            reader = stack.enter_context(socket.socket())
            reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            reader.connect(("127.0.0.1", port))
            reader.sendall(f"GET {web.RESOURCE}?event_type=bench_{items} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
        yield


def stalled(bench, items, rounds, seconds, warm_s):
    """Events a second that are stored while nobody reads, and from the moment on at which many begin to and stop, by turns: what the tables
    and the log of the database are like changes from turn to turn. Peaks of the responder's memory."""
    result = {"first": [], "alone": [], "beside": []}

    def write(product, key):
        sample = measure.run(bench.tools["load"], product.port, SINGLE, HOT_CONNECTIONS, seconds, warm_s, product.trees())
        result[key].append(sample.events_per_s)
        result["peak_" + key] = max(result.get("peak_" + key, 0), peaks(product))
    bench.database.run("VACUUM ANALYZE")
    bench.database.run("CHECKPOINT")
    with started(bench, ProductLighttpd, SINGLE) as product:
        write(product, "first")  # is not compared: behind a checkpoint pages are logged whole
        for _ in range(max(rounds, STALLED_ROUNDS)):
            write(product, "alone")
            with readers_that_stop(product.port, items):
                write(product, "beside")
            wait_until(lambda: not bench.database.run(READERS_SQL)[0][0], "readers that have left are still served", TIMEOUT_S)
    return result


def measure_all(bench, peers, items, plan):
    """What cannot be measured has its reason in its place."""
    found = {}
    say(f"filling {items:,} items")
    prepare(bench, items)
    for name, take in (("long", lambda: long_answers(bench, peers, items, plan.rounds)), ("memory", lambda: memory_and_first_bytes(bench, items)),
                       ("pages_ms", lambda: pages(bench, items)), ("hot", lambda: hot(bench, plan.rounds, plan.seconds, plan.warm_s)),
                       ("stalled", lambda: stalled(bench, items, plan.rounds, plan.seconds, plan.warm_s))):
        say(f"   reading  {name}")
        try:
            found[name] = take()
        except (Failed, OSError, http.client.HTTPException, measure.Overdue, subprocess.SubprocessError) as error:
            found[name] = f"failed: {error or type(error).__name__}"
    return found


# ---- the report ----


def ratios(numerators, denominators):
    values = sorted(a / b for a, b in zip(numerators, denominators))
    return f"{statistics.median(values):.2f} ({values[0]:.2f}–{values[-1]:.2f})"


def text(found):
    lines = ["", "Reading", ""]
    for name, show in (("long", show_long), ("memory", show_memory), ("pages_ms", show_pages), ("hot", show_hot), ("stalled", show_stalled)):
        lines += [f"{name}: {found[name]}"] if isinstance(found[name], str) else show(found[name])
    return "\n".join(lines) + "\n"


def show_long(long):
    product = ProductLighttpd.name
    lines = [f"{long['items']:,} items in one answer, MB/s: " + ", ".join(f"{name} {statistics.median(values):.0f}" for name, values in long["mb_per_s"].items())
             + f"; of COPY's rate {ratios(long['mb_per_s'][product], long['mb_per_s']['COPY'])} (target 0.60)"]
    fewer = long["fewer_mb_per_s"]
    for name, values in fewer.items():
        if isinstance(values, str) or name == product or isinstance(fewer[product], str):
            lines.append(f"  {name:<18} " + (values if isinstance(values, str) else f"{statistics.median(values):.0f} MB/s"))
        else:
            lines.append(f"  {name:<18} {statistics.median(values):.0f} MB/s; the product's {ratios(fewer[product], values)} times that")
    return lines


def show_memory(memory):
    grown = (memory["peak_of_all_bytes"] - memory["peak_of_page_bytes"]) / 2**20
    return [f"peak memory of the responder: {memory['peak_of_page_bytes'] / 2**20:.1f} MiB for {PAGE:,} items, {grown:+.1f} MiB for all (target +8)",
            f"first byte of all after {memory['first_byte_s'] * 1000:.1f} ms; a page of {PAGE:,} takes {memory['page_s'] * 1000:.1f} ms"]


def show_pages(times):
    tenth = max(1, len(times) // 10)
    first, last = statistics.median(times[:tenth]), statistics.median(times[-tenth:])
    return [f"{len(times):,} pages of {PAGE:,}: the first take {first:.1f} ms, the last {last:.1f} ms"]


def show_hot(rates):
    product, empty = rates[ProductLighttpd.name], rates[EmptyLighttpd.name]
    return [f"one item again and again, {HOT_CONNECTIONS} connections: {statistics.median(product):,.0f} requests/s, an empty responder "
            f"{statistics.median(empty):,.0f}: {ratios(product, empty)} (target 0.70)"]


def show_stalled(stalled_):
    alone, beside = stalled_["alone"], stalled_["beside"]
    return [f"writers alone {statistics.median(alone):,.0f} events/s, beside {STALLED} readers that stop {statistics.median(beside):,.0f}: "
            f"{ratios(beside, alone)} (target 0.90); peak {stalled_['peak_alone'] / 2**20:.1f} and {stalled_['peak_beside'] / 2**20:.1f} MiB"]
