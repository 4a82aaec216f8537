"""The operations of Xylo in generated code: their ranges are exact, and what cannot matter is left out."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurodeploy.codegen import render
from neurodeploy.numerics import XYLO_V2
from neurodeploy.program import Program, Projection
from neurodeploy.reference import integer
from neurodeploy.step import value as of
from neurodeploy.step.plan import plan
from tests.xylo.nets import net

int16 = st.integers(-(1 << 15), (1 << 15) - 1)
shifts = st.tuples(st.integers(0, 15), st.integers(0, 15)).map(sorted)


def every(low: int, high: int) -> np.ndarray:
    return np.arange(low, high + 1, dtype=np.int64)


@given(st.tuples(int16, int16).map(sorted), shifts)
def test_a_decay_by_shift_ends_exactly_at_its_range(x: list[int], by: list[int]) -> None:
    value = of.decay_by_shift(of.read("state", "x", *x), of.parameter(np.array(by), (2,)))
    ends = np.concatenate([integer.decay(every(*x), shift, XYLO_V2) for shift in by])
    assert (value.low, value.high) == (ends.min(), ends.max())


@given(st.tuples(int16, int16).map(sorted), shifts)
def test_what_a_shift_takes_lies_in_its_range(x: list[int], by: list[int]) -> None:
    value = of.lost(of.read("state", "x", *x), of.parameter(np.array(by), (2,)))
    taken = np.concatenate([integer.lost(every(*x), shift) for shift in by])
    assert value.low <= taken.min()
    assert taken.max() <= value.high


def test_clipping_holds_the_least_number_of_a_width() -> None:
    x = of.read("state", "x", -(1 << 15), (1 << 15) - 1)
    assert of.clip_signed(x, 16) is x
    assert of.saturate(x, 16).low == of.clip_signed(x, 16).low + 1


def test_states_take_two_bytes_each() -> None:
    program = net(1).program
    header = render(plan(program)).header
    assert all(f"int16_t {letter}_n{k}_" in header for letter in "uv" for k in (1, 2)), header


@pytest.mark.parametrize("weights", [np.zeros((64, 4)), np.ones((64, 4))], ids=["zeros", "ones"])
def test_a_projection_without_weights_is_left_out(weights: np.ndarray) -> None:
    program = net(1).program
    size, size_in = program.by_name["hidden"].size, program.inputs[0].size
    silent = Projection("more", "in", "hidden", "dense", np.resize(weights, (size, size_in)), 0, 0, 4)
    more = Program(program.numerics, program.inputs, program.populations, (*program.projections, silent), ("out",))
    kernels = [text.count("_event(int16_t") for text in (render(plan(program)).body, render(plan(more)).body)]
    assert kernels[1] - kernels[0] == int(weights.any())
