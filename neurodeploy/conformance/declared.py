"""What of the drawn networks' features a target declares, asked of its own rules by one-idea cases."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import replace

from neurodeploy.capabilities import Capabilities
from neurodeploy.conformance.scope import HELD, Scope
from neurodeploy.numerics import Numerics

FEATURES = {
    "graded": ("input/messages/graded",),
    "clamps": ("cuba-lif/floor/negative", "cuba-lif/ceiling/above-the-threshold"),
    "fire_once": ("cuba-lif/fire-once/in-every-sample",),
    "stateless": ("cuba-lif/stateless/plain",),
    "initial_states": ("cuba-lif/initial-membrane/of-each-neuron", "cuba-lif/initial-current/positive"),
    "biases": ("cuba-lif/bias/of-each-neuron", "cuba-lif/bias/alone"),
    "arrays": ("cuba-lif/threshold/of-each-neuron",),
    "inputs": ("input/count/two-inputs",),
    "loops": ("network/loop/one-step",),
}
"""By field of a Scope, the ideas that must all be within reach."""
KINDS = {"cuba-lif": "plain/one-layer", "li": "plain/one-layer", "relay": "plain/shift-2"}
OPERATORS = dict.fromkeys(("dense", "sparse"), "weights/mixed-signs") | dict.fromkeys(
    ("conv1d", "conv2d", "sum-pool"), "weights/plain"
)


def scope_of(numerics: Numerics, can: Capabilities, within: Set[str]) -> Scope:
    """The scope of a target, given the names of all ideas ``within`` its reach."""
    late = "dense/delay/two-steps" in within and "network/loop/three-steps" in within
    return replace(
        HELD,
        numerics=numerics,
        populations=frozenset(k for k in HELD.populations if f"{k}/{KINDS[k]}" in within),
        projections=frozenset(k for k in HELD.projections if f"{k}/{OPERATORS[k]}" in within),
        resets=HELD.resets & can.resets,
        compares=HELD.compares & can.compares,
        most_spikes=min(HELD.most_spikes, can.max_spikes_per_step),
        longest_delay=min(HELD.longest_delay, numerics.delay_max, can.delay_max) if late else 0,
        **{feature: set(names) <= within for feature, names in FEATURES.items()},
    )
