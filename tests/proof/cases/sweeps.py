"""Sweeps of 200 jobs from the shell that lose a worker, are killed, or have no scheduler."""

from __future__ import annotations

import os
import signal
import tempfile
from collections import Counter
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from tests.proof.case import Claim, Counts, ProofCase, together
from tests.sweeping import (
    DEAD,
    cluster,
    finished,
    killed,
    repeated,
    rows,
    same_tables,
    started,
    until_rows,
    without_scheduler,
    words,
)

WIDTHS, SEEDS = (8, 7, 6, 5, 4), range(20)
SWEEP = words(WIDTHS, SEEDS)
JOBS = 2 * len(WIDTHS) * len(SEEDS)
"""Every width of weights and seed, with calibration and without."""
KILLED_ON = ("serial", "processes:2", "dask")
UNAVAILABLE, MOST_SECONDS = 4, 30.0


def lacks() -> str | None:
    """Dask is an extra."""
    missing = [name for name in ("distributed", "pyarrow") if find_spec(name) is None]
    return f"{missing[0]} is not installed (pip install 'neurodeploy[cluster,sweep]')" if missing else None


def count(seeds: range) -> Counts:
    """A seed fails where a table differs from the one made in one process, a row is made twice, or an end is another.

    What is killed, and when, is drawn.
    """
    judges = {"sweep-worker-killed": _worker, "sweep-killed": _itself, "sweep-no-scheduler": _dead}
    tallies: dict[str, Counter[str]] = {name: Counter() for name in judges}
    failed: dict[str, list[int]] = {name: [] for name in judges}
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        finished(folder / "serial", SWEEP)
        for seed in seeds:
            moment = int(np.random.default_rng((seed, 15)).integers(1, JOBS - 20))
            for name, judge in judges.items():
                holds, told = judge(folder, seed, moment)
                tallies[name].update(told)
                failed[name] += [] if holds else [seed]
    return together({name: Counts(len(seeds), tuple(failed[name]), dict(tallies[name])) for name in judges})


def _worker(folder: Path, seed: int, moment: int) -> tuple[bool, dict[str, int]]:
    """Kill a worker of a cluster of two."""
    place = folder / f"worker{seed}"
    place.mkdir()
    with cluster(place) as (address, workers):
        process = started(place, SWEEP, f"dask:{address}")
        until_rows(place, moment, process)
        os.kill(workers[seed % 2].pid, signal.SIGKILL)
        before = rows(place).count(b"\n")
        process.communicate()
    holds = process.returncode == 0 and same_tables(folder / "serial", place) and not repeated(b"", place)
    return holds, {"rows that one worker made alone": rows(place).count(b"\n") - before, "rows": JOBS}


def _itself(folder: Path, seed: int, moment: int) -> tuple[bool, dict[str, int]]:
    """Kill the sweep, and give the command again."""
    place = folder / f"killed{seed}"
    place.mkdir()
    on = KILLED_ON[seed % len(KILLED_ON)]
    with cluster(place) as (address, _):
        executor = f"dask:{address}" if on == "dask" else on
        before = killed(place, SWEEP, executor, moment)
        finished(place, SWEEP, executor)
    holds = same_tables(folder / "serial", place) and not repeated(before, place)
    return holds, {"rows before the kill": before.count(b"\n"), "rows after it": JOBS - before.count(b"\n")}


def _dead(folder: Path, seed: int, moment: int) -> tuple[bool, dict[str, int]]:
    """Start on a scheduler that is not there."""
    kind = DEAD[seed % len(DEAD)]
    ended = without_scheduler(folder / f"dead{seed}", SWEEP, kind)
    holds = ended.code == UNAVAILABLE and ended.seconds < MOST_SECONDS and "dask scheduler" in ended.said
    return holds and not ended.left, {kind: 1}


CASES = (
    ProofCase(
        "sweeps",
        "sweeps of 200 jobs",
        seeds=3,
        batch=3,
        run=count,
        lacks=lacks,
        tested_by="tests/sweeps/test_sweep.py",
        parts=(
            Claim(
                "sweep-worker-killed",
                "a sweep of 200 jobs on a Dask cluster of 2 workers, one of them killed with SIGKILL at a drawn row: "
                "its tables are those of one process, byte for byte",
                lacks,
            ),
            Claim(
                "sweep-killed",
                "a sweep of 200 jobs (in one process, on two, on Dask), killed with SIGKILL at a drawn row and "
                "started again: no row is made twice, and its tables are those of one process, byte for byte",
                lacks,
            ),
            Claim(
                "sweep-no-scheduler",
                "a sweep whose scheduler is dead (nothing listens, what listens is silent, no machine has the name): "
                "within 30 s it ends with code 4, says what to do, and leaves no folder",
                lacks,
            ),
        ),
    ),
)
