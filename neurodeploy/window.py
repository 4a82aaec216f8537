"""Windows of convolutions and poolings: their attributes per axis, and the size of the map they leave."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

Shape = tuple[int, ...]


def per_axis(value: Any, axes: int = 2) -> Shape:
    """An attribute of a window (stride, padding, ...) as one integer per axis; a single number holds for all axes."""
    items = np.ravel(np.asarray(value)).tolist()
    return tuple(int(item) for item in (items * axes if len(items) == 1 else items))


def on_plane(values: Shape, missing: int) -> tuple[int, int]:
    """(height, width) of an attribute per axis; a single axis is the width, and the height is ``missing``."""
    return (missing, values[0]) if len(values) == 1 else (values[0], values[1])


def outputs_along(size: int, kernel: int, stride: int = 1, padding: int = 0, dilation: int = 1) -> int:
    """How many outputs a window gives along an axis of ``size``, as PyTorch counts them; below 1 where it is too large.

    ``padding``: zeros added on each of the two sides.
    """
    return (size + 2 * padding - dilation * (kernel - 1) - 1) // stride + 1


def window_output(size: Sequence[int], kernel: Shape, stride: Shape, padding: Shape, dilation: Shape) -> Shape:
    """Size of the map that a window leaves of a map of ``size``, one number per axis each."""
    axes = zip(size, kernel, stride, padding, dilation, strict=True)
    return tuple(outputs_along(*axis) for axis in axes)
