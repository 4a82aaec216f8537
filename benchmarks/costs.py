"""What a network costs beside its steps: compiling, starting from the cache, memory, and a step in silence."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from benchmarks import engine, loading
from benchmarks.interleave import Contestant, interleave
from benchmarks.peers import ROOT
from benchmarks.workload import Workload
from neurodeploy.program.store import program_files


@dataclass(frozen=True)
class Costs:
    """The costs of one workload's network.

    - ``compile_s``: in a fresh process, from the Program to loaded code, with an empty cache.
    - ``text_s``: rendering alone.
    - ``cached_s``: in a fresh process, from the Program to loaded code out of the cache and its first step done.
    - ``context_bytes``: memory per sample.
    - ``silent_s``: seconds of a step on a silent input, states settled; ``silent``: as a share of a step on the
      stimulus.
    """

    workload: str
    family: str
    compile_s: float
    text_s: float
    cached_s: float
    context_bytes: int
    silent_s: float
    silent: float


def costs(work: Workload, rounds: int, progress: Callable[[str], None] = lambda text: None) -> Costs:
    """The costs of a workload's network, measured at least three times each."""
    progress("compile")
    cold, warm = started(work, max(3, rounds))
    compiled = loading.as_shipped(work.program)
    busy, idle = engine.prepare(compiled, work.stimulus), engine.settled(compiled, work.stimulus)
    pair = (
        Contestant("busy", lambda: engine.per_step(busy)),
        Contestant("idle", lambda: engine.per_step(idle)),
    )
    taken = interleave(pair, max(3, rounds))
    silent, active = taken["idle"].median or 0.0, taken["busy"].median or 1.0
    return Costs(
        work.name,
        work.family,
        cold["ready"],
        warm["text"],
        warm["ready"] + warm["first"],
        loading.context_bytes(compiled),
        silent,
        silent / active,
    )


def started(work: Workload, times: int) -> tuple[dict[str, float], dict[str, float]]:
    """Median seconds of starts with an empty cache, and with a full one; each start is a fresh process.

    The keys are those that ``benchmarks.first_step`` prints.
    """
    cold: list[dict[str, float]] = []
    warm: list[dict[str, float]] = []
    with tempfile.TemporaryDirectory(prefix="neurodeploy-bench-") as folder:
        for number in range(times):
            home = Path(folder) / str(number)
            home.mkdir()
            for name, content in program_files(work.program).items():
                (home / name).write_bytes(content)
            cold.append(_start(home))
            warm.append(_start(home))
    return _medians(cold), _medians(warm)


def _medians(starts: list[dict[str, float]]) -> dict[str, float]:
    return {key: median(start[key] for start in starts) for key in starts[0]}


def _start(home: Path) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.first_step", str(home)]
    environment = {**os.environ, "NEURODEPLOY_HOME": str(home)}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)
