"""NIR's memoryless nodes in float64."""

from __future__ import annotations

from typing import Any

import nir
import numpy as np
from numpy.typing import NDArray

from neurodeploy.errors import RefusedError
from neurodeploy.network.shapes import conv_padding, flattened
from neurodeploy.reference.synapse import convolve
from neurodeploy.window import per_axis

Array = NDArray[np.float64]


def apply_linear(node: Any, x: Array) -> Array:
    """What a memoryless node makes of ``x``, ``(B, *shape)``: NIR 1.0.8's equations; Input and Output pass it on.

    These equations hold at every instant, so they hold at every step as they stand, whatever the contract says.

    Raises RefusedError for a node that is none of them.
    """
    if isinstance(node, nir.Conv1d | nir.Conv2d):
        space = node.weight.ndim - 2
        weight = np.asarray(node.weight, np.float64)
        out = convolve(
            x,
            weight,
            per_axis(node.stride, space),
            conv_padding(node),
            per_axis(node.dilation, space),
            int(node.groups),
        )
        return out + bias_of(node).reshape(-1, *[1] * space)
    if isinstance(node, nir.Affine | nir.Linear):
        return x @ np.asarray(node.weight, np.float64).T + bias_of(node)
    if isinstance(node, nir.Scale):
        return x * np.asarray(node.scale, np.float64)
    if isinstance(node, nir.SumPool2d | nir.AvgPool2d):
        return _pool(node, x)
    if isinstance(node, nir.Flatten):
        start, end = flattened(node, x.ndim - 1)
        return x.reshape(*x.shape[: start + 1], -1, *x.shape[end + 2 :])
    if isinstance(node, nir.Input | nir.Output):
        return x
    raise RefusedError(f"a {type(node).__name__} has no meaning here", "network", "replace it by a supported node")


def bias_of(node: Any) -> Array:
    """The bias of a layer, zeros where it has none: one value per output."""
    bias: Any = getattr(node, "bias", None)
    return np.zeros(node.weight.shape[0]) if bias is None else np.asarray(bias, np.float64)


def _pool(node: Any, x: Array) -> Array:
    kernel = per_axis(node.kernel_size)
    value = 1.0 if isinstance(node, nir.SumPool2d) else 1.0 / (kernel[0] * kernel[1])
    channels = x.shape[1]
    weight = np.full((channels, 1, *kernel), value)
    return convolve(x, weight, per_axis(node.stride), per_axis(node.padding), (1, 1), channels)
