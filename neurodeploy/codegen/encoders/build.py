"""The stream of a deployed coder."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from neurodeploy.codegen.encoders.bens_spiker import bens_spiker
from neurodeploy.codegen.encoders.leaky import leaky
from neurodeploy.codegen.encoders.pulse_width import pulse_width
from neurodeploy.codegen.encoders.step_forward import delta, step_forward
from neurodeploy.codegen.encoders.stream import Stream
from neurodeploy.codegen.encoders.windowed import gymnasium, latency, population, rate
from neurodeploy.encoding.deployment import Deployment
from neurodeploy.errors import InputError

STREAMS: Mapping[str, Callable[[Deployment, int], Stream]] = {
    "step-forward": step_forward,
    "leaky-integrate-and-fire": leaky,
    "pulse-width": pulse_width,
    "bens-spiker": bens_spiker,
    "population": population,
    "gymnasium": gymnasium,
    "rate": rate,
    "latency": latency,
    "delta": delta,
}


def describe(made: Deployment, features: int) -> Stream:
    """The integer form of a deployed coder for so many signals. Raises InputError where its parameters fit others."""
    declared = made.declared
    if declared not in (None, 1, features):
        raise InputError(f"its parameters are for {declared} signals, not {features}", "encoder", "give one per signal")
    return STREAMS[made.coder.kind](made, features)


def channels_per_feature(made: Deployment) -> int:
    """How many unsigned channels a signal becomes."""
    return describe(made, made.declared or 1).channels // (made.declared or 1)
