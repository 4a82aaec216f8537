"""The stream of a deployed coder."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from neurodeploy.encoding.deployment import Deployment, deployment_from_json
from neurodeploy.errors import InputError
from neurodeploy.host import Encoder
from neurodeploy.streams.bens_spiker import bens_spiker
from neurodeploy.streams.leaky import leaky
from neurodeploy.streams.pulse_width import pulse_width
from neurodeploy.streams.step_forward import delta, step_forward
from neurodeploy.streams.stream import Stream
from neurodeploy.streams.windowed import gymnasium, latency, population, rate

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


@dataclass(frozen=True, eq=False)
class Front:
    """The encoder in front of a network: the coder with its samples, and its stream."""

    deployment: Deployment
    stream: Stream

    def to_json(self) -> dict[str, Any]:
        """What a manifest says of it."""
        stream = self.stream
        told = {name: getattr(stream, name) for name in ("features", "channels", "steps", "latency")}
        return {**self.deployment.to_json(), **told, "integers": dict(stream.formats)}


def front_of(pre: Encoder) -> Front:
    """What a host's encoder stands for. Raises InputError where its settings are no encoder's."""
    return _front(json.dumps(pre.settings, sort_keys=True), pre.features)


@lru_cache(maxsize=16)
def _front(settings: str, features: int) -> Front:
    made = deployment_from_json(json.loads(settings), "encoder")
    return Front(made, describe(made, features))
