"""What reaches the rows of a population in a few thousand steps: some samples, and of a convolution some positions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import prod

import numpy as np
from numpy.typing import NDArray

from neurodeploy.passes.calibration.features import Features
from neurodeploy.passes.draft import Draft
from neurodeploy.passes.neurons import Neuron
from neurodeploy.passes.paths import Synapse

Array = NDArray[np.float64]
LINES = 4000
"""Steps that are looked at, over all trajectories."""


@dataclass(frozen=True, eq=False)
class Places:
    """Trajectories: the ``samples`` ``(N,)`` they belong to and the flat ``positions`` ``(N,)`` within a map."""

    samples: NDArray[np.intp]
    positions: NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class PathRows:
    """One path as rows of weights: ``weights`` ``(rows, n)``, and its ``messages`` ``(N, T, n)``, or per group.

    ``messages`` has one entry per group of rows; a row takes that of its group.
    """

    path: Synapse
    weights: Array
    messages: tuple[Features, ...]

    def of_row(self, row: int) -> Features:
        """The messages that reach a row ``(N, T, n)``."""
        return self.messages[row * len(self.messages) // len(self.weights)]


def has_windows(paths: Sequence[Synapse]) -> bool:
    """Whether neurons of a row share their weights. Raises ValueError where only some do, or none can be chosen."""
    kinds = {path.kind in ("conv1d", "conv2d") for path in paths}
    if len(kinds) != 1 or any(path.kind == "sum-pool" for path in paths):
        raise ValueError("its rows do not share one shape of weights")
    return kinds.pop()


def in_channels(draft: Draft, name: str) -> Draft:
    """The draft with poolings beside convolutions into a population written as convolutions of each channel alone."""
    entering = draft.entering(name)
    if {path.kind for path in entering} != {"conv2d", "sum-pool"}:
        return draft
    channels = draft.neurons[name].shape[0]
    paths = tuple(
        replace(path, kind="conv2d", weights=np.repeat(path.weights[None, None], channels, axis=0), groups=channels)
        if path.target == name and path.kind == "sum-pool"
        else path
        for path in draft.paths
    )
    return replace(draft, paths=paths)


def places(neuron: Neuron, windows: bool, samples: NDArray[np.intp], steps: int, rng: np.random.Generator) -> Places:
    """Random trajectories of about ``LINES`` steps: samples, and positions where neurons of a channel share weights."""
    count = max(LINES // steps, 8)
    if not windows:
        drawn = rng.permutation(samples)[:count]
        return Places(drawn, np.zeros(len(drawn), np.intp))
    spread = prod(neuron.shape[1:])
    drawn = rng.choice(len(samples) * spread, min(count, len(samples) * spread), replace=False)
    return Places(samples[drawn // spread], drawn % spread)


def rows_of(path: Synapse, sent: Mapping[str, Array], neuron: Neuron, at: Places) -> PathRows:
    """The path as rows, with the messages that reach each row at those places, when they arrive."""
    messages = delayed(sent[path.source], path.delay)
    if path.kind in ("dense", "sparse"):
        flat = messages[at.samples].astype(np.float32)
        return PathRows(path, path.weights, (flat.reshape(*flat.shape[:2], -1),))
    windows = _windows(path, messages, neuron, at)
    parts = np.split(windows, path.groups, axis=2)
    weights = path.weights.reshape(len(path.weights), -1)
    return PathRows(path, weights, tuple(part.reshape(*part.shape[:2], -1) for part in parts))


def delayed(messages: Array, delay: int) -> Array:
    """Messages ``(B, T, ...)`` as they arrive, ``delay`` steps later."""
    if delay == 0:
        return messages
    late = np.zeros_like(messages)
    late[:, delay:] = messages[:, :-delay]
    return late


def _windows(path: Synapse, messages: Array, neuron: Neuron, at: Places) -> Features:
    """What a kernel sees at each place: ``(N, T, channels, kernel)``."""
    flat = path.kind == "conv1d"
    maps = messages[..., None, :] if flat else messages
    kernel = (1, path.weights.shape[2]) if flat else path.weights.shape[2:]
    stride, padding, dilation = ((*_first(flat, values),) for values in (path.stride, path.padding, path.dilation))
    padding = (0, padding[1]) if flat else padding
    maps = np.pad(maps, [(0, 0)] * 3 + [(padding[0],) * 2, (padding[1],) * 2])
    width = neuron.shape[-1]
    rows, columns = at.positions // width, at.positions % width
    down = rows[:, None] * stride[0] + np.arange(kernel[0]) * dilation[0]
    across = columns[:, None] * stride[1] + np.arange(kernel[1]) * dilation[1]
    seen = np.empty((len(at.samples), maps.shape[1], maps.shape[2], kernel[0] * kernel[1]), np.float32)
    for number, sample in enumerate(at.samples):
        window = maps[sample][:, :, down[number][:, None], across[number][None, :]]
        seen[number] = window.reshape(*window.shape[:2], -1)
    return seen


def _first(flat: bool, values: tuple[int, ...]) -> tuple[int, int]:
    return (1, values[0]) if flat else (values[0], values[1])
