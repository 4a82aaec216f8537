"""What the tests of loihi-sim share: the installed environment, small networks, and comparison with the reference."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytest
from neurodeploy.targets.loihi_sim import TARGET, environment
from neurodeploy.targets.loihi_sim.runner import Run, run_many

from neurodeploy.numerics import LOIHI2
from neurodeploy.parity.compare import differing_cells
from neurodeploy.program import Input, Population, Program, Projection
from neurodeploy.reference.program_runner import run_program
from neurodeploy.trace import Entry, Trace


@pytest.fixture(scope="session")
def lava() -> None:
    """Lava's environment; installed if it is missing."""
    environment.install()


def program(populations: Sequence[Population], projections: Sequence[Projection], *inputs: Input) -> Program:
    """A loihi2 program; the input is ``input`` of 6 lines unless others are given."""
    return Program(LOIHI2, inputs or (Input("input", (6,)),), tuple(populations), tuple(projections))


def weights(*shape: int, low: int = -60, high: int = 60, seed: int = 0) -> np.ndarray[Any, Any]:
    """Even random weights."""
    return np.random.default_rng(seed).integers(low // 2, high // 2, shape, endpoint=True) * 2


def spikes(*shape: int, rate: float = 0.3, seed: int = 1) -> np.ndarray[Any, Any]:
    """A random binary stimulus."""
    return (np.random.default_rng(seed).random(shape) < rate).astype(float)


def differences(actual: Trace, expected: Trace) -> dict[str, int]:
    """Number of differing cells per node and quantity; empty when the traces are equal."""
    assert set(actual.entries) == set(expected.entries)
    assert {name: _form(entry) for name, entry in actual.entries.items()} == {
        name: _form(entry) for name, entry in expected.entries.items()
    }
    return differing_cells(expected, actual)


def _form(entry: Entry) -> tuple[object, ...]:
    return entry.v is None, entry.u is None, entry.graded, entry.scale, entry.state_scale, entry.inserted


def compare(cases: Mapping[str, tuple[Program, Mapping[str, Any], Mapping[str, str]]]) -> dict[str, dict[str, int]]:
    """Differences from the reference of every case (program, stimulus, options), cascaded and isolated, one launch."""
    runs: list[Run] = []
    expected: list[Trace] = []
    for net, stimulus, options in cases.values():
        artifact = TARGET.lower(net, options)
        reference = run_program(net, stimulus, states=True)
        runs += [Run(artifact, stimulus, True), Run(artifact, stimulus, False, reference)]
        expected += [reference, run_program(net, stimulus, drive=reference)]
    traces = run_many(runs)
    found = [differences(actual, wanted) for actual, wanted in zip(traces, expected, strict=True)]
    isolated = [{f"isolated {key}": count for key, count in each.items()} for each in found[1::2]]
    return {name: found[2 * n] | isolated[n] for n, name in enumerate(cases)}
