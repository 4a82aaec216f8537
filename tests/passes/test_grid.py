"""Grids of weights, biases and decays."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurodeploy.errors import CannotRepresentError
from neurodeploy.numerics import INT32, LOIHI2
from neurodeploy.passes.grid import (
    LARGEST_SCALE,
    bias_limit,
    bits_kept,
    largest_scale,
    round_bias,
    round_decay,
    round_weights,
    weight_grid,
)

MIXED, EXCITATORY, INHIBITORY = np.array([1.0, -1.0]), np.array([1.0, 0.0]), np.array([-1.0, 0.0])
POSITIVE = st.floats(1e-12, 1e12)


@pytest.mark.parametrize(
    ("weights", "bits", "low", "high", "step"),
    [
        (MIXED, 8, -256, 254, 2),
        (EXCITATORY, 8, 0, 255, 1),
        (INHIBITORY, 8, -255, 0, 1),
        (np.zeros(2), 8, 0, 255, 1),
        (MIXED, 6, -256, 248, 8),
        (EXCITATORY, 6, 0, 252, 4),
        (INHIBITORY, 6, -252, 0, 4),
        (MIXED, 2, -256, 128, 128),
        (EXCITATORY, 1, 0, 128, 128),
    ],
)
def test_weights_of_loihi_by_sign_and_bits(weights, bits, low, high, step):
    grid = weight_grid(weights, LOIHI2, bits)
    assert (grid.low, grid.high, grid.step) == (low, high, step)


def test_weights_of_two_complement():
    grid = weight_grid(EXCITATORY, INT32, 16)
    assert (grid.low, grid.high, grid.step, grid.largest) == (-32768, 32767, 1, 32767)
    assert weight_grid(MIXED, INT32, 4).high == 7 * 4096


@given(st.sampled_from([LOIHI2, INT32]), st.integers(2, 8), st.integers(0, 12), st.sampled_from([MIXED, INHIBITORY]))
def test_unused_upper_bits_make_the_step_finer_as_long_as_there_is_one(numerics, bits, unused, weights):
    full, fine = weight_grid(weights, numerics, bits), weight_grid(weights, numerics, bits, unused)
    finest = weight_grid(weights, numerics, numerics.weight_bits)
    assert fine.step == max(full.step >> unused, finest.step)
    assert fine.high - fine.low + fine.step == max((full.high - full.low + full.step) >> unused, fine.step << bits)


@given(st.lists(st.floats(-4, 4), min_size=1, max_size=8), st.integers(-2, 6), st.integers(2, 8))
def test_rounded_weights_lie_on_the_grid_nearest_within_its_range(weights, scale, bits):
    weights = np.array(weights)
    grid = weight_grid(weights, LOIHI2, bits)
    integers = round_weights(weights, scale, grid)
    assert np.all(integers % grid.step == 0)
    assert grid.low <= integers.min() and integers.max() <= grid.high
    low = grid.low if not grid.signed or np.any(integers > 0) else -grid.largest
    inside = (weights * 2.0**scale >= low) & (weights * 2.0**scale <= grid.high)
    assert np.all(np.abs(integers - weights * 2.0**scale)[inside] <= grid.step / 2)
    assert bits_kept(integers, grid) <= bits + 1


@given(POSITIVE, POSITIVE)
def test_the_largest_scale_fits_and_the_next_does_not(value, limit):
    k = largest_scale(value, limit)
    assert value * 2.0**k <= limit
    assert k == LARGEST_SCALE or value * 2.0 ** (k + 1) > limit


def test_nothing_fits_at_any_scale():
    assert largest_scale(0.0, 1.0) == largest_scale(5e-324, 1.0) == LARGEST_SCALE


@given(st.floats(-1, 1))
def test_biases_of_loihi_are_mantissas_with_the_smallest_exponent(share):
    bias = share * bias_limit(LOIHI2)
    integer = int(round_bias(np.array([bias]), LOIHI2)[0])
    exponent = next(e for e in range(8) if abs(np.rint(bias / 2**e)) <= 4095)
    assert integer % 2**exponent == 0
    assert abs(integer >> exponent) <= 4095
    assert abs(integer - bias) <= 2**exponent / 2


def test_biases_of_int32_are_whole():
    assert round_bias(np.array([2.5, -1e9, 0.4]), INT32).tolist() == [2, -(10**9), 0]


@given(st.floats(0, 1))
def test_decays_are_rounded_to_4096_parts(keep):
    decay = round_decay(np.full(3, keep), LOIHI2, "lif", "membrane")
    assert 0 <= decay <= 4096
    assert abs(1 - decay / 4096 - keep) <= 0.5 / 4096


@pytest.mark.parametrize("keep", [-0.5, 1.25])
def test_factors_outside_zero_and_one_are_an_error_with_the_number(keep):
    with pytest.raises(CannotRepresentError, match=f"factor {keep:g}") as error:
        round_decay(np.array([0.5, keep]), INT32, "lif", "membrane")
    assert (error.value.where, error.value.value) == ("node lif", keep)
