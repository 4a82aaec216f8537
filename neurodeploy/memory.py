"""Memory that is used again and again: pages that the system gives anew cost time to clear."""

from __future__ import annotations

from math import prod
from typing import Any
from weakref import ReferenceType, ref

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
ALIGNED = 64
"""Bytes: a whole line of a cache, so that few vectors lie across two."""
SMALL = 1 << 15
"""Bytes of an array for which memory is not kept: the system need not give new pages for it."""
WASTE = 2
"""An array may lie in memory that has room for so many of it: the last steps of a run are fewer."""


def aligned(shape: tuple[int, ...], dtype: Any = np.float64, memory: memoryview | None = None) -> Array:
    """An array without values that begins where a line of the cache does, in ``memory`` where that is given."""
    kind = np.dtype(dtype)
    size = prod(shape) * kind.itemsize
    room = np.empty(size + ALIGNED, np.uint8) if memory is None else np.frombuffer(memory, np.uint8)
    start = -room.ctypes.data % ALIGNED
    return room[start : start + size].view(kind).reshape(shape)


class Pool:
    """Memory of arrays that all are gone, to be used again. One thread at a time may use it."""

    def __init__(self) -> None:
        self._lent: dict[int, list[tuple[memoryview, ReferenceType[Array]]]] = {}

    def array(self, shape: tuple[int, ...], dtype: Any = np.float64) -> Array:
        """As ``aligned``. The memory stays its own as long as it, or any array that looks into it, is there."""
        size = prod(shape) * np.dtype(dtype).itemsize + ALIGNED
        if size < SMALL:
            return aligned(shape, dtype)
        memory = self._free(size)
        if memory is None:
            larger = (other for other in self._lent if size < other <= WASTE * size)
            memory = next((free for other in larger if (free := self._free(other)) is not None), None)
        if memory is None:
            memory = np.empty(size, np.uint8).data
        array = aligned(shape, dtype, memory)
        assert isinstance(array.base, np.ndarray)
        self._lent.setdefault(len(memory), []).append((memory, ref(array.base)))
        return array

    def _free(self, size: int) -> memoryview | None:
        """Memory of that size which nobody uses, no longer among those that are lent."""
        lent = self._lent.get(size, [])
        place = next((k for k, (_, user) in enumerate(lent) if user() is None), None)
        return None if place is None else lent.pop(place)[0]
