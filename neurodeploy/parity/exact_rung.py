"""Program -> target: every integer of every node, step by step, after removing the declared latency."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from neurodeploy.causes.search import SECONDS
from neurodeploy.evidence import Evidence
from neurodeploy.parity.arrivals import with_arrivals
from neurodeploy.parity.blame import blame
from neurodeploy.parity.block import Block, Place
from neurodeploy.parity.compare import check_aligned
from neurodeploy.parity.divergence import first_of, with_membranes
from neurodeploy.parity.exact_judge import ExactJudge, recounted, with_inputs
from neurodeploy.parity.isolation import Isolated, Rerun, isolate
from neurodeploy.parity.rung import NodeResult, Policy, Rung, judge
from neurodeploy.program.program import Program
from neurodeploy.trace import Trace


@dataclass(frozen=True, eq=False)
class Explanation:
    """Both sides once more around the first divergence, and what tells the guilty node from its victims.

    - ``expected``, ``actual``: the same samples and steps of both sides, inputs included.
    - ``arrived``: what the reference does with the inputs that really arrived.
    - ``isolated``: the target with every node fed the expected inputs, or why there is none; None: not asked for.
    - ``part``: which part of the run that is, where it is not all of it.
    """

    expected: Block
    actual: Block
    arrived: Trace
    isolated: Isolated | None
    part: str = ""


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
    seconds: float = SECONDS,
) -> Rung:
    """Compare the program's trace with a target's; no tolerance.

    Membranes and currents count where both sides recorded them. An input counts like a population where the target
    encoded it itself (``encoded`` of its trace).

    - ``reference_on``: the reference, which computes from the target's own outputs what each of its nodes should have
      done with the inputs that it really had.
    - ``target_on``: the target, run again where the traces differ, to tell the node that is wrong itself from those
      that only received something wrong: ``isolated_mismatches`` counts the cells in which it still differs. A target
      that ignores what it is fed is not isolated, which the rung notes; ``local_mismatches`` are counted all the same.
    - ``evidence``: what ran on the target's side. ``seconds``: what the search for causes may take.

    Raises UnavailableError where the target's record of a node is missing, has the wrong shape, or holds no numbers.
    """
    shapes = {population.name: population.shape for population in program.populations}
    check_aligned(actual, shapes, (expected.batch, expected.steps), f"target {name}")
    exact = ExactJudge(program, actual.encoded)
    explanation = None
    if exact.add(Block(expected), Block(with_inputs(program, expected, actual))):
        explanation = explain(program, expected, actual, reference_on, target_on)
    lead = expected.batch, expected.steps
    return judged_rung(program, name, exact, lead, allow_silent, latency, evidence, notes, explanation, seconds)


def explain(
    program: Program,
    expected: Trace,
    actual: Trace,
    reference_on: Rerun,
    target_on: Rerun | None,
    place: Place | None = None,
    part: str = "",
) -> Explanation:
    """Run the reference on what really arrived, and the target on what should have; arguments as of ``exact_rung``."""
    full = with_inputs(program, expected, actual)
    isolated = None if target_on is None else isolate(program, expected, actual, target_on, reference_on)
    start = Place() if place is None else place
    return Explanation(Block(expected, start), Block(full, start), reference_on(full), isolated, part)


def judged_rung(
    program: Program,
    name: str,
    exact: ExactJudge,
    lead: tuple[int, int],
    allow_silent: Collection[str],
    latency: Mapping[str, int],
    evidence: Evidence,
    notes: tuple[str, ...] = (),
    explanation: Explanation | None = None,
    seconds: float = SECONDS,
) -> Rung:
    """The rung that follows from what was compared, over ``lead`` samples and steps.

    ``seconds``: what the search for causes may take; 0: it is not made.
    """
    nodes, causes = exact.nodes, None
    wrong = [node for node, result in nodes.items() if result.mismatches or result.state_mismatches]
    if explanation is not None:
        nodes, notes = _explained(program, nodes, explanation), (*notes, *_remarks(explanation))
        causes = blame(program, explanation.expected, explanation.actual, explanation.arrived, seconds)
    reasons = tuple(f"{node}: {_amount(nodes[node])}" for node in wrong)
    verdict, reasons = judge(nodes, bool(wrong), allow_silent, reasons, evidence)
    policy: Policy = "exact" if evidence.independent else "same code"
    first, scope = first_of(nodes, program), exact.scope(*lead)
    if first is not None and explanation is not None:
        first = with_arrivals(first, program, explanation.expected, explanation.actual)
    return Rung("program", name, policy, verdict, nodes, first, latency, reasons, notes, evidence, scope, causes=causes)


def _explained(program: Program, nodes: dict[str, NodeResult], explanation: Explanation) -> dict[str, NodeResult]:
    expected, actual = explanation.expected, explanation.actual
    for node, result in nodes.items():
        first = result.first
        if first is not None and node in program.by_name and expected.holds(first.sample, first.step):
            arrived = explanation.arrived[node]
            first = with_membranes(first, program, expected.trace[node], arrived, expected.place)
            nodes[node] = replace(result, first=first)
    nodes = recounted(nodes, "local_mismatches", Block(explanation.arrived), actual)
    isolated = None if explanation.isolated is None else explanation.isolated.trace
    return nodes if isolated is None else recounted(nodes, "isolated_mismatches", expected, Block(isolated))


def _remarks(explanation: Explanation) -> tuple[str, ...]:
    isolated = explanation.isolated
    reason = () if isolated is None or isolated.trace is not None else (isolated.reason,)
    part = (f"counts of nodes by themselves (isolated, local) are those of {explanation.part}",)
    return (*reason, *(part if explanation.part else ()))


def _amount(node: NodeResult) -> str:
    if node.mismatches:
        return f"{node.mismatches} of {node.cells} cells differ"
    return f"same output, {node.state_mismatches} membranes or currents differ"
