"""Memory that is written again and again at known addresses, which numpy takes microseconds to tell."""

from __future__ import annotations

from math import prod
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from neurodeploy.memory import aligned

Array = NDArray[Any]
LINE = 8
"""Numbers: a whole line of a cache."""
ANYTHING, ZEROS = range(2)
"""What is known of numbers: nothing, or that all are zero, and none a negative one."""


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
    """What a node sent in the last steps and sends in this one, ``(B, *shape)`` each: ``[:, t]`` is that of step ``t``.

    - ``slots``: steps that it holds, ``memory`` before this one; ``room``: numbers from one to the next.
    - ``known``: by step modulo ``slots``, what the kernels know of it; ``ANYTHING`` where somebody else writes there.
    """

    def __init__(self, batch: int, shape: tuple[int, ...], memory: int) -> None:
        self.slots, self.size = memory + 1, batch * prod(shape)
        self.room = -(-self.size // LINE) * LINE
        self.values = aligned((self.slots, self.room))
        self.values.fill(0.0)
        self.known = np.full(self.slots, ZEROS, np.uint8)
        self._rows = [row[: self.size].reshape(batch, *shape) for row in self.values]

    def __getitem__(self, index: tuple[slice, int]) -> Array:
        return self._rows[index[1] % self.slots]
