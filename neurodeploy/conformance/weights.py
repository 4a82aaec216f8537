"""Random weights on the grid of a machine."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from neurodeploy.conformance.draw import Draw
from neurodeploy.numerics import Numerics

Sign = Literal["mixed", "excitatory", "inhibitory"]


def largest_weight(n: Numerics) -> int:
    """The magnitude up to which weights are drawn; Loihi's sign modes reach it at one end only."""
    return 1 << n.weight_bits if n.weight_rule == "sign-magnitude" else (1 << (n.weight_bits - 1)) - 1


def draw_weights(
    draw: Draw, shape: tuple[int, ...], sign: Sign, size: int, density: float, n: Numerics
) -> NDArray[np.int64]:
    """Weights up to ``size`` in magnitude, a ``density`` of them not zero.

    In Loihi's sign modes, mixed: even values in [-256, 254]; excitatory: 0..255; inhibitory: -255..0.
    """
    kept = draw.mask(density, shape)
    if n.weight_rule == "twos-complement":
        most = max(1, min(size, largest_weight(n)))
        low, high = {"mixed": (-most, most), "excitatory": (0, most), "inhibitory": (-most, 0)}[sign]
        return np.where(kept, draw.integers(low, high, shape), 0)
    if sign == "mixed":
        half = max(1, size // 2)
        weights = 2 * draw.integers(-half, half - 1, shape)
        weights = np.where(weights >= 0, weights + 2 * (half < 128), weights)
    else:
        weights = draw.integers(1, max(1, min(size, 255)), shape)
        weights = -weights if sign == "inhibitory" else weights
    weights = np.where(kept, weights, 0)
    if sign == "mixed" and not (weights > 0).any():
        return np.maximum(weights, -254)  # without a positive weight it counts as inhibitory, which ends at -255
    return weights


def one_to_one(size: int, weight: int) -> NDArray[np.int64]:
    """A dense identity of this weight."""
    return weight * np.eye(size, dtype=np.int64)
