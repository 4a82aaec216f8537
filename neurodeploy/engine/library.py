"""Programs as loaded machine code."""

from __future__ import annotations

import ctypes
import functools
import platform
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from neurodeploy.codegen.machine import Machine
from neurodeploy.engine import cache
from neurodeploy.engine.build import REMEDY, compile_library
from neurodeploy.engine.compiler import Compiler, find_compiler, library_flags, trusted
from neurodeploy.engine.description import Description, codegen_digest
from neurodeploy.engine.processor import this_machine
from neurodeploy.errors import EnvironmentFailureError
from neurodeploy.process import temporary_folder

if TYPE_CHECKING:
    from neurodeploy.codegen.module import Rendering

ALIGNED = 64


@dataclass(frozen=True, eq=False)
class Compiled:
    """One program of a library: what it is made of, the entry points, and the library that holds them."""

    about: Description
    reset: Callable[[int], None]
    run: Callable[[int, int, int], None]
    library: ctypes.CDLL

    def new_contexts(self, samples: int) -> NDArray[np.uint8]:
        """Memory for some samples, one row each, aligned as any vector type wants it."""
        stride = -(-max(self.about.context_bytes, 1) // ALIGNED) * ALIGNED
        memory = np.zeros(samples * stride + ALIGNED, dtype=np.uint8)
        start = -memory.ctypes.data % ALIGNED
        return memory[start : start + samples * stride].reshape(samples, stride)


def load(
    renderings: Sequence[Rendering],
    compiler: Compiler,
    flags: Sequence[str] | None = None,
    machine: Machine | None = None,
) -> list[Compiled]:
    """Compile programs of distinct prefixes as one unit, or take them from the cache.

    ``machine``: what they were rendered for (default: this computer's); ``flags``: other than the usual ones for it.
    Raises EnvironmentFailureError where the compiler fails, or the system refuses to load what it made.
    """
    target_machine = machine or this_machine(trusted(compiler))
    from neurodeploy.codegen.module import unit

    source = unit(list(renderings))
    library, _ = _library(lambda: (source, ""), compiler, flags, target_machine, source)
    return [_compiled(library, Description.of(rendering)) for rendering in renderings]


def load_source(source: str, compiler: Compiler) -> ctypes.CDLL:
    """C that is there already, compiled for this computer or taken from the cache. Raises as ``load`` does."""
    return _library(lambda: (source, ""), compiler, None, this_machine(trusted(compiler)), source)[0]


def open_source(source: str) -> ctypes.CDLL | None:
    """The same by the compiler that there is, loaded once; None without a compiler. Raises as ``load`` does."""
    compiler = find_compiler()
    return None if compiler is None else _opened(source, compiler)


@functools.cache
def _opened(source: str, compiler: Compiler) -> ctypes.CDLL:
    return load_source(source, compiler)


def load_program(identity: str, make: Callable[[], Rendering], compiler: Compiler, machine: Machine) -> Compiled:
    """One program, known by its ``identity``; it is rendered only where the cache does not have it."""

    def source() -> tuple[str, str]:
        rendering = make()
        from neurodeploy.codegen.module import unit

        return unit([rendering]), Description.of(rendering).to_text()

    library, about = _library(source, compiler, None, machine, identity, codegen_digest())
    return _compiled(library, Description.from_text(about))


def _compiled(library: ctypes.CDLL, about: Description) -> Compiled:
    reset, run = library[f"{about.prefix}_reset"], library[f"{about.prefix}_run"]
    reset.argtypes, reset.restype = [ctypes.c_void_p], None
    run.argtypes, run.restype = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64], None
    size = library[f"{about.prefix}_bytes"]
    size.argtypes, size.restype = [], ctypes.c_uint64
    if size() != about.context_bytes:
        raise EnvironmentFailureError(
            f"a context takes {size()} bytes, not {about.context_bytes}", "engine", "use another C compiler"
        )
    return Compiled(about, reset, run, library)


def _library(
    make: Callable[[], tuple[str, str]],
    compiler: Compiler,
    chosen_flags: Sequence[str] | None,
    machine: Machine,
    *identity: str,
) -> tuple[ctypes.CDLL, str]:
    """A library, and the text kept with it; ``make`` gives the source and that text."""
    flags = library_flags(compiler, machine) if chosen_flags is None else chosen_flags
    system = f"{platform.system()} {platform.machine()}"
    name = cache.key(*identity, compiler.identity, " ".join(compiler.command), " ".join(flags), system, machine.name)
    entry = cache.find(name, machine)
    loaded = None if entry is None else _try_load(entry.path)
    if entry is not None and loaded is not None:
        return loaded, entry.about
    source, about = make()
    code = compile_library(source, compiler, flags)
    made = _load_from_temporary(code)
    _refuse_strange(made, source, compiler)
    kept = cache.keep(name, machine, code, about)
    loaded = None if kept is None else _try_load(kept)
    return (made if loaded is None else loaded), about


def _refuse_strange(library: ctypes.CDLL, source: str, compiler: Compiler) -> None:
    """Raises EnvironmentFailureError for a library without the functions of its source; it is kept nowhere."""
    for name in re.findall(r"^(?:void|uint64_t) (\w+_(?:reset|run|bytes))\(", source, re.MULTILINE):
        if not hasattr(library, name):
            raise EnvironmentFailureError(f"made a library without {name}", str(compiler), REMEDY)


def _try_load(path: Path) -> ctypes.CDLL | None:
    try:
        return ctypes.CDLL(str(path))
    except OSError:
        return None


def _load_from_temporary(code: bytes) -> ctypes.CDLL:
    """Where the cache cannot be used: a file that vanishes as soon as it is loaded."""
    with temporary_folder("engine") as folder:
        path = folder / "unit.so"
        path.write_bytes(code)
        try:
            return ctypes.CDLL(str(path))
        except OSError as error:
            problem, remedy = f"cannot load compiled code: {error}", "set TMPDIR to a writable place that allows it"
            raise EnvironmentFailureError(problem, "engine", remedy) from error
