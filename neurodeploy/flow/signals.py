"""Signals as the stimulus of a network that an encoder heads, and the encoder put there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neurodeploy.encoding.arrays import rows_of
from neurodeploy.encoding.deployed import DeployedEncoder, read_deployed
from neurodeploy.encoding.files import read_signal
from neurodeploy.errors import InputError
from neurodeploy.finding import Finding
from neurodeploy.host import HostEncoder, samples_key, signal_key
from neurodeploy.network.network import Network
from neurodeploy.streams import Stream, encode, stream_of

Arrays = dict[str, NDArray[Any]]
SIGNAL = "signal"
DEFAULT_STEPS = 100


def with_encoder(network: Network, encoder: DeployedEncoder | Path | str) -> Network:
    """The network with an encoder in front of its input.

    Raises InputError where it has several inputs, does not take spikes, or has another number of channels.
    """
    made = encoder if isinstance(encoder, DeployedEncoder) else read_deployed(Path(encoder))
    where = "encoder" if isinstance(encoder, DeployedEncoder) else str(encoder)
    names = network.input_names
    if len(names) != 1:
        what = f"an encoder heads a network with one input, this one has {', '.join(names)}"
        raise InputError(what, where, "give the network one input")
    size, span = prod(network.shapes[names[0]]), network.input_range(names[0])
    if span.low > 0 or span.high < 1:
        what = f"the input {names[0]!r} takes values from {span.low:g} to {span.high:g}, an encoder sends 0 and 1"
        raise InputError(what, where, "declare the input as 0 to 1, or scale its weights")
    declared = made.declared
    settings: Any = made.to_json()
    once = stream_of(HostEncoder(names[0], declared or 1, settings))
    each = once.channels // once.features
    features = declared if declared is not None and declared > 1 else size // each
    if features * each != size:
        told = f"{features} signals × {each} channels" if declared else f"{each} channels per signal"
        what = f"it sends {told}, the input {names[0]!r} {network.shapes[names[0]]} takes {size}"
        raise InputError(what, where, "choose an encoder whose channels fill the input")
    pre = HostEncoder(names[0], features, settings)
    stream_of(pre)
    return replace(network, host=replace(network.host, pre=pre))


def read_signals(path: Path, network: Network, batch: bool = False) -> Arrays:
    """The stimulus that a file of signals makes: a CSV, a ``.npy`` or an ``.npz`` (``signal``, or its one array).

    ``labels`` are kept where an ``.npz`` has them. Raises InputError.
    """
    labels: Arrays = {}
    if path.suffix.lower() == ".npz" and path.is_file():
        try:
            with np.load(path, allow_pickle=False) as file:
                names = [name for name in file.files if name != "labels"]
                labels = {"labels": file["labels"]} if "labels" in file.files else {}
        except Exception as error:  # a damaged archive fails in many ways
            remedy = "give signals [T], [F, T] or [B, F, T]"
            raise InputError(f"cannot be read: {error}", str(path), remedy) from error
        values = read_signal(path, SIGNAL if SIGNAL in names else names[0] if len(names) == 1 else None)
    else:
        values = read_signal(path)
    return encoded({SIGNAL: values, **labels}, network, str(path), batch)


def encoded(arrays: Mapping[str, Any], network: Network, where: str, batch: bool = False) -> Arrays:
    """What the encoder's integers make of ``signal``: the input ``(B, T, *shape)``, its samples, and the signal.

    Raises InputError where the arrays have no signal, or one of another shape.
    """
    pre = network.host.pre
    if pre is None:
        raise InputError("no encoder heads this network", where, "export it with --encoder")
    if SIGNAL not in arrays:
        what = f"has no signal for the encoder of {pre.node!r}; it has {sorted(arrays)}"
        raise InputError(what, where, f"give {SIGNAL!r}, [F, T] or [B, F, T]")
    rows = rows_of(arrays[SIGNAL], SIGNAL)
    if rows.values.shape[1] != pre.features or (batch and rows.rank != 3):
        wanted = f"(B, {pre.features}, T)" if batch else f"({pre.features}, T)"
        told = np.shape(arrays[SIGNAL])
        raise InputError(f"its signal has shape {told}, the encoder needs {wanted}", where, "one row per signal")
    stream = stream_of(pre)
    samples = stream.encoder.samples(arrays[SIGNAL])
    spikes = encode(stream, samples)
    made: Arrays = {
        pre.node: spikes.reshape(*spikes.shape[:2], *network.shapes[pre.node]).astype(np.float32),
        samples_key(pre.node): samples,
        signal_key(pre.node): rows.values,
    }
    return made | ({"labels": np.atleast_1d(arrays["labels"])} if "labels" in arrays else {})


def beside(network: Network) -> tuple[str, ...]:
    """The arrays that stand beside those of the inputs in the stimulus of a network with an encoder."""
    pre = network.host.pre
    return () if pre is None else (samples_key(pre.node), signal_key(pre.node))


def default_signal(network: Network, steps: int | None, samples: int | None, seed: int) -> Arrays:
    """Seeded waves with noise, within the encoder's range, for so many steps of the network."""
    stream = stream_of(_pre(network))
    count = -(-(steps or DEFAULT_STEPS * stream.steps) // stream.steps) + stream.latency
    rng = np.random.default_rng(seed)
    lead = (samples or 1, stream.features)
    turns = rng.uniform(2, 6, lead)[..., None] * np.arange(count) / count + rng.random(lead)[..., None]
    waves = 0.5 + 0.4 * np.sin(2 * np.pi * turns) + rng.normal(0, 0.02, (*lead, count))
    low, high = stream.encoder.ends(stream.features)
    values = low[:, None] + np.clip(waves, 0, 1) * (high - low)[:, None]
    return encoded({SIGNAL: values}, network, "stimulus")


def signal_findings(stimulus: Mapping[str, NDArray[Any]], network: Network) -> tuple[Finding, ...]:
    """A warning for every signal that leaves the range of its samples, which cut it off."""
    pre = network.host.pre
    if pre is None or signal_key(pre.node) not in stimulus:
        return ()
    values = stimulus[signal_key(pre.node)]
    found: list[Finding] = []
    ends = zip(*stream_of(pre).encoder.ends(pre.features), strict=True)
    for n, (low, high) in enumerate(ends):
        least, most = float(values[:, n].min()), float(values[:, n].max())
        if least < np.float32(low) or most > np.float32(high):
            what = f"signal {n} reaches from {least:g} to {most:g}, the encoder's samples from {low:g} to {high:g}"
            remedy = "export with an encoder for this range"
            found.append(Finding("signal-range", "warning", pre.node, what, remedy))
    return tuple(found)


def float_spikes(stimulus: Mapping[str, NDArray[Any]], network: Network) -> tuple[Stream, NDArray[np.int64]]:
    """What the coder itself makes of the stimulus' signal, in real numbers: ``(B, T, channels)``."""
    pre = _pre(network)
    stream = stream_of(pre)
    return stream, stream.encoder.encode(stimulus[signal_key(pre.node)])


def _pre(network: Network) -> HostEncoder:
    pre = network.host.pre
    if pre is None:
        raise InputError("no encoder heads this network", "host", "export it with --encoder")
    return pre
