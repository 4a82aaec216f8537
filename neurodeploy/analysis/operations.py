"""What a run of a Program cost in operations of a neuromorphic machine, counted exactly from its trace."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from neurodeploy.errors import InputError
from neurodeploy.program.program import Program
from neurodeploy.program.projection import Projection
from neurodeploy.trace import Operations, Trace
from neurodeploy.window import outputs_along

IntArray = NDArray[np.int64]


def count_operations(program: Program, trace: Trace) -> Operations:
    """The operations of a run that recorded every node which sends anything. Raises InputError where one is missing."""
    steps, batch = trace.steps, trace.batch
    synaptic = {projection.name: _synaptic(program, trace, projection) for projection in program.projections}
    updates = {population.name: batch * steps * population.size for population in program.populations}
    names = (*program.input_by_name, *program.by_name)
    events = {name: int(np.count_nonzero(trace[name].output)) for name in names}
    return Operations(synaptic, updates, events)


Part = tuple[slice, ...]
"""Some neurons of a population: a slice along every axis of its shape, with start and stop."""


def fan_out(projection: Projection, source: tuple[int, ...]) -> IntArray:
    """How many weights that are not 0 a message of each neuron meets: an array of the ``source``'s shape."""
    place, counts = reach(projection, source)
    fan = np.zeros(source, np.int64)
    fan[place] = counts
    return fan


def reach(
    projection: Projection, source: tuple[int, ...], target: tuple[int, ...] | None = None, part: Part | None = None
) -> tuple[Part, IntArray]:
    """The neurons of the source that may have a synapse, and how many weights that are not 0 each has.

    ``part`` of a population of shape ``target`` counts only weights of synapses onto those neurons; what lies outside
    of the part of the source that is returned has none.
    """
    if projection.kind in ("dense", "sparse"):
        weights = projection.weights
        if part is not None and target is not None:
            weights = weights.reshape(*target, -1)[part].reshape(-1, weights.shape[1])
        return tuple(slice(0, size) for size in source), np.count_nonzero(weights, axis=0).reshape(source)
    axes = len(source) - 1
    outputs, *places = part or [slice(0, 1 << 62)] * (axes + 1)
    channels, taps = _taps(projection, source[0], outputs)
    geometry = zip(source[1:], taps.shape[1:], projection.stride, projection.padding, projection.dilation, strict=False)
    spans = [_inside(*axis, place) for axis, place in zip(geometry, places, strict=True)]
    counts = taps @ spans[-1][1].astype(np.int64)
    if axes == 2:
        counts = spans[0][1].T.astype(np.int64) @ counts
    return (channels, *(span for span, _ in spans)), counts


def _synaptic(program: Program, trace: Trace, projection: Projection) -> int:
    sent = trace[projection.source].output
    delivered = sent[:, : max(sent.shape[1] - projection.delay, 0)]
    events = np.count_nonzero(delivered, axis=(0, 1))
    return int((events * fan_out(projection, program.node(projection.source).shape)).sum())


def _taps(projection: Projection, channels: int, outputs: slice) -> tuple[slice, IntArray]:
    """Input channels that reach some of the output channels, and how many of these take each tap: ``(C, *kernel)``."""
    taken = projection.weights != 0 if projection.kind == "sum-pool" else projection.weights[outputs] != 0
    if projection.kind == "sum-pool":
        pooled = slice(outputs.start, min(outputs.stop, channels))
        return pooled, np.repeat(taken.astype(np.int64)[None], pooled.stop - pooled.start, axis=0)
    out, per_group = projection.weights.shape[:2]
    if per_group * projection.groups != channels or out % projection.groups:
        message = f"weights {projection.weights.shape} do not fit {channels} channels"
        raise InputError(message, f"projection {projection.name}")
    groups = np.arange(out)[outputs] * projection.groups // out
    first, last = int(groups[0]), int(groups[-1]) + 1
    starts = np.searchsorted(groups, np.arange(first, last))
    taps = np.add.reduceat(taken, starts, axis=0, dtype=np.int64).reshape(-1, *taken.shape[2:])
    return slice(first * per_group, last * per_group), taps


def _inside(
    size: int, taps: int, stride: int, padding: int, dilation: int, outputs: slice
) -> tuple[slice, NDArray[np.bool_]]:
    """The places along one axis that some of the outputs read, and whether tap k reads each: ``(taps, places)``."""
    last = min(outputs_along(size, taps, stride, padding, dilation), outputs.stop)
    first = min(max(outputs.start * stride - padding, 0), size)
    end = min(max((last - 1) * stride - padding + dilation * (taps - 1) + 1, first), size)
    start = np.arange(first, end) + padding - dilation * np.arange(taps)[:, None]
    place = start // stride
    return slice(first, end), (start % stride == 0) & (place >= outputs.start) & (place < last)
