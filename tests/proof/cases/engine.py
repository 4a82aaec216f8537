"""Compiled programs of every feature equal the reference, by every compiler and instruction set, and every kernel."""

from __future__ import annotations

import os
import tempfile
from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial

import numpy as np

from neurodeploy.conformance import differing_cells
from neurodeploy.engine.batch import Recording, run_batch
from neurodeploy.engine.run import traced
from neurodeploy.engine.stimulus import open_stimulus
from neurodeploy.reference.program_runner import run_program
from neurodeploy.trace import Trace
from tests.engine import every
from tests.engine.toolchains import KERNELS, TOOLCHAINS, Toolchain
from tests.proof.case import Counts, ProofCase

STEPS = 100
SEEDS, BATCH = 2000, 25
HOME = "NEURODEPLOY_HOME"


def count(toolchain: Toolchain, seeds: range) -> Counts:
    """All seeds' programs as one unit; a seed fails where a single cell of any output or state differs.

    Each runs twice: with its states recorded, and without, where an update may skip what rests.
    """
    programs = [every.program(seed) for seed in seeds]
    tallies: Counter[str] = Counter()
    failed: list[int] = []
    with _own_cache():
        loaded = toolchain.load(programs)
    for seed, program, compiled in zip(seeds, programs, loaded, strict=True):
        stimulus = every.stimulus(seed, program, STEPS)
        with np.errstate(all="ignore"):
            expected = run_program(program, stimulus, states=True)
        sources, batch, steps = open_stimulus(program, stimulus)
        _tally(tallies, expected)
        seen, unseen = (
            traced(program, run_batch(compiled, sources, batch, steps, Recording(states=states), threads=1))
            for states in (True, False)
        )
        if differing_cells(expected, seen) or any(
            np.any(entry.output != unseen[name].output) for name, entry in expected.entries.items()
        ):
            failed.append(seed)
    return Counts(len(seeds), tuple(failed), dict(tallies))


def _tally(tallies: Counter[str], trace: Trace) -> None:
    for entry in trace.entries.values():
        tallies["cells"] += entry.output.size
        tallies["messages"] += int(np.count_nonzero(entry.output))


@contextmanager
def _own_cache() -> Generator[None]:
    """Thousands of libraries that nobody needs again do not belong in the user's cache."""
    before = os.environ.get(HOME)
    with tempfile.TemporaryDirectory(prefix="neurodeploy-proof-") as home:
        os.environ[HOME] = home
        try:
            yield
        finally:
            os.environ.pop(HOME) if before is None else os.environ.update({HOME: before})


def _case(toolchain: Toolchain) -> ProofCase:
    proves = (
        f"random programs of every feature, {STEPS} steps: compiled by {toolchain.name} they equal the reference "
        "in every output, membrane and current"
    )
    name, run = f"engine-{toolchain.name}", partial(count, toolchain)
    return ProofCase(name, proves, SEEDS, BATCH, run, lambda: toolchain.lacks)


FORCED = tuple(
    replace(each, name=f"{each.name}-{kernel}", forced=kernel)
    for each in TOOLCHAINS
    if not each.portable
    for kernel in KERNELS
)
CASES = tuple(_case(each) for each in (*TOOLCHAINS, *FORCED))
