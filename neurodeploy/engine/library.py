"""Programs as loaded machine code."""

from __future__ import annotations

import ctypes
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from neurodeploy.codegen.c.module import Rendering, unit
from neurodeploy.engine import cache
from neurodeploy.engine.build import compile_library
from neurodeploy.engine.compiler import FLAGS, Compiler, machine
from neurodeploy.errors import EnvironmentFailureError


@dataclass(frozen=True, eq=False)
class Compiled:
    """One program of a library: its text's description, the entry points, and the library that holds them."""

    rendering: Rendering
    reset: Callable[[int], None]
    run: Callable[[int, int, int], None]
    library: ctypes.CDLL

    def new_context(self) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
        """Memory for one sample."""
        return np.zeros(self.rendering.context_bytes // 8 + 1, dtype=np.int64)


def load(renderings: Sequence[Rendering], compiler: Compiler, flags: Sequence[str] = FLAGS) -> list[Compiled]:
    """Compile programs of distinct prefixes as one unit, or take them from the cache.

    Raises EnvironmentFailureError where the compiler fails, or the system refuses to load what it made.
    """
    library = _library(unit(list(renderings)), compiler, flags)
    return [_compiled(library, each) for each in renderings]


def _compiled(library: ctypes.CDLL, rendering: Rendering) -> Compiled:
    reset, run = library[f"{rendering.prefix}_reset"], library[f"{rendering.prefix}_run"]
    reset.argtypes, reset.restype = [ctypes.c_void_p], None
    run.argtypes, run.restype = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64], None
    size = library[f"{rendering.prefix}_bytes"]
    size.argtypes, size.restype = [], ctypes.c_uint64
    if size() != rendering.context_bytes:
        raise EnvironmentFailureError(
            f"a context takes {size()} bytes, not {rendering.context_bytes}", "engine", "use another C compiler"
        )
    return Compiled(rendering, reset, run, library)


def _library(source: str, compiler: Compiler, flags: Sequence[str]) -> ctypes.CDLL:
    name = cache.key(source, compiler.identity, " ".join(compiler.command), " ".join(flags), machine())
    found = cache.find(name)
    loaded = None if found is None else _try_load(found)
    if loaded is not None:
        return loaded
    made = compile_library(source, compiler, flags)
    kept = cache.keep(name, made)
    loaded = None if kept is None else _try_load(kept)
    return _load_from_temporary(made) if loaded is None else loaded


def _try_load(path: Path) -> ctypes.CDLL | None:
    try:
        return ctypes.CDLL(str(path))
    except OSError:
        return None


def _load_from_temporary(made: bytes) -> ctypes.CDLL:
    """Where the cache cannot be used: a file that vanishes as soon as it is loaded."""
    try:
        with tempfile.TemporaryDirectory(prefix="neurodeploy-engine-", ignore_cleanup_errors=True) as folder:
            path = Path(folder) / "unit.so"
            path.write_bytes(made)
            return ctypes.CDLL(str(path))
    except OSError as error:
        raise EnvironmentFailureError(
            f"cannot load compiled code: {error}", "engine", "set NEURODEPLOY_HOME to a writable place that allows it"
        ) from error
