"""What one node sent in a block, counted once however many ask."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurodeploy.counting.lying import lying

Array = NDArray[Any]
BYTE = 255
"""Steps in which a neuron may send something while a byte still counts them."""


class Sent:
    """Counts of an array ``(B, T, *shape)``; ``total`` and ``range`` are those of integers."""

    def __init__(self, output: Array) -> None:
        self._output = output

    @cached_property
    def range(self) -> tuple[int, int]:
        """The smallest and the largest integer; 0 and 0 where there is none."""
        flat = self._flat
        if not flat.size or (flat.itemsize == 1 and not flat.view(np.uint8).max()):
            return 0, 0
        return int(flat.min()), int(flat.max())

    @cached_property
    def steps(self) -> NDArray[np.int64]:
        """How many cells of every step are not 0, ``(B, T)``."""
        if self._output.dtype.kind in "biu" and self.range == (0, 0):
            return np.zeros(self._output.shape[:2], np.int64)
        flat = self._flat.view(np.bool_) if self.ones and self._flat.itemsize == 1 else self._flat  # counted faster
        rows = [[np.count_nonzero(row) for row in sample] for sample in flat]
        return np.array(rows, np.int64).reshape(self._output.shape[:2])

    @cached_property
    def cells(self) -> int:
        """How many cells are not 0."""
        return int(self.steps.sum())

    @cached_property
    def total(self) -> int:
        """The sum of all integers."""
        return self.cells if self.ones else int(self._output.sum(dtype=np.int64))

    @cached_property
    def neurons(self) -> NDArray[np.integer[Any]]:
        """How many cells of every neuron are not 0, ``shape``."""
        shape = self._output.shape
        if self._output.dtype.kind in "biu" and self.range == (0, 0):
            return np.zeros(shape[2:], np.uint8)
        ones = self._output if self.ones and self._output.itemsize == 1 else self._output != 0
        sent = ones.view(np.uint8)
        if shape[0] * shape[1] <= BYTE:
            return np.add.reduce(sent, axis=(0, 1), dtype=np.uint8)
        counts = np.zeros(shape[2:], np.int64)
        for sample in sent:
            for first in range(0, shape[1], BYTE):
                counts += np.add.reduce(sample[first : first + BYTE], axis=0, dtype=np.uint8)
        return counts

    @property
    def ones(self) -> bool:
        """Whether every cell is 0 or 1."""
        return self._output.dtype.kind in "biu" and self.range[0] >= 0 and self.range[1] <= 1

    @cached_property
    def _flat(self) -> Array:
        return lying(self._output)
