"""How neurons lie in memory: channels last, so that what a window adds for all its channels is one run."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

import numpy as np
from numpy.typing import NDArray

IntArray = NDArray[np.int64]
Shape = tuple[int, ...]


@dataclass(frozen=True)
class Layout:
    """A population's shape ``(C, *space)``, stored as ``(*space, C)``; vectors as they are."""

    shape: Shape

    @property
    def size(self) -> int:
        """Number of neurons."""
        return prod(self.shape)

    @property
    def channels(self) -> int:
        """Length of the last stored axis."""
        return self.shape[0] if len(self.shape) > 1 else 1

    @property
    def trivial(self) -> bool:
        """Whether the stored order is the row-major order of ``shape``."""
        return self.channels == 1 or self.size == self.channels

    @property
    def order(self) -> IntArray:
        """The row-major index of each stored neuron."""
        index = np.arange(self.size).reshape(self.shape)
        return (np.moveaxis(index, 0, -1) if self.shape else index).reshape(-1)

    @property
    def place(self) -> IntArray:
        """The stored place of each row-major index."""
        return np.argsort(self.order)
