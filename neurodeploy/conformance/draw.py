"""Seeded draws that read well and rest on the two most stable methods of ``numpy.random.Generator``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

T = TypeVar("T")


class Draw:
    """A PCG64 stream; ``key`` separates the streams of different purposes."""

    def __init__(self, *key: int) -> None:
        self._rng = np.random.Generator(np.random.PCG64(list(key)))

    def chance(self, probability: float) -> bool:
        """True with this probability."""
        return float(self._rng.random()) < probability

    def between(self, low: int, high: int) -> int:
        """An integer in ``low .. high``, both included."""
        return int(self._rng.integers(low, high + 1))

    def pick(self, options: Sequence[T]) -> T:
        """One of the options, all equally likely."""
        return options[self.between(0, len(options) - 1)]

    def weighted(self, options: Mapping[T, int]) -> T:
        """One of the options, as likely as its weight says."""
        rest = self.between(0, sum(options.values()) - 1)
        for option, weight in options.items():
            if rest < weight:
                return option
            rest -= weight
        return next(iter(options))

    def integers(self, low: int, high: int, shape: tuple[int, ...]) -> NDArray[np.int64]:
        """Integers in ``low .. high``, both included."""
        return self._rng.integers(low, high + 1, size=shape, dtype=np.int64)

    def mask(self, probability: float, shape: tuple[int, ...]) -> NDArray[np.bool_]:
        """True with this probability in each cell."""
        return self._rng.random(shape) < probability
