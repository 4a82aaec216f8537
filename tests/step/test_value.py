"""Ranges hold whatever the numbers, and what cannot matter is left out."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurodeploy.numerics import LOIHI2
from neurodeploy.reference import integer
from neurodeploy.step import value as of
from neurodeploy.step.value import Value

NUMBERS = st.integers(-(1 << 40), 1 << 40)
BITS = st.integers(2, 40)
Check = Callable[[int, int], tuple[Value, int]]


@st.composite
def ranged(draw: st.DrawFn) -> tuple[Value, int]:
    """A value of some range, and a number in it."""
    low, number, high = sorted(draw(st.tuples(NUMBERS, NUMBERS, NUMBERS)))
    return of.read("state", "x", low, high), number


def array_of(number: int) -> np.ndarray:
    return np.array([number], dtype=np.int64)


RULES: dict[str, tuple[Callable[[Value, int], Value], Callable[[np.ndarray, int], np.ndarray]]] = {
    "wrap": (of.wrap, integer.wrap),
    "wrap-once": (of.wrap_once, integer.wrap_once),
    "saturate": (of.saturate, integer.saturate),
    "round": (of.round_half_even, integer.round_half_even),
    "shift up": (lambda x, bits: of.shift(x, bits // 2), lambda x, bits: integer.shift_sum(x, bits // 2)),
    "shift down": (lambda x, bits: of.shift(x, -bits), lambda x, bits: integer.shift_sum(x, -bits)),
    "decay": (
        lambda x, bits: of.decay(x, of.constant(LOIHI2.decay_one - 90 * bits), 12),
        lambda x, bits: integer.decay(x, 90 * bits, LOIHI2),
    ),
}


@pytest.mark.parametrize("rule", RULES)
@given(x=ranged(), bits=BITS)
def test_the_result_lies_in_its_range(rule: str, x: tuple[Value, int], bits: int) -> None:
    build, define = RULES[rule]
    value, expected = build(x[0], bits), int(define(array_of(x[1]), bits)[0])
    assert value.low <= expected <= value.high
    if value is x[0]:
        assert expected == x[1], "left out, though it matters"


@given(x=ranged(), y=ranged())
def test_what_joins_two_values_lies_in_its_range(x: tuple[Value, int], y: tuple[Value, int]) -> None:
    (a, i), (b, j) = x, y
    pairs = [
        (of.add(a, b), i + j),
        (of.subtract(a, b), i - j),
        (of.maximum(a, b), max(i, j)),
        (of.minimum(a, b), min(i, j)),
        (of.compare(True, a, b), int(i > j)),
        (of.compare(False, a, b), int(i >= j)),
        (of.select(a, b, of.constant(3)), j if i != 0 else 3),
        (of.multiply(a, of.read("state", "y", 0, 7)), i * 5),
    ]
    for value, expected in pairs:
        assert value.low <= expected <= value.high


def test_what_cannot_matter_is_left_out() -> None:
    x = of.read("state", "x", -100, 100)
    assert of.wrap(x, 8) is x
    assert of.wrap_once(x, 8) is x
    assert of.saturate(x, 8) is x
    assert of.decay(x, of.constant(4096), 12) is x
    assert of.decay(x, of.constant(0), 12).high == 0
    assert of.compare(True, x, of.constant(100)).op == "constant"
    assert of.wrap(x, 7) is not x
    assert of.wrap_once(of.read("state", "x", -128, 0), 8).op == "wrap-once"  # -M wraps, +M stays
    assert of.saturate(of.read("state", "x", -128, 0), 8).low == -127


def test_sums_that_leave_64_bits_are_marked() -> None:
    x = of.read("state", "x", of.LEAST, of.MOST)
    assert of.add(x, of.constant(1)).wraps
    assert not of.add(of.read("state", "x", of.LEAST, 0), of.constant(1)).wraps
