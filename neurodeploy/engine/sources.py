"""What the nodes of a run send, as sources of integers for a few steps of one sample at a time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurodeploy.engine.batch import Source
from neurodeploy.errors import InputError
from neurodeploy.program.population import Input
from neurodeploy.program.program import Program
from neurodeploy.program.quantizer import Inputs, check_inputs, quantize_values
from neurodeploy.trace import Trace

Array = NDArray[Any]
EXACT = 53
"""Bits of integers that a float64 tells apart."""


def input_sources(program: Program, stimulus: Inputs) -> tuple[dict[str, Source], int, int]:
    """Sources of what every input sends, the number of samples and of steps. Raises InputError for what does not fit.

    Values that are not finite are found when their sample's turn comes.
    """
    arrays = check_inputs(program, stimulus)
    batch, steps = next(iter(arrays.values())).shape[:2]
    return {node.name: _quantizer(node, arrays[node.name]) for node in program.inputs}, batch, steps


def _quantizer(node: Input, values: Array) -> Source:
    low, high = node.output.low, node.output.high
    if values.dtype.kind in "biu" and node.scale == 0 and node.bits <= EXACT:
        least, most = (0, 1) if values.dtype.kind == "b" else (np.iinfo(values.dtype).min, np.iinfo(values.dtype).max)
        if low <= least and most <= high:
            return lambda sample, steps: values[sample, steps]
        if values.dtype.kind != "b":
            return lambda sample, steps: np.clip(values[sample, steps], max(low, least), min(high, most))
    return lambda sample, steps: quantize_values(node, values[sample, steps])


def array_sources(arrays: Mapping[str, Array]) -> dict[str, Source]:
    """Sources of integers that are there already, ``(B, T, *shape)`` each."""

    def source(array: Array) -> Source:
        return lambda sample, steps: array[sample, steps]

    return {name: source(array) for name, array in arrays.items()}


def driven_messages(program: Program, drive: Trace, batch: int, steps: int) -> dict[str, Array]:
    """What synapses get from every node in an isolated run, integers of any type.

    Raises InputError where the trace does not fit.
    """
    fed: dict[str, Array] = {}
    for node in (*program.inputs, *program.populations):
        values = drive[node.name].output
        if values.shape[0] != batch or values.shape[1] < steps or values.shape[2:] != node.shape:
            expected = (batch, steps, *node.shape)
            raise InputError(f"has shape {values.shape}, not {expected}", f"trace of {node.name!r}", "record it again")
        sent = values[:, :steps]
        fed[node.name] = sent if sent.dtype.kind in "iu" else sent.astype(np.int64)
    return fed
