"""The synapses of a projection as pairs of neurons."""

from __future__ import annotations

from itertools import product

import numpy as np
from numpy.typing import NDArray

from neurodeploy.program.program import Program
from neurodeploy.program.projection import Projection
from neurodeploy.window import on_plane

IntArray = NDArray[np.int64]


def pairs(program: Program, projection: Projection) -> IntArray:
    """Source and target neuron, row-major, of every weight that is not 0 and has both: ``(synapses, 2)``."""
    if projection.kind in ("dense", "sparse"):
        targets, sources = np.nonzero(projection.weights)
        return np.stack([sources, targets], axis=1)
    source, target = program.node(projection.source).shape, program.by_name[projection.target].shape
    flat = len(source) == 2
    size, made = ((1, shape[1]) if flat else (shape[1], shape[2]) for shape in (source, target))
    taken = _kernel(projection, source[0])
    kernel = taken[:, :, None] if flat else taken
    stride, dilation = on_plane(projection.stride, 1), on_plane(projection.dilation, 1)
    padding = on_plane(projection.padding, 0)
    parts: list[IntArray] = []
    for tap in product(*(range(length) for length in kernel.shape[2:])):
        places = [np.arange(made[axis]) for axis in range(2)]
        reads = [places[axis] * stride[axis] - padding[axis] + tap[axis] * dilation[axis] for axis in range(2)]
        inside = [(read >= 0) & (read < length) for read, length in zip(reads, size, strict=True)]
        rows, columns = (np.flatnonzero(mask) for mask in inside)
        read = (reads[0][rows][:, None] * size[1] + reads[1][columns]).reshape(-1)
        place = (places[0][rows][:, None] * made[1] + places[1][columns]).reshape(-1)
        after, before = np.nonzero(kernel[:, :, tap[0], tap[1]])
        sources = (before[:, None] * size[0] * size[1] + read).reshape(-1)
        targets = (after[:, None] * made[0] * made[1] + place).reshape(-1)
        parts.append(np.stack([sources, targets], axis=1))
    return np.concatenate(parts)


def _kernel(projection: Projection, channels: int) -> NDArray[np.bool_]:
    """Which taps are not 0, ``(C_out, C_in, *kernel)``, with the channels of other groups."""
    taken = projection.weights != 0
    if projection.kind == "sum-pool":
        return np.eye(channels, dtype=bool)[:, :, None, None] & taken
    out, inner = taken.shape[:2]
    full = np.zeros((out, channels, *taken.shape[2:]), bool)
    for channel in range(out):
        first = channel // (out // projection.groups) * inner
        full[channel, first : first + inner] = taken[channel]
    return full
