"""Climb the parity ladder: source -> network -> program -> each target."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from functools import partial
from math import isnan
from pathlib import Path
from typing import Any, Unpack

from neurodeploy.adequacy import Adequacy
from neurodeploy.bundle import Bundle
from neurodeploy.causes.search import SECONDS
from neurodeploy.errors import InputError, choices
from neurodeploy.flow.about import about_report
from neurodeploy.flow.arguments import SubjectOptions, divided, spell_out, stimulus_of, texts
from neurodeploy.flow.drawing import Feeding
from neurodeploy.flow.explaining import explained
from neurodeploy.flow.foreign import open_target, run_target
from neurodeploy.flow.guiding import is_auto, more, shown_to
from neurodeploy.flow.labels import head_of, label_findings, task_of
from neurodeploy.flow.ladder import Ladder, build_ladder
from neurodeploy.flow.loading import load
from neurodeploy.flow.outputs import check_apart
from neurodeploy.flow.proving import proof_of
from neurodeploy.flow.repeating import Repeated, repeated
from neurodeploy.flow.spreading import Elsewhere
from neurodeploy.flow.subject import Subject, network_of, open_subject
from neurodeploy.network.network import Network
from neurodeploy.parity.climb import Climb, Progress
from neurodeploy.parity.encoder_rung import ENCODER, encoder_rung
from neurodeploy.parity.feeds import Judge, Runs
from neurodeploy.parity.gate import Shortfall, gated, impossible, not_covered, shortfalls
from neurodeploy.parity.plan import Plan
from neurodeploy.parity.report import Report
from neurodeploy.parity.rung import Rung
from neurodeploy.parity.target_side import Side
from neurodeploy.program.latency import latencies
from neurodeploy.stimuli import Source
from neurodeploy.stimuli.findings import stimulus_findings
from neurodeploy.stimuli.signals import float_spikes
from neurodeploy.stimulus import Stimulus
from neurodeploy.target import Artifact, Feed, Target, find_target
from neurodeploy.threads import one_thread
from neurodeploy.trace import Trace
from neurodeploy.work import open_crew
from neurodeploy.work.calls import Calls

DEFAULT_BUDGET = 0.9


@spell_out(stimulus_of, load)
def check(
    subject: Subject | str | Path,
    stimulus: Source = None,
    *,
    targets: Sequence[str] | None = None,
    budget: float = DEFAULT_BUDGET,
    allow_silent: Collection[str] = (),
    options: Mapping[str, object] | None = None,
    states: bool = True,
    allow_same_code: bool = False,
    calibrate: Source = None,
    causes: bool | None = None,
    twice: bool = True,
    drawn: bool | None = None,
    coverage: float | None = None,
    adequacy: bool = True,
    reference: Judge = "part",
    save_stimulus: str | Path | None = None,
    executor: str = "serial",
    progress: Progress = lambda text: None,
    trust_sources: bool = False,
    **how: Unpack[SubjectOptions],
) -> Report:
    """Compare neighboring rungs and report the first divergence of each.

    Args:
        subject: a bundle or its folder, a Network, or what ``load`` takes together with the arguments of ``load``.
        stimulus: as ``run`` takes it, by default what the model has for checks; or ``"auto"``: what a search finds.
        targets: names; a bundle's own by default; for a source every one that can run it here.
        budget, allow_silent: smallest Jaccard per spiking node on the quantization rung; nodes that may be silent.
        options: of quantization and of the targets, e.g. ``{"weight-bits": 6}``.
        calibrate: a stimulus to calibrate the integers of a source with, as ``quantize`` takes it.
        causes: say why a rung diverges: costs of quantization and remedies, wrong terms of nodes. True: costs always.
        twice: run the first samples and steps of every target again, without states: it must send the same.
        drawn: feed every node with drawn messages by itself too; by default where a stimulus is searched.
        coverage: least share of neurons and synapses, 0 to 1; by default a quarter of channels, half of weights.
        states, adequacy: compare membranes and currents too; measure which wrong rules would have been noticed.
        reference: how much of a long check the reference computes: a seeded ``"part"``, or all of it (``"full"``).
        save_stimulus, executor: a file for the stimulus; where targets run: serial, processes:N or dask:ADDRESS.
        trust_sources, allow_same_code: run a bundle's files whatever its program; accept runs of the reference itself.

    Raises InputError, CapabilityError, UnavailableError, EnvironmentFailureError: for what does not fit or cannot run.

    Example:
        >>> report = nd.check("digits.fixed")
    """
    check_arguments(budget, coverage, targets or ())
    check_apart((save_stimulus,), {"subject": subject, "stimulus": stimulus, "calibrate": calibrate, **how})
    with open_crew(executor) as crew, closing(Calls(crew)) as calls:
        loading, showing = divided(how)
        check_silent(network := network_of(opened := open_subject(subject, **loading)), allow_silent)
        given = None if is_auto(stimulus) else stimulus_of(stimulus, network, True, **showing)
        ladder = build_ladder(opened, targets, texts(options), calibrate, trust_sources)
        shown = shown_to(network, ladder.program, given, save_stimulus, progress, **showing)
        climb = _climbed(opened, ladder, shown, states, reference, progress, causes, adequacy, calls)
    explain = partial(explained, opened, ladder, climb, options=texts(options), budget=budget, causes=causes)
    rungs = _rungs(climb, budget, allow_silent, explain, _again(ladder, climb, states) if twice else {})
    feeding = _fed(ladder, climb, states, is_auto(stimulus) if drawn is None else drawn, showing.get("seed", 0))
    about = about_report(subject, opened, network, ladder.program, shown)
    return _report(climb, ladder, rungs, coverage, allow_silent, allow_same_code, about, feeding)


def _fed(ladder: Ladder, climb: Climb, states: bool, draws: bool, seed: int) -> Feeding | None:
    """What the targets do where every node is fed drawn messages; None where that is not asked for, or of no target."""
    if not draws or not ladder.targets:
        return None
    feeding = Feeding.of(climb.network, climb.program, seed)
    for target, artifact in ladder.targets:
        feeding.feed(target, artifact, states)
    return feeding


def _again(ladder: Ladder, climb: Climb, states: bool) -> dict[str, Repeated]:
    """By target, what a further run of it showed."""
    sides = zip(ladder.targets, climb.sides, strict=True)
    return {t.name: repeated(t, artifact, climb.stimulus, side.begun.trace(), states) for (t, artifact), side in sides}


def _repeated(rungs: Sequence[Rung], again: Mapping[str, Repeated]) -> list[Rung]:
    """The rungs with what further runs of their targets showed; those of a target that differs from itself diverged."""
    told: list[Rung] = []
    for rung in rungs:
        run = again.get(rung.target)
        if run is not None and run.same:
            rung = replace(rung, notes=(*rung.notes, run.words))
        elif run is not None:
            rung = replace(rung, verdict="diverged", reasons=(*rung.reasons, run.words))
        told.append(rung)
    return told


@one_thread()
def _report(
    climb: Climb,
    ladder: Ladder,
    rungs: Sequence[Rung],
    coverage: float | None,
    allow_silent: Collection[str],
    allow_same_code: bool,
    about: Mapping[str, Any],
    feeding: Feeding | None,
) -> Report:
    network, program, shown = climb.network, climb.program, climb.stimulus
    task = task_of(network, climb.readouts.traces(), shown.labels)
    told = *stimulus_findings(shown, network), *label_findings(network, shown.labels)
    findings = (*network.findings, *told, *ladder.findings)
    proof = proof_of(network, program)
    exercised = climb.exercised.fractions(proof.silent)
    short = shortfalls(program, exercised, coverage, allow_silent)
    scopes = [rung.scope for rung in rungs if rung.evidence is not None and rung.scope is not None]
    stateless = {node for scope in scopes for node in scope.without_states}
    noticed = {} if climb.adequacy is None else climb.adequacy.results(impossible(proof), stateless)
    taken = exercised
    if feeding is not None:
        noticed, taken = feeding.noticed(noticed, impossible(proof)), feeding.exercised(exercised)
        rungs = [feeding.fed[rung.target].on(rung) if rung.target in feeding.fed else rung for rung in rungs]
    return Report(
        tuple(_gated(rungs, short, more(network, shown))),
        exercised,
        task,
        findings,
        ladder.not_run,
        about,
        allow_same_code,
        proof,
        not_covered=not_covered(program, taken, proof),
        recording=climb.recorder.recording(),
        short=short,
        adequacy=noticed,
        shown=shown,
    )


@one_thread()
def _climbed(
    opened: Subject,
    ladder: Ladder,
    shown: Stimulus,
    states: bool,
    reference: Judge,
    progress: Progress,
    causes: bool | None,
    adequacy: bool,
    calls: Calls,
) -> Climb:
    """The ladder after all its rungs have run."""
    network, program = network_of(opened), ladder.program
    plan = Plan.of(shown.batch, shown.steps, sum(population.size for population in program.populations))
    seconds = 0.0 if causes is False else SECONDS
    sides = [_side(*target, shown, plan, states, seconds, calls) for target in ladder.targets]
    head = head_of(network, shown.labels)
    node = None if head is None else head.node
    noticed = Adequacy(program, shown.batch, shown.steps) if adequacy else None
    climb = Climb(network, program, shown, Runs.of(network, program, plan, reference), plan, sides, node, noticed)
    climb.run(None if isinstance(opened, Bundle) or network.source is None else network.source.run, progress)
    return climb


def _encoder_rungs(network: Network, stimulus: Stimulus, budget: float, allow_silent: Collection[str]) -> list[Rung]:
    """The rung of the encoder that heads the network, if one does."""
    pre = network.host.pre
    if pre is None:
        return []
    stream, expected = float_spikes(stimulus, network)
    actual = stimulus[pre.node].reshape(expected.shape)
    return [encoder_rung(expected, actual, stream.latency, budget, allow_silent)]


def _gated(rungs: Sequence[Rung], short: Collection[Shortfall], remedy: str) -> list[Rung]:
    """The rungs of the program, inconclusive where too little of it was exercised for what they compared."""
    return [gated(rung, short, remedy) if rung.source in ("network", "program") else rung for rung in rungs]


def check_arguments(budget: float, coverage: float | None, targets: Sequence[str]) -> None:
    """Raises InputError for what is no fraction, and as ``check_targets`` does."""
    check_fractions(budget, coverage)
    check_targets(targets)


def check_fractions(budget: float, coverage: float | None) -> None:
    """Raises InputError for a budget or a coverage that is no fraction."""
    for number, option, remedy in (
        (budget, "--budget", "give the smallest Jaccard, e.g. 0.9"),
        (coverage, "--coverage", "give the smallest share, e.g. 0.5"),
    ):
        if number is not None and (isnan(number) or not 0 <= number <= 1):
            raise InputError(f"{number} is not between 0 and 1", option, remedy)


def check_targets(names: Sequence[str]) -> None:
    """Raises InputError for a target that does not exist, UnavailableError for one that cannot be used."""
    for name in names:
        find_target(name)


def check_silent(network: Network, allow_silent: Collection[str]) -> None:
    """Raises InputError for nodes that do not exist."""
    nodes = (*([] if network.host.pre is None else [ENCODER]), *network.populations)
    for name in allow_silent:
        if name not in nodes:
            raise InputError(f"there is no node {name!r}", "--allow-silent", choices(name, nodes, "the nodes are"))


def _side(
    target: Target, artifact: Artifact, shown: Stimulus, plan: Plan, states: bool, seconds: float, calls: Calls
) -> Side:
    """A target of the ladder. A long check feeds it in chunks, where it can be. ``calls``: where its workers are."""

    def run(stimulus: Stimulus, drive: Trace | None) -> Trace:
        return run_target(target, artifact, stimulus, states, drive)

    def opens(batch: int) -> Feed:
        feed = open_target(target, artifact, batch, states)
        assert feed is not None
        return feed

    fed = not plan.small and open_target(target, artifact, 1, states) is not None
    latency = latencies(artifact.program) if target.capabilities.synapse_steps > 0 else {}
    opening, notes = opens if fed else None, tuple(artifact.notes)
    serial = calls.crew.name == "serial"
    elsewhere = None if serial else Elsewhere(calls, target, artifact, plan, states, fed, shown)
    return Side(target.name, artifact.program, run, opening, target.evidence, latency, notes, seconds, elsewhere)


@one_thread()
def _rungs(
    climb: Climb,
    budget: float,
    allow_silent: Collection[str],
    explain: Callable[[Rung], Rung],
    again: Mapping[str, Repeated],
) -> list[Rung]:
    """The rungs of a ladder that was climbed, from the source up.

    ``explain`` adds the losses of quantization; ``again``: by target, what further runs showed.
    """
    before = _encoder_rungs(climb.network, climb.stimulus, budget, allow_silent)
    lead, part = (climb.stimulus.batch, climb.stimulus.steps), climb.part
    rungs = [climb.reading.rung(allow_silent, lead)] if climb.sourced else []
    program = explain(climb.losses.rung(budget, allow_silent, lead))
    samples, steps = climb.alone
    if climb.alone != lead:
        alone = f"nodes by themselves (isolated) are those of the first {steps} steps of {samples} samples"
        program = replace(program, notes=(*program.notes, alone))
    rungs.append(program if part is None else replace(program, notes=(*program.notes, part.note)))
    defect = None if part is None else part.rung()
    rungs += [] if defect is None else [defect]
    rungs += [side.rung(allow_silent, lead, "" if part is None else part.words) for side in climb.sides]
    return [*before, *_repeated(rungs, again)]
