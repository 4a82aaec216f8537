"""Which populations count on a scale with room for every membrane that any stimulus makes.

Rules:

1. ``step``: none. A scale leaves room for the input of one step; what a membrane gathers may saturate.
2. ``membrane``: all of them. One of which no scale is proved to hold every membrane is refused.
3. ``auto``: those of a network of which nothing is rounded, where nothing is rounded at the smaller scale either. All
   that separates such a network from its integers is what decays cut off; a scale is not made smaller where that could
   add up to a level of a weight. Machines that add event by event saturate by rule, and are left as they are.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from neurodeploy.errors import CannotRepresentError, InputError, choices
from neurodeploy.passes.draft import Draft, Rounded
from neurodeploy.passes.events import by_events
from neurodeploy.passes.neurons import Neuron
from neurodeploy.passes.options import EVERY_LAYER
from neurodeploy.passes.rounding import rounded_paths
from neurodeploy.passes.scales import choose_scale

AUTO, STEP, MEMBRANE = "auto", "step", "membrane"
"""What a scale leaves room for."""


def with_room(draft: Draft, room: str | Mapping[str, str]) -> frozenset[str]:
    """The populations whose scales leave room for every membrane.

    ``room``: what is asked for, or that by population. Raises InputError for a name that no population has.
    """
    rooms = dict(room) if isinstance(room, Mapping) else {EVERY_LAYER: room}
    others = rooms.pop(EVERY_LAYER, AUTO)
    unknown = sorted(rooms.keys() - draft.neurons.keys())
    if unknown:
        raise InputError(f"no neurons are called {unknown[0]!r}", "-O room", choices(unknown[0], draft.neurons))
    asked = {name: rooms.get(name, others) for name in draft.neurons}
    roomy = {name for name, kind in asked.items() if kind == MEMBRANE}
    free = [draft.neurons[name] for name, kind in asked.items() if kind == AUTO]
    if free and not by_events(draft.numerics) and _whole(draft):
        roomy |= {neuron.name for neuron in free if _stays_whole(draft, neuron)}
    return frozenset(roomy)


def _whole(draft: Draft) -> bool:
    """Whether nothing of the network is rounded: messages, weights, decays, and the constants of its neurons."""
    try:
        return all(_messages_whole(draft, name) for name in draft.outputs) and all(
            _exact(draft, neuron, choose_scale(draft, neuron)) for neuron in draft.neurons.values()
        )
    except CannotRepresentError:
        return False  # the stage that chooses scales says so, by name


def _messages_whole(draft: Draft, name: str) -> bool:
    """Whether the values that a node may send are integers at the scale of its messages."""
    if name not in draft.values:
        return True  # the membrane of a neuron without spikes, which only the host reads
    grid = draft.values[name].grid
    return draft.outputs[name].kind == "binary" or (grid is not None and grid <= draft.outputs[name].scale)


def _stays_whole(draft: Draft, neuron: Neuron) -> bool:
    """Whether the population has a scale that holds every membrane, at which it loses nothing that tells."""
    if neuron.kind != "cuba-lif" or neuron.own_scale(draft.numerics) is not None:
        return False
    try:
        scale = choose_scale(replace(draft, roomy=frozenset([neuron.name])), neuron)
    except CannotRepresentError:
        return False
    levels = [_level(rounded) for rounded in rounded_paths(draft, draft.entering(neuron.name), scale, neuron.unit)]
    lost = float(np.max(neuron.cut_off)) * 2.0**-draft.numerics.state_shift
    return _exact(draft, neuron, scale) and lost <= min(levels, default=np.inf)


def _exact(draft: Draft, neuron: Neuron, scale: int) -> bool:
    if not all(rounded.exact for rounded in rounded_paths(draft, draft.entering(neuron.name), scale, neuron.unit)):
        return False
    if neuron.kind == "relay":
        return _integers(neuron.bias * 2.0**scale)
    return neuron.exact_at(scale, draft.numerics) and neuron.decays_exactly(draft.numerics)


def _level(rounded: Rounded) -> float:
    """What the finest step between two weights of a projection is worth, in accumulator units."""
    weights = np.unique(np.abs(rounded.projection.weights))
    return float(np.gcd.reduce(weights)) * 2.0**rounded.projection.shift if weights.any() else np.inf


def _integers(values: NDArray[np.float64]) -> bool:
    return bool(np.all(values == np.rint(values)))
