"""Memory that is written again and again at known addresses, which numpy takes microseconds to tell."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


class Row(NamedTuple):
    """An array in one piece, where it lies, and how many bytes its parts along the first axis lie apart."""

    array: Array
    address: int
    stride: int

    @staticmethod
    def of(array: Array) -> Row:
        """An array as a row; a copy of it where it does not lie in one piece."""
        piece = np.ascontiguousarray(array)
        return Row(piece, piece.ctypes.data, piece.strides[0])


class Ring:
    """What a node sent in the last steps and sends in this one: ``[:, t]`` is that of step ``t``.

    - ``size``: steps that it holds, ``memory`` before this one.
    - ``silent``: by step modulo ``size``, whether it is known that the row holds zeros only.
    """

    def __init__(self, batch: int, shape: tuple[int, ...], memory: int) -> None:
        self._rows = [Row.of(array) for array in np.zeros((memory + 1, batch, *shape))]
        self.size = len(self._rows)
        self.silent = [True for _ in self._rows]

    def __getitem__(self, index: tuple[slice, int]) -> Array:
        return self.row(index[1]).array

    def row(self, t: int) -> Row:
        """The row of step ``t``."""
        return self._rows[t % self.size]
