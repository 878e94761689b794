"""What the product stands on: the web servers with a responder that does nothing, and PostgreSQL without a web server."""

import glob
import os
import re
import resource
import subprocess

import measure
import processes
import web
from cluster import server_program
from contenders.base import Contender, Failed, Served
from plan import SINGLE
from sample import Sample

PGBENCH_CLIENTS = (16, 32, 64, 128)
PGBENCH_GRACE_S = 30
ARRAYS_CONNECTIONS = 2


class Empty(Served):
    """A responder that reads the body and answers: what is left for the product to spend."""
    group = "limit"
    kinds = ("post",)
    uses_database = False
    threads = 1

    def responder(self):
        return self.wrapper(self.bench.tools["empty"], {"BENCH_THREADS": str(self.threads)})


class EmptyLighttpd(Empty):
    name = "empty-lighttpd"
    about = "lighttpd, an empty libfcgi responder with one thread"
    server = "lighttpd"

    def site(self, workload):
        return web.lighttpd_snippet(self.bench.deploy, self.responder(), "/dev/null", self.dir + "/sockets/responder")


class EmptyLighttpdThreads(EmptyLighttpd):
    name = "empty-lighttpd-mt"
    about = "lighttpd, an empty libfcgi responder with 16 threads"
    threads = 16


class EmptyFcgid(Empty):
    name = "empty-fcgid"
    about = "Apache mod_fcgid, empty libfcgi responders"
    server = "apache"
    settle_s = web.FCGID_SETTLE_S

    def site(self, workload):
        return web.apache_fcgid(self.dir, self.bench.deploy, self.responder(), "/dev/null")


class EmptyProxy(Empty):
    name = "empty-proxy"
    about = "Apache mod_proxy_fcgi, an empty libfcgi responder with 16 threads"
    server = "apache"
    threads = 16

    def site(self, workload):
        listening, path = self.listener()
        self.launch([self.responder()], stdin=listening)
        listening.close()
        return web.apache_proxy(self.bench.deploy, path)


class Direct(Contender):
    """Drives PostgreSQL without HTTP."""
    group = "limit"

    def start(self, workload):
        pass

    def wait_until_ready(self):
        pass


class Pgbench(Direct):
    """The two writes of an event in one statement, a transaction each. At one connection with one client; where it stands beside 64 the
    best of several numbers of clients."""
    name = "pgbench"
    about = "pgbench, both writes in one prepared statement an event"
    at = (1, 64)

    @classmethod
    def can(cls, workload, connections):
        return workload is SINGLE and super().can(workload, connections)

    def measure(self, workload, connections, seconds, warm_s):
        if connections == 1:
            return self.run(1, seconds)
        best = self.bench.remembered.get(self.name)
        samples = {clients: self.run(clients, seconds) for clients in ([best] if best else PGBENCH_CLIENTS)}
        best = max(samples, key=lambda clients: samples[clients].requests_per_s)
        self.bench.remembered[self.name] = best
        return samples[best]

    def run(self, clients, seconds):
        """Times are written to a log by each of its threads; of many clients a tenth suffices."""
        prefix = os.path.join(self.dir, "www", "times")
        for path in glob.glob(prefix + ".*"):
            os.unlink(path)
        trees = self.trees()
        before, own_before, busy_before = trees.cpu_seconds(), children_cpu_seconds(), processes.busy_seconds()
        result = subprocess.run(
            [server_program("pgbench"), "--no-vacuum", "--protocol=prepared", f"--client={clients}", f"--jobs={min(clients, 2)}",
             f"--time={max(1, round(seconds))}", f"--file={self.script()}", "--define", f"properties={self.bench.properties}",
             "--log", f"--log-prefix={prefix}", f"--sampling-rate={1 if clients == 1 else 0.1}"],
            cwd="/", env=processes.clean_environment() | self.bench.database.peer_environment(self.dbname), text=True, check=False,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=seconds + PGBENCH_GRACE_S,
            start_new_session=True, **processes.popen_as_unprivileged())
        after, own_after, busy_after = trees.cpu_seconds(), children_cpu_seconds(), processes.busy_seconds()
        done = re.search(r"transactions actually processed: (\d+)", result.stdout)
        rate = re.search(r"tps = ([\d.]+) \(without", result.stdout)
        if result.returncode != 0 or not done or not rate or not int(done[1]):
            raise Failed(f"pgbench: exit {result.returncode}: {result.stdout[-600:]}")
        times = sorted(time for path in glob.glob(prefix + ".*") for time in read_times(path))
        spent = {role: after[role] - before[role] for role in after}
        own = own_after - own_before
        figures = {"seconds": int(done[1]) / float(rate[1]), "statuses": {"201": int(done[1])}, "broken": 0, "client_cpu_s": own,
                   "foreign_cpu_s": max(0.0, busy_after - busy_before - sum(spent.values()) - own)}
        if times:
            figures |= {"p50_ms": times[(len(times) - 1) // 2] / 1000, "p99_ms": times[(len(times) - 1) * 99 // 100] / 1000}
        sample = Sample.of(figures, int(done[1]), spent, [])
        sample.note = f"{clients} client{'s' if clients > 1 else ''}"
        return sample

    def script(self):
        """write_one.sql with values for its parameters, as pgbench writes them."""
        path = os.path.join(self.dir, "www", "write_one.pgbench")
        with open(os.path.join(self.bench.sql_dir, "write_one.sql"), encoding="utf-8") as file:
            sql = "".join(line for line in file if not line.startswith("--"))
        session = "(lpad(to_hex(mod(:n::bigint * 2654435761, 4294967296)), 8, '0') || '-7b64-4e0f-9c1d-' || lpad(:n::text, 12, '0'))"
        for parameter, value in (("$1", "'page_view'"), ("$2", session), ("$3", ":properties")):
            sql = sql.replace(parameter, value)
        with open(path, "w", encoding="utf-8") as file:
            file.write("\\set n random(0, 99999)\n" + sql.rstrip() + ";\n")
        return path


def children_cpu_seconds():
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def read_times(path):
    """Microseconds of each transaction: the third field of pgbench's log."""
    with open(path, encoding="ascii") as file:
        return [int(line.split()[2]) for line in file]


class LibpqArrays(Direct):
    """The product's own statement for a group of events, on two connections."""
    name = "libpq-arrays"
    about = "the product's array statement by libpq on two connections"
    at = (16,)

    @classmethod
    def can(cls, workload, connections):
        return workload.is_array and super().can(workload, connections)

    def measure(self, workload, connections, seconds, warm_s):
        command = [self.bench.tools["arrays"], self.bench.database.conninfo("synchrony_writer", self.dbname),
                   os.path.join(self.bench.sql_dir, "write_many.sql"), ",".join(map(str, self.bench.parameters)),
                   str(ARRAYS_CONNECTIONS), str(workload.size), str(seconds)]
        result, cpu, _peaks = measure.run_between(command, seconds, self.trees(), os.path.join(self.dir, "log", "arrays.log"))
        sample = Sample.of(result, result["statuses"]["201"] * workload.size, cpu, [])
        sample.note = f"{ARRAYS_CONNECTIONS} connections"
        return sample


LIMITS = [EmptyLighttpd, EmptyLighttpdThreads, EmptyFcgid, EmptyProxy, Pgbench, LibpqArrays]
