"""A whole run: what is measured, and in which order."""

from __future__ import annotations

import os
import platform
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from benchmarks import loading
from benchmarks.cases import Case, run_case
from benchmarks.costs import Costs, costs
from benchmarks.peers import Workers
from benchmarks.results import CaseResult, Results, Scaling
from benchmarks.roofline import Microbenchmarks, higher
from benchmarks.scaling import batches, sizes
from benchmarks.words import command_line
from benchmarks.workload import workload
from neurodeploy import __version__

Progress = Callable[[str], None]
MORE = 3
"""Factor by which threads are measured in more rounds: two of them are disturbed twice as often."""
BATCHED = {"W1": (128, 0.02), "W2": (32, 0.1)}


@dataclass(frozen=True)
class Scope:
    """What a run measures.

    ``sizes``: by family, at 2 or 5 % activity; ``batches``: by family; ``costs``: workloads whose costs are measured.
    """

    cases: tuple[Case, ...]
    costs: tuple[tuple[str, int, float], ...]
    sizes: dict[str, tuple[float, tuple[int, ...]]]
    batches: dict[str, tuple[int, ...]]
    rounds: int

    def only(self, family: str) -> Scope:
        """The part of one family."""
        return replace(
            self,
            cases=tuple(entry for entry in self.cases if entry.family == family),
            costs=tuple(entry for entry in self.costs if entry[0] == family),
            sizes={name: entry for name, entry in self.sizes.items() if name == family},
            batches={name: entry for name, entry in self.batches.items() if name == family},
        )


FULL = Scope(
    (
        Case("W1", 64, 0.02, peers=False, lava=3),
        Case("W1", 128, 0.005),
        Case("W1", 128, 0.02, lava=3, variants=True),
        Case("W1", 128, 0.1),
        Case("W1", 128, 0.3, variants=True),
        Case("W2", 32, 0.05),
        Case("W2", 32, 0.1, variants=True),
        Case("W2", 32, 0.2),
        Case("W3", 1000, 0.05),
        Case("W3", 1000, 0.2),
        Case("W3X", 1000, 0.05),
        Case("W3X", 1000, 0.2),
    ),
    (("W1", 128, 0.02), ("W2", 32, 0.1), ("W3", 1000, 0.05)),
    {"W1": (0.02, (32, 64, 128, 256)), "W3": (0.05, (64, 256, 1000, 2000, 4000))},
    {"W1": (1, 2, 4, 8, 16), "W2": (2, 8)},
    11,
)
QUICK = Scope(
    (
        Case("W1", 64, 0.02, peers=False, lava=1),
        Case("W1", 128, 0.02),
        Case("W1", 128, 0.3),
        Case("W2", 32, 0.1),
        Case("W3", 1000, 0.05),
        Case("W3X", 1000, 0.05),
    ),
    (("W1", 128, 0.02), ("W2", 32, 0.1)),
    {},
    {"W1": (4,), "W2": (4,)},
    3,
)


def run(scope: Scope, progress: Progress, shown: Callable[[CaseResult], None] = lambda case: None) -> Results:
    """Measure everything of a scope; ``shown`` gets each workload as it is done."""
    start = time.monotonic()
    progress("limits of this machine")
    machine = Microbenchmarks()
    limits = machine.limits()
    cases: list[CaseResult] = []
    with tempfile.TemporaryDirectory(prefix="neurodeploy-bench-") as folder, Workers() as workers:
        for case in scope.cases:
            inside = _within(progress, case.name)
            cases.append(run_case(case, scope.rounds, machine, workers, Path(folder), inside))
            shown(cases[-1])
            limits = higher(limits, machine.limits())
    spent = tuple(_spent(scope, progress))
    scaling = tuple(_scaled(scope, machine, progress))
    took = {"took": f"{time.monotonic() - start:.0f} s"}
    return Results(about(scope.rounds) | took, higher(limits, machine.limits()), tuple(cases), spent, scaling)


def _spent(scope: Scope, progress: Progress) -> Iterator[Costs]:
    for family, size, activity in scope.costs:
        yield costs(workload(family, size, activity), scope.rounds, _within(progress, f"costs of {family}"))


def _scaled(scope: Scope, machine: Microbenchmarks, progress: Progress) -> Iterator[Scaling]:
    for family, (activity, values) in scope.sizes.items():
        yield sizes(family, activity, values, scope.rounds, _within(progress, f"sizes of {family}"))
    for family, values in scope.batches.items():
        size, activity = BATCHED[family]
        inside = _within(progress, f"batches of {family}")
        yield from batches(family, size, activity, values, MORE * scope.rounds, machine, inside)


def _within(progress: Progress, place: str) -> Progress:
    return lambda text: progress(f"{place}: {text}")


def about(rounds: int) -> dict[str, str]:
    """Where, when and how the run was made."""
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text(encoding="utf-8", errors="replace").splitlines() if cpuinfo.exists() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return {
        "date": datetime.now(UTC).strftime("%Y-%m-%d"),
        "processor": f"{names[0] if names else platform.processor()}, {len(names) or '?'} cores",
        "system": f"{platform.system()} {platform.machine()}",
        "compiler": loading.compiler_version(),
        "Python": platform.python_version(),
        "neurodeploy": __version__,
        "rounds": str(rounds),
        "load": load(),
        "command": command_line(sys.argv[1:]),
    }


def load() -> str:
    """How busy the machine was in the last minutes, with this run and with other work."""
    last_minute, last_five, _ = os.getloadavg()
    cores = os.cpu_count() or 1
    busy = "; other work ran beside it, so the figures are rough" if last_five > 1.5 * cores else ""
    return f"{last_minute:.1f} and {last_five:.1f} processes on {cores} cores over the last minute and five{busy}"
