"""Signals as the stimulus of a network that an encoder heads."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurodeploy.encoding.arrays import rows_of
from neurodeploy.encoding.files import read_signal
from neurodeploy.errors import InputError
from neurodeploy.host import HostEncoder
from neurodeploy.network.network import Network
from neurodeploy.stimuli.arrays import LABELS, labels_of
from neurodeploy.stimulus import Origin, Signal, Stimulus
from neurodeploy.streams import Stream, encode, stream_of

SIGNAL = "signal"
"""The name of a signal among arrays."""
DEFAULT_STEPS = 100


def read_signal_file(path: Path) -> dict[str, NDArray[Any]]:
    """The signal of a ``.csv`` or ``.npy`` file. Raises InputError."""
    return {SIGNAL: read_signal(path)}


def from_signal(arrays: Mapping[str, Any], network: Network, origin: Origin, batch: bool = False) -> Stimulus:
    """What the network's encoder makes of ``signal``, ``(F, T)`` or ``(B, F, T)``, or of the only array there is.

    With ``batch`` the sample axis must be there. Raises InputError for another shape, and where there is no signal.
    """
    pre = encoder_of(network)
    others = [name for name in arrays if name != LABELS]
    name = SIGNAL if SIGNAL in arrays or origin.kind != "file" or len(others) != 1 else others[0]
    if name not in arrays:
        problem = f"has no signal for the encoder of {pre.node!r}; it has {sorted(arrays)}"
        raise InputError(problem, origin.where, f"give {SIGNAL!r}, [F, T] or [B, F, T]")
    rows = rows_of(arrays[name], SIGNAL)
    if rows.values.shape[1] != pre.features or (batch and rows.rank != 3):
        needed = f"(B, {pre.features}, T)" if batch else f"({pre.features}, T)"
        problem = f"its signal has shape {np.shape(arrays[name])}, the encoder needs {needed}"
        raise InputError(problem, origin.where, "one row per signal")
    stream = stream_of(pre)
    samples = stream.encoder.samples(arrays[name])
    spikes = encode(stream, samples)
    shaped = spikes.reshape(*spikes.shape[:2], *network.shapes[pre.node]).astype(np.float32)
    signals = {pre.node: Signal(rows.values, samples)}
    return Stimulus({pre.node: shaped}, labels_of(arrays, network), origin, signals)


def make_waves(network: Network, steps: int | None, samples: int | None, seed: int) -> Stimulus:
    """Seeded waves with noise, within the encoder's range, for so many steps of the network."""
    stream = stream_of(encoder_of(network))
    count = -(-(steps or DEFAULT_STEPS * stream.steps) // stream.steps) + stream.latency
    rng = np.random.default_rng(seed)
    lead = (samples or 1, stream.features)
    turns = rng.uniform(2, 6, lead)[..., None] * np.arange(count) / count + rng.random(lead)[..., None]
    waves = 0.5 + 0.4 * np.sin(2 * np.pi * turns) + rng.normal(0, 0.02, (*lead, count))
    low, high = stream.encoder.ends(stream.features)
    values = low[:, None] + np.clip(waves, 0, 1) * (high - low)[:, None]
    return from_signal({SIGNAL: values}, network, Origin("waves", seed=seed))


def float_spikes(stimulus: Stimulus, network: Network) -> tuple[Stream, NDArray[np.int64]]:
    """What the encoder itself, in real numbers, makes of the stimulus' signal: ``(B, T, channels)``."""
    pre = encoder_of(network)
    stream = stream_of(pre)
    return stream, stream.encoder.encode(stimulus.signals[pre.node].values)


def encoder_of(network: Network) -> HostEncoder:
    """The encoder that heads the network. Raises InputError where none does."""
    pre = network.host.pre
    if pre is None:
        raise InputError("no encoder heads this network", "host", "export it with --encoder")
    return pre
