"""What the inputs of a Program send for a stimulus: real values, checked and made integers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurodeploy.errors import InputError
from neurodeploy.program.population import Input
from neurodeploy.program.program import Program

IntArray = NDArray[np.int64]
Inputs = Mapping[str, NDArray[Any]]
"""Real values ``(B, T, *shape)`` by name of the input; a Stimulus is one."""


def quantize_inputs(program: Program, inputs: Inputs) -> dict[str, IntArray]:
    """The integers that every input sends, ``(B, T, *shape)`` each.

    Raises InputError for a missing input, a shape that does not fit, or values that are no numbers.
    """
    arrays = check_inputs(program, inputs)
    return {node.name: quantize_values(node, arrays[node.name]) for node in program.inputs}


def check_inputs(program: Program, inputs: Inputs) -> dict[str, NDArray[Any]]:
    """The array of every input, before its quantizer. Raises InputError for a missing input or a wrong shape."""
    arrays: dict[str, NDArray[Any]] = {}
    lead: tuple[int, ...] | None = None
    for node in program.inputs:
        where = f"stimulus {node.name!r}"
        if node.name not in inputs:
            raise InputError("is missing", where, f"give one array per input: {', '.join(program.input_by_name)}")
        values = np.asarray(inputs[node.name])
        if values.shape[2:] != node.shape or (lead or values.shape[:2]) != values.shape[:2]:
            expected = (*(lead or ("B", "T")), *node.shape)
            raise InputError(f"has shape {values.shape}", where, f"give it the shape ({', '.join(map(str, expected))})")
        lead = values.shape[:2]
        arrays[node.name] = values
    if not arrays:
        raise InputError("the program has no input, so nothing says how long it runs", "program", "give it an input")
    return arrays


def quantize_values(node: Input, values: NDArray[Any]) -> IntArray:
    """The integers that stand for some values of an input. Raises InputError where one is not finite."""
    numbers = np.asarray(values, dtype=np.float64)
    if not np.isfinite(numbers).all():
        raise InputError("holds values that are not finite", f"stimulus {node.name!r}", "replace them by numbers")
    return node.quantize(numbers)
