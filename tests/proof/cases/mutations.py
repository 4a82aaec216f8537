"""Faults planted in the programs that targets are handed: caught or reported as not covered, node and cause named.

Faulty copies of a network run side by side as one program, so that a target builds and starts once for many.
"""

# pyright: reportMissingImports=false
# (pyright cannot see the targets folder through the package's path)
from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, partial

from neurodeploy.conformance.case import Case
from neurodeploy.conformance.union import part_name, union
from neurodeploy.faults import Fault, faults
from neurodeploy.flow.exporting import lower
from neurodeploy.model import find_model
from neurodeploy.network.network import Network
from neurodeploy.parity.blame import blame
from neurodeploy.parity.block import Block
from neurodeploy.parity.coverage import coverage
from neurodeploy.parity.divergence import first_of
from neurodeploy.parity.exact_judge import ExactJudge, with_inputs
from neurodeploy.parity.gate import not_covered
from neurodeploy.program.program import Program
from neurodeploy.reference.program_runner import run_program
from neurodeploy.stimulus import Stimulus
from neurodeploy.target import find_target, unavailable
from neurodeploy.trace import Trace
from tests.proof.case import Counts, ProofCase

FAULTS_SEED = 0
MADE_FOR = "loihi-sim"
"""The target whose integers are used: they run on ``fixed`` too."""


@dataclass(frozen=True)
class Study:
    """A reference network with its own stimulus, cut to some samples and steps, on a target; how many faults it has."""

    model: str
    preset: str | None
    samples: int
    steps: int | None
    target: str
    faults: int


@dataclass(frozen=True, eq=False)
class Sound:
    """The sound program of a study, what it is shown, what it does, and what that leaves open by population."""

    program: Program
    shown: Stimulus
    trace: Trace
    missed: dict[str, tuple[str, ...]]
    faults: tuple[Fault, ...]


@cache
def sound(study: Study) -> Sound:
    """The sound side of a study, with every fault that its program has a place for."""
    model = find_model(study.model)
    config = model.preset(study.preset)
    program = lower(_network(study), MADE_FOR, {}).artifact.program
    shown = model.stimulus(config, study.steps, study.samples, 0)
    trace = run_program(program, shown, states=True)
    planted = tuple(fault for fault in faults(program, FAULTS_SEED) if fault.in_program)
    return Sound(program, shown, trace, not_covered(program, coverage(program, trace)), planted)


def _network(study: Study) -> Network:
    from neurodeploy.frontends.checkpoint import model_network

    model = find_model(study.model)
    config = model.preset(study.preset)
    return model_network(model, config, model.build(config))


def count(target: str, seeds: range) -> Counts:
    """Judge the faults of these numbers; one fails that is silent though all was covered, or blamed on another node."""
    failed: list[int] = []
    tallies: Counter[str] = Counter()
    for first, study in _studies(target):
        numbers = [number for number in seeds if first <= number < first + study.faults]
        if not numbers:
            continue
        healthy = sound(study)
        if len(healthy.faults) != study.faults:
            raise RuntimeError(f"{study.model} has {len(healthy.faults)} faults, not {study.faults}: correct STUDIES")
        planted = [healthy.faults[number - first] for number in numbers]
        for number, fault, trace in zip(numbers, planted, _traces(study, planted), strict=True):
            words = judged(healthy, fault, trace)
            tallies.update([study.model, *words])
            if not {"right node", "silent and reported as not covered"} & set(words):
                failed.append(number)
    return Counts(len(seeds), tuple(failed), dict(tallies))


def _studies(target: str) -> list[tuple[int, Study]]:
    """The studies of a target, each with the number of its first fault."""
    studies = [study for study in STUDIES if study.target == target]
    return [(sum(earlier.faults for earlier in studies[:k]), study) for k, study in enumerate(studies)]


def _traces(study: Study, planted: Sequence[Fault]) -> list[Trace]:
    """What the target does with every faulty program, all of which it runs at once."""
    healthy, target = sound(study), find_target(study.target)
    copies = [Case(str(fault), fault.program, healthy.shown, healthy.shown.steps) for fault in planted]
    joint = union(copies)
    trace = target.run(target.lower(joint.program, {}), joint.stimulus, states=True)
    return [
        Trace({name: trace[part_name(number, name)] for name in healthy.program.by_name})
        for number in range(len(planted))
    ]


def judged(healthy: Sound, fault: Fault, trace: Trace) -> list[str]:
    """What a check with states says of a fault, in the words of the table."""
    program, expected = healthy.program, Block(healthy.trace)
    actual = Block(with_inputs(program, healthy.trace, trace))
    judge = ExactJudge(program)
    if not judge.add(expected, actual):
        return ["silent and reported as not covered" if healthy.missed.get(fault.node) else "silent, all covered"]
    first = first_of(judge.nodes, program)
    words = ["caught", "right node" if first is not None and first.node == fault.node else "wrong node"]
    arrived = run_program(program, healthy.shown, states=True, drive=actual.trace)
    culprits = blame(program, expected, actual, arrived).culprits
    terms = {cause.term for culprit in culprits if culprit.node == fault.node for cause in culprit.causes}
    if {culprit.node for culprit in culprits} != {fault.node}:
        words.append("other culprits")
    if len(terms) == 1:
        words.append("right cause named" if terms == {fault.term} else "wrong cause named")
    elif terms:
        words.append("right cause among several" if fault.term in terms else "wrong causes listed")
    else:
        words.append("no cause named")
    return words


STUDIES = (
    Study("digits", None, 3, None, "fixed", 152),
    Study("spikeseg", "igarss2023", 2, 8, "fixed", 166),
    Study("spikingrx", "stateful", 2, 6, "fixed", 430),
    Study("digits", None, 3, None, "loihi-sim", 152),
)


def _case(target: str, batch: int) -> ProofCase:
    studies = [study for study in STUDIES if study.target == target]
    proves = (
        f"faults planted in the integers of {', '.join(study.model for study in studies)} that {target} is handed: "
        "each is caught at the right node, or is silent on a population of which the report lists what was not covered"
    )
    total = sum(study.faults for study in studies)
    return ProofCase(f"mutations-{target}", proves, total, batch, partial(count, target), partial(_lacks, target))


def _lacks(target: str) -> str | None:
    return unavailable(find_target(target))


CASES = (_case("fixed", 8), _case("loihi-sim", 19))
