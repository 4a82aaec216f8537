"""Rounding in which later weights make up for the errors of earlier ones.

GPTQ (Frantar et al., arXiv:2210.17323), which is Optimal Brain Surgeon (Hassibi and Stork, 1993) for a grid of levels:
columns are rounded one after the other, and the error of each is spread over those that are still free, so that the
quadratic form of the second moments stays as small as it can.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Levels:
    """The levels of each of n weights: integers from ``low`` to ``high``, multiples of ``step``; each ``(n,)``.

    ``size``: what one unit of each weight is worth beside those of the others (powers of two, between paths).
    """

    low: Array
    high: Array
    step: Array
    size: Array

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
    """Integers ``(K, n)`` for real ``weights`` ``(n,)``, for each of the ``units`` ``(K,)`` that a level may be worth.

    ``order`` and ``upper``: as ``factor`` gives them.
    """
    left = np.repeat(weights[order][None], len(units), axis=0)
    integers = np.empty((len(units), len(weights)))
    for position, column in enumerate(order):
        worth = units * levels.size[column]
        integers[:, column] = levels.nearest(left[:, position] / worth, column)
        error = (left[:, position] - integers[:, column] * worth) / upper[position, position]
        left[:, position + 1 :] -= error[:, None] * upper[position, position + 1 :]
    return integers
