"""What a target can carry, as plain data with defaults."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Capabilities:
    """Kinds and attribute values a target accepts.

    - ``recurrence``: projections that close a loop. ``delay_max``: the longest delay of a projection, in steps.
    - ``biases``, ``clamps`` (floor and ceiling), ``fire_once``, ``stateless`` (``every_step``), ``initial_states``:
      neurons that have them.
    - ``arrays``: thresholds, decays, biases and initial states that differ from neuron to neuron.
    - ``max_spikes_per_step``: the most a neuron may be allowed. ``spikes_per_step``: what a neuron is allowed where
      nothing else is asked for; above 1 where the machine's neurons cannot be kept to fewer.
    - ``synapse_steps``: steps each synapse takes on the machine (0: a layer sees its input in the same step).
    """

    populations: frozenset[str] = frozenset({"cuba-lif", "li", "relay"})
    projections: frozenset[str] = frozenset({"dense", "sparse", "conv1d", "conv2d", "sum-pool"})
    resets: frozenset[str] = frozenset({"zero", "value", "subtract", "none"})
    compares: frozenset[str] = frozenset({">", ">="})
    max_spikes_per_step: int = 1 << 16
    spikes_per_step: int = 1
    graded_messages: bool = True
    recurrence: bool = True
    delay_max: int = 1 << 16
    biases: bool = True
    clamps: bool = True
    fire_once: bool = True
    stateless: bool = True
    initial_states: bool = True
    arrays: bool = True
    synapse_steps: int = 0
