"""What one sub-run has shown, and the few figures that are shown of several."""

import dataclasses
import statistics


@dataclasses.dataclass
class Sample:
    """Counts are of the measured seconds alone."""
    seconds: float
    requests: int            # answered 2xx
    events: float            # stored, or read
    errors: int              # answered otherwise, or never whole
    statuses: dict           # by HTTP status
    p50_ms: float            # of answers 2xx; None without any
    p99_ms: float
    cpu_s: dict              # by role
    client_cpu_s: float
    peaks_bytes: list        # VmHWM of each process of the responder
    foreign_cpu_s: float     # of processes that have nothing to do with it, and of the kernel's own threads
    round: int = 0
    note: str = ""           # what a reader of the figures must know

    @classmethod
    def of(cls, result, events, cpu, peaks):
        """result: what the load generator prints."""
        good = sum(n for status, n in result["statuses"].items() if status.startswith("2"))
        bad = sum(result["statuses"].values()) - good
        return cls(seconds=result["seconds"], requests=good, events=events, errors=bad + result["broken"],
                   statuses=result["statuses"] | ({"none": result["broken"]} if result["broken"] else {}),
                   p50_ms=result.get("p50_ms"), p99_ms=result.get("p99_ms"), cpu_s=cpu, client_cpu_s=result["client_cpu_s"],
                   peaks_bytes=peaks, foreign_cpu_s=result["foreign_cpu_s"])

    @property
    def requests_per_s(self):
        return self.requests / self.seconds

    @property
    def events_per_s(self):
        return self.events / self.seconds

    def cpu_per_1000(self, role):
        """CPU seconds of a role for a thousand events; None where there were none."""
        return self.cpu_s[role] / self.events * 1000 if self.events else None

    @property
    def peak_bytes(self):
        return sum(self.peaks_bytes)


@dataclasses.dataclass
class Spread:
    """The median of several rounds, and between what it lies."""
    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values):
        """None where no round has a value."""
        known = [value for value in values if value is not None]
        return cls(statistics.median(known), min(known), max(known)) if known else None
