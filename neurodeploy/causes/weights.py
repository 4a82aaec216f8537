"""Which single weight, with another value, explains what one neuron did."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from math import log2

import numpy as np
from numpy.typing import NDArray

from neurodeploy.causes.hypothesis import HEALTHY, Hypothesis, Synapses
from neurodeploy.causes.replay import AT_ONCE, explained
from neurodeploy.causes.view import View
from neurodeploy.program.projection import Projection
from neurodeploy.reference.integer import decay, overflow
from neurodeploy.reference.synapse import integer_matmul

IntArray = NDArray[np.int64]
BITS = 8
"""Bits of a weight that may each be the other way."""


@dataclass(frozen=True, eq=False)
class _Column:
    """One synapse of the neuron and what it may weigh instead."""

    number: int
    projection: Projection
    place: int
    line: IntArray
    sums: IntArray
    others: IntArray
    amounts: tuple[int, ...]


def weight_hypotheses(view: View, stop: int) -> Iterator[Hypothesis]:
    """The changes of one weight that explain a view of a single neuron, whose first difference lies before ``stop``."""
    for number, projection in enumerate(view.projections):
        weights = projection.weights
        grain = int(np.gcd.reduce(weights, axis=None)) or 1
        columns = list(_columns(view, number, projection, grain, stop))
        trials = [(column, amount) for column in columns for amount in column.amounts]
        size = max(1, AT_ONCE // view.output.size)
        for first in range(0, len(trials), size):
            part = trials[first : first + size]
            received = np.stack([_received(view, column, amount) for column, amount in part])
            kept = np.flatnonzero(explained(view, [HEALTHY] * len(part), stop, received))
            kept = kept[explained(view, [HEALTHY] * len(kept), None, received[kept])]
            for index in kept:
                column, amount = part[index]
                yield _hypothesis(column, amount, grain)


def _columns(view: View, number: int, projection: Projection, grain: int, stop: int) -> Iterator[_Column]:
    reached = view.fan_in(projection)
    synapses = Synapses(number, projection)
    messages = view.messages(synapses, reached.lines)
    sums = integer_matmul(messages, reached.matrix.T).reshape(view.output.shape)
    lines = messages.reshape(*view.output.shape[:2], -1)
    others = view.received() - view.delivered(projection, sums)
    active = lines[:, :stop].any(axis=(0, 1))
    residual = _residual(view, projection)
    for column in np.flatnonzero(active):
        weight, line = int(reached.matrix[0, column]), lines[:, :, column : column + 1]
        amounts = {grain, -grain, 2 * grain, -2 * grain, -weight, -2 * weight, weight}
        for bit in {unit << k for unit in (1, grain) for k in range(BITS)}:
            size = (abs(weight) ^ bit) - abs(weight)
            amounts |= {size, -size} if weight == 0 else {int(np.sign(weight)) * size, (weight ^ bit) - weight}
        amounts |= _solved(residual, line)
        yield _Column(number, projection, int(reached.places[0, column]), line, sums, others, tuple(amounts - {0}))


def _residual(view: View, projection: Projection) -> IntArray | None:
    """By how much the current is off in every step, in units of the weights; None where it is not known."""
    numerics = view.program.numerics
    if view.u is None or numerics.accumulation != "sum" or projection.shift < 0:
        return None
    before = np.zeros_like(view.u)
    before[:, 1:] = view.u[:, :-1]
    before[:, 0] = view.population.initial_current
    if view.population.every_step:
        before[:] = view.population.initial_current
    decayed = decay(before, view.population.current_decay, numerics)
    return ((view.u - decayed >> numerics.state_shift) - view.received()) >> projection.shift


def _solved(residual: IntArray | None, line: IntArray) -> set[int]:
    """The one amount that the first residual asks for."""
    if residual is None:
        return set()
    cells = np.flatnonzero(residual)
    if not len(cells) or not line.flat[cells[0]]:
        return set()
    return {int(residual.flat[cells[0]]) // int(line.flat[cells[0]])}


def _received(view: View, column: _Column, amount: int) -> IntArray:
    numerics = view.program.numerics
    total = column.others + view.delivered(column.projection, column.sums + amount * column.line)
    return overflow(total, numerics.wide_bits, numerics.wide_overflow)


def _hypothesis(column: _Column, amount: int, grain: int) -> Hypothesis:
    projection = column.projection
    weights = projection.weights.copy()
    place = tuple(int(i) for i in np.unravel_index(column.place, weights.shape))
    weights[place] += amount
    change = f"{projection.name}: weight {place} {weights[place] - amount} → {weights[place]}"
    bits = log2(weights.size) + min(3.0, log2(1 + abs(amount) // grain))
    return Hypothesis("weights", change, bits, synapses=Synapses(column.number, replace(projection, weights=weights)))
