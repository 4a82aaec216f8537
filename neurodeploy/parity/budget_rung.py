"""Network -> Program: how much quantization changed, against a budget per spiking node."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurodeploy.parity.divergence import divergence, first_of, with_membranes
from neurodeploy.parity.measure import node_result
from neurodeploy.parity.rung import NodeResult, Rung, Scope, below_budget, judge
from neurodeploy.program.program import Program
from neurodeploy.rasters import jaccard, relative_rms
from neurodeploy.reference.program_runner import run_program
from neurodeploy.trace import Entry, Trace


def budget_rung(
    program: Program,
    stimulus: Mapping[str, NDArray[Any]],
    network: Trace,
    actual: Trace,
    budget: float,
    allow_silent: Collection[str],
) -> Rung:
    """Compare the float trace with the program's: Jaccard at least ``budget`` in every spiking node.

    Real-valued nodes are reported by their relative RMS error and decide nothing. The isolated measure is the same when
    every node is fed the float network's own outputs, which tells the layer that loses from those that follow it.

    - ``stimulus``: one array ``(B, T, *shape)`` per input.
    - ``network``, ``actual``: the traces of the float network and of the program, both with states.
    - ``budget``: the smallest Jaccard that agrees, 0 to 1.
    """
    isolated = run_program(program, stimulus, drive=_as_integers(program, network))
    names = [name for name in network.entries if name in program.by_name]
    nodes = {name: _result(program, name, network, actual, isolated) for name in names}
    below = below_budget(nodes, budget)
    verdict, reasons = judge(nodes, bool(below), allow_silent, below)
    first = first_of(nodes, program) if below else None
    return Rung(
        "network", "program", "budget", verdict, nodes, first, reasons=reasons, scope=Scope(actual.batch, actual.steps)
    )


def _result(program: Program, name: str, network: Trace, actual: Trace, isolated: Trace) -> NodeResult:
    expected, entry = network[name], actual[name]
    different = np.zeros(entry.output.shape, np.bool_) if expected.graded else expected.values != entry.values
    first = divergence(program, name, {"output": different}, network, actual)
    if first is not None:
        first = with_membranes(first, program, expected, entry)
    alone = isolated[name].values
    if expected.graded:
        return node_result(expected, entry, different, isolated_rms=relative_rms(expected.values, alone), first=first)
    return node_result(expected, entry, different, isolated_jaccard=jaccard(expected.values, alone), first=first)


def _as_integers(program: Program, trace: Trace) -> Trace:
    """A float trace in the integer units of the program's outputs."""
    entries: dict[str, Entry] = {}
    for name, entry in trace.entries.items():
        output = program.node(name).output
        integers = np.clip(np.rint(entry.values * 2.0**output.scale), output.low, output.high).astype(np.int64)
        entries[name] = replace(entry, output=integers, scale=output.scale)
    return Trace(entries, trace.meta)
