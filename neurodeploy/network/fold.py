"""Batch normalization folded into the convolution or dense layer before it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


def fold_batch_norm(
    weight: Array, bias: Array | None, gamma: Array, beta: Array, mean: Array, variance: Array, eps: float
) -> tuple[Array, Array]:
    """Weight and bias of one layer equal to layer, then batch normalization with running statistics.

    ``y = gamma * (W x + b - mean) / sqrt(variance + eps) + beta``; ``weight`` is ``(C_out, ...)``,
    all others ``(C_out,)``. Computed in float64.
    """
    factor = np.asarray(gamma, np.float64) / np.sqrt(np.asarray(variance, np.float64) + eps)
    offset = np.zeros_like(factor) if bias is None else np.asarray(bias, np.float64)
    folded = np.asarray(weight, np.float64) * factor.reshape(-1, *[1] * (weight.ndim - 1))
    return folded, (offset - np.asarray(mean, np.float64)) * factor + np.asarray(beta, np.float64)
