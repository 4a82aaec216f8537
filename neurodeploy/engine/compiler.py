"""The C compiler of this machine: which one, and what tells its results from another's."""

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

NAMES = ("cc", "gcc", "clang")
FLAGS = ("-std=c99", "-O3", "-march=native", "-fPIC", "-shared")


@dataclass(frozen=True)
class Compiler:
    """A command that compiles C, and what identifies its version without running it."""

    command: tuple[str, ...]
    identity: str

    def __str__(self) -> str:
        return shlex.join(self.command)


def find_compiler() -> Compiler | None:
    """``$CC`` where it is set, else ``cc``, ``gcc`` or ``clang``, else the ``ziglang`` package; None where none is."""
    given = shlex.split(os.environ.get("CC", ""))
    if given:
        return _installed(given)
    found = (_installed([name]) for name in NAMES)
    return next((each for each in found if each is not None), None) or _zig()


def _installed(command: list[str]) -> Compiler | None:
    path = shutil.which(command[0])
    if path is None:
        return None
    place = Path(path).resolve()
    about = place.stat()
    return Compiler((path, *command[1:]), f"{place} {about.st_size} {about.st_mtime_ns}")


def _zig() -> Compiler | None:
    if find_spec("ziglang") is None:
        return None
    return Compiler((sys.executable, "-m", "ziglang", "cc"), f"ziglang {version('ziglang')}")


def machine() -> str:
    """What ``-march=native`` depends on: the processor and its features."""
    about = f"{platform.system()} {platform.machine()} {platform.processor()}"
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").split("\n\n", 1)[0].splitlines()
    except OSError:
        return about
    named = ("model name", "flags", "Features", "CPU part", "CPU implementer")
    return "\n".join([about, *(line for line in lines if line.split("\t")[0].split(":")[0].strip() in named)])
