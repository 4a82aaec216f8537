"""The compiled kernels, loaded once."""

from __future__ import annotations

import ctypes

from neurodeploy.engine.library import open_source
from neurodeploy.floats.source import SOURCE


class Kernels:
    """The library's one entry: ``advance`` takes the address of parts, how many, and which steps."""

    def __init__(self, library: ctypes.CDLL) -> None:
        self.advance = library["nd_advance"]
        self.advance.argtypes = [ctypes.c_void_p, *(ctypes.c_int64 for _ in range(4))]
        self.advance.restype = None


def kernels() -> Kernels | None:
    """The kernels, compiled now or taken from the cache; None without a C compiler.

    Raises EnvironmentFailureError where the compiler fails.
    """
    library = open_source(SOURCE)
    return None if library is None else Kernels(library)
