"""The C compiler of this machine: which one it is, what identifies it, and the flags it is given."""

from __future__ import annotations

import os
import platform
import shlex
import shutil
import sys
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from neurodeploy.codegen.machine import AVX512, MACHINES, Machine
from neurodeploy.errors import InputError

NAMES = ("cc", "gcc", "clang")
COMMON = ("-std=gnu99", "-O2", "-ftree-vectorize", "-ffp-contract=off", "-fPIC", "-shared")
"""Nothing is fused or reordered that C99 would not, but vector types and what goes with them may be used. What -O3 does
beyond takes gcc a third more time, and the code none less: kernels are written in vectors."""


@dataclass(frozen=True)
class Compiler:
    """A command that compiles C, and what identifies its version without running it.

    ``clang``: whether it is one, by name; ``zig``: a clang that has ways of its own.
    """

    command: tuple[str, ...]
    identity: str
    zig: bool = False
    clang: bool = False

    def __str__(self) -> str:
        return shlex.join(self.command)


def find_compiler() -> Compiler | None:
    """``$CC`` where it is set, else ``cc``, ``gcc`` or ``clang``, else the ``ziglang`` package; None where none is."""
    try:
        command = shlex.split(os.environ.get("CC", ""))
    except ValueError as error:
        problem = f"{os.environ['CC']!r} is no command: {error}"
        raise InputError(problem, "CC", "close its quotes, or unset it") from error
    if command:
        return _installed(command)
    candidates = (_installed([name]) for name in NAMES)
    return next((compiler for compiler in candidates if compiler is not None), None) or zig_compiler()


def zig_compiler() -> Compiler | None:
    """The compiler that the package ``ziglang`` brings (the extra ``cc``)."""
    if find_spec("ziglang") is None:
        return None
    return Compiler((sys.executable, "-m", "ziglang", "cc"), f"ziglang {version('ziglang')}", zig=True, clang=True)


def _installed(command: list[str]) -> Compiler | None:
    path = shutil.which(command[0])
    if path is None:
        return None
    place = Path(path).resolve()
    about = place.stat()
    zig = "cc" in command[1:] and ("ziglang" in command or Path(command[0]).stem == "zig")
    identity = f"{place} {about.st_size} {about.st_mtime_ns}"
    return Compiler((str(Path.cwd() / path), *command[1:]), identity, zig, clang=zig or "clang" in place.name)


def library_flags(compiler: Compiler, machine: Machine) -> tuple[str, ...]:
    """The flags with which ``compiler`` makes a shared library for ``machine``."""
    return *COMMON, *architecture_flags(compiler, machine)


def trusted(compiler: Compiler) -> tuple[Machine, ...]:
    """The instruction sets for which ``compiler`` makes correct code, widest first.

    Not AVX-512 where it is a clang: of last elements that no whole vector is left for, clang 22 stores more than there
    are, also when told to vectorize nothing of its own. A processor with AVX-512 runs its code for AVX2.
    """
    return tuple(machine for machine in MACHINES if machine is not AVX512 or not compiler.clang)


def architecture_flags(compiler: Compiler, machine: Machine) -> tuple[str, ...]:
    """The instruction set in the compiler's words.

    zig writes architectures with underscores, takes this processor where none is named, and builds a C library first
    unless told that none is needed: what little compiled code takes from one, the process that loads it has.
    """
    if not compiler.zig:
        return (*((f"-march={machine.architecture}",) if machine.architecture else ()), *machine.extensions)
    alone = ("-nostdlib",) if platform.system() == "Linux" else ()
    return f"-march={machine.architecture.replace('-', '_') or 'baseline'}", *machine.extensions, *alone
