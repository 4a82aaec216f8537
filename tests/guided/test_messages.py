"""Drawn messages bring every node, by itself, to its threshold and to its ends, where inputs hardly would."""

import numpy as np

from neurodeploy.guided import drawn_messages
from neurodeploy.guided.aimed import Span, _composed
from neurodeploy.guided.reached import BRANCHES, reached
from neurodeploy.reference.program_runner import run_program
from tests.parity.networks import chain

rng = np.random.default_rng(0)
DEEP = chain(*(rng.integers(-60, 90, (12, 12)).tolist() for _ in range(4)))
"""Four layers; what an input does to the last one passes three thresholds."""


def test_every_layer_comes_to_lie_on_its_threshold_and_beside_it() -> None:
    drawn = drawn_messages(DEEP)
    ran = run_program(DEEP, drawn.stimulus(DEEP), states=True, drive=drawn.messages)
    taken = {p.name: np.zeros(len(BRANCHES), int) for p in DEEP.populations}
    for sample in reached(DEEP, ran):
        for name, branches in taken.items():
            branches += sample.taken[name].any(axis=1)
    for name, counts in taken.items():
        told = dict(zip(BRANCHES, counts, strict=True))
        assert told["on the threshold"] and told["just below it"] and told["just above the threshold"], (name, told)
        assert drawn.watched[name].size


def test_the_same_seed_draws_the_same_and_nothing_that_a_node_cannot_send() -> None:
    first, again, other = (drawn_messages(DEEP, seed) for seed in (1, 1, 2))
    for name, entry in first.messages.entries.items():
        np.testing.assert_array_equal(entry.output, again.messages[name].output)
        assert set(np.unique(entry.output)) <= {0, 1} or name in DEEP.input_by_name
    assert any(np.any(e.output != other.messages[n].output) for n, e in first.messages.entries.items())
    for node in DEEP.inputs:
        sent = first.messages[node.name].output
        assert node.output.low <= sent.min() and sent.max() <= node.output.high


def test_changes_add_up_to_what_is_missing() -> None:
    made = 0
    for _ in range(20):
        weights, now = rng.integers(-127, 128, 40), rng.integers(0, 2, 40)
        total = int(rng.integers(-400, 400))
        added = _composed(weights, -now, 1 - now, total, rng)
        if added is not None:
            made += 1
            assert int(weights @ added) == total
            assert set(np.unique(now + added)) <= {0, 1}
    assert made >= 18


def test_what_no_sum_of_the_weights_makes_is_told() -> None:
    assert _composed(np.array([4, -8, 12]), np.array([-3, -3, -3]), np.array([3, 3, 3]), 5, rng) is None


def test_values_of_a_node_stay_in_its_span() -> None:
    for span in (Span(0, 1), Span(-8, 7), Span(0, 3)):
        values = np.concatenate([span.values(rng, (50,)) for _ in range(9)])
        assert span.low <= values.min() and values.max() <= span.high
