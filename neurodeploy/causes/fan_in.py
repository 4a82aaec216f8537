"""Which source lines reach a neuron over which weights: a projection cut to some neurons of its target."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

import numpy as np
from numpy.typing import NDArray

from neurodeploy.program.projection import Projection
from neurodeploy.reference.synapse import convolve

IntArray = NDArray[np.int64]
TAPS_AT_ONCE = 1 << 24
"""Entries of a map of taps that is made at once."""


@dataclass(frozen=True, eq=False)
class FanIn:
    """The synapses of some neurons.

    - ``lines``: the source lines, flat, that reach any of them; ``matrix``: their weights, ``(neurons, lines)``.
    - ``places``: for every neuron and line, the flat place of the weight in the projection, or -1.
    """

    lines: IntArray
    matrix: IntArray
    places: IntArray


def fan_in(projection: Projection, source: tuple[int, ...], neurons: IntArray, moved: tuple[int, ...] = ()) -> FanIn:
    """The synapses of the ``neurons``, flat indices of the target.

    ``moved``: by how many elements the windows of a convolution stand later than they should, along every axis.
    """
    if projection.kind in ("dense", "sparse"):
        matrix = projection.weights[neurons]
        places = neurons[:, None] * matrix.shape[1] + np.arange(matrix.shape[1])
        return FanIn(np.arange(matrix.shape[1]), matrix, places)
    lines, places = _taps(projection, source, neurons, moved)
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


def _taps(
    projection: Projection, source: tuple[int, ...], neurons: IntArray, moved: tuple[int, ...]
) -> tuple[IntArray, IntArray]:
    """Per neuron and tap of its window: the source line plus 1, or 0 outside, and the place of its weight."""
    pool = projection.kind == "sum-pool"
    kernel = projection.weights.shape if pool else projection.weights.shape[2:]
    groups = source[0] if pool else projection.groups
    per_group = source[0] // groups
    taps = per_group * prod(kernel)
    index = np.arange(1, prod(source) + 1, dtype=np.float64).reshape(1, *source)
    for axis, by in enumerate(moved):
        index = _moved(index, axis + 2, -by)
    identity = np.tile(np.eye(taps).reshape(taps, per_group, *kernel), (groups, *[1] * (1 + len(kernel))))
    found = convolve(index, identity, projection.stride, projection.padding, projection.dilation, groups)
    space = prod(found.shape[2:])
    lines = np.rint(found).astype(np.int64).reshape(groups, taps, space)
    channel, position = np.divmod(neurons, space)
    channels = source[0] if pool else projection.weights.shape[0]
    group = channel // (channels // groups)
    places = np.arange(taps) if pool else channel[:, None] * taps + np.arange(taps)
    return lines[group, :, position], np.broadcast_to(places, (len(neurons), taps))


def _moved(array: NDArray[np.float64], axis: int, by: int) -> NDArray[np.float64]:
    """Moved along an axis, zeros coming in."""
    if not by:
        return array
    moved = np.roll(array, by, axis)
    edge = [slice(None)] * array.ndim
    edge[axis] = slice(0, by) if by > 0 else slice(by, None)
    moved[tuple(edge)] = 0
    return moved
