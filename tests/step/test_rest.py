"""Neurons at rest: what the ranges of a step prove of them holds in the reference."""

import numpy as np
import pytest

from neurodeploy.numerics import LOIHI2, Numerics
from neurodeploy.program.population import Population
from neurodeploy.reference.integer import State, step
from neurodeploy.step import value as of
from neurodeploy.step.neuron import rests, update
from tests.engine import extremes

SHAPE = (3,)


def stored(population: Population, numerics: Numerics) -> tuple[str, ...]:
    return update(population, of.read("accumulator", "sum", -1000, 1000), numerics).stored


def stays(population: Population, numerics: Numerics) -> bool:
    """Whether one step of the reference leaves states of 0 that nothing reaches at 0, and sends nothing."""
    zeros = np.zeros((1, *population.shape), dtype=np.int64)
    state = State(zeros.copy(), zeros.copy(), zeros != 0)
    output = step(population, state, zeros, numerics).output
    after = {"current": state.u, "membrane": state.v, "fired": state.fired}
    return not output.any() and not any(after[name].any() for name in stored(population, numerics))


@pytest.mark.parametrize("seed", range(200))
def test_what_is_proven_to_rest_stays_at_rest_in_the_reference(seed: int) -> None:
    rng = np.random.default_rng(seed)
    numerics = extremes.machine(rng)
    population = extremes.population(rng, "p", SHAPE, numerics)
    if rests(population, numerics, stored(population, numerics)):
        assert stays(population, numerics)


@pytest.mark.parametrize(
    ("changes", "resting"),
    [
        ({}, True),
        ({"bias": np.array([0, 0, 1])}, False),
        ({"bias": -1, "floor": 0}, True),
        ({"threshold": np.array([5, 1, 7]), "membrane_decay": np.array([4096, 0, 9])}, True),
        ({"threshold": 0, "compare": ">="}, False),
        ({"threshold": 0, "compare": ">"}, True),
        ({"floor": 3}, False),
        ({"initial_membrane": 9, "every_step": True}, True),
        ({"initial_membrane": 1 << 20, "every_step": True}, False),
        ({"initial_membrane": 9}, True),
        ({"fire_once": True}, True),
        ({"kind": "relay"}, True),
        ({"kind": "relay", "bias": 8}, False),
        ({"kind": "li"}, True),
    ],
)
def test_rest_is_proven_where_it_holds(changes: dict[str, object], resting: bool) -> None:
    parameters = {"threshold": 100, "current_decay": 100, "membrane_decay": 200, **changes}
    population = Population("p", SHAPE, **parameters)  # type: ignore[arg-type]
    assert rests(population, LOIHI2, stored(population, LOIHI2)) is resting
    assert stays(population, LOIHI2) is resting
