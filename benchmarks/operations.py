"""The operations of one step of a network: synaptic operations, dense multiplications and neuron updates."""

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
    """Operations per step.

    - ``neurons``: updates of neurons with memory; ``synaptic``: additions of a weight, one per event and target.
    - ``dense``: multiplications of a dense kernel, whatever is silent.

    Pooling and shortcuts do not count, so the roof that follows from these numbers is a high one.
    """

    neurons: int
    synaptic: float
    dense: int


def operations(program: Program, sent: Mapping[str, NDArray[Any]]) -> Operations:
    """The operations of a step, on average over the messages ``sent`` by every source, ``(T, *shape)``."""
    synaptic, dense = 0.0, 0
    for projection in program.projections:
        if projection.kind == "sum-pool":
            continue
        fan = fan_out(projection, program.node(projection.source).shape)
        events = (sent[projection.source] != 0).mean(axis=0)
        synaptic += float((events * fan).sum())
        dense += int(np.prod(program.by_name[projection.target].shape)) * int(np.prod(projection.weights.shape[1:]))
    neurons = sum(p.size for p in program.populations if has_memory(p))
    return Operations(neurons, synaptic, dense)
