"""Projections: convolutions as torch defines them, and the width, shift and message rules of each kind."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurodeploy.numerics import LOIHI2
from neurodeploy.program import Projection
from neurodeploy.reference.synapse import accumulate, convolve, convolve_sent, integer_matmul, messages

torch = pytest.importorskip("torch")


@st.composite
def convolutions(draw, axes: int):
    """Input, weights and geometry of a convolution that leaves at least one cell."""
    rng = np.random.default_rng(draw(st.integers(0, 1 << 30)))
    groups = draw(st.integers(1, 3))
    kernel, stride, padding, dilation = (
        tuple(draw(st.integers(low, high)) for _ in range(axes)) for low, high in ((1, 4), (1, 3), (0, 3), (1, 3))
    )
    least = [max(1, d * (k - 1) + 1 - 2 * p) for k, p, d in zip(kernel, padding, dilation, strict=True)]
    space = tuple(n + draw(st.integers(0, 5)) for n in least)
    each_in, each_out = draw(st.integers(1, 3)), draw(st.integers(1, 3))
    x = rng.integers(-9, 10, (2, groups * each_in, *space))
    weights = rng.integers(-256, 255, (groups * each_out, each_in, *kernel))
    return x, weights, stride, padding, dilation, groups


def by_torch(x, weights, stride, padding, dilation, groups) -> np.ndarray:
    function = torch.nn.functional.conv2d if weights.ndim == 4 else torch.nn.functional.conv1d
    arguments = torch.from_numpy(x).double(), torch.from_numpy(weights).double(), None
    return function(*arguments, stride, padding, dilation, groups).numpy().astype(np.int64)


@given(convolutions(axes=2))
def test_conv2d_is_torch_cross_correlation(case) -> None:
    np.testing.assert_array_equal(convolve(*case), by_torch(*case))


@given(convolutions(axes=1))
def test_conv1d_is_torch_cross_correlation(case) -> None:
    np.testing.assert_array_equal(convolve(*case), by_torch(*case))


@given(convolutions(axes=2), st.data())
def test_samples_groups_and_channels_in_which_nothing_was_sent_may_be_left_out(case, data) -> None:
    x = case[0]
    silent = [data.draw(st.lists(st.booleans(), min_size=n, max_size=n)) for n in x.shape[:2]]
    x[silent[0]], x[:, silent[1]] = 0, 0
    np.testing.assert_array_equal(convolve_sent(*case), by_torch(*case))


def test_a_batch_that_is_computed_in_pieces_is_that_of_its_samples() -> None:
    rng = np.random.default_rng(0)
    x, weights = rng.integers(-9, 10, (300, 2, 32, 32)), rng.integers(-9, 10, (3, 2, 3, 3))
    how = (1, 1), (1, 1), (1, 1), 1
    apart = [convolve(sample[None], weights, *how) for sample in x]
    np.testing.assert_array_equal(convolve(x, weights, *how), np.concatenate(apart))


@given(convolutions(axes=2), st.integers(0, 7))
def test_conv2d_projection_multiplies_the_sum_by_its_shift(case, shift: int) -> None:
    x, weights, stride, padding, dilation, groups = case
    projection = Projection("c", "a", "b", "conv2d", weights, shift, 0, 8, stride, padding, dilation, groups)
    expected = by_torch(*case) << shift
    np.testing.assert_array_equal(accumulate(projection, x, expected.shape[1:], LOIHI2), expected)


def test_conv1d_projection_uses_one_value_of_the_geometry() -> None:
    projection = Projection("c", "a", "b", "conv1d", np.array([[[1, 2]]]), message_bits=4)
    assert accumulate(projection, np.array([[[1, 0, 3]]]), (1, 2), LOIHI2).tolist() == [[[1, 6]]]


def test_weights_of_the_wrong_layout_are_refused() -> None:
    with pytest.raises(Exception, match="conv2d weights have 2 axes, not 4"):
        Projection("c", "a", "b", "conv2d", np.ones((2, 2)))


def test_sum_pool_sums_each_channel() -> None:
    x = np.arange(32).reshape(1, 2, 4, 4)
    projection = Projection("p", "a", "b", "sum-pool", np.ones((2, 2)), message_bits=8, stride=(2, 2))
    expected = x.reshape(1, 2, 2, 2, 2, 2).sum(axis=(3, 5))
    np.testing.assert_array_equal(accumulate(projection, x, (2, 2, 2), LOIHI2), expected)


def dense(weights, shift=0, message_bits=1) -> Projection:
    return Projection("d", "a", "b", "dense", np.array(weights), shift, 0, message_bits)


def test_binary_messages_count_any_value_as_one() -> None:
    sent = np.array([[-1, 0, 7]])
    assert messages(dense([[1, 1, 1]]), sent).tolist() == [[1, 0, 1]]
    assert accumulate(dense([[2, 4, 8]]), sent, (1,), LOIHI2).tolist() == [[10]]


def test_messages_keep_the_type_that_was_sent_and_products_are_exact_in_any() -> None:
    sent = np.array([[-128, 0, 127]], np.int8)
    assert messages(dense([[1, 1, 1]]), sent).dtype == np.int8
    assert integer_matmul(sent, np.full((3, 1), 1 << 17)).tolist() == [[-(1 << 17)]]
    assert integer_matmul(sent[:, :1], np.full((1, 1), (1 << 17) + 1)).tolist() == [[-((1 << 24) + 128)]]


def test_graded_messages_multiply() -> None:
    sent = np.array([[-1, 0, 7]])
    assert accumulate(dense([[2, 4, 8]], message_bits=4), sent, (1,), LOIHI2).tolist() == [[54]]


def test_shift_applies_to_the_sum_and_floors() -> None:
    sent = np.array([[1, 1]])
    assert accumulate(dense([[-3, -4]], shift=-2), sent, (1,), LOIHI2).tolist() == [[-2]]  # not -1 + -1
    assert accumulate(dense([[3, 3]], shift=-2), sent, (1,), LOIHI2).tolist() == [[1]]  # not 0 + 0
    assert accumulate(dense([[3, 3]], shift=7), sent, (1,), LOIHI2).tolist() == [[768]]


def test_dense_sums_wrap_at_32_bits_before_and_after_the_shift() -> None:
    sent = np.array([[1 << 23]])
    assert accumulate(dense([[254]], message_bits=24), sent, (1,), LOIHI2).tolist() == [[254 << 23]]
    assert accumulate(dense([[256]], message_bits=24), sent, (1,), LOIHI2).tolist() == [[-(1 << 31)]]
    assert accumulate(dense([[3]], shift=7, message_bits=24), sent, (1,), LOIHI2).tolist() == [[-(1 << 30)]]


@pytest.mark.parametrize(
    ("weight", "message", "arrives"),
    [(300, 3, 900), (8388607, 3, 8388605), (4000000, 3, -4777216), (1 << 22, 2, -(1 << 23))],
)
def test_convolutions_wrap_at_24_bits(weight: int, message: int, arrives: int) -> None:
    """The first three were measured on lava-nc 0.10.0, as three taps of this weight."""
    projection = Projection("c", "a", "b", "conv2d", np.array([[[[weight]]]]), message_bits=8)
    assert accumulate(projection, np.array([[[[message]]]]), (1, 1, 1), LOIHI2).item() == arrives


@given(st.integers(0, 1 << 30), st.integers(0, 20), st.integers(0, 40))
def test_both_paths_of_the_product_are_exact(seed: int, low_bits: int, high_bits: int) -> None:
    rng = np.random.default_rng(seed)
    a = rng.integers(-(1 << low_bits), 1 << low_bits, (3, 5), endpoint=True)
    b = rng.integers(-(1 << high_bits), 1 << high_bits, (5, 2), endpoint=True)
    exact = [[sum(int(x) * int(y) for x, y in zip(row, column, strict=True)) for column in b.T] for row in a]
    assert integer_matmul(a, b).tolist() == exact


@pytest.mark.parametrize("top", [(1 << 24) - 1, 1 << 24, (1 << 24) + 1])
def test_product_and_convolution_are_exact_where_float64_ends(top: int) -> None:
    """Two taps of ``top`` times 2**28 + 1 stand on either side of 2**53."""
    weight = (1 << 28) + 1
    x = np.array([[top, top]])
    exact = 2 * top * weight
    assert integer_matmul(x, np.array([[weight], [weight]])).item() == exact
    projection = Projection("c", "a", "b", "conv1d", np.array([[[weight, weight]]]), message_bits=25)
    wrapped = (exact + (1 << 23)) % (1 << 24) - (1 << 23)
    assert accumulate(projection, x[None], (1, 1), LOIHI2).item() == wrapped
