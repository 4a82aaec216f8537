"""Run one rung."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Unpack

from neurodeploy.analysis.operations import count_operations
from neurodeploy.atomic import write_files
from neurodeploy.bundle import Bundle
from neurodeploy.errors import InputError
from neurodeploy.flow.arguments import SubjectOptions, blocks_of, divided, spell_out, stimulus_of, texts
from neurodeploy.flow.foreign import run_target
from neurodeploy.flow.loading import load
from neurodeploy.flow.outputs import check_apart
from neurodeploy.flow.reading_out import check_outputs, chosen_head, writers
from neurodeploy.flow.subject import (
    FLOAT_RUNGS,
    RUNGS,
    Subject,
    artifact_of,
    is_bundle_path,
    network_of,
    open_subject,
    program_of,
    target_of,
)
from neurodeploy.flow.summing import no_steps, summed
from neurodeploy.heads import ChosenHead
from neurodeploy.program.program import Program
from neurodeploy.reference.network_runner import run_network
from neurodeploy.reference.program_runner import run_program
from neurodeploy.stimuli import Source
from neurodeploy.stimuli.findings import stimulus_findings
from neurodeploy.stimulus import Stimulus
from neurodeploy.target import Options, ensure_available, find_target
from neurodeploy.trace import Trace


@spell_out(stimulus_of, load)
def run(
    subject: Subject | str | Path,
    stimulus: Source = None,
    *,
    on: str | None = None,
    states: bool = False,
    operations: bool = False,
    sums: bool = False,
    options: Mapping[str, object] | None = None,
    out: str | Path | None = None,
    head: str | None = None,
    head_out: str | Path | None = None,
    picture: str | Path | None = None,
    trust_sources: bool = False,
    **how: Unpack[SubjectOptions],
) -> Trace:
    """Run a bundle or source on one rung: ``source``, ``network``, ``program`` or a target.

    Args:
        subject: a bundle or its folder, a Network, or what ``load`` takes together with the arguments of ``load``.
        stimulus: a Stimulus; arrays ``(T, *shape)`` or ``(B, T, *shape)`` by name of the input; the path of an ``.npz``
            or a recording of events; or None for the model's own, else noise; ``window`` to ``seed`` say how.
        on: the rung; the bundle's target by default, or the network of a source.
        states: record membranes and currents too.
        operations: count synaptic operations, neuron updates and events of an integer rung.
        sums: keep what each neuron sent in all, not every step: a recording of any length fits into memory.
        options: of quantization and of the target, e.g. ``{"weight-bits": 6}``.
        out: where to write the trace (``.npz``).
        head: a head that reads the run, such as ``"boxes,margin=3"``; what it makes of it is ``trace.task``.
        head_out, picture: files for that (``.json``) and a picture (``.png``, ``.svg``); all are written or none.
        trust_sources: compile and run a bundle's sources even where its program gives others.

    Its ``findings`` say what was guessed to make the stimulus, and which of its values no input declares.

    Raises:
        InputError: for an unknown rung or one the subject does not have, and for a head that does not fit.
        CapabilityError, UnavailableError: for a target that cannot carry the network or cannot run here.

    Example:
        >>> trace = nd.run("digits.fixed", steps=100)
        >>> trace["readout"].output.sum()
    """
    check_apart((out, head_out, picture), {"subject": subject, "stimulus": stimulus, **how})
    check_outputs(head, head_out, picture)
    loading, showing = divided(how)
    if on is not None and on not in RUNGS and not isinstance(subject, Bundle) and not is_bundle_path(subject):
        find_target(on, "--on", RUNGS)
    opened = open_subject(subject, **loading)
    network = network_of(opened)
    chosen = None if head is None else chosen_head(head, network, picture)
    rung = on or (opened.target if isinstance(opened, Bundle) else "network")
    if sums:
        no_steps(states, operations)
        trace = summed(opened, rung, blocks_of(stimulus, network, **showing), texts(options), trust_sources, chosen)
    else:
        shown = stimulus_of(stimulus, network, **showing)
        trace = _ran(opened, rung, shown, states, operations, texts(options), trust_sources, chosen)
    trace = _named(trace, opened, rung)
    write_files(writers(trace, out, head_out, picture, how.get("batch", False) or trace.batch > 1))
    return trace


def _ran(
    opened: Subject,
    rung: str,
    shown: Stimulus,
    states: bool,
    operations: bool,
    options: Options,
    trust_sources: bool,
    chosen: ChosenHead | None,
) -> Trace:
    """Every step of one rung, with its operations where they are counted, what a head made of it, and what was noticed
    about the stimulus."""
    if operations and rung in FLOAT_RUNGS:
        raise InputError(f"the rung {rung} has no integers to count", "--operations", "run --on program or a target")
    trace, program = run_rung(opened, rung, shown, states, options, trust_sources)
    counted = None if program is None or not operations else count_operations(program, trace)
    task = None if chosen is None else chosen.read(trace)
    findings = stimulus_findings(shown, network_of(opened))
    return replace(trace, operations=counted, task=task, findings=findings)


def _named(trace: Trace, opened: Subject, rung: str) -> Trace:
    """The trace whose ``meta`` says what ran."""
    digest = {"bundle": opened.digest} if isinstance(opened, Bundle) else {}
    return replace(trace, meta={**trace.meta, "rung": rung, **digest})


def run_rung(
    subject: Subject,
    rung: str,
    stimulus: Stimulus,
    states: bool,
    options: Options | None,
    trust_sources: bool = False,
) -> tuple[Trace, Program | None]:
    """One rung's trace of a stimulus that fits, and the program it ran, where it ran one."""
    if rung == "source":
        return run_source(subject, stimulus), None
    if rung == "network":
        return run_network(network_of(subject), stimulus, states), None
    if rung == "program":
        program = program_of(subject, options)
        return run_program(program, stimulus, states), program
    target = target_of(subject, rung)
    artifact = artifact_of(subject, target, options, trust_sources)
    ensure_available(target)
    return run_target(target, artifact, stimulus, states), artifact.program


def run_source(subject: Subject, stimulus: Stimulus) -> Trace:
    """The source module itself. Raises InputError where it is not at hand."""
    network = network_of(subject)
    if isinstance(subject, Bundle) or network.source is None or network.source.run is None:
        subject_kind = "a bundle" if isinstance(subject, Bundle) else "this file"
        raise InputError(
            f"{subject_kind} does not hold the source module", "--on source", "give the checkpoint it came from"
        )
    return network.source.run(stimulus)
