"""What the tests of the compiled engine share: many programs as one unit, and comparison with the reference."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from neurodeploy.engine.compiler import architecture_flags, find_compiler
from neurodeploy.engine.library import Compiled
from neurodeploy.engine.processor import this_machine
from neurodeploy.engine.run import run_loaded
from neurodeploy.parity.compare import compare, differing_cells
from neurodeploy.program import Program
from neurodeploy.program.quantizer import quantize_inputs
from neurodeploy.reference.program_runner import run_program
from neurodeploy.trace import Entry, Trace

from .toolchains import Ranges, Toolchain

WARNINGS = ("-Wall", "-Wextra", "-Werror", "-pedantic")
STATES = ("output", "u", "v", "v_before")
QUICK = ("-std=c99", "-O1", "-fPIC", "-shared", *WARNINGS)

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
    return [node for node, differences in compare(expected, actual).items() if differences["output"].any()]


def differences(expected: Trace, actual: Trace) -> list[str]:
    """Every array that is not the same in shape, type and value."""
    assert list(expected.entries) == list(actual.entries)
    pairs = {name: (entry, actual[name]) for name, entry in expected.entries.items()}
    forms = [name for name, (ours, theirs) in pairs.items() if _form(ours) != _form(theirs)]
    before = [name for name, (ours, theirs) in pairs.items() if not _equal(ours.v_before, theirs.v_before)]
    return [*forms, *before, *differing_cells(expected, actual)]


def _form(entry: Entry) -> tuple[object, ...]:
    """Everything of a record but its values: which arrays there are, of which type, and what they stand for."""
    arrays = (entry.output, entry.u, entry.v, entry.v_before)
    types = tuple(None if array is None else array.dtype for array in arrays)
    return (*types, entry.graded, entry.scale, entry.state_scale, entry.inserted)


def _equal(ours: NDArray[Any] | None, theirs: NDArray[Any] | None) -> bool:
    return ours is theirs is None or (ours is not None and theirs is not None and np.array_equal(ours, theirs))


def reference(program: Program, stimulus: Mapping[str, Any]) -> Trace:
    """The definition, with states; sums beyond 64 bits wrap there too."""
    with np.errstate(all="ignore"):
        return run_program(program, stimulus, states=True)
