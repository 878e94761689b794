"""What is measured: workloads, at how many connections, for how long, how often."""

import dataclasses

READ_SIZES = (1000, 100000)


@dataclasses.dataclass(frozen=True)
class Workload:
    """name: as it is chosen and shown. size: events of a request, or items of an answer."""
    name: str
    kind: str  # "post" or "get"
    size: int
    is_array: bool = False
    to_the_end: bool = False  # an answer takes so long that what is under way at the end is awaited, and counts

    @property
    def read_sizes(self):
        return READ_SIZES if self.kind == "get" else ()

    @property
    def event_type(self):
        return f"bench_{self.size}"


SINGLE = Workload("post", "post", 1)
BATCH_100 = Workload("batch-100", "post", 100, is_array=True)
BATCH_1000 = Workload("batch-1000", "post", 1000, is_array=True)
GET_1000 = Workload("get-1000", "get", 1000)
GET_100000 = Workload("get-100000", "get", 100000, to_the_end=True)

WORKLOADS = {workload.name: workload for workload in (SINGLE, BATCH_100, BATCH_1000, GET_1000, GET_100000)}


@dataclasses.dataclass(frozen=True)
class Cell:
    """A workload at a number of connections. contenders: the names of those that are measured there; None: all that can."""
    workload: Workload
    connections: int
    contenders: tuple = None


@dataclasses.dataclass(frozen=True)
class Plan:
    """cells: in the order of the report; those of one workload stand together, since a turn takes them together."""
    cells: tuple
    rounds: int
    seconds: float
    warm_s: float
    starts: int  # cold starts


# Workloads and numbers of connections where only one of the two is chosen.
FULL = (tuple(WORKLOADS), (1, 16, 64, 256))
QUICK = ((SINGLE.name, BATCH_100.name), (64,))


def cells(workloads, connections):
    return tuple(Cell(WORKLOADS[name], number) for name in workloads for number in connections)


def full():
    return Plan(cells(*FULL), rounds=3, seconds=2.0, warm_s=0.7, starts=20)


def quick():
    """About two minutes: what most targets need."""
    essentials = (
        Cell(SINGLE, 1, ("empty-lighttpd", "empty-lighttpd-mt", "pgbench", "product-lighttpd")),
        Cell(SINGLE, 64),
        Cell(BATCH_100, 16, ("libpq-arrays", "product-lighttpd", "php-lighttpd", "node", "gunicorn", "plain-c-lighttpd", "serverless")),
    )
    return Plan(essentials, rounds=2, seconds=1.5, warm_s=0.5, starts=5)
