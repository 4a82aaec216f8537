"""Each feature at its edge, on the smallest program that reaches it; ``shows`` proves by the reference that it does."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest

from neurodeploy.engine.library import Compiled
from neurodeploy.numerics import INT32, LOIHI2, Numerics
from neurodeploy.program import Input, Output, Population, Program, Projection
from neurodeploy.trace import Entry

from .support import compiled_all, differences, needs_compiler, reference, run_one

pytestmark = needs_compiler
WIDE = Input("input", (1,), bits=24, signed=True)
KEEP = Population("n", (1,), current_decay=4096, membrane_decay=0, threshold=5)
HUGE = (1 << 23) - 1


@dataclass(frozen=True, eq=False)
class Edge:
    """A program, what it is given, and what the trace of ``n`` then shows."""

    program: Program
    values: Any
    shows: Callable[[Entry], bool]


def one(
    weight: int, values: list[int], shows: Callable[[Entry], bool], numerics: Numerics = LOIHI2, **options: Any
) -> Edge:
    """One neuron behind one dense weight; ``shift`` is the projection's."""
    joined = Projection(
        "in", "input", "n", "dense", np.array([[weight]]), options.pop("synapse_shift", 0), message_bits=24
    )
    program = Program(numerics, (WIDE,), (replace(KEEP, **options),), (joined,), ("n",))
    return Edge(program, np.array(values, dtype=float).reshape(1, -1, 1), shows)


def mapped(kind: Any, shape: tuple[int, ...], out: tuple[int, ...], weights: tuple[int, ...], **options: Any) -> Edge:
    """A graded map through one window."""
    rng = np.random.default_rng(3)
    window = Projection("w", "input", "n", kind, rng.integers(-9, 9, weights, endpoint=True), message_bits=5, **options)
    given = Input("input", shape, bits=5, signed=True)
    population = Population("n", out, membrane_decay=100, threshold=30, reset="subtract")
    program = Program(LOIHI2, (given,), (population,), (window,), ("n",))
    return Edge(program, rng.integers(-16, 15, (2, 8, *shape)).astype(float), lambda e: bool(e.output.any()))


def delayed(delay: int) -> Edge:
    """A loop that brings a spike back at the longest delay."""
    projections = (
        Projection("in", "input", "n", "dense", np.array([[6]])),
        Projection("back", "n", "n", "dense", np.array([[6]]), delay=delay),
    )
    program = Program(LOIHI2, (Input("input", (1,)),), (replace(KEEP, membrane_decay=4096),), projections, ("n",))
    values = np.zeros((1, 2 * delay + 1, 1))
    values[0, 0] = 1
    return Edge(program, values, lambda e: e.output.ravel().nonzero()[0].tolist() == [0, delay, 2 * delay])


RELAY = {"kind": "relay", "output": Output("graded", 5, signed=True)}
EDGES: dict[str, Edge] = {
    "current wraps once and stays beyond 24 bits": one(
        1 << 7, [1 << 17, 0, 1], lambda e: int(np.abs(e.u).max()) > 1 << 23, current_decay=100
    ),
    "current at +M stays, at -M wraps": one(
        1, [1 << 17, 0, -(1 << 17), 0], lambda e: e.u.ravel().tolist() == [1 << 23, 0, 1 << 23, 0]
    ),
    "a dense sum wraps at 32 bits": one(1 << 9, [HUGE, -HUGE], lambda e: int(e.u[0, 0, 0]) == -(1 << 9) << 6),
    "a sum shifted up wraps at 32 bits": one(3, [HUGE, 5], lambda e: bool((e.u != 0).any()), synapse_shift=7),
    "a negative sum shifted down is floored": one(
        1, [-1, -255, 255], lambda e: e.u.ravel().tolist() == [-64, -64, 0], synapse_shift=-8
    ),
    "the membrane saturates on both sides": one(
        1,
        [70000, 70000, 70000, -70000] + [-70000] * 4,
        lambda e: {int(e.v.min()), int(e.v.max())} == {-HUGE, HUGE},
        threshold=1 << 20,
        reset="none",
    ),
    "int32 saturates everywhere": one(
        -32768,
        [HUGE, HUGE, -HUGE, -HUGE, -HUGE],
        lambda e: int(e.v_before.min()) == -(2**31 - 1),
        numerics=INT32,
        reset="none",
        current_decay=1,
        threshold=2**31 - 1,
    ),
    "a clamp whose floor is above its ceiling": one(
        1, [9, -9], lambda e: set(e.v.ravel()) == {-64}, floor=3, ceiling=-1
    ),
    "many spikes, strictly above": one(
        1,
        [15, 16, 100, 5, 6],
        lambda e: e.output.ravel().tolist() == [2, 3, 4, 0, 1],
        membrane_decay=4096,
        max_spikes_per_step=4,
        output=Output("count", 3),
        reset="subtract",
    ),
    "many spikes, at threshold": one(
        1,
        [15, 16, 100, 5, 4],
        lambda e: int(e.output.max()) == 4,
        compare=">=",
        max_spikes_per_step=4,
        reset="subtract",
    ),
    "a threshold of zero or less": one(
        1,
        [0, 1, -3],
        lambda e: e.output.ravel().tolist() == [1, 2, 0],
        threshold=0,
        compare=">=",
        max_spikes_per_step=2,
        membrane_decay=4096,
        reset="value",
        reset_value=-7,
    ),
    "fire once": one(9, [1, 1, 1], lambda e: e.output.ravel().tolist() == [1, 0, 0], fire_once=True, reset="none"),
    "a stateless neuron starts afresh": one(
        1,
        [0, 0, 5],
        lambda e: e.v_before.ravel().tolist() == [400, 400, 720],
        every_step=True,
        initial_membrane=300,
        initial_current=100,
        current_decay=0,
        reset="none",
    ),
    "a readout sends its membrane": one(
        -77, [1, -5, 1000], lambda e: np.array_equal(e.output, e.v), kind="li", output=Output("graded", 24, signed=True)
    ),
    "a relay rounds halves to even": one(
        1,
        [2, 6, 10, -2, -6, 3, -3, 500, -500],
        lambda e: e.output.ravel().tolist() == [0, 2, 2, 0, -2, 1, -1, 15, -16],
        shift=2,
        **RELAY,
    ),
    "a relay shifts up": one(1, [2, -5], lambda e: e.output.ravel().tolist() == [4, -10], shift=-1, **RELAY),
    "decay truncates toward zero": one(
        1, [1, 0, 0, -1, 0, 0], lambda e: e.u.ravel().tolist() == [64, 48, 36, -37, -27, -20], current_decay=1024
    ),
    "conv1d": mapped("conv1d", (2, 9), (3, 4), (3, 2, 3), stride=(2,), padding=(1,), dilation=(2,)),
    "groups, stride, padding and dilation": mapped(
        "conv2d", (4, 7, 6), (6, 4, 8), (6, 2, 3, 2), stride=(2, 1), padding=(2, 2), dilation=(2, 2), groups=2
    ),
    "depthwise": mapped("conv2d", (3, 5, 5), (3, 5, 5), (3, 1, 3, 3), padding=(1, 1), groups=3),
    "a kernel larger than the map": mapped("conv2d", (2, 3, 4), (5, 3, 4), (5, 2, 5, 7), padding=(2, 3)),
    "a shifted convolution": mapped("conv2d", (2, 5, 5), (3, 3, 3), (3, 2, 3, 3), shift=7),
    "overlapping sum-pool": mapped("sum-pool", (3, 6, 7), (3, 3, 3), (3, 3), stride=(2, 2), padding=(1, 0)),
    "a window into a flat population": mapped("conv2d", (2, 5, 5), (27,), (3, 2, 3, 3)),
    "a neuron whose output and state are known, but not its membrane before threshold": one(
        1,
        [5, 9],
        lambda e: len(set(e.v_before.ravel())) > 1,
        threshold=-(1 << 30),
        initial_membrane=77,
        reset="value",
        reset_value=3,
    ),
    "a sum that just fits 16 bits": one(1 << 7, [255, -256, 255], lambda e: int(e.u.max()) == 255 << 13),
    "loihi2's longest delay": delayed(LOIHI2.delay_max),
    "int32's longest delay": delayed(INT32.delay_max),
}


@pytest.fixture(scope="module")
def compiled() -> dict[str, Compiled]:
    return dict(zip(EDGES, compiled_all([edge.program for edge in EDGES.values()]), strict=True))


@pytest.mark.parametrize("name", EDGES)
def test_the_engine_equals_the_reference_at(name: str, compiled: dict[str, Compiled]) -> None:
    edge = EDGES[name]
    expected = reference(edge.program, {"input": edge.values})
    assert edge.shows(expected["n"]), "the program does not reach its edge"
    assert not differences(expected, run_one(compiled[name], edge.program, {"input": edge.values}))
