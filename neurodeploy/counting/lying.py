"""Arrays in the order in which they lie in memory: compiled code records channels last, and both numpy and the kernels
go through arrays many times faster as they lie."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


def channels_last(array: Array) -> bool:
    """Whether the cells of a step, of an array ``(B, T, C, *places)``, lie as ``(*places, C)`` and not in rows."""
    if array.ndim < 4 or not array.size or array[0, 0].flags.c_contiguous:
        return False
    return np.moveaxis(array, 2, -1)[0, 0].flags.c_contiguous


def lying(array: Array) -> Array:
    """``(B, T, *shape)`` as ``(B, T, neurons)``, the neurons as they lie."""
    ordered = np.moveaxis(array, 2, -1) if channels_last(array) else array
    return ordered.reshape(*array.shape[:2], int(np.prod(array.shape[2:])))
