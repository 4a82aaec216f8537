"""The compiled kernels, loaded once, and called with arrays."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurodeploy.counting.lying import lying
from neurodeploy.counting.source import SOURCE
from neurodeploy.engine.library import open_source

Array = NDArray[Any]
POINTER, COUNT = ctypes.c_void_p, ctypes.c_int64
STATES = np.dtype(np.int32), np.dtype(np.int64)
"""Types of membranes and currents that the kernels take."""


class Block(ctypes.Structure):
    """What ``nd_branches`` reads and writes; see the source."""

    _fields_ = [
        *(
            (name, POINTER)
            for name in ("sent", "u", "v", "before", "first", "threshold", "saturates", "clamps", "added")
        ),
        *((name, POINTER) for name in ("saturating", "clamping", "kind")),
        *((name, COUNT) for name in ("span", "samples", "steps", "neurons", "every_step", "unit", "bits")),
        *((name, COUNT) for name in ("low", "high")),
        *((name, POINTER) for name in ("keep", "bias")),
        *((name, COUNT) for name in ("decay_bits", "plain", "floor", "ceiling")),
        *((name, POINTER) for name in ("counts", "last", "drive", "times", "kinds", "table")),
    ]


class Kernels:
    """The functions of the library."""

    def __init__(self, library: ctypes.CDLL) -> None:
        self._same = _typed(library["nd_same"], COUNT, POINTER, POINTER, COUNT)
        self.branches = {
            dtype: _typed(library[f"nd_branches_{dtype.name}_t"], COUNT, ctypes.POINTER(Block)) for dtype in STATES
        }

    def same(self, first: Array, second: Array) -> bool:
        """Whether two arrays of integers of one type and shape that lie alike hold the same numbers."""
        return bool(self._same(first.ctypes.data, second.ctypes.data, first.nbytes))


def comparable(first: Array, second: Array) -> bool:
    """Whether ``Kernels.same`` may compare them: equal integers are equal bytes."""
    if first.dtype != second.dtype or first.shape != second.shape or first.dtype.kind not in "iu":
        return False
    apart = zip(first.shape, first.strides, second.strides, strict=True)
    return all(ours == theirs or length == 1 for length, ours, theirs in apart) and lying(first).flags.c_contiguous


def _typed(function: ctypes._NamedFuncPointer, result: Any, *arguments: Any) -> Callable[..., Any]:  # pyright: ignore[reportPrivateUsage]
    function.argtypes, function.restype = list(arguments), result
    return function


def kernels() -> Kernels | None:
    """The kernels, compiled now or taken from the cache; None without a C compiler.

    Raises EnvironmentFailureError where the compiler fails.
    """
    library = open_source(SOURCE)
    return None if library is None else Kernels(library)
