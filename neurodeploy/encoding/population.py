"""Population coding by Gaussian receptive fields."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from neurodeploy.encoding.arrays import Rows, rows_of
from neurodeploy.encoding.coder import Coder
from neurodeploy.encoding.memory import check_memory
from neurodeploy.encoding.parameters import Parameter, flag, settle
from neurodeploy.encoding.ranges import check_range, declared_span
from neurodeploy.encoding.rate import levels
from neurodeploy.encoding.search import Search
from neurodeploy.encoding.spike_trains import Method, check_trains, trains, windows
from neurodeploy.errors import InputError

FIELD_BYTES = 24
"""Memory of one response of a receptive field while it is made: three numbers of 64 bits."""


@dataclass(frozen=True, repr=False)
class Population(Coder):
    """Every sample drives ``bins`` channels; the nearer a sample is to the center of a channel, the more it sends.

    - Centers are ``linspace(0, 1, bins)``; a sample x, brought to 0..1, drives them with
      ``exp(-(x - center)^2 / (2 sigma^2))``, the rate of a train of ``steps`` steps.
    - ``normalized`` divides by the sum over the bins.
    - Channels are ordered by feature, then bin. ``decode`` is the mean of the centers, weighted by their spikes.
    """

    bins: int = 10
    sigma: float = 0.1
    steps: int = 10
    normalized: bool = False
    max_rate: float = 1.0
    method: Method = "deterministic"
    low: Parameter | None = None
    high: Parameter | None = None

    kind: ClassVar[str] = "population"
    search: ClassVar[Mapping[str, Search]] = {
        "bins": Search(2, 20, integer=True, per_signal=False),
        "sigma": Search(0.02, 0.5, per_signal=False),
    }

    def __post_init__(self) -> None:
        check_trains(self.steps, self.method, self.max_rate)
        if not isinstance(self.bins, int) or self.bins < 2:  # pyright: ignore[reportUnnecessaryIsInstance]
            raise InputError(f"{self.bins!r} is no whole number above 1", "bins", "give at least 2")
        if not 0 < self.sigma < np.inf:
            raise InputError(f"{self.sigma!r} is no number above 0", "sigma", "give the width of a field, in 0..1")
        low, high = check_range(self.low, self.high)
        settle(self, normalized=flag(self.normalized, "normalized"), low=low, high=high)

    def encode(self, signal: Any, generator: Any = None) -> Any:
        """Spikes (int8) ``[..., F * bins, T * steps]``; ``generator`` is that of random trains, or a seed."""
        rows = rows_of(signal)
        check_memory(rows.values.size * self.bins * FIELD_BYTES, "bins", f"choose fewer than {self.bins} bins")
        driven = np.moveaxis(fields(levels(rows, self.low, self.high), self.bins, self.sigma, self.normalized), -1, 2)
        spikes = trains(driven * self.max_rate, self.steps, self.method, generator)
        return rows.give(spikes.reshape(rows.values.shape[0], -1, rows.values.shape[2] * self.steps))

    def decode(self, spikes: Any, initial: Any = None) -> Any:
        """The signal (float32) ``[..., F, T]``; a silent window counts as the middle of the range."""
        rows, fired = windows(spikes, self.steps, self.bins)
        count = fired.sum(axis=-1)
        total = count.sum(axis=2)
        centers = np.linspace(0, 1, self.bins, dtype=np.float32)
        height = np.where(total > 0, (count * centers[:, None]).sum(axis=2) / np.maximum(total, 1), np.float32(0.5))
        decoded = Rows(height.astype(np.float32), rows.rank, rows.tensor_device)
        return decoded.give(declared_span(decoded, self.low, self.high).restore(decoded.flat))


def fields(values: NDArray[np.float64], bins: int, sigma: float, normalized: bool) -> NDArray[np.float64]:
    """Responses ``(..., bins)`` of Gaussian receptive fields to values in 0..1."""
    distance = values[..., None] - np.linspace(0, 1, bins)
    response = np.exp(-np.power(distance, 2.0) / (2 * np.power(sigma, 2.0)))
    return response / np.sum(response, axis=-1, keepdims=True) if normalized else response
