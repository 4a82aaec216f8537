"""Every way in which a program becomes machine code here: a compiler, an instruction set, and the flags."""

from __future__ import annotations

import platform
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from neurodeploy.codegen import Rendering, render
from neurodeploy.codegen.machine import AVX2, AVX512, BASELINE, MACHINES, Machine
from neurodeploy.codegen.native.kernels import FORCED
from neurodeploy.engine.compiler import Compiler, library_flags, trusted, zig_compiler
from neurodeploy.engine.library import Compiled, load
from neurodeploy.engine.processor import features, this_machine
from neurodeploy.program import Program
from neurodeploy.step.plan import Plan, plan

Ranges = Mapping[str, tuple[int, int]]
PORTABLE = ("-std=c99", "-O2", "-fPIC", "-shared", "-Wall", "-Wextra", "-Werror", "-pedantic")


@dataclass(frozen=True)
class Toolchain:
    """``machine`` None: this computer's widest; ``flags`` None: the engine's own for that machine.

    ``portable``: the text that is the same for every machine. ``forced``: the kernel to use wherever it fits.
    """

    name: str
    find: Callable[[], Compiler | None]
    needs: str
    machine: Machine | None = None
    flags: tuple[str, ...] | None = None
    portable: bool = False
    forced: str | None = None

    @property
    def lacks(self) -> str | None:
        """Why it cannot be used on this computer, or None."""
        if self.machine not in (None, BASELINE) and platform.machine() not in ("x86_64", "AMD64"):
            return f"this is no x86-64 processor ({platform.machine()})"
        missing = sorted(set(self.machine.needs) - features()) if self.machine is not None else []
        if missing:
            return f"this processor lacks {', '.join(missing)}"
        return None if self.find() is not None else self.needs

    def render(self, made: Plan, prefix: str) -> Rendering:
        """The text of a program for this toolchain."""
        if self.portable:
            return render(made, prefix)
        more = {} if self.forced is None else {"forced": self.forced}
        return render(made, prefix, machine=self._machine(), **more)  # type: ignore[arg-type]

    def _machine(self) -> Machine:
        compiler = self.find()
        return self.machine or this_machine(MACHINES if compiler is None else trusted(compiler))

    def load(self, programs: Sequence[Program], ranges: Sequence[Ranges | None] | None = None) -> list[Compiled]:
        """All programs as one translation unit, each under a prefix of its own."""
        wide = ranges or [None] * len(programs)
        return self.load_rendered(
            [self.render(plan(p, r), f"p{i}") for i, (p, r) in enumerate(zip(programs, wide, strict=True))]
        )

    def load_rendered(self, texts: Sequence[Rendering]) -> list[Compiled]:
        """Texts of distinct prefixes as one translation unit."""
        compiler = self.find()
        assert compiler is not None
        machine = self._machine()
        return load(texts, compiler, self.flags or library_flags(compiler, machine), machine)


def gcc() -> Compiler | None:
    """The system's gcc, whatever ``CC`` says."""
    path = shutil.which("gcc") or shutil.which("cc")
    if path is None:
        return None
    about = Path(path).resolve().stat()
    return Compiler((path,), f"{path} {about.st_size} {about.st_mtime_ns}")


NO_GCC, NO_ZIG = "no gcc (Debian: apt-get install gcc)", "no ziglang (pip install 'neurodeploy[cc]')"
TOOLCHAINS = (
    Toolchain("gcc-avx512", gcc, NO_GCC, AVX512),
    Toolchain("gcc-avx2", gcc, NO_GCC, AVX2),
    Toolchain("gcc-baseline", gcc, NO_GCC, BASELINE),
    Toolchain("ziglang", zig_compiler, NO_ZIG),
    Toolchain("portable", gcc, NO_GCC, BASELINE, PORTABLE, portable=True),
)
KERNELS = FORCED
"""Kernels that a rendering can be told to use (``forced``); each makes further cases of the equality tests."""
