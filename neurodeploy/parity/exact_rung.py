"""Program -> target: every integer of every node, step by step, after removing the declared latency."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurodeploy.evidence import INDEPENDENT, Evidence
from neurodeploy.parity.divergence import Mask, divergence, first_of, with_membranes
from neurodeploy.parity.measure import check_aligned, node_result
from neurodeploy.parity.report import NodeResult, Policy, Rung
from neurodeploy.parity.verdict import rung_verdict
from neurodeploy.program.program import Program
from neurodeploy.trace import Entry, Trace

Rerun = Callable[[Trace], Trace]


def exact_rung(
    program: Program,
    name: str,
    expected: Trace,
    actual: Trace,
    allow: Collection[str],
    latency: Mapping[str, int],
    reference_on: Rerun,
    target_on: Rerun | None,
    evidence: Evidence = INDEPENDENT,
    notes: tuple[str, ...] = (),
) -> Rung:
    """Compare the program's trace with a target's; no tolerance.

    ``reference_on(trace)`` reruns the reference with every synapse fed that trace's outputs: what the target should
    have made of the inputs it had. ``target_on(trace)`` is the same on the target, used when the traces differ to tell
    the guilty node from its victims: ``isolated`` counts the cells in which it still differs. Membranes and currents
    count where both sides recorded them. Values of another scale differ in every cell. An input counts as a node where
    the target encoded it itself (``encoded`` of its trace). ``evidence``: what ran on the target's side.
    """
    own = actual.encoded
    shapes = {each.name: each.shape for each in program.populations}
    check_aligned(shapes, actual, shapes, (expected.batch, expected.steps), name)
    masks = {
        each: _masks(expected[each], actual[each]) for each in expected.entries if each in (*own, *program.by_name)
    }
    nodes = {each: _result(expected[each], actual[each], mask) for each, mask in masks.items()}
    wrong = [each for each, node in nodes.items() if node.mismatches or node.state_mismatches]
    if wrong:
        inputs = {each: expected[each] for each in program.input_by_name if each not in own}
        actual = replace(actual, entries={**inputs, **actual.entries})
        arrived = reference_on(actual)
        alone = None if target_on is None else target_on(expected)
        for each in wrong:
            first = divergence(program, each, masks[each], expected, actual)
            if first is not None and each in program.by_name:
                first = with_membranes(first, program, expected[each], arrived[each])
            nodes[each] = replace(nodes[each], first=first)
        if alone is not None:
            nodes = {n: replace(node, isolated=_isolated(expected[n], alone[n])) for n, node in nodes.items()}
    reasons = tuple(f"{each}: {_amount(nodes[each])}" for each in wrong)
    verdict, reasons = rung_verdict(nodes, bool(wrong), allow, reasons, evidence)
    policy: Policy = "exact" if evidence.independent else "same code"
    return Rung("program", name, policy, verdict, nodes, first_of(nodes, program), latency, reasons, notes, evidence)


def _amount(node: NodeResult) -> str:
    if node.mismatches:
        return f"{node.mismatches} of {node.cells} cells differ"
    return f"same output, {node.state_mismatches} membranes or currents differ"


def _masks(expected: Entry, actual: Entry) -> dict[str, Mask]:
    """Differing cells by quantity; states count where both sides recorded them."""
    pairs = {"membrane": (expected.v, actual.v), "current": (expected.u, actual.u)}
    masks = {"output": _differs(expected, actual)}
    for what, (a, b) in pairs.items():
        if a is not None and b is not None:
            masks[what] = _unequal(a, b, expected.state_scale == actual.state_scale)
    return masks


def _differs(expected: Entry, actual: Entry) -> Mask:
    return _unequal(expected.output, actual.output, expected.scale == actual.scale)


def _unequal(a: NDArray[Any], b: NDArray[Any], same_scale: bool) -> Mask:
    return a != b if same_scale else np.ones(a.shape, dtype=bool)


def _result(expected: Entry, actual: Entry, masks: Mapping[str, Mask]) -> NodeResult:
    states = [mask for what, mask in masks.items() if what != "output"]
    count = int(np.logical_or.reduce(states).sum()) if states else None
    return node_result(expected, actual, masks["output"], state_mismatches=count)


def _isolated(expected: Entry, alone: Entry) -> float:
    return float(np.logical_or.reduce(list(_masks(expected, alone).values())).sum())
