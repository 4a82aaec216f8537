"""Static worst case of one projection's weighted sum, exact in integers, without running its windows."""

from __future__ import annotations

import numpy as np

from neurodeploy.program.projection import Projection

Range = tuple[int, int]
INT64: Range = (-(1 << 63), (1 << 63) - 1)


def sum_range(projection: Projection, low: int, high: int) -> Range | None:
    """Smallest and largest sum of weights times messages before any shift, when messages lie in ``low .. high``.

    Silence (0) always counts as possible. At the border of a window fewer weights act, which the range includes.
    None where it does not fit 64 bits.
    """
    low, high = (0, 1) if projection.message_bits == 1 else (min(low, 0), max(high, 0))
    weights = projection.weights
    if projection.kind == "sum-pool":
        weights = weights.reshape(1, -1)
    weights = weights.reshape(weights.shape[0], -1)
    largest = max(-int(weights.min(initial=0)), int(weights.max(initial=0)))
    if largest * weights.shape[1] >= 1 << 62:
        return None
    positive = np.maximum(weights, 0).sum(axis=1)
    negative = np.minimum(weights, 0).sum(axis=1)
    rows = [(int(p), int(n)) for p, n in zip(positive, negative, strict=True)]
    least = min((p * low + n * high for p, n in rows), default=0)
    most = max((p * high + n * low for p, n in rows), default=0)
    return (least, most) if INT64[0] <= least and most <= INT64[1] else None
