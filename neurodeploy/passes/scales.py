"""The accumulator scale ``2**k`` of each population: how many integer units stand for one unit of the network.

Rules:

1. ``k`` is the largest for which the threshold, the bias, the weights and the worst-case accumulated input all fit.
2. A spiking membrane that never decays loses nothing by a smaller scale at which no constant is rounded, and saturates
   later: it has the smallest of those.
3. Calibration may ask for room for the membranes that it saw (``reached``).
4. A sum has none finer than its messages by more than its width: where nothing but zeros can arrive, nothing else
   bounds it.
5. Where there shall be room for every membrane that any stimulus makes (``roomy``), it is the largest scale at which
   the integers are proved not to saturate.
6. A population whose contract names the grid of its state has the scale at which the integer state is that grid: its
   integers are the machine's own already. Weights that have no level there are refused; a finding tells whether sums
   can wrap.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from neurodeploy.errors import CannotRepresentError
from neurodeploy.passes.draft import Draft
from neurodeploy.passes.grid import largest_scale
from neurodeploy.passes.membranes import stay_within, unbounded
from neurodeploy.passes.neurons import Neuron, fitting_scale
from neurodeploy.passes.paths import Synapse
from neurodeploy.passes.rounding import rounded_paths, sent_messages, weight_ceiling, worst_case
from neurodeploy.passes.values import received_range

ATTEMPTS = 4
"""Scales that are tried: rounded weights can bring more than the real ones, but hardly ever twice as much."""
ATTEMPTS_FOR_MEMBRANES = 16
"""Scales that are tried to make room for membranes, which gather the input of many steps."""


def ceiling(draft: Draft, neuron: Neuron) -> int:
    """The largest k at which threshold, bias, real worst-case input and the weights that spikes meet all fit.

    Raises CannotRepresentError where the worst-case input leaves the range of doubles.
    """
    numerics, entering = draft.numerics, draft.entering(neuron.name)
    stated = neuron.own_scale(numerics)
    if stated is not None:
        return fitting_scale(stated, neuron, numerics)
    low, high = received_range(entering, draft.values, neuron.shape)
    worst = float(max(-low.min(initial=0), high.max(initial=0)))
    if not np.isfinite(worst):
        raise beyond_every_scale(neuron)
    spiking = {name: sender.output for name, sender in draft.neurons.items() if sender.kind == "cuba-lif"}
    weights = [weight_ceiling(path, spiking[path.source], draft.machine) for path in entering if path.source in spiking]
    bound = largest_scale(worst, neuron.bound(numerics) - 1)
    reached = float(np.max(draft.reached.get(neuron.name, np.zeros(1)) * neuron.unit))
    room = largest_scale(reached, float(neuron.membrane_limit(numerics)))
    return min([neuron.largest_scale(worst, numerics), bound, room, *weights])


def choose_scale(draft: Draft, neuron: Neuron) -> int:
    """The scale of one population. Raises CannotRepresentError where none holds its worst-case input."""
    entering, most = draft.entering(neuron.name), draft.ceilings[neuron.name]
    largest = {path: weight_ceiling(path, draft.outputs[path.source], draft.machine) for path in entering}
    if neuron.own_scale(draft.numerics) is not None:
        _check_weights(neuron, most, largest)
        return most
    if neuron.kind == "relay":
        most = min(most, draft.outputs[neuron.name].scale + draft.numerics.relay_bound.bit_length() - 1)
    sent = sent_messages(draft, (path.source for path in entering))
    scale = min([most, *largest.values()])
    roomy, fits = neuron.name in draft.roomy, False
    for k in range(scale, scale - (ATTEMPTS_FOR_MEMBRANES if roomy else ATTEMPTS), -1):
        rounded = rounded_paths(draft, entering, k)
        fits = worst_case(rounded, sent, neuron.shape) < neuron.bound(draft.numerics)
        if fits and (not roomy or stay_within(draft, neuron, rounded, k)):
            whole = neuron.integrates and draft.numerics.decay_rule == "product"
            return _roomiest(draft, neuron, k) if whole else k
    if fits:
        raise unbounded(neuron)
    raise beyond_every_scale(neuron)


def _check_weights(neuron: Neuron, scale: int, largest: Mapping[Synapse, int]) -> None:
    """Raises CannotRepresentError where weights leave their levels at the scale that the contract states."""
    for path, most in largest.items():
        if scale > most:
            raise CannotRepresentError(
                f"its state_grid asks for the scale 2^{scale}, and its weights fit up to 2^{most}",
                f"projection {path.source}->{path.target}",
                "use smaller weights, or set state_grid=none and let the scale be chosen",
                value=float(scale),
                limit=float(most),
            )


def beyond_every_scale(neuron: Neuron) -> CannotRepresentError:
    """The error where the worst-case input leaves the numbers, or outgrows every scale that is tried when rounded."""
    return CannotRepresentError(
        "no scale holds its worst-case input", f"node {neuron.name}", "use smaller weights or fewer inputs"
    )


def _roomiest(draft: Draft, neuron: Neuron, k: int) -> int:
    """The smallest scale from 2**0 up to 2**k at which nothing is rounded, else k."""
    while k > 0 and neuron.exact_at(k - 1, draft.numerics):
        if not all(rounded.exact for rounded in rounded_paths(draft, draft.entering(neuron.name), k - 1)):
            break
        k -= 1
    return k
