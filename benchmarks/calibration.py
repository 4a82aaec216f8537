"""Thresholds with which every layer of a network fires at a given activity.

Each LIF population is stepped by the reference on the input that really arrives there, and its threshold is bisected
until the given share of neurons fires per step. Convolutions look the same everywhere, so thresholds from a small image
hold on a large one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from neurodeploy.numerics import Numerics
from neurodeploy.program import Population, Program
from neurodeploy.reference.integer import initial_state, step
from neurodeploy.reference.program_runner import accumulated, run_program

STEPS, SETTLE = 40, 24
"""Steps that are run, and those at the start that do not count, because membranes still fill."""
SAMPLE = 8192
"""Neurons of a population whose rate is taken."""
IntArray = NDArray[np.int64]
Thresholds = dict[str, int]


def calibrate(build: Callable[[Thresholds], Program], activity: float, input_rate: float = 0.02) -> Thresholds:
    """Thresholds by population: every LIF population with memory fires at ``activity``, a share of neurons per step.

    ``build`` makes the network with given thresholds; inputs are random and fire at ``input_rate``.
    """
    start = build({})
    drawn = bernoulli(start, STEPS, input_rate)
    if any(projection.delay for projection in start.projections):
        return _recurrent(build, drawn, activity)
    sent: dict[str, IntArray] = {name: array.astype(np.int64) for name, array in drawn.items()}
    thresholds: Thresholds = {}
    for name in start.order:
        population = start.by_name[name]
        arrived = np.stack(
            [accumulated(start.numerics, population, start.into(name), sent, t) for t in range(STEPS)], axis=1
        )
        if has_memory(population):
            thresholds[name] = threshold_for(population, arrived, activity, start.numerics)
            population = replace(population, threshold=thresholds[name])
        sent[name] = outputs(population, arrived, start.numerics)
    return thresholds


def threshold_for(population: Population, arrived: IntArray, activity: float, numerics: Numerics) -> int:
    """The threshold at which a population fires at ``activity`` on the input ``arrived``, ``(1, T, *shape)``."""
    cells = arrived.reshape(1, arrived.shape[1], -1)
    sample = cells[..., :: max(1, cells.shape[-1] // SAMPLE) | 1]
    sampled = replace(population, shape=sample.shape[2:])

    def fires(threshold: int) -> float:
        return rate(outputs(replace(sampled, threshold=threshold), sample, numerics))

    return bisect(fires, activity, numerics.threshold_max)


def _recurrent(build: Callable[[Thresholds], Program], drawn: Mapping[str, IntArray], activity: float) -> Thresholds:
    """The threshold of a recurrent population, found by running the whole program."""
    name = build({}).populations[0].name

    def fires(threshold: int) -> float:
        return rate(run_program(build({name: threshold}), drawn)[name].output)

    return {name: bisect(fires, activity, build({}).numerics.threshold_max)}


def bernoulli(program: Program, steps: int, rate: float, seed: int = 7) -> dict[str, IntArray]:
    """Random binary input of one sample, ``(1, T, *shape)``."""
    rng = np.random.default_rng(seed)
    return {node.name: (rng.random((1, steps, *node.shape)) < rate).astype(np.int64) for node in program.inputs}


def has_memory(population: Population) -> bool:
    """Whether a population has a membrane that lasts: it is neither a relay nor a gate."""
    return population.kind == "cuba-lif" and population.membrane_decay != 4096


def outputs(population: Population, arrived: IntArray, numerics: Numerics) -> IntArray:
    """What a population sends on the input ``arrived``; both ``(1, T, *shape)``."""
    state = initial_state(population, 1)
    return np.stack([step(population, state, arrived[:, t], numerics).output for t in range(arrived.shape[1])], axis=1)


def rate(sent: IntArray) -> float:
    """Share of neurons and steps with a message, without the first steps."""
    return float((sent[:, SETTLE:] != 0).mean())


def bisect(fires: Callable[[int], float], target: float, highest: int) -> int:
    """The threshold whose rate comes closest to ``target``; rates fall as thresholds rise."""
    low, high = 0, highest
    while high - low > max(1, low // 64):
        middle = (low + high) // 2
        low, high = (middle, high) if fires(middle) > target else (low, middle)
    return high
