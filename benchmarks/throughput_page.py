"""What the measurements of throughput say: rows per hour, efficiency, and what saturates first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from benchmarks.interleave import Measured, ratio

KEPT = "a row kept"
FLOOR = 1.8
"""How many times faster two processes shall be than one."""
MACHINES = (1, 4, 16, 64)
CORES = 16
"""Of the machines of the extrapolation."""


def dask(workers: int) -> str:
    """A cluster of this machine, as tables show it."""
    return f"Dask, {workers} worker{'s' * (workers > 1)}"


def swept(on: str) -> str:
    """The name of a sweep."""
    return f"sweep on {on}"


def checked(target: str, samples: int, on: str) -> str:
    """The name of a check."""
    return f"check of {target}, {samples} samples, on {on}"


def alone(processes: int) -> str:
    """The name of loops that share nothing."""
    return f"loops on processes:{processes}"


def handed_out(on: str) -> str:
    """The name of a job that does nothing."""
    return f"a job handed out, on {on}"


@dataclass(frozen=True)
class Throughput:
    """Seconds of everything that was measured, by name; ``rows`` of a sweep over ``network``, ``samples`` by target."""

    measured: Mapping[str, Measured]
    rows: int
    network: str
    samples: Mapping[str, tuple[int, ...]]
    about: Mapping[str, str]

    def seconds(self, name: str) -> float | None:
        """The median of its rounds."""
        return self.measured[name].median if name in self.measured else None

    def gain(self, one: str, other: str) -> float | None:
        """How many times faster ``other`` is than ``one``: the median over the rounds."""
        return ratio(self.measured.get(one), self.measured.get(other))

    def spread(self, one: str, other: str) -> str:
        """The same of the single rounds, least and largest."""
        pairs = zip(self.measured[one].rounds, self.measured[other].rounds, strict=True)
        gains = [a / b for a, b in pairs if a is not None and b is not None]
        return f"{min(gains):.2f} to {max(gains):.2f}" if gains else "not measured"

    @property
    def row_seconds(self) -> float | None:
        """Of one row on one worker of a cluster, with all that is done once per sweep shared out among the rows."""
        whole = self.seconds(swept(dask(1)))
        return None if whole is None else whole / self.rows

    @property
    def handling_seconds(self) -> float | None:
        """Of one row in the process that hands out and takes in, which no worker shares: on Dask."""
        parts = self.seconds(handed_out(dask(2))), self.seconds(KEPT)
        return None if parts[0] is None or parts[1] is None else parts[0] + parts[1]

    @property
    def most_workers(self) -> float | None:
        """Workers at which that process is busy all the time."""
        row, handling = self.row_seconds, self.handling_seconds
        return None if row is None or handling is None else row / handling

    def rows_per_hour(self, workers: int) -> float | None:
        """As many as workers compute at the efficiency of two, and one process takes in."""
        row, handling = self.row_seconds, self.handling_seconds
        gain = self.gain(swept(dask(1)), swept(dask(2)))
        if row is None or handling is None or gain is None:
            return None
        return 3600 * min(workers * min(gain / 2, 1) / row, 1 / handling)


def markdown(found: Throughput) -> str:
    """The page."""
    checks = (_checks(found),) if any(found.samples.values()) else ()
    machines = (_extrapolated(found),) if found.row_seconds is not None else ()
    sections = (_sweeps(found), *checks, *machines)
    head = ["# Throughput of sweeps and checks", "", INTRODUCTION, ""]
    head += [f"- {key}: {value}" for key, value in found.about.items()]
    return "\n".join([*head, *(line for section in sections for line in ["", *section]), ""])


def _sweeps(found: Throughput) -> list[str]:
    one, two = swept("processes:1"), swept("processes:2")
    lines = [
        f"## A sweep of {found.rows} rows",
        "",
        f"Network: {found.network}, four widths of weights, several seeds.",
        "",
    ]
    lines += [
        "| on | seconds | rows per hour | faster than one worker | by round | efficiency |",
        "|---|---|---|---|---|---|",
    ]
    for kind, workers in (
        ("processes", "processes:1"),
        ("processes", "processes:2"),
        ("Dask", dask(1)),
        ("Dask", dask(2)),
    ):
        base = swept("processes:1" if kind == "processes" else dask(1))
        if swept(workers) in found.measured:
            lines.append(_line(found, workers, swept(workers), base, 2 if "2" in workers else 1, found.rows))
    if swept("serial") in found.measured:
        lines.append(_line(found, "serial", swept("serial"), one, 1, found.rows))
    gain, machine = found.gain(one, two), found.gain(alone(1), alone(2))
    verdict = "not measured" if gain is None else "met" if gain >= FLOOR else "NOT MET"
    lines += ["", f"Two processes shall be {FLOOR} times as fast as one: {_times(gain)}, **{verdict}**."]
    lines += [f"Loops of additions that share nothing gain {_times(machine)} here from two processes, starts included."]
    return lines


def _checks(found: Throughput) -> list[str]:
    lines = ["## A check", "", "SpikeSEG of 32×32 pixels: 60 steps of `fixed`, 20 of `loihi-sim`.", ""]
    lines += ["| target, samples | on | seconds | samples per hour | faster than serial | by round | efficiency |"]
    lines += ["|---|---|---|---|---|---|---|"]
    for target, counts in found.samples.items():
        for count in counts:
            base = checked(target, count, "serial")
            for on in ("serial", "processes:2", dask(2)):
                line = _line(found, on, checked(target, count, on), base, 1 if on == "serial" else 2, count)
                lines.append(f"| `{target}`, {count} {line}")
    return lines


def _line(found: Throughput, on: str, name: str, base: str, workers: int, count: int) -> str:
    seconds, gain = found.seconds(name), found.gain(base, name)
    if seconds is None or gain is None:
        return f"| {on} | not measured: {found.measured[name].missing} | | | | |"
    per_hour = f"{3600 * count / seconds:,.0f}"
    return f"| {on} | {seconds:.1f} | {per_hour} | {gain:.2f} | {found.spread(base, name)} | {gain / workers:.0%} |"


def _extrapolated(found: Throughput) -> list[str]:
    row, handling, most = found.row_seconds, found.handling_seconds, found.most_workers
    lines = ["## On more machines", ""]
    if row is None or handling is None or most is None:
        return [*lines, "Not measured."]
    handed, kept = found.seconds(handed_out(dask(2))), found.seconds(KEPT)
    lines += [
        f"One worker takes {row:.2f} s for a row. The process that started the sweep hands out a job in "
        f"{1000 * (handed or 0):.1f} ms on Dask and keeps a row on the disk in {1000 * (kept or 0):.1f} ms, one after "
        f"the other: with rows like these it is busy all the time at about {most:,.0f} workers, and saturates first. "
        "Rows that take longer allow as many times more workers. Network and stimulus travel to a worker once.",
        "",
        f"| machines of {CORES} cores | workers | rows per hour | limited by |",
        "|---|---|---|---|",
    ]
    for machines in MACHINES:
        workers = machines * CORES
        limit = "workers" if workers < most else "handing out and keeping rows"
        lines.append(f"| {machines} | {workers} | {found.rows_per_hour(workers) or 0:,.0f} | {limit} |")
    return [*lines, "", "These are figures of this machine, multiplied: no cluster of several machines was measured."]


def _times(gain: float | None) -> str:
    return "not measured" if gain is None else f"{gain:.2f} ×"


INTRODUCTION = """Seconds by the wall, medians of rounds in which all take turns after one warm-up, starts of processes
included (a Dask cluster of this machine is started before). Faster than: the median of the ratios of the same rounds,
beside it the least and the largest. Efficiency: that, divided by the number of workers; perfect scaling is 100 %.
A check runs its targets on the workers, and judges them in its own process."""
