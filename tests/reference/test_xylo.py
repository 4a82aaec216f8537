"""The rules of Xylo: against plain Python integers written from xylosim's source, and against the real xylosim."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurodeploy.numerics import XYLO_V2
from neurodeploy.program import Input, Output, Population, Program, Projection
from neurodeploy.reference.integer import decay, initial_state, step
from neurodeploy.reference.program_runner import run_program
from neurodeploy.reference.synapse import add_events
from tests.xylo.environment import unavailable
from tests.xylo.nets import counts, net
from tests.xylo.simulator import differing, simulate

BOTTOM, TOP = -(1 << 15), (1 << 15) - 1
int16 = st.one_of(st.integers(BOTTOM, TOP), st.sampled_from([BOTTOM, BOTTOM + 1, -1, 0, 1, TOP - 1, TOP]))
NETS = 12


def clip(x: int) -> int:
    return max(BOTTOM, min(TOP, x))


def one(*values: int) -> np.ndarray:
    return np.array([values], dtype=np.int64)


def neuron(**options) -> Population:
    given = {"current_decay": 1, "membrane_decay": 1, "threshold": 100} | options
    many = Output("count", 5)
    return Population("n", (1,), compare=">=", reset="subtract", max_spikes_per_step=31, output=many, **given)


@given(int16, st.integers(0, 15))
def test_a_decay_takes_a_shifted_part_and_at_least_one(x: int, shift: int) -> None:
    part = x >> shift
    expected = x - part if part else x - (x > 0)
    assert decay(one(x), shift, XYLO_V2)[0, 0] == expected


@given(int16, st.lists(st.tuples(st.integers(0, 31), st.integers(-128, 127)), max_size=8), st.integers(0, 8))
def test_every_spike_saturates_the_current_by_itself(u: int, arriving: list[tuple[int, int]], shift: int) -> None:
    weights = np.array([[weight for _, weight in arriving]], dtype=np.int64).reshape(1, -1)
    sent = np.array([[spikes for spikes, _ in arriving]], dtype=np.int64)
    expected = u
    for spikes, weight in arriving:
        for _ in range(spikes):
            expected = clip(expected + (weight << shift))
    projection = Projection("p", "a", "n", "dense", weights, shift, message_bits=5)
    assert add_events(one(u), projection, sent, XYLO_V2)[0, 0] == expected


@given(int16, int16, int16, st.integers(1, TOP), st.integers(0, 15), st.integers(0, 15))
def test_a_step(u: int, v: int, bias: int, threshold: int, dash_u: int, dash_v: int) -> None:
    p = neuron(current_decay=dash_u, membrane_decay=dash_v, threshold=threshold, bias=bias)
    state = initial_state(p, 1)
    state.v = one(v)
    out = step(p, state, one(u), XYLO_V2)
    u -= (u >> dash_u) or int(u > 0)
    loss = (v >> dash_v) or int(v > 0)
    change = BOTTOM if loss == BOTTOM else -loss  # minus -32768 is itself in 16 bits
    v = clip(v + clip(clip(change + u) + bias))
    before, spikes = v, 0
    while v >= threshold and spikes < 31:
        v, spikes = v - threshold, spikes + 1
    assert [x[0, 0] for x in (state.u, state.v, out.v_before, out.output)] == [u, v, before, spikes]


def test_projections_arrive_in_the_order_of_the_program() -> None:
    up, down = (Projection(n, "in", "n", "dense", np.array([[w]]), 8, 0, 4) for n, w in (("up", 127), ("down", -128)))
    inputs, cell = (Input("in", (1,), bits=4),), neuron(current_decay=15)
    ends = [
        run_program(Program(XYLO_V2, inputs, (cell,), order), {"in": np.full((1, 1, 1), 2.0)}, True)["n"].u
        for order in ((up, down), (down, up))
    ]
    assert [int(u[0, 0, 0]) for u in ends if u is not None] == [BOTTOM + 1, 32255]  # each less the least decay


@pytest.mark.skipif(unavailable() is not None, reason=unavailable() or "")
def test_it_does_what_xylosim_does() -> None:
    nets = [net(seed) for seed in range(NETS)]
    exercised: Counter[str] = Counter()
    for seed, each, records in zip(range(NETS), nets, simulate(nets), strict=True):
        trace = run_program(each.program, each.stimulus, states=True)
        assert differing(records, trace) == 0, seed
        exercised += counts(each, trace)
    assert len(exercised) == 9
    assert min(exercised.values()) >= 30, exercised
