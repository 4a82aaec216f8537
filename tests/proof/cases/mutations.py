"""Faults planted in what targets run: caught, or on something that the report lists; node and cause named.

Faulty copies of a network run side by side as one program, so that a target builds and starts once for many. Faults
that no program expresses, such as another rounding, run on a machine of their own, the reference's arithmetic with the
fault in it. Each is judged twice: as a target that records states, and as one that records outputs only.
"""

# pyright: reportMissingImports=false
# (pyright cannot see the targets folder through the package's path)
from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial

from neurodeploy.adequacy import Adequacy, NodeAdequacy
from neurodeploy.analysis.proof import Proof
from neurodeploy.causes import Causes
from neurodeploy.conformance.case import Case
from neurodeploy.conformance.union import part_name, union
from neurodeploy.faults import Fault, faults
from neurodeploy.flow.exporting import lower
from neurodeploy.flow.proving import proof_of
from neurodeploy.model import find_model
from neurodeploy.network.network import Network
from neurodeploy.parity.blame import blame
from neurodeploy.parity.block import Block
from neurodeploy.parity.coverage import coverage
from neurodeploy.parity.divergence import first_of
from neurodeploy.parity.exact_judge import ExactJudge, with_inputs
from neurodeploy.parity.gate import impossible, not_covered
from neurodeploy.program.program import Program
from neurodeploy.reference.program_runner import run_program
from neurodeploy.stimulus import Stimulus
from neurodeploy.target import find_target, unavailable
from neurodeploy.trace import Trace
from tests.proof.case import Counts, ProofCase

FAULTS_SEED = 0
MADE_FOR = "loihi-sim"
"""The target whose integers are used: they run on ``fixed`` too."""
MACHINE = "machine"
"""Stands for a target of its own, which has the faults that no program expresses."""
MODES = {"states": True, "outputs": False}
SEEN_AS: Mapping[str, tuple[str, ...]] = {
    "channels": ("weights", "geometry"),
    "latency": ("latency", "delay"),
    "membrane decay": ("membrane decay", "kept state"),
    "current decay": ("current decay", "kept state"),
    "relay": ("relay", "clip"),
}
"""Terms of wrong rules in a report that say of a fault of some term that it may go unnoticed; else its own."""
SYNAPSES = "synapses carried no message", "synapses from neurons proved silent", "delayed message"
NEURONS = "neurons never fired", "neurons proved silent"
UNCOVERED: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(("weights", "geometry", "exponent", "message", "delay", "latency"), SYNAPSES),
    "channels": (*SYNAPSES, *NEURONS),
    "tie rule": (*NEURONS, "on the threshold"),
    "threshold": (*NEURONS, "on the threshold", "just below"),
    "clamp": (*NEURONS, "a clamp"),
    "overflow": (*NEURONS, "saturated"),
    "reset": (*NEURONS, "a reset"),
    "relay": (*NEURONS, "end of its range"),
}
"""What a report says was not exercised of a population in which a fault of a term can hide; else silent neurons."""


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
    """The sound program of a study, what it is shown and does, and what a report says that this leaves open.

    - ``missed``: by population, what was not covered; ``noticed``: its wrong rules, by mode.
    - ``faults``: those that its program has a place for.
    """

    program: Program
    shown: Stimulus
    trace: Trace
    missed: Mapping[str, tuple[str, ...]]
    noticed: Mapping[str, Mapping[str, NodeAdequacy]]
    faults: tuple[Fault, ...]


@cache
def sound(study: Study) -> Sound:
    """The sound side of a study."""
    program, shown, trace, proof = _ran(study.model, study.preset, study.samples, study.steps)
    adequacy = Adequacy(program, trace.batch, trace.steps)
    adequacy.add(trace)
    noticed = {
        mode: adequacy.results(impossible(proof), () if states else tuple(program.by_name))
        for mode, states in MODES.items()
    }
    missed = not_covered(program, coverage(program, trace, proof.silent), proof)
    own = study.target == MACHINE
    planted = tuple(f for f in faults(program, FAULTS_SEED, samples=shown.batch) if f.in_program != own)
    return Sound(program, shown, trace, missed, noticed, planted)


@cache
def _ran(model: str, preset: str | None, samples: int, steps: int | None) -> tuple[Program, Stimulus, Trace, Proof]:
    """The program of a model, its stimulus, its run, and what is proved of it."""
    found = find_model(model)
    config = found.preset(preset)
    network = _network(model, preset)
    program = lower(network, MADE_FOR, {}).artifact.program
    shown = found.stimulus(config, steps, samples, 0)
    return program, shown, run_program(program, shown, states=True), proof_of(network, program)


def _network(model: str, preset: str | None) -> Network:
    from neurodeploy.frontends.checkpoint import model_network

    found = find_model(model)
    config = found.preset(preset)
    return model_network(found, config, found.build(config))


def count(target: str, seeds: range) -> Counts:
    """Judge the faults of these numbers.

    One fails that is silent though nothing in the report lists it, or that is blamed on another node.
    """
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
            for mode in MODES:
                words = judged(healthy, fault, trace, mode)
                tallies.update(f"{fault.term}, {mode}: {word}" for word in words)
                if not {"right node", *LISTED} & {*words}:
                    failed.append(number)
            tallies[study.model] += 1
    return Counts(len(seeds), tuple(dict.fromkeys(failed)), dict(tallies))


def _studies(target: str) -> list[tuple[int, Study]]:
    """The studies of a target, each with the number of its first fault."""
    studies = [study for study in STUDIES if study.target == target]
    return [(sum(earlier.faults for earlier in studies[:k]), study) for k, study in enumerate(studies)]


def _traces(study: Study, planted: Sequence[Fault]) -> Iterator[Trace]:
    """What the target does with every faulty program, all of which it runs at once; a machine runs one by one."""
    healthy = sound(study)
    if study.target == MACHINE:
        yield from (fault.run(healthy.shown, states=True) for fault in planted)
        return
    target = find_target(study.target)
    copies = [Case(str(fault), fault.program, healthy.shown, healthy.shown.steps) for fault in planted]
    joint = union(copies)
    trace = target.run(target.lower(joint.program, {}), joint.stimulus, states=True)
    for number in range(len(planted)):
        yield Trace({name: trace[part_name(number, name)] for name in healthy.program.by_name})


LISTED = "listed as a wrong rule", "listed as not covered", "equal for every input"
UNLISTED = "silent and not listed"


def judged(healthy: Sound, fault: Fault, trace: Trace, mode: str) -> list[str]:
    """What a check says of a fault, in the words of the table."""
    program, expected = healthy.program, Block(healthy.trace)
    record = trace if MODES[mode] else Trace({name: entry.outputs() for name, entry in trace.entries.items()})
    actual = Block(with_inputs(program, healthy.trace, record))
    judge = ExactJudge(program)
    if not judge.add(expected, actual):
        return [_listed(healthy, fault, mode)]
    first = first_of(judge.nodes, program)
    right = first is not None and first.node == fault.node
    arrived = run_program(program, healthy.shown, states=True, drive=actual.trace)
    causes = blame(program, expected, actual, arrived)
    return ["caught", "right node" if right else "wrong node", *_named(causes, fault)]


def _listed(healthy: Sound, fault: Fault, mode: str) -> str:
    """Where a report lists what a silent fault could hide in."""
    rules, terms = healthy.noticed[mode].get(fault.node), SEEN_AS.get(fault.term, (fault.term,))
    if rules is not None and _about(rules.unnoticed, terms):
        return LISTED[0]
    if any(part in item for part in UNCOVERED.get(fault.term, NEURONS) for item in healthy.missed.get(fault.node, ())):
        return LISTED[1]
    return LISTED[2] if rules is not None and _about(rules.impossible, terms) else UNLISTED


def _about(rules: Collection[object], terms: Collection[str]) -> bool:
    return any(getattr(rule, "term", "") in terms for rule in rules)


def _named(causes: Causes, fault: Fault) -> Iterator[str]:
    """What is said of the cause."""
    terms = {cause.term for culprit in causes.culprits if culprit.node == fault.node for cause in culprit.causes}
    if {culprit.node for culprit in causes.culprits} != {fault.node}:
        yield "other culprits"
    if len(terms) == 1:
        yield "right cause" if terms == {fault.term} else "wrong cause"
    elif terms:
        yield "right cause among several" if fault.term in terms else "wrong causes listed"
    else:
        yield "no cause named"


STUDIES = (
    Study("digits", None, 3, None, "fixed", 152),
    Study("spikeseg", "igarss2023-random", 2, 8, "fixed", 166),
    Study("spikingrx", "stateful-random", 2, 6, "fixed", 430),
    Study("digits", None, 3, None, "loihi-sim", 152),
    Study("digits", None, 3, None, MACHINE, 89),
    Study("spikingrx", "stateful-random", 2, 9, MACHINE, 185),  # some faults act in the eighth step
)


def _case(target: str, batch: int) -> ProofCase:
    studies = [study for study in STUDIES if study.target == target]
    place = "a machine that no program describes" if target == MACHINE else f"the integers that {target} is handed"
    proves = (
        f"faults planted in {place}, of {', '.join(study.model for study in studies)}, with states and with outputs "
        "only: each is caught at the right node, or lies on something that the report lists"
    )
    total = sum(study.faults for study in studies)
    lacks = _nothing if target == MACHINE else partial(_lacks, target)
    return ProofCase(f"mutations-{target}", proves, total, batch, partial(count, target), lacks)


def _lacks(target: str) -> str | None:
    return unavailable(find_target(target))


def _nothing() -> None:
    """It needs nothing."""


CASES = (_case("fixed", 22), _case("loihi-sim", 19), _case(MACHINE, 30))
