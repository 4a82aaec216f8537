"""The parameters of a coder: checked as it is built, one number for all signals or one per signal."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from typing import Any

import numpy as np

from neurodeploy.encoding.arrays import Float, Rows, as_array
from neurodeploy.errors import InputError

Parameter = float | tuple[float, ...]
SHOWN = 4
"""Numbers of a parameter that a text shows."""


def parameter(value: Any, name: str, valid: Callable[[float], bool], rule: str) -> Parameter:
    """A number, or a tuple of one per feature, from whatever array-like it is given as.

    Raises InputError where a number is not finite or breaks the rule.
    """
    array, _ = as_array(value, name)
    if array.dtype.kind not in "iuf" or array.ndim > 1 or array.size == 0:
        raise InputError("is neither a number nor a list of numbers, one per signal", name, f"give {rule}")
    numbers = tuple(float(x) for x in array.reshape(-1))
    for number in numbers:
        if not np.isfinite(number) or not valid(number):
            raise InputError(f"{number:g} is not {rule}", name, f"give {rule}")
    return numbers[0] if array.ndim == 0 else numbers


def flag(value: Any, name: str) -> bool:
    """A switch. Raises InputError for anything but true and false."""
    if not isinstance(value, bool | np.bool_):
        raise InputError(f"{value!r} is neither true nor false", name, "give true or false")
    return bool(value)


def spread(value: Parameter, rows: Rows, name: str) -> Float:
    """A parameter for every row ``(batch * features,)``: a number for all, or one per feature, alike in each batch."""
    batch, features = rows.values.shape[:2]
    array = np.asarray(value, np.float32)
    if array.ndim == 1 and array.size not in (1, features):
        raise InputError(f"has {array.size} values for {features} signals", name, "give one for all, or one per signal")
    return np.tile(np.broadcast_to(array, (features,)), batch)


def fields_of(coder: Any) -> dict[str, Any]:
    """Parameters by name."""
    return {field.name: getattr(coder, field.name) for field in fields(coder)}


def settle(coder: Any, **values: Any) -> None:
    """Set checked parameters of a frozen coder while it is built."""
    for name, value in values.items():
        object.__setattr__(coder, name, value)


def shown(value: Any) -> str:
    """A parameter as short text: of many numbers the first few."""
    if not isinstance(value, tuple):
        return repr(value)
    numbers = ", ".join(f"{x:g}" for x in value[:SHOWN])
    return f"({numbers}{',' if len(value) == 1 else ''})" if len(value) <= SHOWN else f"({numbers}, ... {len(value)})"
