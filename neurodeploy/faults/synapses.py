"""Faults of synapses: wrong numbers, numbers in the wrong place, windows in the wrong place, wrong times."""

from __future__ import annotations

from dataclasses import replace
from math import prod

import numpy as np
from numpy.typing import NDArray

from neurodeploy.faults.planting import Faults, Spot
from neurodeploy.program.projection import Projection
from neurodeploy.reference.synapse import weighted_sum

IntArray = NDArray[np.int64]
WINDOWED = ("conv1d", "conv2d", "sum-pool")
UNROLLED_AT_MOST = 1 << 22
"""Weights of a convolution written out as a matrix, so that it can have a fault of geometry."""


def synapse_faults(spot: Spot) -> Faults:
    """Every fault of the synapses that enter a population."""
    for projection in spot.projections:
        yield from _numbers(spot, projection)
        yield from _places(spot, projection)
        yield from _windows(spot, projection)
        yield from _times(spot, projection)


def _numbers(spot: Spot, projection: Projection) -> Faults:
    weights = projection.weights
    present = np.argwhere(weights != 0)
    if not len(present):
        return
    grain = int(np.gcd.reduce(weights, axis=None)) or 1
    for kind in ("weight one step up", "weight one step down", "sign of a weight", "weight lost", "bit of a weight"):
        place = tuple(int(i) for i in present[spot.draw.between(0, len(present) - 1)])
        value = int(weights[place])
        values = {
            "weight one step up": value + grain,
            "weight one step down": value - grain,
            "sign of a weight": -value,
            "weight lost": 0,
            "bit of a weight": int(np.sign(value)) * (abs(value) ^ (grain << spot.draw.between(1, 4))),
        }
        yield spot.with_projection(projection, kind, "weights", str(place), weights=_put(weights, place, values[kind]))
    if projection.kind != "sum-pool":
        row = spot.draw.between(0, len(weights) - 1)
        yield spot.with_projection(
            projection, "signs of a row", "weights", f"row {row}", weights=_put(weights, (row,), -weights[row])
        )
        yield spot.with_projection(projection, "all signs", "weights", weights=-weights)
    for kind, by in (("exponent one up", 1), ("exponent one down", -1)):
        doubled = projection.kind not in WINDOWED or projection.shift + by >= 0
        if doubled:
            yield spot.with_projection(projection, kind, "exponent", shift=projection.shift + by)


def _places(spot: Spot, projection: Projection) -> Faults:
    weights = projection.weights
    if projection.kind == "sum-pool":
        return
    for axis, kind in ((0, "two rows swapped"), (1, "two columns swapped")):
        if weights.shape[axis] > 1:
            first = spot.draw.between(0, weights.shape[axis] - 2)
            order = list(range(weights.shape[axis]))
            order[first], order[first + 1] = order[first + 1], order[first]
            changed = np.take(weights, order, axis)
            if not np.array_equal(changed, weights):
                yield spot.with_projection(projection, kind, "channels", f"{first} and {first + 1}", weights=changed)
    turned: dict[str, IntArray] = {}
    if weights.ndim > 2:
        turned["kernel not flipped"] = np.flip(weights, tuple(range(2, weights.ndim)))
        if weights.ndim == 4 and weights.shape[2] == weights.shape[3]:
            turned["kernel transposed"] = weights.swapaxes(2, 3)
        if weights.shape[0] == weights.shape[1]:
            turned["channels of a kernel transposed"] = weights.swapaxes(0, 1)
    elif weights.shape[0] == weights.shape[1]:
        turned["matrix transposed"] = weights.T
    source = spot.program.node(projection.source).shape
    if weights.ndim == 2 and len(source) == 3:
        order = np.arange(prod(source)).reshape(source).transpose(1, 2, 0).ravel()
        turned["flattened with channels last"] = weights[:, order]
    for kind, changed in turned.items():
        if not np.array_equal(changed, weights):
            yield spot.with_projection(projection, kind, "geometry", weights=np.ascontiguousarray(changed))


def _windows(spot: Spot, projection: Projection) -> Faults:
    if projection.kind not in WINDOWED:
        return
    source, target = spot.program.node(projection.source).shape, spot.population.shape
    if prod(source) * prod(target) > UNROLLED_AT_MOST:
        return
    sound = unrolled(projection, source)
    moves = {"window one later": 1, "window one earlier": -1}
    for axis in range(1, len(source)):
        for kind, by in moves.items():
            name = kind if len(source) == 2 else f"{kind} along {'height' if axis == 1 else 'width'}"
            yield from _as_matrix(spot, projection, name, sound, unrolled(projection, source, axis, by))
    both = unrolled(projection, source, 0, 1 if any(projection.padding) else -1)
    kind = "padding one less" if any(projection.padding) else "padding one more"
    yield from _as_matrix(spot, projection, kind, sound, both)
    if projection.kind == "conv2d" and projection.groups == 1 and source[0] > 1:
        rolled = np.roll(np.arange(prod(source)).reshape(source), 1, axis=0).ravel()
        yield from _as_matrix(spot, projection, "input channels rotated", sound, sound[:, rolled])


def _as_matrix(spot: Spot, projection: Projection, kind: str, sound: IntArray, changed: IntArray) -> Faults:
    if np.array_equal(sound, changed):
        return
    term = "channels" if "channels" in kind else "geometry"
    fault = spot.with_projection(projection, kind, term)
    matrix = replace(
        projection, kind="dense", weights=changed, stride=(1, 1), padding=(0, 0), dilation=(1, 1), groups=1
    )
    projections = tuple(matrix if p is projection else p for p in spot.program.projections)
    yield replace(fault, program=replace(spot.program, projections=projections))


def unrolled(projection: Projection, source: tuple[int, ...], axis: int = 0, by: int = 0) -> IntArray:
    """A projection as a matrix ``(target size, source size)``, its windows moved by ``by`` along an axis of the source.

    ``axis`` 0: along all axes but that of the channels.
    """
    every = np.eye(prod(source), dtype=np.int64).reshape(-1, *source)
    for moved in range(1, len(source)) if axis == 0 else (axis,):
        every = _shifted(every, moved + 1, -by)
    one_bit = replace(projection, message_bits=2)
    return weighted_sum(one_bit, every).reshape(len(every), -1).T.copy()


def _shifted(array: IntArray, axis: int, by: int) -> IntArray:
    moved = np.roll(array, by, axis)
    edge = [slice(None)] * array.ndim
    edge[axis] = slice(0, by) if by > 0 else slice(by, None)
    if by:
        moved[tuple(edge)] = 0
    return moved


def _times(spot: Spot, projection: Projection) -> Faults:
    yield spot.with_projection(projection, "delay one step more", "delay", delay=projection.delay + 1)
    least = 1 if projection.source == projection.target or _closes(spot, projection) else 0
    if projection.delay > least:
        yield spot.with_projection(projection, "delay one step less", "delay", delay=projection.delay - 1)
    if projection.delay > least + 1:
        yield spot.with_projection(projection, "delay ignored", "delay", delay=least)
    if projection.message_bits > 1:
        yield spot.with_projection(projection, "values read as spikes", "message", message_bits=1)


def _closes(spot: Spot, projection: Projection) -> bool:
    """Whether it closes a loop."""
    reached, frontier = {spot.population.name}, {spot.population.name}
    while frontier:
        frontier = {p.target for p in spot.program.projections if p.source in frontier} - reached
        reached |= frontier
    return projection.source in reached


def _put(weights: IntArray, place: tuple[int, ...], value: int | IntArray) -> IntArray:
    changed = weights.copy()
    changed[place] = value
    return changed
