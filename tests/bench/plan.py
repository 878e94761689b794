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
    seconds_factor: float = 1.0

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
GET_100000 = Workload("get-100000", "get", 100000, seconds_factor=2.0)  # one answer takes a good part of a second

WORKLOADS = {workload.name: workload for workload in (SINGLE, BATCH_100, BATCH_1000, GET_1000, GET_100000)}


@dataclasses.dataclass(frozen=True)
class Plan:
    """cells: the numbers of connections of each workload."""
    cells: dict
    rounds: int
    seconds: float
    warm_s: float
    starts: int  # cold starts


def full(connections=(1, 16, 64, 256)):
    return Plan({name: connections for name in WORKLOADS}, rounds=3, seconds=3.0, warm_s=1.0, starts=20)


def quick():
    """About two minutes: what most targets need."""
    return Plan({SINGLE.name: (64,), BATCH_100.name: (16,)}, rounds=2, seconds=1.5, warm_s=0.7, starts=5)
