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


def fan_out(projection: Projection, source: tuple[int, ...]) -> IntArray:
    """How many weights that are not 0 a message of each neuron meets: an array of the ``source``'s shape."""
    if projection.kind in ("dense", "sparse"):
        return np.count_nonzero(projection.weights, axis=0).reshape(source)
    axes = len(source) - 1
    taps = _taps(projection, source[0])
    geometry = zip(source[1:], taps.shape[1:], projection.stride, projection.padding, projection.dilation, strict=False)
    inside = [_inside(*axis).astype(np.int64) for axis in geometry]
    if axes == 1:
        return np.einsum("ck,ky->cy", taps, inside[0])
    return np.einsum("ckl,ky,lx->cyx", taps, inside[0], inside[1])


def _synaptic(program: Program, trace: Trace, projection: Projection) -> int:
    sent = trace[projection.source].output
    delivered = sent[:, : max(sent.shape[1] - projection.delay, 0)]
    events = np.count_nonzero(delivered, axis=(0, 1))
    return int((events * fan_out(projection, program.node(projection.source).shape)).sum())


def _taps(projection: Projection, channels: int) -> IntArray:
    """How many output channels take each tap of the kernel of each input channel: ``(C, *kernel)``."""
    taken = projection.weights != 0
    if projection.kind == "sum-pool":
        return np.broadcast_to(taken.astype(np.int64), (channels, *taken.shape))
    out, per_group = taken.shape[:2]
    if per_group * projection.groups != channels or out % projection.groups:
        raise InputError(f"weights {taken.shape} do not fit {channels} channels", f"projection {projection.name}")
    split = taken.reshape(projection.groups, out // projection.groups, *taken.shape[1:])
    return split.sum(axis=1, dtype=np.int64).reshape(channels, *taken.shape[2:])


def _inside(size: int, taps: int, stride: int, padding: int, dilation: int) -> NDArray[np.bool_]:
    """Whether tap k of some output reads place x, along one axis: ``(taps, size)``."""
    outputs = outputs_along(size, taps, stride, padding, dilation)
    start = np.arange(size) + padding - dilation * np.arange(taps)[:, None]
    return (start >= 0) & (start % stride == 0) & (start // stride < outputs)
