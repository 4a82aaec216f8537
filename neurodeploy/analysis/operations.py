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


def fan_out(
    projection: Projection, source: tuple[int, ...], target: tuple[int, ...] | None = None, part: Part | None = None
) -> IntArray:
    """How many weights that are not 0 a message of each neuron meets: an array of the ``source``'s shape.

    ``part`` of a population of shape ``target`` counts only weights of synapses onto those neurons.
    """
    if projection.kind in ("dense", "sparse"):
        weights = projection.weights
        if part is not None and target is not None:
            weights = weights.reshape(*target, -1)[part].reshape(-1, weights.shape[1])
        return np.count_nonzero(weights, axis=0).reshape(source)
    axes = len(source) - 1
    channels, *places = part or [slice(0, 1 << 62)] * (axes + 1)
    taps = _taps(projection, source[0], channels)
    geometry = zip(source[1:], taps.shape[1:], projection.stride, projection.padding, projection.dilation, strict=False)
    inside = [_inside(*axis, place).astype(np.int64) for axis, place in zip(geometry, places, strict=True)]
    if axes == 1:
        return taps @ inside[0]
    return np.einsum("ckl,ky,lx->cyx", taps, inside[0], inside[1], optimize=True)


def _synaptic(program: Program, trace: Trace, projection: Projection) -> int:
    sent = trace[projection.source].output
    delivered = sent[:, : max(sent.shape[1] - projection.delay, 0)]
    events = np.count_nonzero(delivered, axis=(0, 1))
    return int((events * fan_out(projection, program.node(projection.source).shape)).sum())


def _taps(projection: Projection, channels: int, outputs: slice) -> IntArray:
    """How many of some output channels take each tap of the kernel of each input channel: ``(C, *kernel)``."""
    taken = projection.weights != 0
    if projection.kind == "sum-pool":
        pooled = (np.arange(channels) >= outputs.start) & (np.arange(channels) < outputs.stop)
        return pooled.astype(np.int64)[:, None, None] * taken
    out, per_group = taken.shape[:2]
    if per_group * projection.groups != channels or out % projection.groups:
        raise InputError(f"weights {taken.shape} do not fit {channels} channels", f"projection {projection.name}")
    chosen = np.arange(out)
    taken = taken & ((chosen >= outputs.start) & (chosen < outputs.stop)).reshape(-1, *[1] * (taken.ndim - 1))
    split = taken.reshape(projection.groups, out // projection.groups, *taken.shape[1:])
    return split.sum(axis=1, dtype=np.int64).reshape(channels, *taken.shape[2:])


def _inside(size: int, taps: int, stride: int, padding: int, dilation: int, outputs: slice) -> NDArray[np.bool_]:
    """Whether tap k of some of the outputs reads place x, along one axis: ``(taps, size)``."""
    last = min(outputs_along(size, taps, stride, padding, dilation), outputs.stop)
    start = np.arange(size) + padding - dilation * np.arange(taps)[:, None]
    place = start // stride
    return (start % stride == 0) & (place >= outputs.start) & (place < last)
