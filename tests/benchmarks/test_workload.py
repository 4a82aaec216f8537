"""Workloads: the sizes they are known by, and the activity they were calibrated for."""

import numpy as np
import pytest

from benchmarks import engine, loading
from benchmarks.calibration import bisect, has_memory
from benchmarks.networks import recurrent, spikeseg, spikingrx
from benchmarks.operations import operations
from benchmarks.workload import missing
from neurodeploy.analysis.operations import count_operations
from neurodeploy.analysis.ranges import accumulator_range, settled_current
from neurodeploy.numerics import NUMERICS
from neurodeploy.program import Program
from neurodeploy.reference.program_runner import run_program
from tests.benchmarks.support import FAMILIES, needs_compiler, small


def silent(program: Program) -> dict[str, np.ndarray]:
    return {node.name: np.zeros((1, *node.shape)) for node in (*program.inputs, *program.populations)}


@pytest.mark.parametrize(
    ("program", "neurons", "dense"),
    [
        (spikeseg(128, {}), 214_016, 19_828_736),
        (spikingrx(32, {}), 655_360, 247_988_224),
        (recurrent(1000, {}), 1000, 1_016_000),
    ],
    ids=["W1", "W2", "W3"],
)
def test_has_the_size_it_is_known_by(program: Program, neurons: int, dense: int) -> None:
    counts = operations(program, silent(program))
    assert (counts.neurons, counts.synaptic, counts.dense) == (neurons, 0, dense)


@pytest.mark.parametrize("family", FAMILIES)
@needs_compiler
def test_fires_as_asked(family: str) -> None:
    """Of steady state, in another stretch of random input than the calibration's, in every layer that has a memory."""
    work = small(family)
    sent = engine.steady(engine.prepare(loading.as_shipped(work.program), work.stimulus))
    rates = {p.name: float((sent[p.name] != 0).mean()) for p in work.program.populations if has_memory(p)}
    assert all(0.6 * work.activity <= rate <= 1.6 * work.activity for rate in rates.values()), rates


@pytest.mark.parametrize("program", [spikeseg(32, {}), spikingrx(4, {}), recurrent(1000, {})], ids=["W1", "W2", "W3"])
def test_no_current_can_overflow(program: Program) -> None:
    """What bit-exact PyTorch takes for granted."""
    for population in program.populations:
        low, high = accumulator_range(program, population.name)
        most = float(max(-low.min(), high.max()))
        assert settled_current(population, most, program.numerics) < 1 << 23


@needs_compiler
def test_synaptic_operations_are_those_of_the_convolutions_alone() -> None:
    """Of an engine's own raster, with the pooling that the roofline leaves out taken off the exact count."""
    work = small("W1")
    sent = engine.raster(engine.prepare(loading.as_shipped(work.program), work.stimulus), work.steps)
    trace = run_program(work.program, work.stimulus)
    counted = count_operations(work.program, trace).synaptic
    expected = sum(counted[p.name] for p in work.program.projections if p.kind == "conv2d")
    counts = operations(work.program, {**sent, "input": work.stimulus["input"][0]})
    assert counts.synaptic * work.steps == pytest.approx(expected)
    assert 0 < expected < sum(counted.values())


def test_bisection_ends_at_the_threshold_that_was_asked_for() -> None:
    assert abs(bisect(lambda threshold: 1 - threshold / 1000, 0.3, 1 << 17) - 700) <= 700 / 64


def test_a_family_without_its_numerics_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(NUMERICS, "xylo-v2", raising=False)
    assert "xylo-v2" in missing("W3X")
    assert missing("W3") == ""
