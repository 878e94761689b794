"""The tables of a run: for a terminal, as Markdown, and all of it as JSON."""

import dataclasses
import json
import statistics

import judging
import targets
from sample import Spread

BUSY_SHARE = 0.05

TITLES = {
    "post": "Single POST",
    "batch-100": "Batches of 100 events",
    "batch-1000": "Batches of 1,000 events",
    "get-1000": "GET of 1,000 items",
    "get-100000": "GET of 100,000 items",
}
HEAD = ("contender", "requests/s", "min–max", "events/s", "p50 ms", "p99 ms", "errors", "CPU web", "responder", "database",
        "peak MiB", "")
LEGEND = ("Medians of the rounds; errors are answers other than 2xx or none, of all rounds. CPU: seconds per 1,000 events of the web "
          "server, the responder and the database. Peak: VmHWM of the responder, all of its processes added.")


# ---- figures ----


def number(value, digits=0):
    return "–" if value is None else f"{value:,.{digits}f}"


def significant(value):
    """About three digits."""
    if value is None:
        return "–"
    return f"{value:,.0f}" if value >= 100 or value == 0 else f"{value:.1f}" if value >= 10 else f"{value:.2f}" if value >= 1 else f"{value:.3f}"


def median(samples, read):
    spread = Spread.of([read(sample) for sample in samples])
    return spread.median if spread else None


def cpu(samples, role):
    value = median(samples, lambda sample: sample.cpu_per_1000(role))
    return "–" if value is None else f"{value:.4f}"


def row(name, samples):
    rates = Spread.of([sample.requests_per_s for sample in samples])
    peaks = [sample for sample in samples if sample.peaks_bytes]
    peak = max((sample.peak_bytes for sample in peaks), default=None)
    processes = max((len(sample.peaks_bytes) for sample in peaks), default=0)
    notes = sorted({sample.note for sample in samples if sample.note})
    return (name, significant(rates.median), f"{significant(rates.low)}–{significant(rates.high)}",
            significant(median(samples, lambda sample: sample.events_per_s)),
            significant(median(samples, lambda sample: sample.p50_ms)), significant(median(samples, lambda sample: sample.p99_ms)),
            number(sum(sample.errors for sample in samples)),
            cpu(samples, "web"), cpu(samples, "responder"), cpu(samples, "database"),
            ("–" if peak is None else f"{peak / 2**20:.1f}") + (f" ({processes})" if processes > 1 else ""), "; ".join(notes))


# ---- layout ----


def pad(text, width, is_left):
    return text.ljust(width) if is_left else text.rjust(width)


def table(head, rows, markdown):
    """Columns that line up; the first and the last are text."""
    if rows and not any(cells[-1] for cells in rows):
        head, rows = head[:-1], [cells[:-1] for cells in rows]
        text_columns = {0}
    else:
        text_columns = {0, len(head) - 1}
    widths = [max(len(cells[i]) for cells in [head, *rows]) for i in range(len(head))]
    lines = [[pad(cell, widths[i], i in text_columns) for i, cell in enumerate(cells)] for cells in [head, *rows]]
    if not markdown:
        return "\n".join("  ".join(cells).rstrip() for cells in [lines[0], ["-" * width for width in widths], *lines[1:]])
    rule = ["-" * width if i in text_columns else "-" * (width - 1) + ":" for i, width in enumerate(widths)]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in [lines[0], rule, *lines[1:]])


def heading(text, markdown):
    return f"#### {text}" if markdown else f"{text}\n{'=' * len(text)}"


# ---- the parts ----


def machine_line(machine):
    return (f"{machine['date']}; {machine['cores']} cores of {machine['cpu']}, {machine['memory_gib']} GiB, Linux {machine['kernel']}; "
            f"{machine['filesystem']}, a block and fdatasync {machine['fdatasync_ms']} ms; PostgreSQL {machine['postgresql']}, "
            f"lighttpd {machine['lighttpd']}, Apache {machine['apache']}, PHP {machine['php'] or '–'}, Node {machine['node'] or '–'}, "
            f"Python {machine['python']}" + (f"; revision {machine['revision']}" if machine["revision"] else ""))


def busy_line(run):
    """Others that work on the machine at the same time take from those with few processes more than from those with many."""
    shares = [sample.foreign_cpu_s / sample.seconds / run.machine["cores"] for group in run.results.samples.values() for sample in group]
    if not shares or statistics.median(shares) < BUSY_SHARE:
        return None
    return (f"Beware: processes that have nothing to do with this took {statistics.median(shares):.0%} of the CPU meanwhile (median; at "
            f"worst {max(shares):.0%}). Neither figures nor ratios are to be relied on.")


def cell_table(run, workload, connections, markdown):
    rows = [row(make.name, samples) for make in run.contenders if (samples := run.results.get(make.name, workload, connections))]
    if not rows:
        return None
    return heading(f"{TITLES[workload.name]}, {connections} connection{'s' if connections > 1 else ''}", markdown) + "\n\n" + \
        table(HEAD, rows, markdown)


def target_rows(run):
    rounds = run.results.rounds()
    found = [(target, target.name, target.spread(run.results, rounds)) for target in targets.TARGETS]
    found.append((targets.COLD_START, targets.COLD_START.name, Spread.of(run.cold_starts_ms)))
    found += [(target, target.name, Spread.of(judging.ratios(run.judging, peer)) if run.judging else None)
              for peer, target in targets.JUDGING.items()]
    for key in sorted({(one["workload"], one["connections"]) for one in run.flat}):
        spread = Spread.of([one["filled"] / one["empty"] for one in run.flat if (one["workload"], one["connections"]) == key])
        found.append((targets.FLAT, targets.FLAT.name.format(workload=key[0], connections=key[1], n=run.history), spread))
    return found


def target_cells(target, name, spread):
    if spread is None:
        return name, target.wanted(), "not measured", "", ""
    return (name, target.wanted(), f"{spread.median:.{target.digits}f}{target.unit}",
            f"{spread.low:.{target.digits}f}–{spread.high:.{target.digits}f}", "met" if target.is_met(spread) else "missed")


def instruction_table(run, markdown):
    if isinstance(run.instructions, str):
        return f"instructions per event: not counted: {run.instructions}"
    steps = list(next(iter(run.instructions.values())))
    rows = [(f"{n} event{'s' if n > 1 else ''} a request", *(f"{by_step[step]:,.0f}" for step in steps),
             f"{sum(by_step.values()):,.0f}", "")
            for n, by_step in run.instructions.items()]
    return heading("Instructions of the responder per event", markdown) + "\n\n" + table(("", *steps, "together", ""), rows, markdown)


def judging_table(run, markdown):
    rows = []
    for name, rounds in run.judging.items():
        if isinstance(rounds, str):
            rows.append((name, "–", "–", "–", rounds))
            continue
        ratios = judging.ratios(run.judging, name) if name in judging.PEERS else []
        rows.append((name, significant(judging.median(rounds, judging.per_second)), number(judging.median(rounds, judging.cpu_us), 2),
                     f"{statistics.median(ratios):.2f}" if ratios else "–", ""))
    steps = "Instructions of ours per event: " + ", ".join(f"{step} {n:,.0f}" for step, n in run.judging_steps.items())
    return heading("One core judges page views of 420 bytes by a schema", markdown) + "\n\n" + \
        table(("", "events/s", "CPU µs an event", f"{judging.PRODUCT} : it", ""), rows, markdown) + "\n\n" + \
        (f"{steps}, together {sum(run.judging_steps.values()):,.0f}." if run.judging_steps else "")


def missing_lines(run):
    return [f"{name}{', ' + workload if workload else ''}: {'missing' if not workload else 'failed'}: {reason}"
            for (name, workload), reason in run.results.failures.items()]


def text(run, markdown=False):
    parts = [machine_line(run.machine), LEGEND, busy_line(run)]
    parts += [cell_table(run, cell.workload, cell.connections, markdown) for cell in run.plan.cells]
    about = [f"- {make.name}: {make.about}" for make in run.contenders]
    parts += ["\n".join(about), "\n".join(missing_lines(run))]
    if run.instructions:
        parts.append(instruction_table(run, markdown))
    if run.judging:
        parts.append(judging_table(run, markdown))
    rows = [target_cells(*found) for found in target_rows(run)]
    head = ("ratio within a round", "target", "measured", "min–max", "")
    parts.append(heading("Targets", markdown) + "\n\n" + table(head, rows, markdown))
    return "\n\n".join(part for part in parts if part) + "\n"


def as_json(run):
    samples = [dataclasses.asdict(sample) | {"contender": contender, "workload": workload, "connections": connections,
                                            "requests_per_s": sample.requests_per_s, "events_per_s": sample.events_per_s}
               for (contender, workload, connections), group in run.results.samples.items() for sample in group]
    found = [{"name": name, "target": target.bound, "at_least": target.at_least, "unit": target.unit.strip(),
              "measured": dataclasses.asdict(spread) if spread else None, "met": target.is_met(spread) if spread else None}
             for target, name, spread in target_rows(run)]
    return json.dumps({"machine": run.machine, "contenders": {make.name: make.about for make in run.contenders}, "samples": samples,
                       "failures": [{"contender": name, "workload": workload, "reason": reason}
                                    for (name, workload), reason in run.results.failures.items()],
                       "targets": found, "cold_starts_ms": run.cold_starts_ms, "flat": run.flat, "history": run.history,
                       "instructions": run.instructions, "judging": run.judging, "judging_steps": run.judging_steps}, ensure_ascii=False, indent=1)
