"""Masks of cells; one that marks none takes no memory, and is known as such."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Mask = NDArray[np.bool_]
FALSE = bytes(1)
"""The one cell that masks without a mark consist of."""


def nowhere(shape: tuple[int, ...]) -> Mask:
    """A mask that marks no cell."""
    return np.ndarray(shape, np.bool_, FALSE, strides=(0,) * len(shape))


def is_nowhere(mask: Mask) -> bool:
    """Whether a mask is one that ``nowhere`` made, or has no cell at all."""
    return mask.base is FALSE or not mask.size


def marked(mask: Mask) -> int:
    """How many cells a mask marks."""
    return 0 if is_nowhere(mask) else int(np.count_nonzero(mask))


def differing(first: Array, second: Array) -> Mask:
    """Where two arrays of one shape differ: ``nowhere``, or a mask that marks a cell."""
    mask = _unequal(first, second)
    return mask if mask.view(np.uint8).max(initial=0) else nowhere(mask.shape)


def _unequal(first: Array, second: Array) -> Mask:
    """Bytes with and without a sign are compared as they are, where none is negative."""
    if {first.dtype, second.dtype} == {np.dtype(np.int8), np.dtype(np.uint8)}:
        signed = first if first.dtype == np.int8 else second
        if signed.min(initial=0) >= 0:
            return first.view(np.uint8) != second.view(np.uint8)
    return first != second
