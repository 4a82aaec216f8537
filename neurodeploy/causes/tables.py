"""Which table of weights explains what arrived at neurons: solved, for a table may hold anything.

What arrived in every step is known where states were recorded, and of integrators and sums from what they send. With it
the weights are the unknowns of linear equations, one for every step, sample and neuron: far more than weights.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from math import log2

import numpy as np
from numpy.typing import NDArray

from neurodeploy.causes.hypothesis import Hypothesis, Synapses
from neurodeploy.causes.view import View
from neurodeploy.program.projection import Projection
from neurodeploy.reference.integer import decay
from neurodeploy.reference.synapse import integer_matmul

IntArray = NDArray[np.int64]
Mask = NDArray[np.bool_]
SPARE = 3
"""Distinct equations that are needed beyond one for each unknown: with as many as unknowns any record fits."""
NUDGES, PAIRED = 64, 24
"""Steps in which weights are moved by one to fit a rounded sum, and up to how many weights two are moved at once."""
MOST = 512
"""Unknown weights of one row."""
WORD = 8
"""Bits of one weight that is another."""


@dataclass(frozen=True, eq=False)
class Arrived:
    """What really arrived where it is ``known``; within ``slack`` where a sum was rounded; all ``(B, T, n)``."""

    amount: IntArray
    known: Mask
    slack: IntArray


def table_hypotheses(view: View) -> Iterator[Hypothesis]:
    """For every projection the weights that explain what arrived at the neurons of the view, where there are some."""
    arrived = _arrived(view)
    if arrived is None:
        return
    arrived.known[:, : view.skip] = False
    for number, projection in enumerate(view.projections):
        if projection.shift < 0:
            continue
        weights = _solved(view, Synapses(number, projection), arrived)
        if weights is not None and not np.array_equal(weights, projection.weights):
            yield _hypothesis(number, projection, weights)


def _arrived(view: View) -> Arrived | None:
    """What arrived, from what the neurons did."""
    population, n = view.population, view.program.numerics
    if n.accumulation != "sum" or n.integration != "sum":
        return None
    if population.kind == "relay":
        shift, output = population.shift, view.output
        inside = (output > population.output.low) & (output < population.output.high)
        amount = output << shift if shift > 0 else output >> -shift
        half = (1 << shift) // 2 if shift > 0 else 0
        return Arrived(amount - population.bias, inside, np.maximum(half - (output & 1), 0))
    current = view.u
    if current is None and population.kind == "li":
        before = _before(view, view.output, population.initial_membrane)
        current = view.output - decay(before, population.membrane_decay, n) - population.bias
    if current is None:
        return None
    came = current - decay(_before(view, current, population.initial_current), population.current_decay, n)
    return Arrived(came >> n.state_shift, came & ((1 << n.state_shift) - 1) == 0, np.zeros_like(came))


def _before(view: View, state: IntArray, first: int | IntArray) -> IntArray:
    before = np.empty_like(state)
    before[:, 0] = first
    before[:, 1:] = first if view.population.every_step else state[:, :-1]
    return before


def _solved(view: View, synapses: Synapses, arrived: Arrived) -> IntArray | None:
    """The table of one projection, the others being as they should."""
    projection = synapses.projection
    off = arrived.amount - view.received()
    wrong = (np.abs(off) > arrived.slack) & arrived.known
    whole = off & ((1 << projection.shift) - 1) == 0
    weights = projection.weights.copy()
    rows = _rows(view, projection)
    for row in np.unique(rows[wrong.any(axis=(0, 1))]):
        members = np.flatnonzero(rows == row)
        rounded = bool(arrived.slack.any())
        if not rounded and not whole[:, :, members][arrived.known[:, :, members]].all():
            return None
        matrix, places = _equations(view.only(members), synapses)
        if not 0 < len(places) <= MOST:
            return None
        kept = arrived.known[:, :, members].reshape(-1)
        amounts = (off[:, :, members] >> projection.shift).reshape(-1)
        slack = (arrived.slack[:, :, members] >> projection.shift).reshape(-1)
        change = _integers(matrix[kept], amounts[kept], slack[kept])
        if change is None:
            return None
        weights.flat[places] += change
    return weights


def _rows(view: View, projection: Projection) -> IntArray:
    """Which row of the table, or which kernel, each neuron reads."""
    if projection.kind == "sum-pool":
        return np.zeros(len(view.neurons), np.int64)
    if projection.kind in ("dense", "sparse"):
        return view.neurons
    return view.neurons // (view.whole.size // len(projection.weights))


def _equations(view: View, synapses: Synapses) -> tuple[IntArray, IntArray]:
    """The messages that every weight weighs, ``(B * T * n, weights)``, and the places of the weights."""
    reached = view.fan_in(synapses.projection)
    lines = view.messages(synapses, reached.lines)
    places = np.unique(reached.places[reached.places >= 0])
    matrix = np.zeros((len(lines), len(view.neurons), len(places)), np.int64)
    for neuron, row in enumerate(reached.places):
        taken = row >= 0
        matrix[:, neuron, np.searchsorted(places, row[taken])] = lines[:, taken]
    return matrix.reshape(-1, len(places)), places


def _integers(matrix: IntArray, amounts: IntArray, slack: IntArray) -> IntArray | None:
    """Integers ``x`` with ``matrix @ x == amounts``, or within ``slack``; None for none, or for too few equations."""
    active = np.flatnonzero(matrix.any(axis=0))
    equations = np.unique(np.column_stack([matrix[:, active], amounts]), axis=0)
    basis = active[_independent(equations[:, :-1].astype(np.float64))]
    if not len(basis) or len(equations) < len(basis) + SPARE:
        return None
    found = np.linalg.lstsq(matrix[:, basis].astype(np.float64), amounts.astype(np.float64), rcond=None)[0]
    result = np.zeros(matrix.shape[1], np.int64)
    result[basis] = np.rint(found).astype(np.int64)
    return _nudged(matrix, amounts, slack, result, basis)


def _nudged(matrix: IntArray, amounts: IntArray, slack: IntArray, start: IntArray, basis: IntArray) -> IntArray | None:
    """The integers near ``start`` that keep to the slack: those of ``basis`` are moved by one as long as that helps."""
    rounded = bool(slack.any())
    single = [sign * row for row in np.eye(matrix.shape[1], dtype=np.int64)[basis] for sign in (1, -1)]
    pairs = [a + b for a in single for b in single] if rounded and len(basis) <= PAIRED else []
    moves = np.array(single + pairs).T if rounded else np.zeros((matrix.shape[1], 0), np.int64)
    effects, result = integer_matmul(matrix, moves), start
    rest = integer_matmul(matrix, start[:, None])[:, 0] - amounts
    for _ in range(NUDGES):
        excess = np.maximum(np.abs(rest) - slack, 0).sum()
        if not excess:
            return result
        others = np.maximum(np.abs(rest[:, None] + effects) - slack[:, None], 0).sum(axis=0)
        if not len(others) or others.min() >= excess:
            return None
        result, rest = result + moves[:, others.argmin()], rest + effects[:, others.argmin()]
    return None


def _independent(matrix: NDArray[np.float64]) -> IntArray:
    """Columns that span all of them, by Gram and Schmidt."""
    basis: list[NDArray[np.float64]] = []
    kept: list[int] = []
    for column in range(matrix.shape[1]):
        rest = matrix[:, column].copy()
        length = float(np.linalg.norm(rest))
        for _ in range(2):
            for direction in basis:
                rest -= direction * float(direction @ rest)
        size = float(np.linalg.norm(rest))
        if size > 1e-7 * max(length, 1.0):
            basis.append(rest / size)
            kept.append(column)
    return np.array(kept, np.int64)


def _hypothesis(number: int, projection: Projection, weights: IntArray) -> Hypothesis:
    changed = np.argwhere(weights != projection.weights)
    first = tuple(int(i) for i in changed[0])
    words = f"{len(changed)} of {weights.size} are others, the first {first}: "
    words += f"{projection.weights[first]} → {weights[first]}"
    bits = len(changed) * (log2(weights.size) + WORD)
    synapses = Synapses(number, replace(projection, weights=weights))
    return Hypothesis("weights", f"{projection.name}: {words}", bits, synapses=synapses)
