"""Run one rung."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from neurodeploy.analysis.operations import count_operations
from neurodeploy.bundle import Bundle
from neurodeploy.errors import InputError
from neurodeploy.flow.stimuli import inputs_only, open_stimulus
from neurodeploy.flow.subject import Subject, artifact_of, network_of, open_subject, own_target, program_of
from neurodeploy.program.program import Program
from neurodeploy.reference.network_runner import run_network
from neurodeploy.reference.program_runner import run_program
from neurodeploy.target import Options, ensure_available, find_target
from neurodeploy.trace import Trace

FLOAT_RUNGS = ("source", "network")
RUNGS = (*FLOAT_RUNGS, "program")


def run(
    subject: Subject | str | Path,
    stimulus: Mapping[str, Any] | str | Path | None = None,
    *,
    on: str | None = None,
    states: bool = False,
    options: Options | None = None,
    operations: bool = False,
) -> Trace:
    """Run a bundle or source on one rung: ``source``, ``network``, ``program`` or a target.

    Without ``on``: the bundle's target, or the network of a source. ``operations``: count synaptic operations, neuron
    updates and events of an integer rung, as ``operations`` of the trace. Raises InputError for an unknown rung or one
    the subject does not have, UnavailableError for a target that cannot run here.
    """
    opened = open_subject(subject)
    network = network_of(opened)
    arrays = inputs_only(open_stimulus(stimulus, network), network)
    rung = on or (opened.target if isinstance(opened, Bundle) else "network")
    if operations and rung in FLOAT_RUNGS:
        raise InputError(f"the rung {rung} has no integers to count", "--operations", "run --on program or a target")
    trace, program = run_rung(opened, rung, arrays, states, options)
    if operations and program is not None:
        trace = replace(trace, operations=count_operations(program, trace))
    digest = {"bundle": opened.digest} if isinstance(opened, Bundle) else {}
    return replace(trace, meta={**trace.meta, "rung": rung, **digest})


def run_rung(
    subject: Subject, rung: str, stimulus: Mapping[str, Any], states: bool, options: Options | None
) -> tuple[Trace, Program | None]:
    """One rung's trace of checked arrays ``(B, T, *shape)``, and the program it ran, where it ran one."""
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
    ensure_available(target)
    artifact = artifact_of(subject, target, options)
    return target.run(artifact, stimulus, states=states), artifact.program


def run_source(subject: Subject, stimulus: Mapping[str, Any]) -> Trace:
    """The source module itself. Raises InputError where it is not at hand."""
    network = network_of(subject)
    if isinstance(subject, Bundle) or network.source is None or network.source.run is None:
        what = "a bundle" if isinstance(subject, Bundle) else "this file"
        raise InputError(f"{what} does not hold the source module", "--on source", "give the checkpoint it came from")
    return network.source.run(stimulus)
