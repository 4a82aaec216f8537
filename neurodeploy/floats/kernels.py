"""The compiled kernels, loaded once."""

from __future__ import annotations

import ctypes
from functools import cache

from neurodeploy.engine.compiler import Compiler, find_compiler
from neurodeploy.engine.library import load_source
from neurodeploy.floats.source import SOURCE

POINTER, COUNT = ctypes.c_void_p, ctypes.c_int64


class Kernels:
    """The functions of the library: dense sums, sums over windows, and one step of neurons."""

    def __init__(self, library: ctypes.CDLL) -> None:
        self.dense = _typed(library["nd_dense"], 4, 3)
        self.window = _typed(library["nd_window"], 7, 0)
        self.neurons = _typed(library["nd_neurons"], 11, 3)
        self.neurons.restype = COUNT


def _typed(function: ctypes._NamedFuncPointer, pointers: int, counts: int) -> ctypes._NamedFuncPointer:  # pyright: ignore[reportPrivateUsage]
    function.argtypes = [POINTER] * pointers + [COUNT] * counts
    function.restype = None
    return function


def kernels() -> Kernels | None:
    """The kernels, compiled now or taken from the cache; None without a C compiler.

    Raises EnvironmentFailureError where the compiler fails.
    """
    compiler = find_compiler()
    return None if compiler is None else _loaded(compiler)


@cache
def _loaded(compiler: Compiler) -> Kernels:
    return Kernels(load_source(SOURCE, compiler))
