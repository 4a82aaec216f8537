"""Why a network and its integers differ: the losses of every layer, faults of the quantizer, and remedies tried."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

from neurodeploy.bundle import Bundle
from neurodeploy.flow.ladder import Ladder
from neurodeploy.flow.remedies import Tried, remedies
from neurodeploy.flow.subject import Subject, network_of
from neurodeploy.losses.losses import measure
from neurodeploy.parity.budget_rung import budget_rung
from neurodeploy.parity.quantization import with_losses
from neurodeploy.parity.rung import Rung
from neurodeploy.stimulus import Stimulus
from neurodeploy.trace import Trace


def quantization_rung(
    subject: Subject,
    ladder: Ladder,
    stimulus: Stimulus,
    traces: Mapping[str, Trace],
    options: Mapping[str, str],
    budget: float,
    allow_silent: Collection[str],
    causes: bool | None,
) -> Rung:
    """The rung from network to program, with its losses.

    Whether rounding can have made them is always asked. What every term costs, and what remedies bring, is asked where
    ``causes`` says so, by default where the rung does not agree.

    - ``traces``: of ``network`` and ``program``, with states.
    - ``options``: those of quantization; a bundle's own with a bundle.
    """
    network, program = network_of(subject), ladder.program
    rung = budget_rung(program, stimulus, traces["network"], traces["program"], budget, allow_silent)
    asked = rung.verdict == "diverged" if causes is None else causes
    losses = measure(network, program, traces["network"], ladder.calibrated, asked)
    if asked and losses.populations and not losses.strangers:
        made_with = subject.options if isinstance(subject, Bundle) else options
        choices = tuple(dict.fromkeys(n for target, _ in ladder.targets for n in target.numerics_choices))
        check = Tried(
            network,
            program,
            stimulus,
            traces["network"],
            traces["program"],
            made_with,
            choices,
            bool(ladder.calibrated),
            losses.populations,
        )
        losses = replace(losses, remedies=remedies(check, losses.samples, budget), budget=budget)
    return with_losses(rung, losses)
