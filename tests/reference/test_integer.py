"""The integer update against plain Python integers written from the published rules, and the measured check values."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurodeploy.numerics import INT32, LOIHI2
from neurodeploy.program import Population
from neurodeploy.reference.integer import (
    OVERFLOW,
    decay,
    initial_state,
    overflow,
    round_half_even,
    saturate,
    shift_sum,
    step,
    wrap,
    wrap_once,
)

M = 1 << 23
int32 = st.integers(-(1 << 31), (1 << 31) - 1)
near_edge = st.one_of(int32, st.sampled_from([s * (k * M + d) for s in (1, -1) for k in (1, 2, 3) for d in (-1, 0, 1)]))


def one(value: int) -> np.ndarray:
    return np.array([value], dtype=np.int64)


@given(int32, st.integers(0, 4096))
def test_decay_truncates_toward_zero(x: int, amount: int) -> None:
    exact = abs(x) * (4096 - amount) // 4096
    assert decay(one(x), amount, LOIHI2)[0] == (exact if x >= 0 else -exact)


@given(int32)
def test_decay_extremes(x: int) -> None:
    assert decay(one(x), 0, LOIHI2)[0] == x
    assert decay(one(x), 4096, LOIHI2)[0] == 0
    assert decay(one(x), np.array([0, 4096]), LOIHI2).tolist() == [x, 0]


def test_decay_takes_one_value_per_neuron() -> None:
    assert decay(np.array([-100, -100]), np.array([0, 2048]), LOIHI2).tolist() == [-100, -50]


@given(st.integers(-(1 << 40), 1 << 40), st.sampled_from([16, 24, 32]))
def test_wrap_is_two_complement(x: int, bits: int) -> None:
    reduced = x % (1 << bits)
    assert wrap(one(x), bits)[0] == (reduced - (1 << bits) if reduced >= 1 << (bits - 1) else reduced)


@given(near_edge)
def test_wrap_once_subtracts_a_single_period(x: int) -> None:
    expected = x - 2 * M if x > M else x + 2 * M if x <= -M else x
    assert wrap_once(one(x), 24)[0] == expected


@pytest.mark.parametrize(
    ("before", "after"),
    [(M, M), (M + 1, -M + 1), (-M, M), (-M + 1, -M + 1), (3 * M, M), (3 * M + 1, M + 1), (5 * M, 3 * M)],
)
def test_wrap_once_keeps_plus_m_and_leaves_large_values_outside(before: int, after: int) -> None:
    assert wrap_once(one(before), 24)[0] == after


@given(near_edge, st.sampled_from([8, 24]))
def test_saturate_is_symmetric(x: int, bits: int) -> None:
    top = 2 ** (bits - 1) - 1
    assert saturate(one(x), bits)[0] == min(max(x, -top), top)


@given(near_edge)
def test_overflow_chooses_by_rule(x: int) -> None:
    for rule, function in OVERFLOW.items():
        assert overflow(one(x), 24, rule)[0] == function(one(x), 24)[0]


@given(st.lists(near_edge, max_size=4), st.sampled_from(list(OVERFLOW)))
def test_overflow_of_many_values_is_that_of_every_value(values: list[int], rule: str) -> None:
    array = np.array(values, dtype=np.int64)
    assert overflow(array, 24, rule).tolist() == [int(OVERFLOW[rule](one(x), 24)[0]) for x in values]


@given(int32, st.integers(-8, 7))
def test_shift_of_a_sum_floors(x: int, shift: int) -> None:
    assert shift_sum(one(x), shift)[0] == (x * 2**shift if shift >= 0 else x // 2**-shift)


@given(int32, st.integers(-3, 12))
def test_rounding_is_half_to_even(x: int, shift: int) -> None:
    assert round_half_even(one(x), shift)[0] == round(Fraction(x) / Fraction(2) ** shift)


@pytest.mark.parametrize(("x", "rounded"), [(1, 0), (3, 2), (5, 2), (7, 4), (-1, 0), (-3, -2), (-5, -2)])
def test_rounding_of_halves(x: int, rounded: int) -> None:
    assert round_half_even(one(x), 1)[0] == rounded


@pytest.mark.parametrize(
    ("a", "u", "v"), [(131072, 8388608, 8388607), (131073, -8388544, -8388544), (-131072, 8388608, 8388607)]
)
def test_measured_values_at_the_edge_of_the_current(a: int, u: int, v: int) -> None:
    """Measured on lava-nc 0.10.0 with du = 4095, dv = 4096, vth = 131071."""
    neuron = Population("n", (1,), current_decay=4096, membrane_decay=4096, threshold=131071)
    state = initial_state(neuron, 1)
    result = step(neuron, state, one(a)[None], LOIHI2)
    assert state.u.item() == u
    assert result.v_before.item() == v


def wrap32(x: int) -> int:
    return (x + 2**31) % 2**32 - 2**31


def toward_zero(x: int, keep: int) -> int:
    return abs(x) * keep // 4096 * (1 if x >= 0 else -1)


def lava_step(u: int, v: int, a: int, du: int, dv: int, bias: int, vth: int) -> tuple[int, int, int, int]:
    """``PyLifModelBitAcc`` on Python integers: u, v after reset, spike, v before threshold."""
    u = wrap32(toward_zero(u, 4096 - (du + 1)))
    d = wrap32(u + wrap32(a << 6))
    u = d - 2 * M if d > M else d + 2 * M if d <= -M else d
    v = wrap32(toward_zero(v, 4096 - dv) + u + bias)
    before = min(max(v, -(M - 1)), M - 1)
    spike = int(before > vth << 6)
    return u, 0 if spike else before, spike, before


@given(
    st.lists(st.integers(-(1 << 26), 1 << 26) | st.integers(-(1 << 12), 1 << 12), min_size=1, max_size=20),
    st.integers(-1, 4095),
    st.integers(0, 4096),
    st.integers(-4096, 4095),
    st.integers(0, 7),
    st.integers(0, 131071),
)
def test_neuron_equals_the_lif_of_lava(arrivals, du, dv, mantissa, exponent, vth) -> None:
    bias = mantissa << exponent
    neuron = Population("n", (1,), current_decay=du + 1, membrane_decay=dv, threshold=vth, bias=bias)
    state = initial_state(neuron, 1)
    u = v = 0
    for a in arrivals:
        result = step(neuron, state, one(a)[None], LOIHI2)
        u, v, spike, before = lava_step(u, v, a, du, dv, bias, vth)
        got = state.u.item(), state.v.item(), result.output.item(), result.v_before.item()
        assert got == (u, v, spike, before)


@given(st.integers(-(1 << 20), 1 << 20), st.integers(-60, 60), st.integers(1, 20), st.integers(1, 7))
def test_multiple_spikes_are_the_thresholds_that_can_be_subtracted(start, a, threshold, most) -> None:
    """One at a time: while the membrane compares and the count allows, spike and subtract."""
    for compare in (">", ">="):
        base = Population("n", (1,), membrane_decay=0, threshold=threshold, compare=compare)
        neuron = replace(base, reset="subtract", max_spikes_per_step=most, initial_membrane=start)
        state = initial_state(neuron, 1)
        result = step(neuron, state, one(a)[None], LOIHI2)
        v, spikes, unit = start + (a << 6), 0, threshold << 6
        while spikes < most and (v > unit if compare == ">" else v >= unit):
            spikes, v = spikes + 1, v - unit
        assert (result.output.item(), state.v.item()) == (spikes, v)


@given(st.lists(st.integers(-(1 << 31), (1 << 31) - 1), min_size=1, max_size=8))
def test_int32_saturates_everywhere(arrivals: list[int]) -> None:
    neuron = Population("n", (1,), current_decay=0, membrane_decay=0, threshold=INT32.threshold_max, reset="none")
    state = initial_state(neuron, 1)
    top, u, v = 2**31 - 1, 0, 0
    for a in arrivals:
        step(neuron, state, one(a)[None], INT32)
        u = min(max(u + min(max(a, -top), top), -top), top)
        v = min(max(v + u, -top), top)
        assert (state.u.item(), state.v.item()) == (u, v)
