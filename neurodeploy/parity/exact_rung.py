"""Program -> target: every integer of every node, step by step, after removing the declared latency."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

import numpy as np

from neurodeploy.evidence import Evidence
from neurodeploy.parity.compare import Differences, check_aligned, compare, compare_entries
from neurodeploy.parity.divergence import divergence, first_of, with_membranes
from neurodeploy.parity.isolation import Rerun, isolate
from neurodeploy.parity.measure import node_result
from neurodeploy.parity.rung import NodeResult, Policy, Quantity, Rung, Scope, judge
from neurodeploy.program.program import Program
from neurodeploy.trace import Entry, Trace

STATES: frozenset[Quantity] = frozenset({"membrane", "current"})


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
      that only received something wrong: ``isolated_mismatches`` counts the cells in which it still differs. A target
      that ignores what it is fed is not isolated, which the rung notes; ``local_mismatches`` are counted all the same.
    - ``evidence``: what ran on the target's side.

    Raises UnavailableError where the target's record of a node is missing, has the wrong shape, or holds no numbers.
    """
    shapes = {population.name: population.shape for population in program.populations}
    check_aligned(actual, shapes, (expected.batch, expected.steps), f"target {name}")
    compared = [node for node in expected.entries if node in shapes or node in actual.encoded]
    differences = compare(expected, actual, compared)
    nodes = {node: _result(expected[node], actual[node], differences[node]) for node in compared}
    wrong = [node for node, result in nodes.items() if result.mismatches or result.state_mismatches]
    if wrong:
        inputs = {node: expected[node] for node in program.input_by_name if node not in actual.encoded}
        full = replace(actual, entries={**inputs, **actual.entries})
        arrived = reference_on(full)
        nodes |= _explained(program, expected, full, {node: differences[node] for node in wrong}, nodes, arrived)
        nodes = _counted_again(nodes, "local_mismatches", arrived, full)
        if target_on is not None:
            isolated = isolate(program, expected, actual, target_on, reference_on)
            notes = notes if isolated.trace is not None else (*notes, isolated.reason)
            if isolated.trace is not None:
                nodes = _counted_again(nodes, "isolated_mismatches", expected, isolated.trace)
    reasons = tuple(f"{node}: {_amount(nodes[node])}" for node in wrong)
    verdict, reasons = judge(nodes, bool(wrong), allow_silent, reasons, evidence)
    policy: Policy = "exact" if evidence.independent else "same code"
    first, scope = first_of(nodes, program), _scope(program, expected, differences)
    return Rung("program", name, policy, verdict, nodes, first, latency, reasons, notes, evidence, scope)


def _scope(program: Program, expected: Trace, differences: Mapping[str, Differences]) -> Scope:
    stateful = [population.name for population in program.populations if population.kind != "relay"]
    compared = tuple(node for node in stateful if differences[node].keys() >= STATES)
    return Scope(expected.batch, expected.steps, compared, tuple(node for node in stateful if node not in compared))


def _explained(
    program: Program,
    expected: Trace,
    actual: Trace,
    differences: Mapping[str, Differences],
    nodes: Mapping[str, NodeResult],
    arrived: Trace,
) -> dict[str, NodeResult]:
    """The results of the nodes that differ, each with its first divergence and what explains it.

    ``arrived``: what the reference does with the inputs that really arrived at each node.
    """
    explained: dict[str, NodeResult] = {}
    for node, masks in differences.items():
        first = divergence(program, node, masks, expected, actual)
        if first is not None and node in program.by_name:
            first = with_membranes(first, program, expected[node], arrived[node])
        explained[node] = replace(nodes[node], first=first)
    return explained


def _counted_again(
    nodes: Mapping[str, NodeResult], field: str, expected: Trace, actual: Trace
) -> dict[str, NodeResult]:
    """The results with the count of cells that differ in another comparison, of nodes that both traces hold."""
    shared = [node for node in nodes if node in expected.entries and node in actual.entries]
    counts = {node: int(_any(compare_entries(expected[node], actual[node])).sum()) for node in shared}
    return {node: replace(result, **{field: counts.get(node)}) for node, result in nodes.items()}


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
