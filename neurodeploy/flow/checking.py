"""Climb the parity ladder: source -> network -> program -> each target."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from math import isnan
from pathlib import Path
from typing import Any, Unpack

from neurodeploy.bundle import Bundle
from neurodeploy.errors import InputError, choices
from neurodeploy.flow.arguments import SubjectOptions, divided, spell_out, stimulus_of, texts
from neurodeploy.flow.explaining import quantization_rung
from neurodeploy.flow.foreign import run_target
from neurodeploy.flow.ladder import build_ladder
from neurodeploy.flow.loading import load
from neurodeploy.flow.proving import proof_of
from neurodeploy.flow.subject import Subject, network_of, open_subject
from neurodeploy.heads import task_value
from neurodeploy.network.network import Network
from neurodeploy.parity.coverage import coverage
from neurodeploy.parity.encoder_rung import ENCODER, encoder_rung
from neurodeploy.parity.exact_rung import exact_rung
from neurodeploy.parity.float_rung import float_rung
from neurodeploy.parity.report import Report
from neurodeploy.parity.rung import Rung
from neurodeploy.program.latency import latencies
from neurodeploy.program.program import Program
from neurodeploy.reference.network_runner import run_network
from neurodeploy.reference.program_runner import run_program
from neurodeploy.stimuli import Source
from neurodeploy.stimuli.findings import stimulus_findings
from neurodeploy.stimuli.signals import float_spikes
from neurodeploy.stimulus import Stimulus
from neurodeploy.target import Artifact, Target, find_target
from neurodeploy.trace import Trace

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
    **how: Unpack[SubjectOptions],
) -> Report:
    """Compare neighboring rungs and report the first divergence of each.

    Args:
        subject: a bundle or its folder, a Network, or what ``load`` takes together with the arguments of ``load``.
        stimulus: as ``run`` takes it, with the arguments ``window`` to ``seed``.
        targets: names; a bundle's own by default; for a source every one that can run it here.
        budget: smallest Jaccard per spiking node on the quantization rung, 0 to 1.
        allow_silent: nodes whose silence is accepted.
        options: of quantization and of the targets, e.g. ``{"weight-bits": 6}``.
        states: membranes and currents of targets are compared too.
        calibrate: a stimulus to calibrate the integers of a source with, as ``quantize`` takes it.
        allow_same_code: a ladder in which every target ran the reference itself need not be inconclusive.
        causes: what each term of quantization costs, and remedies, tried here; by default where the rung diverges.

    Raises:
        InputError: for options, stimuli and names that do not fit.
        CapabilityError: for a target that cannot carry the network.
        UnavailableError: for a target that cannot run here.

    Example:
        >>> report = nd.check("digits.fixed")
        >>> report.verdict
        'agree'
    """
    loading, showing = divided(how)
    check_budget(budget)
    check_targets(targets or ())
    opened = open_subject(subject, **loading)
    network = network_of(opened)
    check_silent(network, allow_silent)
    shown = stimulus_of(stimulus, network, **showing)
    ladder = build_ladder(opened, targets, texts(options), calibrate)
    program = ladder.program
    traces: dict[str, Trace] = {}
    rungs = _encoder_rungs(network, shown, budget, allow_silent)
    rungs += _source_rungs(opened, network, shown, traces, allow_silent)
    traces["network"] = run_network(network, shown, states=True)
    traces["program"] = run_program(program, shown, states=True)
    rungs.append(quantization_rung(opened, ladder, shown, traces, texts(options), budget, allow_silent, causes))
    for target, artifact in ladder.targets:
        traces[target.name] = run_target(target, artifact, shown, states)
        rungs.append(_target_rung(target, artifact, shown, traces, allow_silent, states))
    task, exercised = _task(network, traces, shown.labels), coverage(program, traces["program"])
    findings = (*network.findings, *stimulus_findings(shown, network), *ladder.findings)
    about, proof = _about(network, program, shown), proof_of(network, program)
    return Report(tuple(rungs), exercised, task, findings, ladder.not_run, about, allow_same_code, proof)


def _about(network: Network, program: Program, stimulus: Stimulus) -> dict[str, Any]:
    """What a report says of the run beside its rungs."""
    return {
        "samples": stimulus.batch,
        "steps": stimulus.steps,
        "numerics": program.numerics.name,
        "stimulus": str(stimulus.origin),
        "contract": network.contract.to_json(),
    }


def _encoder_rungs(network: Network, stimulus: Stimulus, budget: float, allow_silent: Collection[str]) -> list[Rung]:
    """The rung of the encoder that heads the network, if one does."""
    pre = network.host.pre
    if pre is None:
        return []
    stream, expected = float_spikes(stimulus, network)
    actual = stimulus[pre.node].reshape(expected.shape)
    return [encoder_rung(expected, actual, stream.latency, budget, allow_silent)]


def _source_rungs(
    opened: Subject, network: Network, stimulus: Stimulus, traces: dict[str, Trace], allow_silent: Collection[str]
) -> list[Rung]:
    """The rung of the module that the network came from, if it can run; its trace joins ``traces``."""
    if isinstance(opened, Bundle) or network.source is None or network.source.run is None:
        return []
    traces["source"] = network.source.run(stimulus)
    return [float_rung(network, stimulus, traces["source"], allow_silent)]


def check_budget(budget: float) -> None:
    """Raises InputError for a budget that is no fraction."""
    if isnan(budget) or not 0 <= budget <= 1:
        raise InputError(f"{budget} is not between 0 and 1", "--budget", "give the smallest Jaccard, e.g. 0.9")


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


def _target_rung(
    target: Target,
    artifact: Artifact,
    stimulus: Stimulus,
    traces: Mapping[str, Trace],
    allow: Collection[str],
    states: bool,
) -> Rung:
    program = artifact.program
    pipelined = target.capabilities.synapse_steps > 0
    return exact_rung(
        program,
        target.name,
        traces["program"],
        traces[target.name],
        allow,
        latencies(program) if pipelined else {},
        lambda trace: run_program(program, stimulus, states=True, drive=trace),
        lambda trace: run_target(target, artifact, stimulus, states, trace),
        traces[target.name].evidence or target.evidence,
        (*artifact.notes, *traces[target.name].notes),
    )


def _task(network: Network, traces: Mapping[str, Trace], labels: Any) -> dict[str, Any] | None:
    post = network.host.post
    return None if post is None else {rung: task_value(post, trace, labels) for rung, trace in traces.items()}
