"""A projection cut to some neurons weighs their lines as the reference does, wherever its windows stand."""

import numpy as np
import pytest

from neurodeploy.causes.fan_in import fan_in
from neurodeploy.program import Projection
from neurodeploy.reference.synapse import weighted_sum

RNG = np.random.default_rng(3)
SHAPES = {
    "conv2d": ((4, 6, 7), (6, 2, 3, 2), {"stride": (2, 1), "padding": (1, 0), "dilation": (1, 2), "groups": 2}),
    "conv1d": ((3, 9), (5, 3, 4), {"stride": (2,), "padding": (2,)}),
    "sum-pool": ((3, 6, 6), (2, 3), {"stride": (2, 3)}),
    "dense": ((2, 5), (7, 10), {}),
}


@pytest.mark.parametrize("kind", SHAPES)
def test_it_is_the_reference(kind: str) -> None:
    source, weights, fields = SHAPES[kind]
    projection = Projection("w", "a", "b", kind, RNG.integers(-9, 10, weights), message_bits=8, **fields)
    sent = RNG.integers(-5, 6, (3, *source))
    expected = weighted_sum(projection, sent).reshape(3, -1)
    neurons = RNG.permutation(expected.shape[1])[:9]
    target = weighted_sum(projection, sent).shape[1:]
    reached = fan_in(projection, source, target, neurons)
    assert np.array_equal(sent.reshape(3, -1)[:, reached.lines] @ reached.matrix.T, expected[:, neurons])
    placed = np.where(reached.places < 0, 0, projection.weights.ravel()[reached.places])
    assert np.array_equal(placed, reached.matrix)


def test_moved_windows_see_what_lies_further() -> None:
    source, weights, fields = SHAPES["conv1d"]
    projection = Projection("w", "a", "b", "conv1d", RNG.integers(-9, 10, weights), message_bits=8, **fields)
    sent = RNG.integers(-5, 6, (3, *source))
    further = np.concatenate([sent[:, :, 1:], np.zeros((3, 3, 1), int)], axis=2)
    reached = fan_in(projection, source, (5, 5), np.arange(25), (1,))
    expected = weighted_sum(projection, further).reshape(3, -1)
    assert np.array_equal(sent.reshape(3, -1)[:, reached.lines] @ reached.matrix.T, expected)


def test_a_window_in_the_padding_alone_sees_nothing() -> None:
    projection = Projection("w", "a", "b", "conv1d", np.ones((1, 1, 2)), stride=(1,), padding=(2,))
    reached = fan_in(projection, (1, 3), (1, 6), np.array([0]))
    assert reached.lines.size == reached.matrix.size == 0
