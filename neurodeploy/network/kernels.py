"""Kernels in an equal form that nir 1.0.8 accepts: without groups, and square."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurodeploy.window import Shape

Array = NDArray[Any]


def ungroup(weight: Array, groups: int) -> Array:
    """The equal full kernel of a grouped one: zeros between the groups."""
    if groups == 1:
        return weight
    out, per_group = weight.shape[0] // groups, weight.shape[1]
    full = np.zeros((weight.shape[0], per_group * groups, *weight.shape[2:]), weight.dtype)
    for g in range(groups):
        rows = slice(g * out, (g + 1) * out)
        full[rows, g * per_group : (g + 1) * per_group] = weight[rows]
    return full


def square(weight: Array, padding: Shape, dilation: Shape) -> tuple[Array, Shape]:
    """An equal square kernel: zero rows or columns on both sides, and that much more padding.

    Where the two sizes differ by an odd number no symmetric form exists and the kernel is returned as it is.
    """
    size = max(weight.shape[2:])
    missing = [size - k for k in weight.shape[2:]]
    if not any(missing) or any(m % 2 for m in missing):
        return weight, padding
    sides = [(m // 2, m // 2) for m in missing]
    grown = tuple(p + d * (m // 2) for p, d, m in zip(padding, dilation, missing, strict=True))
    return np.pad(weight, [(0, 0), (0, 0), *sides]), grown
