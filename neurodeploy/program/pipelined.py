"""When each population acts on a machine that delivers spikes of neurons one step later, and those of inputs at once.

A Program has no latency: what an undelayed projection carries arrives in the same step. On such a machine (Xylo) only a
projection of delay 1 does without latency; behind one of delay 0 a population acts one step later than its source.
There are no other delays, so all paths into a population must agree. Rules:

1. All inputs act together, and with them every population that an input reaches at once.
2. Behind a neuron, ``latency[target] = latency[source] + 1 - delay``.
3. The earliest of those that are joined acts at step 0: where that is a population that no input reaches, inputs wait.
4. A population that acts L steps late runs L steps on nothing but its bias first: it starts in the state these leave.
   Where it feeds others it must not fire in them.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from neurodeploy.numerics import Numerics
from neurodeploy.program.population import Population
from neurodeploy.program.program import Program
from neurodeploy.program.projection import Projection

IntArray = NDArray[np.int64]


def pipelined_latencies(program: Program) -> tuple[dict[str, int], tuple[Projection, ...]]:
    """Latency of every node in steps, and the projections that do not agree with it."""
    latency = dict.fromkeys(program.input_by_name, 0)
    latency |= {p.target: 0 for p in program.projections if p.source in program.input_by_name}
    latency = _from_zero(_joined(program, latency))
    for name in program.by_name:
        if name not in latency:
            latency |= _from_zero(_joined(program, {name: 0}))
    wrong = tuple(p for p in program.projections if latency[p.target] != latency[p.source] + _least(program, p))
    return latency, wrong


def _least(program: Program, p: Projection) -> int:
    """By how many steps the target acts later than the source. An input cannot wait for one population alone."""
    return -p.delay if p.source in program.input_by_name else 1 - p.delay


def _from_zero(latency: dict[str, int]) -> dict[str, int]:
    first = min(latency.values(), default=0)
    return {name: steps - first for name, steps in latency.items()}


def _joined(program: Program, known: dict[str, int]) -> dict[str, int]:
    """``known`` latencies with those of every population that is joined to them, forward and backward."""
    latency, inner = dict(known), [p for p in program.projections if p.source in program.by_name]
    for _ in program.by_name:
        for p in inner:
            if p.source in latency and p.target not in latency:
                latency[p.target] = latency[p.source] + 1 - p.delay
            elif p.target in latency and p.source not in latency:
                latency[p.source] = latency[p.target] - 1 + p.delay
    return latency


def idle(population: Population, steps: int, numerics: Numerics) -> tuple[IntArray, bool]:
    """The membrane after ``steps`` steps from 0 on nothing but the bias, and whether a neuron fires in them.

    Of machines whose decays are shifts, whose membranes are clipped, and which reset by subtraction.
    """
    half = 1 << (numerics.membrane_bits - 1)
    bias, threshold, shift = (
        np.broadcast_to(np.asarray(value, np.int64), population.shape)
        for value in (population.bias, population.threshold, population.membrane_decay)
    )
    membrane, fired = np.zeros(population.shape, np.int64), False
    for _ in range(steps):
        part = membrane >> shift
        change = np.clip(bias - np.where(part == 0, np.sign(membrane), part), -half, half - 1)
        membrane = np.clip(membrane + change, -half, half - 1)
        spikes = np.clip(membrane // np.maximum(threshold, 1), 0, population.max_spikes_per_step)
        membrane = membrane - spikes * threshold
        fired = fired or bool(np.any(spikes))
    return membrane, fired


def start_of(population: Population, latency: Mapping[str, int], numerics: Numerics) -> int | IntArray:
    """The membrane that a population of that latency starts from; one number where all neurons have it."""
    membrane, _ = idle(population, latency[population.name], numerics)
    return int(membrane.flat[0]) if np.all(membrane == membrane.flat[0]) else membrane
