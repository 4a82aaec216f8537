"""Neurons that lie side by side and cannot be told apart, taken for one.

In a convolution of constants only the neurons at a border differ from their neighbors: what holds for one of each run
holds for all of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurodeploy.analysis.interval import Interval
from neurodeploy.program.population import PER_NEURON, Population

IntArray = NDArray[np.int64]
SHARE = 2
"""Neurons that a run must have on average for it to be worth its while."""


@dataclass(frozen=True, eq=False)
class Alike:
    """``population``: one neuron of every run; ``first``: their places; ``runs``: of every neuron, its run."""

    population: Population
    first: IntArray
    runs: IntArray
    shape: tuple[int, ...]

    def some(self, ends: Interval) -> Interval:
        """The interval of one neuron of every run."""
        return ends[0].reshape(-1)[self.first], ends[1].reshape(-1)[self.first]

    def every(self, ends: Interval) -> Interval:
        """The interval of every neuron, from one of every run."""
        return self._spread(ends[0]), self._spread(ends[1])

    def _spread(self, values: IntArray) -> IntArray:
        if values.strides == (0,):
            return np.broadcast_to(values[:1].reshape((1,) * len(self.shape)), self.shape)
        return values.take(self.runs).reshape(self.shape)


def alike(population: Population, arrived: Interval) -> Alike | None:
    """The runs of neurons that have the same constants and get the same; None where that would save nothing."""
    new = np.zeros(population.size, np.bool_)
    new[:1] = True
    for values in _told_by(population, arrived):
        new[1:] |= values[1:] != values[:-1]
    first = np.flatnonzero(new)
    if not len(first) or len(first) * SHARE > population.size:
        return None
    fields: dict[str, Any] = {
        key: value if isinstance(value, int) else _flat(value, population)[first]
        for key in PER_NEURON
        for value in (getattr(population, key),)
    }
    some = replace(population, shape=(len(first),), unit=1.0, **fields)
    return Alike(some, first, np.cumsum(new) - 1, population.shape)


def _told_by(population: Population, arrived: Interval) -> Iterator[IntArray]:
    """All that neurons may differ in, flat."""
    values = (*arrived, *(getattr(population, key) for key in PER_NEURON))
    yield from (_flat(array, population) for array in values if np.ndim(array) and any(np.asarray(array).strides))


def _flat(values: IntArray, population: Population) -> IntArray:
    return np.broadcast_to(values, population.shape).reshape(-1)
