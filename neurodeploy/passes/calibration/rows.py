"""The choice for one row: the worth of a level, the integers, and what is left to bias and threshold.

Rules:

1. Candidates are worths of a level from that at which the largest weight is the last level down to one at which the
   largest weights are clipped, the more the fewer bits there are.
2. For each, the weights are rounded so that later ones make up for earlier ones; bias and threshold, which are not
   rounded here, take what is left.
3. The candidate with the smallest squared error of the membrane wins.
4. Where the messages come from integers that differ from the float network's, the weights are first fitted, with a
   small ridge, to the float network's membrane.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from neurodeploy.passes.calibration.rounding import Levels, factor, rounded

Array = NDArray[np.float64]
DAMPING = 0.03
CANDIDATES = 14
CLIPPING = {2: 7.0, 3: 4.5, 4: 3.2, 5: 2.6, 6: 2.2, 7: 1.9}
LEAST_CLIPPING = 1.7
LOOSE = 1e-3
"""Ridge of bias and threshold, as a share of their own moments."""


@dataclass(frozen=True, eq=False)
class Moments:
    """Second moments of the features of a row: of ``n`` inputs, and of ``m`` constants (bias, and threshold if free).

    - ``inputs`` ``(n, n)``, ``mixed`` ``(n, m)``, ``constants`` ``(m, m)``.
    - ``missed`` ``(n + m,)``: the features times what the membrane of the row lacks to that of the float network.
    """

    inputs: Array
    mixed: Array
    constants: Array
    missed: Array

    @staticmethod
    def of(inputs: Array, constants: Array, missing: Array) -> Moments:
        """Of features ``(N, n)`` and ``(N, m)``, and of what the membrane lacks in each line ``(N,)``."""
        lines = max(len(inputs), 1)
        features = np.concatenate([inputs, constants], axis=1)
        both = constants.T @ constants / lines
        both[np.diag_indices(len(both))] *= 1 + LOOSE
        both[np.diag_indices(len(both))] += 1e-9
        return Moments(inputs.T @ inputs / lines, inputs.T @ constants / lines, both, features.T @ missing / lines)

    @property
    def reduced(self) -> Array:
        """Moments of the inputs when bias and threshold take what they can."""
        return self.inputs - self.mixed @ np.linalg.solve(self.constants, self.mixed.T)

    def fitted(self, weights: Array) -> tuple[Array, Array]:
        """The weights, and changes of the constants, that lessen what is missing (ridge regression)."""
        n = len(weights)
        whole = np.block([[self.inputs, self.mixed], [self.mixed.T, self.constants]])
        ridge = np.full(n, DAMPING * max(float(np.diag(self.inputs).mean()), 1e-12))
        damped = whole + np.diag([*ridge, *np.zeros(len(self.constants))])
        change = np.asarray(np.linalg.solve(damped, self.missed), np.float64)
        return weights + change[:n], change[n:]

    def absorbed(self, error: Array) -> Array:
        """The changes of bias and threshold that best make up for an ``error`` ``(n,)`` of the weights."""
        return -np.asarray(np.linalg.solve(self.constants, self.mixed.T @ error), np.float64)


@dataclass(frozen=True, eq=False)
class Row:
    """What was chosen: ``integers`` ``(n,)``, the ``worth`` of one, and changes ``(m,)`` of the constants."""

    integers: Array
    worth: float
    changes: Array


def worths(largest: float, bits: int) -> Array:
    """Candidates for the worth of a level, from the ``largest``, at which nothing is clipped."""
    return largest / np.geomspace(1.0, CLIPPING.get(bits, LEAST_CLIPPING), CANDIDATES)


def unclipped(weights: Array, levels: Levels) -> float:
    """The smallest worth of a level at which none of the ``weights`` is clipped."""
    ends = np.where(weights > 0, levels.high, levels.low) * levels.size
    used = np.divide(weights, ends, out=np.zeros_like(weights), where=ends != 0)
    return float(used.max(initial=0.0))


def candidates(weights: Array, moments: Moments, levels: Levels, units: Array) -> tuple[Array, Array]:
    """Integers ``(K, n)`` of the row for each worth in ``units`` ``(K,)``, and their squared errors ``(K,)``.

    Where rounding each weight to its nearest level is better, it is that.
    """
    reduced = moments.reduced

    def errors(integers: Array) -> Array:
        away = integers * levels.size * units[:, None] - weights
        return np.einsum("ki,ij,kj->k", away, reduced, away)

    integers = rounded(weights, units, levels, *factor(reduced, DAMPING))
    nearest = levels.all_nearest(weights / (levels.size * units[:, None]))
    best = np.where((errors(integers) <= errors(nearest))[:, None], integers, nearest)
    return best, errors(best)
