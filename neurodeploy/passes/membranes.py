"""Whether a membrane can leave its width under any stimulus, at the scale that its population may get."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from neurodeploy.analysis.interval import constant
from neurodeploy.analysis.reach import reach
from neurodeploy.analysis.reachability import arriving
from neurodeploy.errors import CannotRepresentError
from neurodeploy.passes.draft import Draft, Rounded
from neurodeploy.passes.neurons import Neuron
from neurodeploy.passes.rounding import fewest_bits, sent_messages


def stay_within(draft: Draft, neuron: Neuron, rounded: Sequence[Rounded], scale: int) -> bool:
    """Whether no membrane of the population leaves its width, whatever its sources send, however long the run.

    Weights of too few bits, and thresholds that round to 0, do not count as staying within it.
    """
    if neuron.kind == "relay":
        return True
    few = any(layer.weight_bits < fewest_bits(draft, layer) for layer in rounded)
    if few or np.any(neuron.rounds_to_zero(scale)):
        return False
    population = neuron.population(scale, draft.outputs[neuron.name], draft.numerics)
    sent = sent_messages(draft, (layer.path.source for layer in rounded))
    projections = [layer.projection for layer in rounded]
    feeding = [
        (constant(min(low, 0), shape), constant(max(high, 0), shape))
        for shape, low, high in (sent[projection.source] for projection in projections)
    ]
    arrived, _ = arriving(population, projections, feeding, draft.numerics)
    checks = reach(population, arrived, draft.numerics).checks
    return all(bool(np.all(check.holds)) for check in checks if check.quantity == "membrane")


def unbounded(neuron: Neuron) -> CannotRepresentError:
    """The error for a population of which no scale holds every membrane."""
    why = "for its membrane never decays" if np.any(neuron.keep_membrane == 1) else "beside enough bits of its weights"
    return CannotRepresentError(
        f"no scale holds every membrane that a stimulus can make, {why}",
        f"node {neuron.name}",
        "leave room for the input of a step (-O room=step), or clamp the membrane below (v_min)",
    )
