"""Memory that is written again and again at known addresses, which numpy takes microseconds to tell."""

from __future__ import annotations

from math import prod
from typing import Any, NamedTuple
from weakref import ReferenceType, ref

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
ALIGNED, LINE = 64, 8
"""Bytes: a whole line of a cache, so that few vectors lie across two; and numbers."""
ANYTHING, ZEROS = range(2)
"""What is known of numbers: nothing, or that all are zero, and none a negative one."""


def aligned(shape: tuple[int, ...], dtype: Any = np.float64, memory: bytearray | None = None) -> Array:
    """An array without values that begins where a line of the cache does, in ``memory`` where that is given."""
    kind = np.dtype(dtype)
    size = prod(shape) * kind.itemsize
    room = np.empty(size + ALIGNED, np.uint8) if memory is None else np.frombuffer(memory, np.uint8)
    start = -room.ctypes.data % ALIGNED
    return room[start : start + size].view(kind).reshape(shape)


class Pool:
    """Memory of arrays that all are gone, to be used again: pages that the system gives anew cost time to clear."""

    def __init__(self) -> None:
        self._lent: dict[int, list[tuple[bytearray, ReferenceType[Array]]]] = {}

    def array(self, shape: tuple[int, ...], dtype: Any = np.float64) -> Array:
        """As ``aligned``. The memory stays its own as long as it, or any array that looks into it, is there."""
        size = prod(shape) * np.dtype(dtype).itemsize + ALIGNED
        lent = self._lent.setdefault(size, [])
        place = next((k for k, (_, user) in enumerate(lent) if user() is None), None)
        memory = bytearray(size) if place is None else lent.pop(place)[0]
        array = aligned(shape, dtype, memory)
        assert isinstance(array.base, np.ndarray)
        lent.append((memory, ref(array.base)))
        return array


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
