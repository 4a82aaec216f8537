"""Native code equals the reference in every node and state, on every instruction set that this processor has."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from neurodeploy.codegen import render
from neurodeploy.codegen.machine import AVX2, MACHINES, Machine
from neurodeploy.codegen.module import unit
from neurodeploy.codegen.native.kernels import FORCED
from neurodeploy.conformance import generate
from neurodeploy.engine.build import compile_library
from neurodeploy.engine.compiler import find_compiler
from neurodeploy.numerics import LOIHI2, XYLO_V2
from neurodeploy.program import Input, Output, Population, Program, Projection
from neurodeploy.step.plan import plan

from . import extremes, maps
from .native_support import EVERY, WIDEST, architecture, check, flags, native_all
from .sanitized import build, equals_reference, everything_out, needs_gcc
from .support import needs_compiler, reference

pytestmark = needs_compiler


@EVERY
def test_extreme_numbers_under_every_rule(machine: Machine) -> None:
    programs = [extremes.program(seed) for seed in range(24)]
    for seed, (program, compiled) in enumerate(zip(programs, native_all(programs, machine), strict=True)):
        check(compiled, program, extremes.stimulus(seed, program), seed)


@EVERY
def test_random_networks(machine: Machine) -> None:
    cases = [generate(seed, family) for seed in range(1000, 1004) for family in ("stock", "held")]
    for case, compiled in zip(cases, native_all([case.program for case in cases], machine), strict=True):
        check(compiled, case.program, case.stimulus, case.name)


@EVERY
@pytest.mark.parametrize("forced", [None, "scatter", "pairs", "dense", "portable"])
def test_maps_and_matrices_under_every_kernel(machine: Machine, forced: str | None) -> None:
    first = 100 * (0 if forced is None else 1 + FORCED.index(forced))
    programs = [maps.spatial(seed) for seed in range(first, first + 4)] + [maps.recurrent(first)]
    compiled = native_all(programs, machine, forced)
    for seed, (program, each) in enumerate(zip(programs, compiled, strict=True)):
        check(each, program, maps.stimulus(first + seed, program), (forced, first + seed))


@needs_gcc
@pytest.mark.skipif(WIDEST is None, reason="this processor has no instruction set that native code is rendered for")
def test_step_by_step_under_all_sanitizers(tmp_path: Path) -> None:
    machine = WIDEST
    assert machine is not None
    programs = [everything_out(maps.spatial(seed)) for seed in (900, 902, 905)]
    programs += [everything_out(maps.recurrent(906)), everything_out(extremes.program(700))]
    pairs = [(p, maps.stimulus(seed, p, samples=1, steps=6)) for seed, p in enumerate(programs)]
    renderings = [render(plan(program), f"p{k}", machine) for k, program in enumerate(programs)]
    equals_reference(build(tmp_path, renderings, architecture(machine)), pairs)


@pytest.mark.parametrize("machine", MACHINES, ids=lambda each: each.name)
def test_every_machine_compiles_without_a_warning(machine: Machine) -> None:
    compiler = find_compiler()
    assert compiler is not None
    programs = [maps.spatial(seed) for seed in range(950, 953)] + [maps.recurrent(954)]
    texts = [render(plan(p), f"p{i}", machine) for i, p in enumerate(programs)]
    assert compile_library(unit(texts), compiler, flags(machine))


def test_the_text_is_the_same_every_time() -> None:
    texts = [render(plan(maps.spatial(3)), machine=AVX2) for _ in range(2)]
    assert (texts[0].header, texts[0].source, texts[0].host) == (texts[1].header, texts[1].source, texts[1].host)


@EVERY
def test_populations_that_differ_in_their_thresholds_share_code(machine: Machine) -> None:
    """Also where what a reset subtracts is the threshold."""
    rng = np.random.default_rng(5)
    rule: dict[str, Any] = {"current_decay": 900, "membrane_decay": 400, "reset": "subtract"}
    sizes = {"a": 150, "b": 700, "c": 9, "d": 150}
    populations = tuple(Population(name, (8, 9, 8), threshold=size, **rule) for name, size in sizes.items())
    joined = tuple(
        Projection(name, source, name, "conv2d", rng.integers(-60, 90, (8, 8, 3, 3)), padding=(1, 1))
        for source, name in zip(("in", "a", "b", "c"), sizes, strict=True)
    )
    made = Program(LOIHI2, (Input("in", (8, 9, 8)),), populations, joined, ("d",))
    assert render(plan(made), machine=machine).body.count("static inline nd_words nd_shared") == 1
    stimulus = {"in": (rng.random((2, 12, 8, 9, 8)) < 0.2).astype(float)}
    check(native_all([made], machine)[0], made, stimulus, machine.name)


def adding(bits: int, shape: tuple[int, ...] = (3, 5, 33), window: int = 1, **relay: Any) -> Program:
    """A relay of the input and, two steps late, of a population that the input drives."""
    wide = (shape[0], shape[1] // window, shape[2] // window)
    ones = np.ones((window, window))
    rule: dict[str, Any] = {"output": Output("graded", 8), **relay}
    return Program(
        LOIHI2,
        (Input("in", shape, 0, bits),),
        (Population("a", shape, threshold=60, membrane_decay=300), Population("r", wide, "relay", **rule)),
        (
            Projection("in-a", "in", "a", "conv2d", np.full((shape[0], shape[0], 1, 1), 90), message_bits=8),
            Projection("in-r", "in", "r", "sum-pool", ones, message_bits=8, stride=(window, window)),
            Projection("a-r", "a", "r", "sum-pool", ones, delay=2, message_bits=8, stride=(window, window)),
        ),
        ("r",),
    )


ADDED = {
    "spikes": (adding(1), True),
    "up to a byte": (adding(7), True),
    "no whole vector": (adding(1, (1, 1, 3)), True),
    "beyond a byte": (adding(8), False),
    "clipped": (adding(7, output=Output("graded", 6)), False),
    "rounded": (adding(7, shift=1), False),
    "pooled": (adding(1, window=2), False),
}


@EVERY
@pytest.mark.parametrize(("made", "direct"), ADDED.values(), ids=ADDED)
def test_populations_that_only_add_bytes_do_so_directly(machine: Machine, made: Program, direct: bool) -> None:
    assert ("out[i] = (uint8_t)(from0[i] + from1[i])" in render(plan(made), machine=machine).body) == direct
    rng = np.random.default_rng(3)
    shape = made.inputs[0].shape
    high = (1 << made.inputs[0].bits) - 1
    stimulus = {"in": rng.integers(0, high, (2, 9, *shape), endpoint=True) * (rng.random((2, 9, *shape)) < 0.4)}
    expected = reference(made, stimulus)
    assert expected["a"].output.any()
    assert expected["r"].output.max() > (1 if direct else 0)
    check(native_all([made], machine)[0], made, stimulus, machine.name)


@EVERY
def test_decays_in_single_precision_truncate_toward_zero(machine: Machine) -> None:
    """At magnitudes where a product has more bits than single precision holds, and on both sides of exact products."""
    rng = np.random.default_rng(11)
    size = 4096
    near = rng.integers(0, 2046, size) * 4096 + rng.integers(-2, 3, size)
    start = np.where(rng.random(size) < 0.5, near, rng.integers(0, (1 << 23) - 1, size)) * rng.choice([-1, 1], size)
    kept = [1, 7, 1000, 2047, 2048, 3596, 4095]
    programs = [
        Program(
            LOIHI2,
            (Input("in", (1,)),),
            (Population("n", (size,), membrane_decay=4096 - keep, threshold=1 << 17, initial_membrane=start),),
            (Projection("p", "in", "n", "dense", np.zeros((size, 1))),),
            ("n",),
        )
        for keep in kept
    ]
    for keep, program, compiled in zip(kept, programs, native_all(programs, machine), strict=True):
        assert "nd_cut" in render(plan(program), machine=machine).body
        check(compiled, program, {"in": np.zeros((1, 4, 1))}, keep)


def clipping(seed: int) -> Program:
    """A recurrent network whose currents reach both ends of 16 bits, in whatever order events come."""
    rng = np.random.default_rng((seed, 12))
    count, given = int(rng.integers(20, 300)), int(rng.integers(5, 80))
    joined = (
        Projection("1", "in", "n", "dense", rng.integers(-128, 128, (count, given)), int(rng.integers(0, 5))),
        Projection("2", "n", "n", "dense", rng.integers(-128, 128, (count, count)), int(rng.integers(2, 6)), 1, 5),
    )
    joined = (replace(joined[0], message_bits=4), joined[1])
    most = int(rng.choice([1, 2]))
    decays = {"current_decay": rng.integers(0, 8, count), "membrane_decay": rng.integers(0, 8, count)}
    population = Population(
        "n", (count,), threshold=300, reset="subtract", max_spikes_per_step=most, compare=">=", **decays
    )
    population = replace(population, output=Output("count", 2) if most > 1 else Output())
    return Program(XYLO_V2, (Input("in", (given,), 0, 4),), (population,), joined, ("n",))


@EVERY
def test_currents_that_clip_after_every_event(machine: Machine) -> None:
    programs = [clipping(seed) for seed in range(6)]
    for seed, (program, compiled) in enumerate(zip(programs, native_all(programs, machine), strict=True)):
        stimulus = maps.stimulus(seed, program, steps=12)
        assert np.abs(reference(program, stimulus)["n"].u).max() >= 32767 - (32767 >> 7), "no current clips"
        assert render(plan(program), machine=machine).body.count("nd_clipped") > 0
        check(compiled, program, stimulus, seed)
