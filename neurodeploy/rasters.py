"""Distances between what two runs of one node sent."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


def jaccard(expected: Array, actual: Array) -> float:
    """Sum of minima over sum of maxima, over all cells; 1 when both sides are silent."""
    union = float(np.maximum(expected, actual).sum())
    return float(np.minimum(expected, actual).sum()) / union if union else 1.0


def relative_rms(expected: Array, actual: Array) -> float:
    """Root mean square of the difference over that of the expected values; 0 when both are silent."""
    norm = float(np.sqrt(np.mean(np.square(expected))))
    error = float(np.sqrt(np.mean(np.square(actual - expected))))
    return error / norm if norm else error
