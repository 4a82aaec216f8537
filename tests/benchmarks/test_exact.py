"""Peers that compute the same integers give the engine's raster, and the comparison would notice if they did not."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks import engine, lava, loading
from benchmarks.cases import compared
from benchmarks.workers import torch_exact
from benchmarks.workers.protocol import Array, raster, read
from benchmarks.workload import Workload, write
from neurodeploy.program import Program
from neurodeploy.reference.program_runner import run_program
from tests.benchmarks.support import FAMILIES, needs_compiler, small

pytestmark = needs_compiler


def ours(work: Workload) -> dict[str, Array]:
    return engine.raster(engine.prepare(loading.as_shipped(work.program), work.stimulus), work.steps)


def in_torch(work: Workload, folder: Path) -> dict[str, Array]:
    write(work, folder / "work.npz")
    loaded = read(folder / "work.npz")
    return raster(torch_exact.make(loaded, 1), work.steps)


@pytest.mark.parametrize("family", FAMILIES)
def test_bit_exact_torch_equals_the_engine(family: str, tmp_path: Path) -> None:
    work = small(family)
    equality = compared(ours(work), in_torch(work, tmp_path))
    assert equality.differing == 0
    assert equality.nodes == len(work.program.populations)
    assert equality.cells == sum(work.steps * p.size for p in work.program.populations)


@pytest.mark.parametrize("family", ["W1", "W3X"])
def test_the_engine_prepared_once_equals_the_reference(family: str) -> None:
    work = small(family)
    trace = run_program(work.program, work.stimulus)
    assert compared(ours(work), {name: trace[name].output[0] for name in work.program.by_name}).differing == 0


def test_one_threshold_off_by_one_is_noticed(tmp_path: Path) -> None:
    work = small("W1")
    first, *others = work.program.populations
    assert isinstance(first.threshold, int)
    changed = replace(first, threshold=first.threshold - 1)
    program = Program(work.program.numerics, work.program.inputs, (changed, *others), work.program.projections)
    equality = compared(ours(work), in_torch(replace(work, program=program), tmp_path))
    assert equality.differing > 0
    assert str(equality).startswith("DIFFERS in ")


def test_a_batch_on_threads_does_what_one_sample_does() -> None:
    work = small("W1")
    samples = engine.prepare(loading.as_shipped(work.program), work.stimulus, 3)
    assert engine.per_step_and_sample(samples, 2) > 0
    outputs = samples.outputs["conv3"]
    assert outputs.any()
    assert all(np.array_equal(outputs[0], each) for each in outputs[1:])


def test_a_settled_network_is_silent() -> None:
    work = small("W1")
    samples = engine.settled(loading.as_shipped(work.program), work.stimulus)
    assert not any(array.any() for array in samples.outputs.values())


@pytest.mark.skipif(bool(lava.missing()), reason="the Lava environment is not installed (targets install loihi-sim)")
def test_real_lava_equals_the_engine() -> None:
    work = small("W1")
    real = lava.Lava(work.program, work.stimulus, 2 * lava.SHORT)
    real.per_step()
    assert real.last is not None
    theirs = {name: real.last[name].output[0] for name in work.program.by_name}
    found = compared(engine.raster(engine.prepare(loading.as_shipped(work.program), work.stimulus), 8), theirs)
    assert (found.differing, found.nodes) == (0, 5)
