"""Rounding in which later weights make up for the errors of earlier ones.

GPTQ (Frantar et al., arXiv:2210.17323), which is Optimal Brain Surgeon (Hassibi and Stork, 1993) for a grid of levels:
columns are rounded one after the other, and the error of each is spread over those that are still free, so that the
quadratic form of the second moments stays as small as it can. Then single weights move by a level as long as that
lessens it (``descended``).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
MOVES = 1
"""Moves of a level that are tried, per weight, once all are rounded."""


@dataclass(frozen=True, eq=False)
class Levels:
    """The levels of each of n weights: integers from ``low`` to ``high``, multiples of ``step``; each ``(n,)``.

    ``size``: what one unit of each weight is worth beside those of the others (powers of two, between paths).
    """

    low: Array
    high: Array
    step: Array
    size: Array

    def of(self, used: NDArray[np.bool_]) -> Levels:
        """Those of some of the weights."""
        return Levels(self.low[used], self.high[used], self.step[used], self.size[used])

    def nearest(self, values: Array, column: int) -> Array:
        """The level nearest to each of ``values``, which are given in levels."""
        step = self.step[column]
        return np.clip(np.rint(values / step) * step, self.low[column], self.high[column])

    def all_nearest(self, values: Array) -> Array:
        """The level nearest to each of ``values`` ``(K, n)``."""
        return np.clip(np.rint(values / self.step) * self.step, self.low, self.high)


def factor(moments: Array, damping: float) -> tuple[NDArray[np.intp], Array]:
    """The order of the columns, and the upper Cholesky factor of the inverse of their damped second moments.

    ``moments``: ``(n, n)``. ``damping``: what is added to the diagonal, as a share of its mean.
    """
    diagonal = np.diag(moments)
    extra = max(damping * float(diagonal.mean()), np.finfo(np.float64).tiny ** 0.5)
    order = np.argsort(-diagonal, kind="stable")
    inverse = np.linalg.inv(moments[np.ix_(order, order)] + extra * np.eye(len(order)))
    return order, np.asarray(np.linalg.cholesky((inverse + inverse.T) / 2).T, np.float64)


def rounded(weights: Array, units: Array, levels: Levels, order: NDArray[np.intp], upper: Array) -> Array:
    """Integers ``(K, n)`` for real ``weights`` ``(K, n)``, each line at the worth of a level in ``units`` ``(K,)``.

    ``order`` and ``upper``: as ``factor`` gives them.
    """
    left = weights.T[order]
    integers = np.empty_like(left)
    for position, column in enumerate(order):
        worth = units * levels.size[column]
        integers[column] = levels.nearest(left[position] / worth, column)
        error = (left[position] - integers[column] * worth) / upper[position, position]
        left[position + 1 :] -= upper[position, position + 1 :, None] * error
    return integers.T.copy()


def descended(integers: Array, weights: Array, units: Array, levels: Levels, moments: Array) -> Array:
    """The integers ``(K, n)`` for ``weights`` ``(K, n)``, moved one by one by a level where that lessens the error."""
    integers, lines = integers.copy(), np.arange(len(units))
    move = levels.step * levels.size * units[:, None]
    gradient = (integers * levels.size * units[:, None] - weights) @ moments
    curvature = np.diag(moments) * move**2
    for _ in range(MOVES * weights.shape[1]):
        direction = -np.sign(gradient)
        after = integers + direction * levels.step
        gain = curvature - 2 * np.abs(gradient) * move
        gain[(after > levels.high) | (after < levels.low)] = np.inf
        best = gain.argmin(axis=1)
        moved = np.flatnonzero(gain[lines, best] < -1e-12 * curvature[lines, best])
        if len(moved) == 0:
            break
        columns = best[moved]
        integers[moved, columns] = after[moved, columns]
        gradient[moved] += (direction * move)[moved, columns][:, None] * moments[columns]
    return integers


def squared_errors(integers: Array, weights: Array, units: Array, levels: Levels, moments: Array) -> Array:
    """The mean squared error ``(K,)`` of the membrane."""
    away = integers * levels.size * units[:, None] - weights
    return np.sum(away @ moments * away, axis=1)
