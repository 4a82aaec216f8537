"""A program as loaded code: from this process's memory, else from the cache, else compiled now."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from neurodeploy.engine.compiler import Compiler, trusted
from neurodeploy.engine.fingerprint import fingerprint
from neurodeploy.engine.library import Compiled, load_program
from neurodeploy.engine.processor import this_machine
from neurodeploy.integers import SIGNED, narrowest
from neurodeploy.program.program import Program

if TYPE_CHECKING:
    from neurodeploy.codegen import Rendering
    from neurodeploy.codegen.machine import Machine

Ranges = dict[str, tuple[int, int]]
loaded: dict[tuple[str, ...], Compiled] = {}
KEPT = 256
"""Loaded programs remembered by this process; the cache holds the others."""


def compile_program(program: Program, compiler: Compiler, extra: Ranges | None = None) -> Compiled:
    """The program as loaded code for this computer, for messages that may also lie in ``extra``."""
    machine = this_machine(trusted(compiler))
    identity = f"{fingerprint(program)} {extra!r}"
    key = identity, compiler.identity, " ".join(compiler.command), machine.name
    if key not in loaded:
        if len(loaded) >= KEPT:
            loaded.pop(next(iter(loaded)), None)
        loaded[key] = load_program(identity, lambda: _rendered(program, extra, machine), compiler, machine)
    return loaded[key]


def _rendered(program: Program, extra: Ranges | None, machine: Machine) -> Rendering:
    from neurodeploy.codegen import render
    from neurodeploy.step.plan import plan

    return render(plan(program, extra), machine=machine)


def beyond(program: Program, fed: Mapping[str, NDArray[np.int64]]) -> Ranges | None:
    """Ranges of fed messages that no node of the program would send itself; coarse, so that few variants are made."""
    from neurodeploy.step.plan import sent_range

    ranges: Ranges = {}
    for name, values in fed.items():
        low, high = sent_range(program.node(name), program.numerics)
        least, most = int(values.min(initial=0)), int(values.max(initial=0))
        if least < low or most > high:
            ranges[name] = _power(least), _power(most)
    return ranges or None


def _power(number: int) -> int:
    """The bound of the narrowest signed type that holds the number."""
    kind = narrowest(number, number, SIGNED)
    return kind.high if number > 0 else kind.low if number < 0 else 0
