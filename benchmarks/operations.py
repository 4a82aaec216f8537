"""What one step of a network costs at least: synaptic operations, dense multiplications and neuron updates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.calibration import has_memory
from neurodeploy.analysis.operations import fan_out
from neurodeploy.program import Program


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
