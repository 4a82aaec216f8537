"""A digest of everything a program's step depends on."""

from __future__ import annotations

import dataclasses
import hashlib
from typing import Any

import numpy as np

from neurodeploy.integers import narrowed
from neurodeploy.program.program import Program


def fingerprint(program: Program) -> str:
    """A digest that is equal for programs with equal nodes, parameters and weights under the same names."""
    digest = hashlib.sha256(repr((program.numerics, program.outputs)).encode())
    for node in (*program.inputs, *program.populations, *program.projections):
        for field in dataclasses.fields(node):
            _add(digest, field.name, getattr(node, field.name))
    return digest.hexdigest()


def _add(digest: Any, name: str, value: Any) -> None:
    if isinstance(value, np.ndarray):
        array = narrowed(value)
        digest.update(f"{name} {value.dtype.str} {array.dtype.str} {array.shape}\n".encode())
        digest.update(array.tobytes())
    else:
        digest.update(f"{name} {value!r}\n".encode())
