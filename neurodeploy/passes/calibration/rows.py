"""The choices for one row: worths of a level, integers at each, and what is left to bias and threshold.

Rules:

1. What the integers should come to is the float network's weights, or weights fitted to its membrane (ridge
   regression): messages from integers are not those of the float network, and decays are rounded. Fits differ in how
   far they trust what is missing; which one keeps the spikes is found by trying them (``populations``).
2. Worths of a level go from that at which the largest weight is the last level down to one at which the largest weights
   are clipped, the more the fewer bits there are. For a kernel of few weights they are many, some of them coarser.
3. For each, the weights are rounded so that later ones make up for earlier ones; bias and threshold, which are not
   rounded here, take what is left.
4. The worth with the smallest squared error of the membrane wins.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neurodeploy.passes.calibration.lines import Lines, Moments
from neurodeploy.passes.calibration.rounding import Levels, descended, factor, rounded, squared_errors

Array = NDArray[np.float64]
DAMPING = 0.03
DAMPINGS = (0.1, 1.0)
CANDIDATES = 10
"""Worths that are tried for a row of its own."""
MOST, EFFORT = 160, 8000
"""Worths that are tried for a row whose neurons share weights, at most, and how many of them times its weights."""
COARSER = 1.25
"""The largest worth that is tried for such a row, beside that at which nothing is clipped."""
CLIPPING = {2: 7.0, 3: 4.5, 4: 3.2, 5: 2.6, 6: 2.2, 7: 1.9}
LEAST_CLIPPING = 1.7
FINALISTS = 2
"""Candidates whose weights are moved level by level once all are rounded."""


WIDTH, LEAST_WIDTH, MOST_WIDTH = 6.0, 0.2, 1.0
"""How far from a decision lines count, in errors of plain rounding, within these ends (in thresholds)."""
USUAL = 3.0
"""How much may be missing, in errors of plain rounding, before it counts as a wrong spike of another neuron."""
NOTHING = 1e-5
"""Share of a threshold that counts as nothing missing."""


@dataclass(frozen=True, eq=False)
class Row:
    """What was chosen: ``integers`` ``(n,)``, the ``worth`` of one, and changes ``(m,)`` of the constants."""

    integers: Array
    worth: float
    changes: Array


@dataclass(frozen=True, eq=False)
class Tried:
    """A row at several worths of a level: one line of ``integers`` ``(K, n)`` and ``changes`` ``(K, m)`` for each.

    ``errors`` ``(K,)``: the squared errors of the membrane that are foreseen.
    """

    units: Array
    integers: Array
    changes: Array
    errors: Array

    def chosen(self, candidate: int | None = None) -> Row:
        """The row at one of its worths; without ``candidate`` at the one with the smallest error."""
        best = int(np.argmin(self.errors)) if candidate is None else candidate
        return Row(self.integers[best], float(self.units[best]), self.changes[best])


def worths(largest: float, bits: int, count: int = CANDIDATES) -> Array:
    """Candidates for the worth of a level: first the ``largest``, at which nothing is clipped, then finer ones.

    Where more than ``CANDIDATES`` are tried, a quarter of them is coarser: at some, the errors of few weights cancel.
    """
    coarser = np.geomspace(COARSER, 1.0, count // 4 if count > CANDIDATES else 0, endpoint=False)
    finer = np.geomspace(1.0, CLIPPING.get(bits, LEAST_CLIPPING), count - len(coarser))
    return np.concatenate([largest / finer, largest * coarser])


def count_for(fan_in: int, shared: bool) -> int:
    """How many worths are tried for a row of ``fan_in`` weights; ``shared``: neurons at many positions have them."""
    return min(max(EFFORT // fan_in, CANDIDATES), MOST) if shared else CANDIDATES


def unclipped(weights: Array, levels: Levels) -> float:
    """The smallest worth of a level at which none of the ``weights`` is clipped."""
    ends = np.where(weights > 0, levels.high, levels.low) * levels.size
    used = np.divide(weights, ends, out=np.zeros_like(weights), where=ends != 0)
    return float(used.max(initial=0.0))


def tried(
    weights: Array, lines: Lines, threshold: float, levels: Levels, units: Callable[[Array], Array]
) -> list[Tried]:
    """One entry per way to fit the weights of a row; the first is the weights as they are.

    ``units``: the worths of a level to try for weights.
    """
    error = _plain_error(lines, levels, float(units(weights)[0]))
    width = min(max(WIDTH * error / max(threshold, 1e-12), LEAST_WIDTH), MOST_WIDTH)
    moments = lines.moments(width)
    goals = [(weights, np.zeros(len(moments.constants)))]
    if np.abs(lines.missing).max(initial=0.0) > NOTHING * threshold:
        goals.append(lines.moments(width, USUAL * error + NOTHING * threshold).fitted(weights, DAMPINGS[0]))
        goals += [moments.fitted(weights, damping) for damping in DAMPINGS]
    worth = [units(goal) for goal, _ in goals]
    made = candidates(
        np.repeat([goal for goal, _ in goals], len(worth[0]), axis=0),
        moments,
        levels,
        np.concatenate(worth),
        len(goals),
    )
    return [
        Tried(part_units, integers, changes + absorbed, errors)
        for (_, changes), part_units, (integers, absorbed, errors) in zip(
            goals, worth, zip(*(np.split(part, len(goals)) for part in made), strict=True), strict=True
        )
    ]


def candidates(
    weights: Array, moments: Moments, levels: Levels, units: Array, goals: int
) -> tuple[Array, Array, Array]:
    """Integers ``(K, n)`` for ``weights`` ``(K, n)`` at the worths ``units`` ``(K,)``, with what is left to them.

    The lines belong to ``goals``, one after the other, as many to each; the best lines of each are refined.
    Returns them, the changes ``(K, m)`` of bias and threshold that make up for their errors, and the squared errors.
    """
    reduced = moments.reduced
    integers = rounded(weights, units, levels, *factor(reduced, DAMPING))
    nearest = levels.all_nearest(weights / (levels.size * units[:, None]))
    errors, others = (squared_errors(made, weights, units, levels, reduced) for made in (integers, nearest))
    best, errors = np.where((errors <= others)[:, None], integers, nearest), np.minimum(errors, others)
    few = np.argsort(errors.reshape(goals, -1), axis=1)
    few = (few[:, :FINALISTS] + np.arange(len(few))[:, None] * few.shape[1]).reshape(-1)
    best[few] = descended(best[few], weights[few], units[few], levels, reduced)
    errors[few] = squared_errors(best[few], weights[few], units[few], levels, reduced)
    return best, moments.absorbed(best * levels.size * units[:, None] - weights), errors


def _plain_error(lines: Lines, levels: Levels, worth: float) -> float:
    """The error of the membrane, if every weight is off by up to half a level."""
    steps = worth * levels.step * levels.size
    squares = np.square(lines.inputs).mean(axis=0, dtype=np.float64) if len(lines.inputs) else np.zeros(len(steps))
    return float(np.sqrt(np.sum(squares * steps**2) / 12))
