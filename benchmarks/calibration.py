"""Thresholds for a wanted activity, layer by layer, on a small copy of the network.

Each LIF population is stepped by the reference's own rule on what really arrives there, and its threshold is bisected
until the wanted share of neurons fires per step. Convolutions look the same everywhere, so what is found on a small
image holds on a large one.
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
"""Steps that are run, and those at the start that do not count: membranes still fill."""
SAMPLE = 8192
"""Neurons of a population that are looked at."""
IntArray = NDArray[np.int64]
Thresholds = dict[str, int]


def calibrate(build: Callable[[Thresholds], Program], activity: float, given: float = 0.02) -> Thresholds:
    """Thresholds with which every LIF population that has a memory fires at ``activity``; inputs fire at ``given``."""
    start = build({})
    drawn = bernoulli(start, STEPS, given)
    if any(each.delay for each in start.projections):
        return _recurrent(build, drawn, activity)
    sent: dict[str, IntArray] = {name: array.astype(np.int64) for name, array in drawn.items()}
    found: Thresholds = {}
    for name in start.order:
        population = start.by_name[name]
        arrived = np.stack(
            [accumulated(start.numerics, population, start.into(name), sent, t) for t in range(STEPS)], axis=1
        )
        if has_memory(population):
            found[name] = threshold_for(population, arrived, activity, start.numerics)
            population = replace(population, threshold=found[name])
        sent[name] = outputs(population, arrived, start.numerics)
    return found


def threshold_for(population: Population, arrived: IntArray, activity: float, numerics: Numerics) -> int:
    """The threshold at which the population fires at ``activity`` on what arrives; some neurons speak for all."""
    cells = arrived.reshape(1, arrived.shape[1], -1)
    some = cells[..., :: max(1, cells.shape[-1] // SAMPLE) | 1]
    few = replace(population, shape=some.shape[2:])

    def fires(threshold: int) -> float:
        return rate(outputs(replace(few, threshold=threshold), some, numerics))

    return bisect(fires, activity, numerics.threshold_max)


def _recurrent(build: Callable[[Thresholds], Program], drawn: Mapping[str, IntArray], activity: float) -> Thresholds:
    """One threshold for the one population of a loop, found by running the whole."""
    name = build({}).populations[0].name

    def fires(threshold: int) -> float:
        return rate(run_program(build({name: threshold}), drawn)[name].output)

    return {name: bisect(fires, activity, build({}).numerics.threshold_max)}


def bernoulli(program: Program, steps: int, rate: float, seed: int = 7) -> dict[str, IntArray]:
    """Random binary input of one sample, ``(1, T, *shape)``."""
    rng = np.random.default_rng(seed)
    return {each.name: (rng.random((1, steps, *each.shape)) < rate).astype(np.int64) for each in program.inputs}


def has_memory(population: Population) -> bool:
    """Whether it is a neuron proper: not a relay, not a gate."""
    return population.kind == "cuba-lif" and population.membrane_decay != 4096


def outputs(population: Population, arrived: IntArray, numerics: Numerics) -> IntArray:
    """What a population sends, ``(1, T, *shape)``, on what arrives."""
    state = initial_state(population, 1)
    return np.stack([step(population, state, arrived[:, t], numerics).output for t in range(arrived.shape[1])], axis=1)


def rate(sent: IntArray) -> float:
    """Share of cells that are not silent, once settled."""
    return float((sent[:, SETTLE:] != 0).mean())


def bisect(fires: Callable[[int], float], wanted: float, highest: int) -> int:
    """The threshold whose rate comes closest to ``wanted``; rates fall as thresholds rise."""
    low, high = 0, highest
    while high - low > max(1, low // 64):
        middle = (low + high) // 2
        low, high = (middle, high) if fires(middle) > wanted else (low, middle)
    return high
