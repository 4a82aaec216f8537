"""What a network costs on a stimulus."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Unpack

import neurodeploy.sanafe.environment as sanafe
from neurodeploy.bundle import Bundle
from neurodeploy.costs.measured import Measured, engine_time, instructions
from neurodeploy.costs.of_network import network_costs
from neurodeploy.costs.of_program import program_costs
from neurodeploy.costs.report import CostReport
from neurodeploy.engine import run_compiled
from neurodeploy.errors import CapabilityError
from neurodeploy.finding import Finding
from neurodeploy.flow.arguments import SubjectOptions, divided, spell_out, stimulus_of, texts
from neurodeploy.flow.foreign import run_target
from neurodeploy.flow.loading import load
from neurodeploy.flow.subject import Subject, artifact_of, network_of, open_subject, own_target, program_of
from neurodeploy.placement.chip import find_chip
from neurodeploy.placement.place import Wanted, place_program, placed_again
from neurodeploy.placement.placement import Placement
from neurodeploy.program.program import Program
from neurodeploy.sanafe.estimate import Estimate
from neurodeploy.sanafe.replay import estimate as replay
from neurodeploy.stimuli import Source
from neurodeploy.stimulus import Stimulus
from neurodeploy.target import unavailable

MOST_CHIPS = 64
"""Chips of Loihi 1 that an estimate may take."""


@spell_out(stimulus_of, load)
def cost(
    subject: Subject | str | Path,
    stimulus: Source = None,
    *,
    options: Mapping[str, object] | None = None,
    measure: bool = True,
    estimate: bool = True,
    trust_sources: bool = False,
    **how: Unpack[SubjectOptions],
) -> CostReport:
    """What a network and its integers cost on a stimulus: exact counts, what was measured, an estimate.

    Footprint, connection sparsity, activation sparsity, synaptic operations and membrane updates are those that
    NeuroBench defines, for the float network and for its program, per connection and population. They are counted
    while the run streams by, in chunks of steps.

    Args:
        subject: a bundle or its folder, a Network, or what ``load`` takes together with the arguments of ``load``.
        stimulus: as ``run`` takes it; the model's own by default, else 10 % noise.
        options: of quantization of a source, e.g. ``{"weight-bits": 6}``.
        measure: also time a step on the compiled engine, and count its instructions where the bundle's target does.
        estimate: also what SANA-FE estimates of the first sample on Loihi 1, where it is installed.
        trust_sources: compile and run a bundle's sources even where its program gives others.

    Raises:
        InputError: for a stimulus or options that do not fit. Also what ``load`` and ``quantize`` raise.

    Example:
        >>> report = nd.cost("digits.fixed", steps=100)
        >>> report["program"].synaptic_operations["Effective_ACs"]
    """
    loading, showing = divided(how)
    opened = open_subject(subject, **loading)
    network = network_of(opened)
    shown = stimulus_of(stimulus, network, **showing)
    program = program_of(opened, texts(options))
    counts = network_costs(network, shown), program_costs(program, shown)
    measured = _measured(opened, program, shown, trust_sources) if measure else ()
    estimated, why = _estimated(opened, program, shown) if estimate else (None, ())
    return CostReport(counts, measured, (*shown.findings, *why), estimated)


def _estimated(subject: Subject, program: Program, stimulus: Stimulus) -> tuple[Estimate | None, tuple[Finding, ...]]:
    """What SANA-FE estimates of the first sample, on the placement that a bundle keeps for Loihi 1 or a new one."""
    reason, remedy = sanafe.unavailable(), sanafe.INSTALL
    if reason is None:
        try:
            placement = _on_loihi1(subject, program)
            return replay(program, placement, run_compiled(program, stimulus.part(slice(0, 1)))), ()
        except CapabilityError as error:
            reason, remedy = str(error), error.remedy
    return None, (Finding("estimate", "info", sanafe.NAME, f"no estimate of energy: {reason}", remedy),)


def _on_loihi1(subject: Subject, program: Program) -> Placement:
    kept = subject.placement if isinstance(subject, Bundle) else None
    chip = find_chip("loihi1")
    if kept is not None and kept.chip == chip:
        return placed_again(program, kept)
    return place_program(program, chip, Wanted("first-fit", MOST_CHIPS))


def _measured(subject: Subject, program: Program, stimulus: Stimulus, trust_sources: bool) -> tuple[Measured, ...]:
    """What the engine and, of a bundle that counts instructions, its own target tell of the first sample."""
    measured = [engine_time(program, stimulus)]
    if isinstance(subject, Bundle) and subject.target == "cortex-m":
        target = own_target(subject)
        if unavailable(target) is None:
            artifact = artifact_of(subject, target, trust_sources=trust_sources)
            measured.append(instructions(run_target(target, artifact, stimulus.part(slice(0, 1)))))
    return tuple(quantity for quantity in measured if quantity is not None)
