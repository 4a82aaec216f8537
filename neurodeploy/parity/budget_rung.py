"""Network -> Program: how much quantization changed, against a budget per spiking node."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurodeploy.parity.divergence import divergence, first_of, with_membranes
from neurodeploy.parity.measure import jaccard, node_result, relative_rms
from neurodeploy.parity.report import NodeResult, Rung
from neurodeploy.parity.verdict import rung_verdict
from neurodeploy.program.program import Program
from neurodeploy.reference.program_runner import run_program
from neurodeploy.trace import Entry, Trace


def budget_rung(
    program: Program,
    stimulus: Mapping[str, NDArray[Any]],
    network: Trace,
    actual: Trace,
    budget: float,
    allow: Collection[str],
) -> Rung:
    """Compare the float trace with the program's: Jaccard at least ``budget`` in every spiking node.

    Real-valued nodes are reported by their relative RMS error and decide nothing. ``isolated`` is the same measure when
    every node is fed the float network's own outputs, so the layer that loses is told from its victims.
    """
    names = [name for name in network.entries if name in program.by_name]
    alone = run_program(program, stimulus, drive=_as_integers(program, network))
    nodes: dict[str, NodeResult] = {}
    for name in names:
        expected, got = network[name], actual[name]
        different = (expected.values != got.values) if not expected.graded else np.zeros(got.output.shape, dtype=bool)
        measure = relative_rms if expected.graded else jaccard
        isolated = measure(expected.values, alone[name].values)
        first = divergence(program, name, {"output": different}, network, actual)
        if first is not None:
            first = with_membranes(first, program, expected, got)
        nodes[name] = node_result(expected, got, different, isolated=isolated, first=first)
    over = {name: node.jaccard for name, node in nodes.items() if node.jaccard is not None and node.jaccard < budget}
    reasons = tuple(f"{name}: Jaccard {value:.4f} is below the budget {budget:g}" for name, value in over.items())
    verdict, reasons = rung_verdict(nodes, bool(over), allow, reasons)
    return Rung(
        "network", "program", "budget", verdict, nodes, first_of(nodes, program) if over else None, reasons=reasons
    )


def _as_integers(program: Program, trace: Trace) -> Trace:
    """A float trace in the integer units of the program's outputs."""
    entries: dict[str, Entry] = {}
    for name, entry in trace.entries.items():
        output = program.node(name).output
        integers = np.clip(np.rint(entry.values * 2.0**output.scale), output.low, output.high).astype(np.int64)
        entries[name] = replace(entry, output=integers, scale=output.scale)
    return Trace(entries, trace.meta)
