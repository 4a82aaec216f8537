"""A digest of everything a program's step depends on."""

from __future__ import annotations

import dataclasses
import hashlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurodeploy.program.program import Program


def fingerprint(program: Program) -> str:
    """The same for programs that do the same under the same names; changed arrays change it."""
    digest = hashlib.sha256(repr((program.numerics, program.outputs)).encode())
    for each in (*program.inputs, *program.populations, *program.projections):
        for field in dataclasses.fields(each):
            _add(digest, field.name, getattr(each, field.name))
    return digest.hexdigest()


def _narrow(array: NDArray[Any]) -> NDArray[Any]:
    """The same integers in the narrowest type that holds them all: less to digest."""
    if array.size == 0 or array.dtype.kind != "i":
        return array
    low, high = array.min(), array.max()
    return array.astype(np.promote_types(np.min_scalar_type(low), np.min_scalar_type(high)))


def _add(digest: Any, name: str, value: Any) -> None:
    if isinstance(value, np.ndarray):
        array = _narrow(value)
        digest.update(f"{name} {value.dtype.str} {array.dtype.str} {array.shape}\n".encode())
        digest.update(array.tobytes())
    else:
        digest.update(f"{name} {value!r}\n".encode())
