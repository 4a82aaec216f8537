"""Which source lines reach a neuron over which weights: a projection cut to some neurons of its target."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from neurodeploy.program.projection import Projection

IntArray = NDArray[np.int64]
Border = Literal["zero", "wrap", "edge"]
"""Nothing, the other side of the map, or its outermost element."""


@dataclass(frozen=True, eq=False)
class FanIn:
    """The synapses of some neurons.

    - ``lines``: the source lines, flat, that reach any of them; ``matrix``: their weights, ``(neurons, lines)``.
    - ``places``: for every neuron and line, the flat place of the weight in the projection, or -1.
    """

    lines: IntArray
    matrix: IntArray
    places: IntArray


def fan_in(
    projection: Projection,
    source: tuple[int, ...],
    target: tuple[int, ...],
    neurons: IntArray,
    moved: tuple[int, ...] = (),
    border: Border = "zero",
) -> FanIn:
    """The synapses of the ``neurons``, flat indices of a population of shape ``target``.

    - ``source``: the shape of the node that they read.
    - ``moved``: by how many elements the map lies nearer to its origin, along every axis; what leaves it is gone.
    - ``border``: what windows find beyond the map.
    """
    if projection.kind in ("dense", "sparse"):
        matrix = projection.weights[neurons]
        places = neurons[:, None] * matrix.shape[1] + np.arange(matrix.shape[1])
        return FanIn(np.arange(matrix.shape[1]), matrix, places)
    lines, places = taps(projection, source, target, neurons, moved, border)
    present, column = np.unique(lines, return_inverse=True)
    column = column.reshape(lines.shape)
    row = np.broadcast_to(np.arange(len(neurons))[:, None], lines.shape)
    matrix = np.zeros((len(neurons), len(present)), np.int64)
    place = np.full(matrix.shape, -1, np.int64)
    weights = projection.weights.ravel()
    np.add.at(matrix, (row, column), weights[places])
    place[row, column] = places
    inside = present > 0
    return FanIn(present[inside] - 1, matrix[:, inside], place[:, inside])


def taps(
    projection: Projection,
    source: tuple[int, ...],
    target: tuple[int, ...],
    neurons: IntArray,
    moved: tuple[int, ...] = (),
    border: Border = "zero",
) -> tuple[IntArray, IntArray]:
    """Per neuron and tap of its window: the source line plus 1, or 0 outside, and the flat place of its weight.

    The arguments are those of ``fan_in``, for a convolution or a pooling; without a ``border`` no line comes twice.
    """
    pool = projection.kind == "sum-pool"
    kernel = projection.weights.shape if pool else projection.weights.shape[2:]
    groups = source[0] if pool else projection.groups
    per_group = source[0] // groups
    channel, *position = (np.asarray(axis) for axis in np.unravel_index(neurons, target))
    member, *offsets = np.indices((per_group, *kernel)).reshape(1 + len(kernel), -1)
    line = (channel // (target[0] // groups))[:, None] * per_group + member
    inside = np.ones(line.shape, np.bool_)
    window = zip(projection.stride, projection.padding, projection.dilation, strict=False)
    for axis, (stride, padding, dilation) in enumerate(window):
        if axis == len(kernel):
            break
        at = position[axis][:, None] * stride - padding + offsets[axis] * dilation
        by, size = moved[axis] if moved else 0, source[axis + 1]
        if border != "zero":
            at = at % size if border == "wrap" else np.clip(at, 0, size - 1)
        inside &= (at >= 0) & (at < size) & (at + by >= 0) & (at + by < size)
        line = line * size + at + by
    number = np.arange(len(member))
    places = number if pool else channel[:, None] * len(number) + number
    return np.where(inside, line + 1, 0), np.broadcast_to(places, line.shape)
