"""Neighbors that cannot be told apart are bounded as one, with the bounds that each would get by itself."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurodeploy.analysis import reach as module
from neurodeploy.analysis.alike import alike
from neurodeploy.analysis.interval import constant
from neurodeploy.analysis.reach import Reached, reach
from neurodeploy.numerics import INT32, LOIHI2, XYLO_V2, Numerics
from neurodeploy.program import Output, Population
from neurodeploy.program.population import PER_NEURON

SHAPE = (3, 4, 6)


def in_runs(rng: np.random.Generator, low: int, high: int) -> np.ndarray:
    """Values that often repeat, not always."""
    values = rng.integers(low, high, 72)
    return np.repeat(values, rng.integers(1, 12, 72))[:72].reshape(SHAPE)


def drawn(seed: int, numerics: Numerics) -> tuple[Population, tuple[np.ndarray, np.ndarray]]:
    """A population and what can arrive at it."""
    rng = np.random.default_rng(seed)
    kind = str(rng.choice(["cuba-lif", "li", "relay"]))
    most = 15 if numerics.decay_rule == "shift" else 4096
    fields: dict[str, Any] = {
        "threshold": in_runs(rng, 1, 300) if rng.random() < 0.5 else 90,
        "membrane_decay": in_runs(rng, 1, most) if rng.random() < 0.5 else most // 2,
        "current_decay": most if rng.random() < 0.5 else most // 3 + 1,
        "bias": in_runs(rng, -9, 9) if rng.random() < 0.5 else 0,
        "initial_membrane": in_runs(rng, -50, 50) if rng.random() < 0.3 else 0,
        "reset": str(rng.choice(["zero", "value", "subtract", "none"])),
        "floor": -20 if rng.random() < 0.3 else None,
        "fire_once": bool(rng.random() < 0.3),
    }
    if kind == "relay":
        fields = {"bias": fields["bias"], "shift": 2, "output": Output("graded", 6, signed=True)}
    low = in_runs(rng, -200, 10)
    return Population("p", SHAPE, kind, **fields), (low, low + in_runs(rng, 0, 300))


def arrays(reached: Reached) -> list[np.ndarray]:
    states = (ends for ends in (reached.current, reached.kept, reached.before) if ends is not None)
    checks = ((check.low, check.high, check.holds) for check in reached.checks)
    return [np.broadcast_to(array, SHAPE) for ends in (reached.sent, *states, *checks) for array in ends]


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 2**32 - 1), st.sampled_from([INT32, LOIHI2, XYLO_V2]))
def test_bounds_are_those_of_every_neuron_by_itself(seed: int, numerics: Numerics) -> None:
    population, arrived = drawn(seed, numerics)
    with pytest.MonkeyPatch.context() as patch:
        ours = reach(population, arrived, numerics)
        patch.setattr(module, "alike", lambda *_: None)
        alone = reach(population, arrived, numerics)
    assert [check.quantity for check in ours.checks] == [check.quantity for check in alone.checks]
    for found, expected in zip(arrays(ours), arrays(alone), strict=True):
        assert np.array_equal(found, expected)


@pytest.mark.parametrize("key", PER_NEURON)
def test_a_constant_of_one_neuron_parts_it_from_its_neighbors(key: str) -> None:
    values = np.full(SHAPE, 7)
    values[1, 2, 3] = 8
    zeros = constant(0, SHAPE)
    same = alike(Population("p", SHAPE, **{key: values}), (zeros, zeros))
    assert same is not None
    assert same.first.tolist() == [0, 24 + 12 + 3, 24 + 12 + 4]
    assert same.runs.reshape(SHAPE)[1, 2, 3] == 1


def test_what_arrives_at_one_neuron_parts_it_too() -> None:
    zeros, high = constant(0, SHAPE), np.zeros(SHAPE, np.int64)
    high[0, 0, 0] = 1
    same = alike(Population("p", SHAPE), (zeros, high))
    assert same is not None
    assert same.first.tolist() == [0, 1]
    assert same.population.shape == (2,)


def test_neurons_that_all_differ_are_looked_at_one_by_one() -> None:
    ends = np.arange(72).reshape(SHAPE)
    assert alike(Population("p", SHAPE), (ends, ends)) is None


def test_a_population_without_neurons() -> None:
    nobody = constant(0, (0,))
    assert alike(Population("p", (0,)), (nobody, nobody)) is None
    assert reach(Population("p", (0,)), (nobody, nobody), LOIHI2).sent[0].shape == (0,)
