"""What one step of a network costs at least: synaptic operations, dense multiplications and neuron updates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.calibration import has_memory
from neurodeploy.program import Program, Projection
from neurodeploy.reference.synapse import convolve


@dataclass(frozen=True)
class Operations:
    """Per step: neurons with memory, additions of a weight that events cause, and multiplications without events.

    Pooling and shortcuts count as nothing, so the roof that follows is a high one.
    """

    neurons: int
    synaptic: float
    dense: int


def operations(program: Program, sent: Mapping[str, NDArray[Any]]) -> Operations:
    """Those of a step, on average over what every source ``sent``: ``(T, *shape)``."""
    synaptic, dense = 0.0, 0
    for each in program.projections:
        if each.kind == "sum-pool":
            continue
        fan = fan_out(each, program.node(each.source).shape)
        events = (sent[each.source] != 0).mean(axis=0)
        synaptic += float((events * fan).sum())
        dense += int(np.prod(program.by_name[each.target].shape)) * int(np.prod(each.weights.shape[1:]))
    neurons = sum(p.size for p in program.populations if has_memory(p))
    return Operations(neurons, synaptic, dense)


def fan_out(projection: Projection, shape: tuple[int, ...]) -> NDArray[np.int64]:
    """Targets of every source neuron, of the source's shape; padded borders have none."""
    if projection.kind == "dense":
        return np.full(shape, projection.weights.shape[0], dtype=np.int64)
    kernel = np.ones((1, 1, *projection.weights.shape[2:]), dtype=np.int64)
    padding = tuple(k - 1 - p for k, p in zip(kernel.shape[2:], projection.padding, strict=True))
    target = tuple(s + 2 * p - k + 1 for s, p, k in zip(shape[1:], projection.padding, kernel.shape[2:], strict=True))
    back = convolve(np.ones((1, 1, *target), dtype=np.int64), kernel, (1, 1), padding, (1, 1), 1)
    return np.broadcast_to(back[0] * projection.weights.shape[0], shape)
