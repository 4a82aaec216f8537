"""Program -> target: every integer of every node, step by step, after removing the declared latency."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace

import numpy as np

from neurodeploy.evidence import Evidence
from neurodeploy.parity.compare import Differences, check_aligned, compare, compare_entries
from neurodeploy.parity.divergence import divergence, first_of, with_membranes
from neurodeploy.parity.measure import node_result
from neurodeploy.parity.rung import NodeResult, Policy, Rung, judge
from neurodeploy.program.program import Program
from neurodeploy.trace import Entry, Trace

Rerun = Callable[[Trace], Trace]
"""Runs again with every synapse fed the outputs of a trace."""


def exact_rung(
    program: Program,
    name: str,
    expected: Trace,
    actual: Trace,
    allow_silent: Collection[str],
    latency: Mapping[str, int],
    reference_on: Rerun,
    target_on: Rerun | None,
    evidence: Evidence,
    notes: tuple[str, ...] = (),
) -> Rung:
    """Compare the program's trace with a target's; no tolerance.

    Membranes and currents count where both sides recorded them. An input counts like a population where the target
    encoded it itself (``encoded`` of its trace).

    - ``reference_on``: the reference, which computes from the target's own outputs what each of its nodes should have
      done with the inputs that it really had.
    - ``target_on``: the target, run again where the traces differ, to tell the node that is wrong itself from those
      that only received something wrong: ``isolated`` counts the cells in which it still differs.
    - ``evidence``: what ran on the target's side.

    Raises NeurodeployError where a record of the target has the wrong shape, InputError where one is missing.
    """
    shapes = {population.name: population.shape for population in program.populations}
    check_aligned(actual, shapes, (expected.batch, expected.steps), name)
    compared = [node for node in expected.entries if node in shapes or node in actual.encoded]
    differences = compare(expected, actual, compared)
    nodes = {node: _result(expected[node], actual[node], differences[node]) for node in compared}
    wrong = [node for node, result in nodes.items() if result.mismatches or result.state_mismatches]
    if wrong:
        nodes |= _explained(program, expected, actual, {node: differences[node] for node in wrong}, nodes, reference_on)
        nodes = nodes if target_on is None else _isolated(nodes, expected, target_on(expected))
    reasons = tuple(f"{node}: {_amount(nodes[node])}" for node in wrong)
    verdict, reasons = judge(nodes, bool(wrong), allow_silent, reasons, evidence)
    policy: Policy = "exact" if evidence.independent else "same code"
    return Rung("program", name, policy, verdict, nodes, first_of(nodes, program), latency, reasons, notes, evidence)


def _explained(
    program: Program,
    expected: Trace,
    actual: Trace,
    differences: Mapping[str, Differences],
    nodes: Mapping[str, NodeResult],
    reference_on: Rerun,
) -> dict[str, NodeResult]:
    """The results of the nodes that differ, each with its first divergence and what explains it."""
    inputs = {name: expected[name] for name in program.input_by_name if name not in actual.encoded}
    actual = replace(actual, entries={**inputs, **actual.entries})
    arrived = reference_on(actual)
    explained: dict[str, NodeResult] = {}
    for node, masks in differences.items():
        first = divergence(program, node, masks, expected, actual)
        if first is not None and node in program.by_name:
            first = with_membranes(first, program, expected[node], arrived[node])
        explained[node] = replace(nodes[node], first=first)
    return explained


def _isolated(nodes: Mapping[str, NodeResult], expected: Trace, isolated: Trace) -> dict[str, NodeResult]:
    """The results with the count of cells that differ when every node is fed the expected inputs."""
    return {
        node: replace(result, isolated=float(_any(compare_entries(expected[node], isolated[node])).sum()))
        for node, result in nodes.items()
    }


def _amount(node: NodeResult) -> str:
    if node.mismatches:
        return f"{node.mismatches} of {node.cells} cells differ"
    return f"same output, {node.state_mismatches} membranes or currents differ"


def _result(expected: Entry, actual: Entry, differences: Differences) -> NodeResult:
    states: Differences = {name: mask for name, mask in differences.items() if name != "output"}
    count = int(_any(states).sum()) if states else None
    return node_result(expected, actual, differences["output"], state_mismatches=count)


def _any(differences: Differences) -> np.ndarray:
    return np.logical_or.reduce(list(differences.values()))
