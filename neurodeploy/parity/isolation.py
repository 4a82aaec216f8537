"""A target run again with every node fed the expected inputs, and whether it takes them at all."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from neurodeploy.errors import NeurodeployError
from neurodeploy.parity.compare import differing_cells
from neurodeploy.program.program import Program
from neurodeploy.trace import Entry, Trace

Rerun = Callable[[Trace], Trace]
"""Runs again with every synapse fed the outputs of a trace."""
IGNORED = "nodes are not isolated: the target ignores the inputs that an isolated run feeds (drive)"


@dataclass(frozen=True, eq=False)
class Isolated:
    """The isolated run of a target, or in ``reason`` why there is none."""

    trace: Trace | None
    reason: str = ""


def isolate(program: Program, expected: Trace, actual: Trace, target_on: Rerun, reference_on: Rerun) -> Isolated:
    """Run the target with every node fed the ``expected`` outputs.

    A target that does the same as before may simply not take what it is fed. Where that would have changed something,
    it is fed silence too: if it still does the same, and the reference does not, it ignores its feed.
    """
    try:
        isolated = target_on(expected)
        if _same(actual, isolated) and _changes_inputs(program, expected, actual):
            silence = _silent(expected)
            if not _same(expected, reference_on(silence)) and _same(actual, target_on(silence)):
                return Isolated(None, IGNORED)
    except NeurodeployError as error:
        return Isolated(None, f"nodes are not isolated: the target cannot run on inputs that it is fed ({error.what})")
    return Isolated(isolated)


def _same(first: Trace, second: Trace) -> bool:
    names: Mapping[str, Entry] = {name: entry for name, entry in first.entries.items() if name in second.entries}
    return not differing_cells(Trace(names), second, states="where both recorded")


def _changes_inputs(program: Program, expected: Trace, actual: Trace) -> bool:
    """Whether some synapse got something else than expected in the ordinary run."""
    sources = {projection.source for projection in program.projections} & actual.entries.keys()
    return any(not np.array_equal(expected[name].output, actual[name].output) for name in sources)


def _silent(trace: Trace) -> Trace:
    return Trace({name: replace(entry, output=np.zeros_like(entry.output)) for name, entry in trace.entries.items()})
