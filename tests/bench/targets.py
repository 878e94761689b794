"""The ratios that the product is held to, each computed within a round of one run.

A target is reported, never enforced: a benchmark on a busy machine is no test.
"""

import dataclasses
import typing

import plan
from sample import Spread

EMPTY_LIGHTTPD = ("empty-lighttpd", "empty-lighttpd-mt")
SERVICES = ("node", "php-lighttpd", "gunicorn", "serverless")
SQL_PEERS = ("node", "php-lighttpd", "php-apache", "gunicorn", "plain-c-lighttpd", "plain-c-fcgid")
PRODUCT = "product-lighttpd"


@dataclasses.dataclass(frozen=True)
class Target:
    """value: of (results, round); None where it was not measured."""
    name: str
    bound: float
    value: typing.Callable
    at_least: bool = True
    digits: int = 2
    unit: str = ""

    def spread(self, results, rounds):
        return Spread.of([self.value(results, number) for number in rounds])

    def is_met(self, spread):
        return spread.median >= self.bound if self.at_least else spread.median <= self.bound

    def wanted(self):
        return f"{'≥' if self.at_least else '≤'} {self.bound:g}{self.unit}"


# ---- what values are made of: functions of (results, round) ----


def figure(contender, workload, connections, read):
    def value(results, round_number):
        sample = results.of_round(contender, workload, connections, round_number)
        return None if sample is None else read(sample)
    return value


def rate(contender, workload, connections):
    return figure(contender, workload, connections, lambda sample: sample.events_per_s)


def p50(contender, workload, connections):
    return figure(contender, workload, connections, lambda sample: sample.p50_ms)


def combine(function, *values):
    """None as soon as one is missing."""
    def value(results, round_number):
        known = [value(results, round_number) for value in values]
        return None if None in known else function(*known)
    return value


def ratio(above, below):
    return combine(lambda a, b: a / b if b else None, above, below)


def best(contenders, workload, connections, of=rate, choose=max):
    """Of those that were measured."""
    def value(results, round_number):
        known = [of(contender, workload, connections)(results, round_number) for contender in contenders]
        known = [one for one in known if one is not None]
        return choose(known) if known else None
    return value


def over(contenders, workload, connections, product=PRODUCT):
    return ratio(rate(product, workload, connections), best(contenders, workload, connections))


def tail(contender, workload, connections):
    return figure(contender, workload, connections, lambda sample: sample.p99_ms / sample.p50_ms if sample.p50_ms else None)


def errors_beyond(contender, limit, workload, connections):
    """As a share of all requests, in per cent: the two make different numbers of requests."""
    def share(sample):
        total = sample.requests + sample.errors
        return 100 * sample.errors / total if total else None
    return combine(lambda a, b: max(0.0, a - b), figure(contender, workload, connections, share),
                   figure(limit, workload, connections, share))


def responder_us(workload, connections):
    def value(sample):
        per_1000 = sample.cpu_per_1000("responder")
        return None if per_1000 is None else per_1000 * 1000
    return figure(PRODUCT, workload, connections, value)


def peak_mib(results, round_number):
    """Of all workloads, at the most connections."""
    peaks = [sample.peak_bytes for (contender, _, connections), samples in results.samples.items()
             for sample in samples if contender == PRODUCT and connections == 256 and sample.round == round_number]
    return max(peaks) / 2**20 if peaks else None


POST, BATCH = plan.SINGLE, plan.BATCH_100

TARGETS = (
    Target("single POST, 64 connections, lighttpd: against the empty responder", 0.60, over(EMPTY_LIGHTTPD, POST, 64)),
    Target("… against the best service (Node, PHP-FPM, gunicorn, serverless)", 2.5, over(SERVICES, POST, 64)),
    Target("… against a prepared commit per event in C", 2.5, over(("plain-c-lighttpd",), POST, 64)),
    Target("… against pgbench's best rate of the same writes", 1.0, over(("pgbench",), POST, 64)),
    Target("… p99 against p50", 2.0, tail(PRODUCT, POST, 64), at_least=False),
    Target("one connection: p50 against pgbench's and the empty responder's together", 1.3,
           ratio(p50(PRODUCT, POST, 1), combine(lambda a, b: a + b, p50("pgbench", POST, 1), best(EMPTY_LIGHTTPD, POST, 1, p50, min))),
           at_least=False),
    Target("single POST, 64 connections, Apache mod_fcgid: against a prepared commit per process", 1.5,
           over(("plain-c-fcgid",), POST, 64, "product-fcgid")),
    Target("… against PHP-FPM under Apache", 2.0, over(("php-apache",), POST, 64, "product-fcgid")),
    Target("… errors at 256 connections beyond the empty responder's (% of requests)", 0.0,
           errors_beyond("product-fcgid", "empty-fcgid", POST, 256), at_least=False),
    Target("single POST, 64 connections, Apache mod_proxy_fcgi: against its empty responder", 0.6,
           over(("empty-proxy",), POST, 64, "product-proxy")),
    Target("batches of 100, 16 connections: against the same statement by libpq", 0.8, over(("libpq-arrays",), BATCH, 16)),
    Target("… against the best peer with the same statement", 1.0, over(SQL_PEERS, BATCH, 16)),
    Target("… against the serverless original", 9.0, over(("serverless",), BATCH, 16)),
    Target("… CPU of the responder per event", 3.0, responder_us(BATCH, 16), at_least=False, unit=" µs"),
    Target("memory of the responder at 256 connections", 64.0, peak_mib, at_least=False, digits=1, unit=" MiB"),
)

# What is measured outside the rounds.
JUDGING = {"ajv": Target("events judged by a schema : ajv on Node", 1.0, None),
           "python3-jsonschema": Target("events judged by a schema : python3-jsonschema", 50.0, None, digits=0)}
COLD_START = Target("cold start: first stored event", 50.0, None, at_least=False, digits=1, unit=" ms")
FLAT = Target("flat cost: {workload} at {connections} connections, {n:,} events in the history against none", 0.85, None)
