"""The synapses of some neurons of a population, written out as rows, and the same as wrong windows would read them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from math import prod

import numpy as np
from numpy.typing import NDArray

from neurodeploy.program.projection import Projection

IntArray = NDArray[np.int64]
Shape = tuple[int, ...]
Entries = tuple[IntArray, IntArray, IntArray]
"""Synapses as neuron (its place among the chosen), element of the source (flat), weight."""


@dataclass(frozen=True, eq=False)
class Fan:
    """What one projection brings to some neurons.

    - ``columns``: elements of the source that are read, flat, ``(M,)``; ``rows``: their weights, ``(K, M)``.
    - ``wrong``: the rows under every mistake of geometry or channels, by its name.
    """

    projection: Projection
    columns: IntArray
    rows: IntArray
    wrong: Mapping[str, IntArray]


def fan_in(projection: Projection, source: Shape, target: Shape, neurons: IntArray) -> Fan:
    """The fan of flat ``neurons`` of a population of shape ``target``, which read a source of shape ``source``."""
    named = {"": projection, **dict(_mistaken(projection, source))}
    entries = {name: synapses(mistaken, source, target, neurons) for name, mistaken in named.items()}
    columns = np.unique(np.concatenate([column for _, column, _ in entries.values()]))
    rows = {name: _rows(entry, columns, len(neurons)) for name, entry in entries.items()}
    right = rows.pop("")
    return Fan(projection, columns, right, {name: wrong for name, wrong in rows.items() if np.any(wrong != right)})


def synapses(projection: Projection, source: Shape, target: Shape, neurons: IntArray) -> Entries:
    """The synapses with weights other than 0 that end at some neurons."""
    if projection.kind in ("dense", "sparse"):
        weights = projection.weights[neurons]
        neuron, column = np.nonzero(weights)
        return neuron, column, weights[neuron, column]
    weights = projection.weights
    groups, channels = projection.groups, source[0]
    if projection.kind == "sum-pool":
        groups, weights = channels, np.broadcast_to(weights, (channels, 1, *weights.shape))
    channel, *place = (np.asarray(axis) for axis in np.unravel_index(neurons, target))
    members = np.arange(channels // groups)
    read = (channel // (len(weights) // groups))[:, None] * len(members) + members
    parts = [_tap(projection, weights, tap, channel, place, read, source) for tap in np.ndindex(*weights.shape[2:])]
    neuron, column, weight = (np.concatenate(part) for part in zip(*parts, strict=True))
    return neuron, column, weight


def _tap(
    projection: Projection,
    weights: IntArray,
    tap: tuple[int, ...],
    channel: IntArray,
    place: list[IntArray],
    read: IntArray,
    source: Shape,
) -> Entries:
    """The synapses of one place in the window."""
    window = zip(place, tap, projection.stride, projection.padding, projection.dilation, strict=False)
    at = [at * stride - padding + offset * dilation for at, offset, stride, padding, dilation in window]
    inside = np.logical_and.reduce([(a >= 0) & (a < size) for a, size in zip(at, source[1:], strict=True)])
    strides = [prod(source[axis + 2 :]) for axis in range(len(at))]
    offset = sum((a * stride for a, stride in zip(at, strides, strict=True)), start=np.zeros_like(channel))
    column = read * prod(source[1:]) + offset[:, None]
    weight = weights[channel[:, None], np.arange(read.shape[1])[None, :], *tap]
    neuron = np.broadcast_to(np.arange(len(channel))[:, None], column.shape)
    kept = inside[:, None] & (weight != 0)
    return neuron[kept], column[kept], weight[kept]


def _rows(entries: Entries, columns: IntArray, neurons: int) -> IntArray:
    neuron, column, weight = entries
    rows = np.zeros((neurons, len(columns)), np.int64)
    rows[neuron, np.searchsorted(columns, column)] = weight
    return rows


def _mistaken(projection: Projection, source: Shape) -> Iterator[tuple[str, Projection]]:
    """The projection with its windows or channels in the wrong place."""
    weights = projection.weights
    if projection.kind in ("dense", "sparse"):
        if weights.shape[1] > 1:
            yield "sources moved by one", replace(projection, weights=np.roll(weights, 1, 1))
        return
    space = tuple(range(weights.ndim - len(source) + 1, weights.ndim))
    if projection.kind != "sum-pool":
        yield "kernel turned around", replace(projection, weights=np.flip(weights, space))
        if len(space) == 2 and weights.shape[-1] == weights.shape[-2]:
            yield "kernel transposed", replace(projection, weights=np.swapaxes(weights, -1, -2))
        if weights.shape[1] > 1:
            yield "channels of the source moved by one", replace(projection, weights=np.roll(weights, 1, 1))
        if weights.shape[0] > 1:
            yield "channels of the target moved by one", replace(projection, weights=np.roll(weights, 1, 0))
    padding = projection.padding[: len(space)]
    yield "windows one element further", replace(projection, padding=tuple(p - 1 for p in padding))
    yield "windows one element earlier", replace(projection, padding=tuple(p + 1 for p in padding))
