"""What a target can carry, as plain data with defaults."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Capabilities:
    """Kinds and attribute values a target accepts.

    ``synapse_steps``: steps each synapse takes on the machine (0: a layer sees its input in the same step).
    """

    populations: frozenset[str] = frozenset({"cuba-lif", "li", "relay"})
    projections: frozenset[str] = frozenset({"dense", "sparse", "conv1d", "conv2d", "sum-pool"})
    resets: frozenset[str] = frozenset({"zero", "value", "subtract", "none"})
    compares: frozenset[str] = frozenset({">", ">="})
    max_spikes_per_step: int = 1 << 16
    graded_messages: bool = True
    recurrence: bool = True
    synapse_steps: int = 0
