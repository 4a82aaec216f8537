"""What the nodes of a run are fed, as sources of integers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurodeploy.engine.batch import Source
from neurodeploy.errors import InputError
from neurodeploy.program.population import Input
from neurodeploy.program.program import Program
from neurodeploy.reference.program_runner import quantized, stimulus_arrays
from neurodeploy.trace import Trace

Array = NDArray[Any]
EXACT = 53
"""Bits of integers that a float64 tells apart."""


def open_stimulus(program: Program, stimulus: Mapping[str, Array]) -> tuple[dict[str, Source], int, int]:
    """Sources of what every input sends, with batch and steps. Raises InputError for what does not fit.

    Values that are not finite are found when their sample's turn comes.
    """
    arrays = stimulus_arrays(program, stimulus)
    batch, steps = next(iter(arrays.values())).shape[:2]
    return {each.name: _quantizer(each, arrays[each.name]) for each in program.inputs}, batch, steps


def _quantizer(each: Input, values: Array) -> Source:
    low, high = each.output.low, each.output.high
    if values.dtype.kind in "biu" and each.scale == 0 and each.bits <= EXACT:
        least, most = (0, 1) if values.dtype.kind == "b" else (np.iinfo(values.dtype).min, np.iinfo(values.dtype).max)
        if low <= least and most <= high:
            return lambda sample, steps: values[sample, steps]
        if values.dtype.kind != "b":
            return lambda sample, steps: np.clip(values[sample, steps], max(low, least), min(high, most))
    return lambda sample, steps: quantized(each, values[sample, steps])


def given(values: Mapping[str, Array]) -> dict[str, Source]:
    """Sources of integers at hand, ``(B, T, *shape)`` each."""

    def source(array: Array) -> Source:
        return lambda sample, steps: array[sample, steps]

    return {name: source(array) for name, array in values.items()}


def driven(program: Program, drive: Trace, batch: int, steps: int) -> dict[str, NDArray[np.int64]]:
    """What every node is fed in an isolated run. Raises InputError where the trace does not fit."""
    fed: dict[str, NDArray[np.int64]] = {}
    for node in (*program.inputs, *program.populations):
        values = drive[node.name].output.astype(np.int64)
        if values.shape[0] != batch or values.shape[1] < steps or values.shape[2:] != node.shape:
            wanted = (batch, steps, *node.shape)
            raise InputError(f"has shape {values.shape}, not {wanted}", f"trace of {node.name!r}", "record it again")
        fed[node.name] = values[:, :steps]
    return fed
