"""The suite: one-idea cases and drawn networks within what a target declares, on that target."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from neurodeploy.conformance.case import Case
from neurodeploy.conformance.declared import scope_of
from neurodeploy.conformance.device import Device, words
from neurodeploy.conformance.draw import Draw
from neurodeploy.conformance.generator import draw_case
from neurodeploy.conformance.ideas import Realized, kit_for, make_ideas
from neurodeploy.conformance.kit import SAMPLES
from neurodeploy.conformance.modes import MODES, Mode
from neurodeploy.conformance.report import Conformance, Outcome
from neurodeploy.conformance.scope import Scope
from neurodeploy.conformance.shrink import shrink
from neurodeploy.conformance.suite import Failure, Results, groups, run_group
from neurodeploy.errors import CapabilityError
from neurodeploy.evidence import Evidence

STREAM = 4
"""Key of the streams that draw networks for a target."""
REDRAWS = 6
"""How often a network that the target refuses is drawn anew."""
Tell = Callable[[str], None]


@dataclass(frozen=True, eq=False)
class Planned:
    """A case with what the report calls it; without a program where it is out of reach, for a ``reason``."""

    name: str
    operator: str
    attribute: str
    edge: str
    case: Case | None
    reason: str = ""


def conform(
    device: Device,
    count: int,
    seed: int,
    evidence: Evidence,
    options: Mapping[str, str],
    tell: Tell = lambda _: None,
    modes: Sequence[Mode] = MODES,
    part: slice = slice(None),
) -> Conformance:
    """Run every idea, and ``count`` networks drawn from ``seed``, each with states and in one further mode.

    ``part``: the ideas that run; all are asked whether they are within reach.

    Raises UnavailableError or EnvironmentFailureError where the plainest case cannot run at all.
    """
    kit = kit_for(device.numerics, device.capabilities)
    ideas = [_idea(device, realized) for realized in make_ideas(kit)]
    within = {planned.name for planned in ideas if planned.case is not None}
    scope = scope_of(device.numerics, device.capabilities, within)
    drawn = [_drawn(device, scope, number) for number in range(seed, seed + count)] if _can_draw(scope) else []
    ideas = ideas[part]
    results = Results()
    known = _plainest(device, [planned.case for planned in ideas if planned.case is not None])
    ran = _run(device, [*ideas, *drawn], tuple(modes), results, tell)
    failures = sorted(results.failures.values(), key=_size)
    smallest = None
    if failures:
        tell("looking for the smallest failing program")
        smallest = shrink(device, failures[0])
    return Conformance(
        device.name,
        device.numerics.name,
        options,
        len(drawn),
        seed,
        tuple(_outcome(planned, results, ran) for planned in (*ideas, *drawn)),
        results.modes,
        known or evidence,
        tuple(results.notes),
        smallest,
    )


def _idea(device: Device, realized: Realized) -> Planned:
    idea = realized.idea
    place = idea.name, idea.operator, idea.attribute, idea.edge
    reason = realized.reason if realized.case is None else device.refusal(realized.case.program)
    return Planned(*place, None, reason) if reason else Planned(*place, realized.case)


def _can_draw(scope: Scope) -> bool:
    """Whether the generator has a network for such a machine: it needs neurons, synapses and sums of events."""
    neurons = "cuba-lif" in scope.populations and scope.resets and scope.compares
    return bool(neurons and scope.projections and scope.numerics.accumulation == "sum")


def _drawn(device: Device, scope: Scope, number: int) -> Planned:
    """The network of a seed: the first of a few that the target's declaration allows."""
    place = f"random/{number}", "random", "network", str(number)
    reason = ""
    for attempt in range(REDRAWS):
        try:
            case = draw_case(Draw(STREAM, number, attempt), scope, number, SAMPLES)
        except CapabilityError as error:
            reason = words(error)
            continue
        reason = device.refusal(case.program) or ""
        if not reason:
            return Planned(*place, replace(case, name=place[0]))
    return Planned(*place, None, reason)


def _plainest(device: Device, cases: Sequence[Case]) -> Evidence | None:
    """Run the first case by itself, so that a target that runs nothing is told from one that is wrong somewhere.

    What its trace says of its evidence; None where it says nothing.
    """
    if not cases:
        return None
    try:
        artifact = device.lower(cases[0].program)
        return device.run(artifact, cases[0].stimulus, False, None).evidence
    except CapabilityError:
        return None


def _run(
    device: Device, planned: Sequence[Planned], modes: tuple[Mode, ...], results: Results, tell: Tell
) -> dict[str, tuple[Mode, ...]]:
    """Every case in the first mode and in one more, by turns; which those were, by its name."""
    ran: dict[str, tuple[Mode, ...]] = {}
    first, more = modes[0], modes[1:]
    shared = groups((case.case for case in planned if case.case is not None), len(more))
    for number, group in enumerate(shared):
        chosen = (first, more[number % len(more)]) if more else (first,)
        tell(f"part {number + 1} of {len(shared)}: {group[0].name} and {len(group) - 1} more")
        run_group(device, group, chosen, results)
        ran |= {case.name: chosen for case in group}
    return ran


def _size(failure: Failure) -> tuple[int, int, str]:
    program = failure.case.program
    return len(program.populations), sum(p.size for p in program.populations), failure.case.name


def _outcome(planned: Planned, results: Results, ran: Mapping[str, tuple[Mode, ...]]) -> Outcome:
    place = planned.name, planned.operator, planned.attribute, planned.edge
    if planned.case is None:
        return Outcome(*place, "unsupported", planned.reason)
    failure = results.failures.get(planned.name)
    if failure is None:
        return Outcome(*place, "passed", "", ran[planned.name])
    return Outcome(*place, "failed", failure.reason, (failure.mode,), failure.first)
