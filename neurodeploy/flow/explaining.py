"""Why a network and its integers differ: the losses of every layer, faults of the quantizer, and remedies tried."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from neurodeploy.bundle import Bundle
from neurodeploy.flow.ladder import Ladder
from neurodeploy.flow.remedies import Tried, remedies
from neurodeploy.flow.subject import Subject
from neurodeploy.losses.losses import measure, with_task
from neurodeploy.parity.climb import Climb
from neurodeploy.parity.quantization import with_losses
from neurodeploy.parity.rung import Rung
from neurodeploy.passes.resets import held_apart
from neurodeploy.reference.program_runner import run_program


def explained(
    subject: Subject,
    ladder: Ladder,
    climb: Climb,
    rung: Rung,
    options: Mapping[str, str],
    budget: float,
    causes: bool | None,
) -> Rung:
    """The rung from network to program, with its losses.

    Whether rounding can have made them is always asked. What every term costs, and what remedies bring, is asked where
    ``causes`` says so, by default where the rung does not agree. The first samples are looked at, where costs are asked
    for in as many steps as can be held, else in as many as take some tenths of a second, which the rung tells.

    - ``options``: those of quantization; a bundle's own with a bundle.
    """
    network, program = held_apart(climb.network), climb.program
    asked = rung.verdict == "diverged" if causes is None else causes
    plan = climb.plan
    samples, looked = plan.looked
    if asked:
        samples, steps = plan.recordable
        looked = (slice(0, steps),)
    steps = looked[-1].stop
    shown = climb.stimulus.part(slice(0, samples), slice(0, steps))
    trace = climb.floats_of(samples, steps)
    losses = measure(network, program, trace, ladder.calibrated, asked, looked)
    post = network.host.post
    if asked and post is not None and shown.labels is not None:
        losses = with_task(losses, network, program, trace, post, shown.labels)
    if asked and losses.populations and not losses.strangers:
        made_with = subject.options if isinstance(subject, Bundle) else options
        choices = tuple(dict.fromkeys(n for target, _ in ladder.targets for n in target.numerics_choices))
        check = Tried(
            network,
            program,
            shown,
            trace,
            run_program(program, shown, states=True),
            made_with,
            choices,
            bool(ladder.calibrated),
            losses.populations,
        )
        losses = replace(losses, remedies=remedies(check, losses.samples, budget), budget=budget)
    if losses.populations and (samples, looked) != (plan.samples, (slice(0, plan.steps),)):
        part = f"what rounding can make was asked of {_told(looked)}, samples: {losses.samples}"
        rung = replace(rung, notes=(*rung.notes, part))
    return with_losses(rung, losses)


def _told(steps: Sequence[slice]) -> str:
    """Steps as words: ``the first 3 steps``, ``steps 0 and 9``, ``steps 0 to 3 and 27 to 30``."""
    if len(steps) == 1:
        return f"the first {steps[0].stop} steps"
    spans = (f"{s.start}" if s.stop - s.start == 1 else f"{s.start} to {s.stop - 1}" for s in steps)
    return f"steps {' and '.join(spans)}"
