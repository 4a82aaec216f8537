"""The stream of a deployed encoder."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import lru_cache

from neurodeploy.encoding.deployed import DeployedEncoder, deployed_from_json
from neurodeploy.errors import InputError
from neurodeploy.host import HostEncoder
from neurodeploy.streams.bens_spiker import bens_spiker
from neurodeploy.streams.leaky import leaky
from neurodeploy.streams.pulse_width import pulse_width
from neurodeploy.streams.step_forward import delta, step_forward
from neurodeploy.streams.stream import Stream
from neurodeploy.streams.windowed import gymnasium, latency, population, rate

STREAMS: Mapping[str, Callable[[DeployedEncoder, int], Stream]] = {
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
"""How each kind of coder becomes a stream."""


def build_stream(encoder: DeployedEncoder, features: int) -> Stream:
    """A deployed encoder in integers, for ``features`` signals.

    Raises InputError where its parameters are for another number of signals.
    """
    declared = encoder.declared
    if declared not in (None, 1, features):
        raise InputError(f"its parameters are for {declared} signals, not {features}", "encoder", "give one per signal")
    return STREAMS[encoder.coder.kind](encoder, features)


def stream_of(host_encoder: HostEncoder) -> Stream:
    """The stream of a network's or a bundle's encoder. Raises InputError where its settings describe no encoder."""
    return _stream(json.dumps(host_encoder.settings, sort_keys=True), host_encoder.features)


@lru_cache(maxsize=16)
def _stream(settings: str, features: int) -> Stream:
    return build_stream(deployed_from_json(json.loads(settings), "encoder"), features)
