"""Run one rung."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from neurodeploy.analysis.operations import count_operations
from neurodeploy.bundle import Bundle
from neurodeploy.errors import InputError
from neurodeploy.flow.subject import Subject, artifact_of, network_of, open_subject, own_target, program_of
from neurodeploy.program.program import Program
from neurodeploy.reference.network_runner import run_network
from neurodeploy.reference.program_runner import run_program
from neurodeploy.stimuli import Framing, Source, open_stimulus
from neurodeploy.stimulus import Stimulus
from neurodeploy.target import Options, ensure_available, find_target
from neurodeploy.trace import Trace

FLOAT_RUNGS = ("source", "network")
RUNGS = (*FLOAT_RUNGS, "program")


def run(
    subject: Subject | str | Path,
    stimulus: Source = None,
    *,
    on: str | None = None,
    states: bool = False,
    options: Options | None = None,
    operations: bool = False,
    steps: int | None = None,
    samples: int | None = None,
    seed: int = 0,
    batch: bool = False,
    framing: Framing | None = None,
) -> Trace:
    """Run a bundle or source on one rung: ``source``, ``network``, ``program`` or a target.

    - ``stimulus`` and ``steps``, ``samples``, ``seed``, ``batch``, ``framing``: as ``open_stimulus`` takes them.
    - ``on``: the rung; without it the bundle's target, or the network of a source.
    - ``states``: record membranes and currents too.
    - ``operations``: count synaptic operations, neuron updates and events of an integer rung, as ``operations`` of the
      trace.

    Its ``meta`` names the rung; its ``findings`` say what was guessed to make the stimulus.

    Raises InputError for an unknown rung or one the subject does not have, CapabilityError for a target that cannot
    carry the network, UnavailableError for one that cannot run here.
    """
    opened = open_subject(subject)
    network = network_of(opened)
    shown = open_stimulus(stimulus, network, steps=steps, samples=samples, seed=seed, batch=batch, framing=framing)
    rung = on or (opened.target if isinstance(opened, Bundle) else "network")
    if operations and rung in FLOAT_RUNGS:
        raise InputError(f"the rung {rung} has no integers to count", "--operations", "run --on program or a target")
    trace, program = run_rung(opened, rung, shown, states, options)
    if operations and program is not None:
        trace = replace(trace, operations=count_operations(program, trace))
    digest = {"bundle": opened.digest} if isinstance(opened, Bundle) else {}
    return replace(trace, meta={**trace.meta, "rung": rung, **digest}, findings=tuple(shown.findings))


def run_rung(
    subject: Subject, rung: str, stimulus: Stimulus, states: bool, options: Options | None
) -> tuple[Trace, Program | None]:
    """One rung's trace of a stimulus that fits, and the program it ran, where it ran one."""
    if rung == "source":
        return run_source(subject, stimulus), None
    if rung == "network":
        return run_network(network_of(subject), stimulus, states), None
    if rung == "program":
        program = program_of(subject, options)
        return run_program(program, stimulus, states), program
    if isinstance(subject, Bundle) and subject.target == rung:
        target = own_target(subject)
    else:
        target = find_target(rung, "--on", RUNGS)
    artifact = artifact_of(subject, target, options)
    ensure_available(target)
    return target.run(artifact, stimulus, states=states), artifact.program


def run_source(subject: Subject, stimulus: Stimulus) -> Trace:
    """The source module itself. Raises InputError where it is not at hand."""
    network = network_of(subject)
    if isinstance(subject, Bundle) or network.source is None or network.source.run is None:
        subject_kind = "a bundle" if isinstance(subject, Bundle) else "this file"
        raise InputError(
            f"{subject_kind} does not hold the source module", "--on source", "give the checkpoint it came from"
        )
    return network.source.run(stimulus)
