"""What a line brings is the product of its rows and its messages, whatever it shares with others."""

from dataclasses import replace

import numpy as np
import pytest

from neurodeploy.adequacy.fan import fan_in
from neurodeploy.adequacy.line import Line, Sums
from neurodeploy.causes.fan_in import fan_in as synapses
from neurodeploy.program import Projection

RNG = np.random.default_rng(2)
SENT = RNG.integers(0, 4, (2, 6, 5)).astype(np.uint8)
ROWS = RNG.integers(-9, 10, (3, 5))


def projection(**fields: object) -> Projection:
    return replace(Projection("w", "a", "b", "dense", ROWS, message_bits=3), **fields)


def brought(*lines: Line) -> list[np.ndarray]:
    sums = Sums()
    sums.add(lines)
    return [sums.of(line) for line in lines]


def test_lines_share_products_and_have_messages_delays_and_wrong_weights_of_their_own() -> None:
    chosen, column, more = np.array([2, 0, 2]), np.array([4, 1, 0]), np.array([5, -1, -7])
    right = Line(projection(), ROWS, SENT)
    lines = (
        right,
        replace(right, projection=projection(message_bits=1)),
        replace(right, projection=projection(delay=2)),
        replace(right, projection=projection(delay=-1)),
        right.of(chosen),
        right.of(chosen, (column, more)),
    )
    whole, binary, late, early, some, wrong = brought(*lines)
    np.testing.assert_array_equal(whole, SENT.astype(int) @ ROWS.T)
    np.testing.assert_array_equal(binary, (SENT != 0).astype(int) @ ROWS.T)
    np.testing.assert_array_equal(late, np.concatenate([np.zeros((2, 2, 3)), whole[:, :-2]], axis=1))
    np.testing.assert_array_equal(early, np.concatenate([whole[:, 1:], np.zeros((2, 1, 3))], axis=1))
    np.testing.assert_array_equal(some, whole[..., chosen])
    np.testing.assert_array_equal(wrong, SENT.astype(int) @ lines[-1].weights.T)
    rows = ROWS[chosen]
    rows[np.arange(3), column] += more
    np.testing.assert_array_equal(lines[-1].weights, rows)


@pytest.mark.parametrize("heard", [[], [0, 3], [0, 1, 2, 3, 4]])
def test_elements_that_sent_nothing_need_not_be_there(heard: list[int]) -> None:
    silent = np.zeros_like(SENT)
    silent[..., heard] = SENT[..., heard]
    changed = np.arange(3), (np.array([0, 3, 4]), np.array([2, 2, 2]))
    whole = Line(projection(), ROWS, silent)
    part = Line(projection(), ROWS, SENT[..., heard], np.array(heard, int))
    for ours, theirs in zip(brought(part, part.of(*changed)), brought(whole, whole.of(*changed)), strict=True):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize(
    ("kind", "source", "target", "weights", "fields"),
    [
        ("conv2d", (4, 6, 6), (6, 4, 6), (6, 2, 3, 3), {"padding": (0, 1), "groups": 2}),
        ("conv1d", (3, 9), (5, 5), (5, 3, 4), {"stride": (2,), "padding": (2,)}),
        ("sum-pool", (3, 6, 6), (3, 3, 2), (2, 3), {"stride": (2, 3)}),
        ("dense", (2, 5), (7,), (7, 10), {}),
    ],
)
def test_wrong_geometry_is_that_of_the_wrong_projection(kind, source, target, weights, fields) -> None:
    right = Projection("w", "a", "b", kind, RNG.integers(-9, 10, weights), **fields)
    turned: dict[str, Projection] = {}
    if kind.startswith("conv"):
        axes = tuple(range(2, len(weights)))
        turned["kernel turned around"] = replace(right, weights=np.flip(right.weights, axes))
        turned["channels of the source moved by one"] = replace(right, weights=np.roll(right.weights, 1, 1))
        turned["channels of the target moved by one"] = replace(right, weights=np.roll(right.weights, 1, 0))
    if kind == "conv2d":
        turned["kernel transposed"] = replace(right, weights=np.swapaxes(right.weights, 2, 3))
    if kind == "dense":
        turned["sources moved by one"] = replace(right, weights=np.roll(right.weights, 1, 1))
    else:
        for words, by in (("windows one element further", -1), ("windows one element earlier", 1)):
            turned[words] = replace(right, padding=tuple(p + by for p in right.padding))
    neurons = RNG.permutation(int(np.prod(target)))[:7]
    fan = fan_in(right, source, target, neurons)
    assert fan.wrong.keys() == turned.keys()
    for mistaken, rows in ((right, fan.rows), *((turned[words], rows) for words, rows in fan.wrong.items())):
        expected = np.zeros((len(neurons), int(np.prod(source))), int)
        reached = synapses(mistaken, source, target, neurons)
        expected[:, reached.lines] = reached.matrix
        placed = np.zeros_like(expected)
        placed[:, fan.columns] = rows
        np.testing.assert_array_equal(placed, expected)
