"""Rate coding: the number of spikes grows with the sample."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from neurodeploy.encoding.arrays import Rows, rows_of
from neurodeploy.encoding.coder import Coder
from neurodeploy.encoding.parameters import Parameter, settle
from neurodeploy.encoding.ranges import check_range, declared_span, span_of
from neurodeploy.encoding.search import Search
from neurodeploy.encoding.spike_trains import Method, check_trains, trains, windows


@dataclass(frozen=True, repr=False)
class Rate(Coder):
    """Every sample becomes a window of ``steps`` steps with a share of spikes that grows with its height.

    - The rate is the sample brought to 0..1 (and cut off there) times ``max_rate``; constant signals count as low.
    - ``method`` ``deterministic`` spreads ``rint(steps * rate)`` spikes evenly; ``poisson`` draws every step.
    - ``decode`` counts.
    """

    steps: int = 10
    max_rate: float = 1.0
    method: Method = "deterministic"
    low: Parameter | None = None
    high: Parameter | None = None

    kind: ClassVar[str] = "rate"
    search: ClassVar[Mapping[str, Search]] = {
        "steps": Search(1, 64, integer=True, per_signal=False),
        "max_rate": Search(0.05, 1, per_signal=False),
    }

    def __post_init__(self) -> None:
        check_trains(self.steps, self.method, self.max_rate)
        low, high = check_range(self.low, self.high)
        settle(self, low=low, high=high)

    def encode(self, signal: Any, generator: Any = None) -> Any:
        """Spikes (int8) ``[..., T * steps]``; ``generator`` is that of random trains, or a seed."""
        rows = rows_of(signal)
        spikes = trains(levels(rows, self.low, self.high) * self.max_rate, self.steps, self.method, generator)
        return rows.give(spikes.reshape(*rows.values.shape[:2], -1))

    def decode(self, spikes: Any, initial: Any = None) -> Any:
        """The signal (float32) ``[..., T]``. Raises InputError where the range is not known."""
        rows, fired = windows(spikes, self.steps)
        height = fired.mean(axis=-1).reshape(-1, fired.shape[3]) / np.float32(self.max_rate)
        return rows.give(declared_span(rows, self.low, self.high).restore(height))


def levels(rows: Rows, low: Parameter | None, high: Parameter | None) -> Any:
    """Samples as 0..1 (float64), of the signal's shape; beyond the range they are cut off."""
    height = span_of(rows, low, high).normalize(rows.flat).astype(np.float64)
    return np.clip(height, 0, 1).reshape(rows.values.shape)
