"""How many spikes a neuron can send in a step, where that is fewer than its contract allows.

A neuron that counts its spikes may be allowed 15 or 65535 in a step, and those that read it leave room for so many. Its
own input may never make more than a few. After a reset the membrane is at its threshold at most, so that::

    largest membrane = keep_membrane * threshold + largest current + bias
    most spikes = floor(largest membrane / threshold)

holds in every step once it holds in the first, as long as that is no more than the contract allows: no spike stays
behind then. The largest current is that of the worst input in every step. Populations are taken in their order; a loop
sends what the contract allows. The bound is declared, and the integers keep to it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from neurodeploy.passes.draft import Draft
from neurodeploy.passes.events import by_events
from neurodeploy.passes.neurons import Neuron
from neurodeploy.passes.paths import Synapse
from neurodeploy.passes.values import Values, received_range, sent_values
from neurodeploy.program.population import Output

Array = NDArray[np.float64]
TOLERANCE = 1e-9
"""Share by which a largest membrane counts as larger than it was computed."""


def with_values(draft: Draft) -> Draft:
    """The draft with the values that every node can send, and with the spikes that neurons can send in a step.

    A machine that adds event by event has its own limit of spikes, which stays as it is, and so do networks that
    integers were written as: they declare what those do.
    """
    draft = replace(draft, values=sent_values(draft.network, draft.paths))
    for name, neuron in draft.neurons.items():
        allowed = neuron.terms.max_spikes_per_step
        if allowed == 1 or neuron.kind != "cuba-lif" or by_events(draft.numerics) or neuron.terms.state_grid:
            continue
        most = most_spikes(neuron, draft.entering(name), draft.values)
        if most < allowed:
            draft = _limited(draft, neuron, most)
    return draft


def most_spikes(neuron: Neuron, entering: Sequence[Synapse], values: Mapping[str, Values]) -> int:
    """Most spikes of any neuron of a population in one step, at least 1; what its contract allows where no bound holds.

    ``values``: what those that it reads can send.
    """
    allowed = neuron.terms.max_spikes_per_step
    if neuron.reset == "none" or np.any(neuron.keep_current >= 1):
        return allowed
    _, high = received_range(entering, values, neuron.shape)
    current = np.maximum(neuron.initial_current, np.maximum(high, 0) / (1 - neuron.keep_current))
    left = np.maximum(neuron.threshold, np.maximum(neuron.reset_value, neuron.terms.initial_state))
    before = neuron.keep_membrane * left + current + neuron.bias
    spikes = np.floor(before / neuron.threshold * (1 + TOLERANCE))
    return int(min(allowed, max(1.0, float(spikes.max(initial=1.0)))))


def _limited(draft: Draft, neuron: Neuron, most: int) -> Draft:
    """The draft in which a population sends at most so many spikes in a step."""
    network = replace(draft.network, contract=draft.network.contract.override(neuron.name, max_spikes_per_step=most))
    fewer = replace(
        neuron,
        terms=replace(neuron.terms, max_spikes_per_step=most),
        output=Output("count", most.bit_length()),
    )
    return replace(
        draft,
        network=network,
        neurons={**draft.neurons, neuron.name: fewer},
        values=sent_values(network, draft.paths),
    )
