"""Hypotheses about when a population rests, and at what: steps not carried out, membranes that decay to a value."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from math import log2

import numpy as np
from numpy.typing import NDArray

from neurodeploy.causes.hypothesis import Hypothesis
from neurodeploy.causes.neurons import RULE
from neurodeploy.numerics import Numerics
from neurodeploy.program.population import Population
from neurodeploy.reference.integer import State, Step, decay, step
from neurodeploy.reference.program_runner import Update

IntArray = NDArray[np.int64]
STEPS = 8
"""Steps at the beginning that are not carried out, and steps before the first difference in which a node stops."""
VALUES = 64
"""Accumulator units up to which a value is tried at which membranes rest."""


def rest_hypotheses(population: Population, n: Numerics, stop: int) -> Iterator[Hypothesis]:
    """Everything that is tried of rests; the first difference lies in step ``stop - 1``."""
    for first in range(1, STEPS + 1):
        yield _timed(f"does nothing in its first {first} steps", log2(1 + first), lambda k=first: _carried(k, None))
    for last in range(max(1, stop - STEPS), stop):
        yield _timed(f"does nothing from step {last} on", log2(1 + last), lambda k=last: _carried(0, k))
    if n.accumulation == "sum":
        for words, rule in SUMS.items():
            update = _summed(rule)
            yield Hypothesis("overflow", words, RULE, update=lambda update=update: update)
    if population.kind == "relay" or n.decay_rule != "product" or population.every_step:
        return
    most = int(np.max(np.abs(population.threshold)))
    values = {*range(1, VALUES + 1), *(most // k for k in (1, 2, 3, 4, 8, 16))}
    for value in sorted(v for v in (*values, *(-v for v in values)) if v):
        update = _rests(value)
        words, cost = f"the membrane decays toward {value} instead of 0", RULE + log2(1 + abs(value))
        yield Hypothesis("membrane decay", words, cost, update=lambda update=update: update)


def _timed(change: str, bits: float, update: Callable[[], Update]) -> Hypothesis:
    return Hypothesis("idle", change, RULE + bits, update=update, remembers=True)


def _carried(first: int, stop: int | None) -> Update:
    """Steps before ``first``, and from ``stop`` on, are not carried out."""
    count = [0]

    def update(population: Population, state: State, a: IntArray, n: Numerics) -> Step:
        t, count[0] = count[0], count[0] + 1
        if first <= t and (stop is None or t < stop):
            return step(population, state, a, n)
        return Step(np.zeros_like(a), state.v)

    return update


SUMS: dict[str, Callable[[IntArray], IntArray]] = {
    "a negative sum of a step's input counts as 0": lambda a: np.maximum(a, 0),
    "a positive sum of a step's input counts as 0": lambda a: np.minimum(a, 0),
    "the sign of a step's sum is lost": np.abs,
}


def _summed(rule: Callable[[IntArray], IntArray]) -> Update:
    return lambda population, state, a, n: step(population, state, rule(a), n)


def _rests(value: int) -> Update:
    """``v`` decays toward a value in accumulator units."""

    def update(population: Population, state: State, a: IntArray, n: Numerics) -> Step:
        rest = value << n.state_shift
        state.v = rest + decay(state.v - rest, population.membrane_decay, n)
        return step(replace(population, membrane_decay=0), state, a, n)

    return update
