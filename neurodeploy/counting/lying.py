"""Arrays in the order in which they lie in memory: compiled code records channels last, and both numpy and the kernels
go through arrays many times faster as they lie."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurodeploy.engine.transposing import transpose
from neurodeploy.memory import Pool

Array = NDArray[Any]


def channels_last(array: Array) -> bool:
    """Whether the cells of a step, of an array ``(B, T, C, *places)``, lie as ``(*places, C)`` and not in rows."""
    if array.flags.c_contiguous or array.ndim < 4 or not array.size:
        return False
    step = array[0, 0]
    return not step.flags.c_contiguous and step.transpose(_moved(step.ndim, 0)).flags.c_contiguous


def lying(array: Array) -> Array:
    """``(B, T, *shape)`` as ``(B, T, neurons)``, the neurons as they lie."""
    ordered = array.transpose(_moved(array.ndim, 2)) if channels_last(array) else array
    return ordered.reshape(*array.shape[:2], prod(array.shape[2:]))


def in_rows(array: Array, pool: Pool | None = None) -> Array:
    """``(B, T, *shape)`` in row-major order; bytes that lie channels last get there many times faster than by numpy.

    ``pool``: where those then lie.
    """
    if array.itemsize == 1 and channels_last(array):
        room = np.empty if pool is None else pool.array
        rows, channels = room(array.shape, array.dtype), array.shape[2]
        if transpose(lying(array), rows, prod(array.shape[3:]), channels):
            return rows
    return np.ascontiguousarray(array)


def _moved(axes: int, channels: int) -> tuple[int, ...]:
    """All axes, that of the channels last."""
    return *range(channels), *range(channels + 1, axes), channels
