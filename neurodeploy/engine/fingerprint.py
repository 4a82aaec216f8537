"""A digest of everything a program's step depends on."""

from __future__ import annotations

import dataclasses
import hashlib
from typing import Any

import numpy as np

from neurodeploy.integers import narrowed
from neurodeploy.program.program import Program


def fingerprint(program: Program) -> str:
    """The same for programs that do the same under the same names; changed arrays change it."""
    digest = hashlib.sha256(repr((program.numerics, program.outputs)).encode())
    for each in (*program.inputs, *program.populations, *program.projections):
        for field in dataclasses.fields(each):
            _add(digest, field.name, getattr(each, field.name))
    return digest.hexdigest()


def _add(digest: Any, name: str, value: Any) -> None:
    if isinstance(value, np.ndarray):
        array = narrowed(value)
        digest.update(f"{name} {value.dtype.str} {array.dtype.str} {array.shape}\n".encode())
        digest.update(array.tobytes())
    else:
        digest.update(f"{name} {value!r}\n".encode())
