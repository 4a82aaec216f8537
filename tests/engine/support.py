"""What the tests of the compiled engine share: many programs as one unit, and comparison with the reference."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytest

from neurodeploy.engine.compiler import architecture_flags, find_compiler
from neurodeploy.engine.library import Compiled
from neurodeploy.engine.processor import this_machine
from neurodeploy.engine.run import run_loaded
from neurodeploy.program import Program
from neurodeploy.program.quantizer import quantize_inputs
from neurodeploy.reference.program_runner import run_program
from neurodeploy.trace import Trace

from .toolchains import Ranges, Toolchain

WARNINGS = ("-Wall", "-Wextra", "-Werror", "-pedantic")
QUICK = ("-std=c99", "-O1", "-fPIC", "-shared", *WARNINGS)
STATES = ("output", "u", "v", "v_before")

needs_compiler = pytest.mark.skipif(find_compiler() is None, reason="no C compiler (Debian: apt-get install gcc)")


def compiled_all(
    programs: Sequence[Program], flags: Sequence[str] = QUICK, ranges: Sequence[Ranges | None] | None = None
) -> list[Compiled]:
    """All programs in one translation unit, each under a prefix of its own, for this computer by its usual compiler."""
    compiler = find_compiler()
    assert compiler is not None
    every = (*flags, *architecture_flags(compiler, this_machine()))
    return Toolchain("usual", find_compiler, "", flags=every).load(programs, ranges)


def run_one(compiled: Compiled, program: Program, stimulus: Mapping[str, Any], threads: int = 1) -> Trace:
    sent = quantize_inputs(program, stimulus)
    return run_loaded(compiled, program, sent, sent, states=True, threads=threads)


def run_unseen(compiled: Compiled, program: Program, stimulus: Mapping[str, Any]) -> Trace:
    """A run that records no states, whose updates may skip what rests."""
    sent = quantize_inputs(program, stimulus)
    return run_loaded(compiled, program, sent, sent, states=False)


def outputs_differ(expected: Trace, actual: Trace) -> list[str]:
    """Nodes whose outputs are not the same."""
    pairs = ((name, entry.output, actual[name].output) for name, entry in expected.entries.items())
    return [name for name, mine, theirs in pairs if not np.array_equal(mine, theirs)]


def differences(expected: Trace, actual: Trace) -> list[str]:
    """Every array that is not the same in shape, type and value."""
    assert list(expected.entries) == list(actual.entries)
    found: list[str] = []
    for name, mine in expected.entries.items():
        theirs = actual[name]
        about = [(e.graded, e.scale, e.state_scale, e.inserted) for e in (mine, theirs)]
        found += [f"{name}.about"] if about[0] != about[1] else []
        for key in STATES:
            a, b = getattr(mine, key), getattr(theirs, key)
            if (a is None) != (b is None) or (a is not None and not (a.dtype == b.dtype and np.array_equal(a, b))):
                found.append(f"{name}.{key}")
    return found


def reference(program: Program, stimulus: Mapping[str, Any]) -> Trace:
    """The definition, with states; sums beyond 64 bits wrap there too."""
    with np.errstate(all="ignore"):
        return run_program(program, stimulus, states=True)
