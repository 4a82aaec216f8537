"""Runs cases on a target, many at once, and keeps where each of them first differs from the reference."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace

from neurodeploy.conformance.case import Case
from neurodeploy.conformance.device import Device, words
from neurodeploy.conformance.modes import Difference, Mode, judge
from neurodeploy.conformance.union import part_of, union
from neurodeploy.errors import NeurodeployError

GROUP = 40
"""Cases that run as one program at most."""
Tell = Callable[[str], None]


@dataclass(frozen=True, eq=False)
class Failure:
    """A case that failed: in which mode, where it first differed, or what the target raised."""

    case: Case
    mode: Mode
    reason: str
    first: Difference | None = None


@dataclass(eq=False)
class Results:
    """What is known of the cases so far: failures by name (the first of each), modes that ran, and notes."""

    failures: dict[str, Failure] = field(default_factory=dict[str, Failure])
    modes: dict[Mode, int] = field(default_factory=dict[Mode, int])
    notes: dict[str, None] = field(default_factory=dict[str, None])

    def fail(self, failure: Failure) -> None:
        """Keep a failure, unless its case has one."""
        self.failures.setdefault(failure.case.name, failure)


def groups(cases: Iterable[Case], least: int = 1) -> list[list[Case]]:
    """Cases of the same steps in groups of about the same size, each of them a mixture; at least so many groups."""
    by_steps: dict[int, list[Case]] = {}
    for case in cases:
        by_steps.setdefault(case.steps, []).append(case)
    counts = {steps: max(least, -(-len(alike) // GROUP)) for steps, alike in by_steps.items()}
    mixed = [alike[k :: counts[steps]] for steps, alike in by_steps.items() for k in range(counts[steps])]
    return [group for group in mixed if group]


def run_group(device: Device, cases: Sequence[Case], modes: Sequence[Mode], results: Results) -> None:
    """Run cases as one program in every mode; where that raises, or only together is refused, in halves."""
    joint = cases[0] if len(cases) == 1 else union(cases)
    if len(cases) > 1 and device.refusal(joint.program) is not None:
        return _halved(device, cases, modes, results)
    mode: Mode = modes[0]
    try:
        artifact = device.lower(joint.program)
        for mode in modes:
            judged = judge(device, artifact, joint, mode)
            if judged is None:
                continue
            results.modes[mode] = results.modes.get(mode, 0) + len(cases)
            results.notes |= dict.fromkeys(judged.notes)
            for node, difference in judged.first.items():
                number, name = (0, node) if len(cases) == 1 else part_of(node)
                results.fail(_failure(cases[number], mode, name, difference))
    except NeurodeployError as error:
        if len(cases) > 1:
            return _halved(device, cases, modes, results)
        results.fail(Failure(cases[0], mode, f"{type(error).__name__}: {words(error)}"))
    return None


def _halved(device: Device, cases: Sequence[Case], modes: Sequence[Mode], results: Results) -> None:
    middle = len(cases) // 2
    for half in (cases[:middle], cases[middle:]):
        run_group(device, half, modes, results)


def _failure(case: Case, mode: Mode, node: str, difference: Difference) -> Failure:
    first = replace(difference, node=node)
    return Failure(case, mode, str(first), first)
