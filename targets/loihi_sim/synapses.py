"""Projections as Lava's Dense, Sparse and Conv processes, and the delay lines between them.

Every synapse process delivers one step late. A projection that must wait longer takes its messages from a delay line
behind its source: identity synapses of one step each, shared by all projections of that source.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurodeploy.program import Projection
from neurodeploy.window import on_plane

from .layout import Layout, Space

IntArray = NDArray[np.int64]
GRADED_BITS = 24


@dataclass(frozen=True)
class Process:
    """A Lava synapse process: its parameters, and its arrays by parameter name."""

    process: str
    parameters: dict[str, Any] = field(default_factory=dict[str, Any])
    arrays: Mapping[str, NDArray[Any]] = field(default_factory=dict[str, NDArray[Any]])


def sign_mode(weights: IntArray) -> str:
    """Lava's sign mode of a weight array; all zeros are excitatory."""
    if weights.min(initial=0) >= 0:
        return "EXCITATORY"
    return "INHIBITORY" if weights.max(initial=0) <= 0 else "MIXED"


def message_bits(bits: int) -> int:
    """Lava writes binary messages as 0 bits."""
    return 0 if bits == 1 else bits


def matrix(projection: Projection, source: Layout, target: Layout) -> Process:
    """A Dense or Sparse process; rows and columns in the order of the Lava neurons."""
    weights = projection.weights[target.order()][:, source.order()]
    parameters = {
        "weight_exp": projection.shift,
        "num_weight_bits": 8,
        "num_message_bits": message_bits(projection.message_bits),
        "sign_mode": sign_mode(weights),
    }
    if projection.kind == "dense":
        return Process("Dense", parameters, {"weights": weights.astype(np.int16)})
    return Process("Sparse", {**parameters, "shape": list(weights.shape)}, compressed_rows(weights))


def compressed_rows(weights: IntArray) -> dict[str, NDArray[Any]]:
    """The three arrays of a compressed sparse row matrix."""
    rows, columns = np.nonzero(weights)
    starts = np.concatenate([[0], np.cumsum(np.bincount(rows, minlength=len(weights)))])
    return {
        "data": weights[rows, columns].astype(np.int16),
        "indices": columns.astype(np.int32),
        "indptr": starts.astype(np.int32),
    }


def convolution(projection: Projection, before: Space) -> Process:
    """A Conv process: Lava convolves (flipped kernels) over (W, H, C) with kernels (C_out, kx, ky, C_in / groups).

    It ignores exponents, so the shift stands in the kernel.
    """
    weights, groups = projection.weights, projection.groups
    if projection.kind == "sum-pool":
        groups = before[0]
        weights = np.broadcast_to(weights, (groups, 1, *weights.shape))
    if weights.ndim == 3:
        weights = weights[:, :, None, :]
    kernel = weights[:, :, ::-1, ::-1].transpose(0, 3, 2, 1) << projection.shift
    bits = message_bits(projection.message_bits)
    return conv(kernel, before, groups, bits, projection.stride, projection.padding, projection.dilation)


def conv(
    kernel: IntArray,
    before: Space,
    groups: int,
    bits: int,
    stride: tuple[int, ...] = (1, 1),
    padding: tuple[int, ...] = (0, 0),
    dilation: tuple[int, ...] = (1, 1),
) -> Process:
    """A Conv process from a kernel in Lava's layout."""
    parameters = {
        "input_shape": list(before[::-1]),
        "stride": list(on_plane(stride, 1)[::-1]),
        "padding": list(on_plane(padding, 0)[::-1]),
        "dilation": list(on_plane(dilation, 1)[::-1]),
        "groups": groups,
        "weight_exp": 0,
        "num_weight_bits": 8,
        "num_message_bits": bits,
    }
    return Process("Conv", parameters, {"weight": kernel.astype(np.int16)})


def identity(layout: Layout) -> Process:
    """One step of a delay line; values up to 24 bits pass unchanged."""
    if layout.space is not None:
        channels = layout.space[0]
        return conv(np.ones((channels, 1, 1, 1), dtype=np.int64), layout.space, channels, GRADED_BITS)
    size = layout.lava_shape[0]
    arrays = {
        "data": np.ones(size, dtype=np.int16),
        "indices": np.arange(size, dtype=np.int32),
        "indptr": np.arange(size + 1, dtype=np.int32),
    }
    parameters = {"weight_exp": 0, "num_weight_bits": 8, "num_message_bits": GRADED_BITS, "sign_mode": "EXCITATORY"}
    return Process("Sparse", {**parameters, "shape": [size, size]}, arrays)
