"""Engine = reference for every compiler and instruction set: all nodes and states of random programs of every feature.

Long counts of the same stand in the proof table.
"""

from functools import cache

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from neurodeploy.program import Program
from neurodeploy.trace import Trace

from . import every, extremes
from .support import QUICK, compiled_all, differences, needs_compiler, outputs_differ, reference, run_one, run_unseen
from .toolchains import TOOLCHAINS, Toolchain

SEEDS = range(10_000, 10_036)
STEPS = 60


@cache
def case(seed: int) -> tuple[Program, dict[str, object], Trace]:
    made = every.program(seed)
    given = every.stimulus(seed, made, STEPS)
    return made, given, reference(made, given)


@pytest.mark.parametrize("toolchain", TOOLCHAINS, ids=[each.name for each in TOOLCHAINS])
def test_the_engine_equals_the_reference_by(toolchain: Toolchain) -> None:
    if toolchain.lacks is not None:
        pytest.skip(toolchain.lacks)
    loaded = toolchain.load([case(seed)[0] for seed in SEEDS])
    for seed, compiled in zip(SEEDS, loaded, strict=True):
        made, values, expected = case(seed)
        assert not differences(expected, run_one(compiled, made, values)), seed
        assert not outputs_differ(expected, run_unseen(compiled, made, values)), seed


@needs_compiler
@settings(max_examples=8, deadline=None, derandomize=True, phases=[Phase.generate, Phase.shrink])
@given(st.lists(st.integers(0, (1 << 32) - 1), min_size=1, max_size=4, unique=True))
def test_whatever_program_is_drawn(seeds: list[int]) -> None:
    programs = [extremes.program(seed) for seed in seeds]
    for seed, made, compiled in zip(seeds, programs, compiled_all(programs, QUICK), strict=True):
        values = extremes.stimulus(seed, made)
        assert not differences(reference(made, values), run_one(compiled, made, values)), seed


def test_the_programs_have_every_feature() -> None:
    """What the equality above is about: every kind, every rule, and every option of a window."""
    programs = [case(seed)[0] for seed in SEEDS]
    projections = [each for made in programs for each in made.projections]
    populations = [each for made in programs for each in made.populations]
    windows = [each for each in projections if each.kind in ("conv1d", "conv2d", "sum-pool")]
    assert {each.kind for each in projections} == {"dense", "sparse", "conv1d", "conv2d", "sum-pool"}
    assert {each.kind for each in populations} == {"cuba-lif", "li", "relay"}
    assert {each.reset for each in populations} == {"zero", "value", "subtract", "none"}
    assert {each.compare for each in populations} == {">", ">="}
    assert {"loihi2", "int32", "narrow"} == {made.numerics.name for made in programs}
    for kind in ("conv1d", "conv2d", "sum-pool"):
        own = [each for each in windows if each.kind == kind]
        assert any(max(each.stride) > 1 for each in own), kind
        assert any(max(each.padding) > 0 for each in own), kind
        assert any(max(each.dilation) > 1 for each in own), kind
    groups = {each.groups for each in windows}
    assert {1, 2, 4} <= groups
    assert any(each.source == each.target for each in projections)
    assert {0, 1, 3, 4} <= {each.delay for each in projections}
    assert {1, 8} <= {each.message_bits for each in projections}
    assert any(each.fire_once for each in populations)
    assert any(each.every_step for each in populations)
    assert any(each.floor is not None for each in populations)
    assert any(each.ceiling is not None for each in populations)
    assert any(each.max_spikes_per_step > 1 for each in populations)
    assert any(len(made.into(p.name)) > 2 for made in programs for p in made.populations)
