"""Dense weights that lava-dl's importer ``netx`` (0.6.0) cannot pack into 8 bits without changing them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

TOP = 255


def packing_fault(weights: NDArray[np.int64]) -> tuple[str, bool] | None:
    """How ``netx`` would change dense integer weights, and whether smaller ones would help; None if it keeps them."""
    low, high = int(weights.min()), int(weights.max())
    if low == high == 0:
        return "netx fails on weights that are all zero", False
    if high <= 0 and (-low).bit_count() == 1:
        return f"netx loses a unit where no weight is positive and the least is {low}", False
    if low < 0 < high and (low < -TOP - 1 or high > TOP - 1 or np.any(weights % 2)):
        return "mixed weights leave the even 8-bit grid", True
    if max(-low, high) > TOP and not low < 0 < high:
        return f"a weight of {max(-low, high)}, netx packs up to {TOP}", True
    return None
