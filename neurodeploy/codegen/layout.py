"""How neurons lie in memory: channels last, so that the weights of a window for all channels are one run."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

import numpy as np
from numpy.typing import NDArray

IntArray = NDArray[np.int64]
Shape = tuple[int, ...]


@dataclass(frozen=True)
class Layout:
    """A population of shape ``(C, *space)``, stored as ``(*space, C)``; a vector is stored as it is."""

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
